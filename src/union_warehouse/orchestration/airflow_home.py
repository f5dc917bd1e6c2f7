"""Airflow's own state under ``UW_HOME/airflow``: settings, metadata database and pools, for runs inside this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from union_warehouse.files import make_durable
from union_warehouse.locks import exclusive
from union_warehouse.paths import Home
from union_warehouse.project import DAGS_DIR, PROJECT_DIR

PLUGINS_DIR = PROJECT_DIR / "plugins"
WRITER_POOL = "warehouse_writer"
ASKS_BY_COMMAND = "UW_ASKS_BY_COMMAND"
"""Set where no page can be answered while a run goes on: what needs approval then stops the run."""
# name -> (slots, description). One slot: DuckDB allows one writer of a file (docs/architecture.md).
POOLS: Mapping[str, tuple[int, str]] = {WRITER_POOL: (1, "Everything that writes the warehouse's DuckDB files")}


def airflow_settings(home: Home) -> dict[str, str]:
    """Environment variables of an Airflow that lives in ``home`` and runs DAGs inside this process."""
    return {
        "AIRFLOW_HOME": str(home.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS_DIR),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS_DIR),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home.airflow / 'airflow.db'}",
        # Nobody browses this database, and rendered fields cost a write and a clean-up per task.
        "AIRFLOW__CORE__NUM_DAG_RUNS_TO_RETAIN_RENDERED_FIELDS": "0",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home.airflow / "logs"),
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "UW_HOME": str(home.root),
        "UW_INBOX": str(home.inbox_folder or ""),
        "UW_OUTBOX": str(home.outbox_folder or ""),
        ASKS_BY_COMMAND: "1",
    }


@contextmanager
def airflow_ready(home: Home, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Airflow configured for ``home`` in this process, its database migrated, its pools present; one process at a time.

    SQLite takes one writer, so a second ``uw`` on the same home waits here until the first is done; ``on_wait`` is called first.
    """
    home.airflow.mkdir(parents=True, exist_ok=True)
    os.environ.update(airflow_settings(home))
    with exclusive(home.airflow / "run.lock", on_wait):
        _connect()
        _migrate(home.airflow)
        yield


def _connect() -> None:
    """Connect this process to the database that the environment names; Airflow alone does so once, when it is imported."""
    from airflow import settings
    from sqlalchemy import event

    if os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] != settings.SQL_ALCHEMY_CONN:
        settings.configure_vars()
        settings.reconfigure_orm()
    if not event.contains(settings.engine, "connect", _commit_without_waiting_for_the_disk):
        event.listen(settings.engine, "connect", _commit_without_waiting_for_the_disk)
        settings.engine.dispose()


def _commit_without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    # A task makes many commits. With SQLite's write-ahead log (Airflow's choice) this is still safe from corruption.
    connection.execute("pragma synchronous = normal")


def _migrate(folder: Path) -> None:
    """Create or upgrade the database once per Airflow version, then see that the pools exist."""
    stamp = folder / f"migrated-{version('apache-airflow-core')}-{_pools_fingerprint()}"
    database = folder / "airflow.db"
    if stamp.exists() and database.exists():
        return
    from airflow.utils.db import initdb

    initdb()
    create_pools()
    _write_out()
    make_durable(folder)
    stamp.touch()


def _write_out() -> None:
    """Move SQLite's write-ahead log into the database, which the stamp then stands for."""
    from airflow import settings

    with settings.engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")


def create_pools() -> None:
    """Create or update the pools that the DAGs name, in the database that Airflow is configured for."""
    from airflow.models.pool import Pool

    for name, (slots, description) in POOLS.items():
        Pool.create_or_update_pool(name, slots=slots, description=description, include_deferred=False)


def _pools_fingerprint() -> str:
    return "-".join(f"{name}-{slots}" for name, (slots, _) in sorted(POOLS.items()))
