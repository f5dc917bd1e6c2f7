# One image for every component: the environment of uv.lock, the project, its DAGs and plugins.
FROM python:3.11-slim AS environment
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /opt/union-warehouse
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
# Dependencies first: this layer changes only with the lock.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project
COPY src ./src
RUN uv sync --frozen --no-dev

FROM python:3.11-slim
RUN useradd --uid 50000 --gid 0 --create-home airflow \
    && install --directory --owner=airflow --mode=0700 /var/lib/union-warehouse \
    && install --directory --owner=airflow --mode=0750 /opt/airflow
WORKDIR /opt/union-warehouse
COPY --from=environment /opt/union-warehouse ./
COPY dags ./dags
COPY plugins ./plugins
COPY dbt_project ./dbt_project
COPY expectations ./expectations
COPY federation ./federation
ENV PATH=/opt/union-warehouse/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    UW_PROJECT=/opt/union-warehouse \
    UW_HOME=/var/lib/union-warehouse
USER airflow
CMD ["uw", "--help"]
