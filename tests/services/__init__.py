"""What needs PostgreSQL, Airflow's services or a browser: `make test-services`."""
