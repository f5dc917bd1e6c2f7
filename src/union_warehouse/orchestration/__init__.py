"""Run the DAGs: inside this process, or on a server by its REST API."""
