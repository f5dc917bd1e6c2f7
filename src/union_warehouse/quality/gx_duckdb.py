"""Great Expectations on DuckDB: the one thing its SQL engine needs, and one place to open both.

GX 1.24 hands its connection back before it reads the result; DuckDB's results are lazy, so every expectation then fails
with "list index out of range". For SQLite it keeps the connection, and the same is right here. The names patched are
private: GX is pinned exactly, and a test fails without the patch.
"""

from __future__ import annotations

import gc
import logging
import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent import SQLDatasource
    from great_expectations.datasource.fluent.interfaces import Batch
    from sqlalchemy import Connection


class _Dialect(str):
    """A dialect name that reads like a member of GX's own enumeration."""

    __slots__ = ()

    @property
    def value(self) -> str:
        """The name."""
        return str(self)


def keep_duckdb_connections() -> None:
    """Make GX's SQL engine keep its connection for the dialect ``duckdb``; safe to call again."""
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    if "duckdb" not in engine._PERSISTED_CONNECTION_DIALECTS:
        engine._PERSISTED_CONNECTION_DIALECTS = (*engine._PERSISTED_CONNECTION_DIALECTS, _Dialect("duckdb"))


@dataclass(frozen=True)
class Workbench:
    """GX on a DuckDB of its own in memory, with the files under audit attached.

    Attributes:
        context: ephemeral GX context; nothing of it outlives the audit.
        datasource: the in-memory DuckDB as GX knows it.
        connection: the same DuckDB for the audit's own SQL.
    """

    context: EphemeralDataContext
    datasource: SQLDatasource
    connection: Connection

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run ``sql`` in the audit's DuckDB and return the rows, if it has any."""
        result = self.connection.exec_driver_sql(sql)
        return [tuple(row) for row in result.fetchall()] if result.returns_rows else []

    def batch(self, table: str) -> Batch:
        """The whole of ``table``, as a GX batch."""
        if table in self.datasource.get_asset_names():
            return self.datasource.get_asset(table).get_batch_definition("all_rows").get_batch()
        return self.datasource.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all_rows").get_batch()


@cache
def _great_expectations() -> ModuleType:
    """GX, imported when it is needed because that is slow."""
    # quieter first, because it reports every decorated function it skips
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations

    # what it leaves in memory stays until the end: without this the garbage collector walks it at every third close
    gc.collect()
    gc.freeze()
    module: ModuleType = great_expectations
    return module


@contextmanager
def open_workbench(attached: dict[str, Path] | None = None, writable: Collection[str] = ()) -> Iterator[Workbench]:
    """Open GX on an in-memory DuckDB, with DuckDB files attached.

    Args:
        attached: catalog name to DuckDB file. They are detached at the end, so that a publish in the same process can
            open them.
        writable: names of those that the audit also writes to; the others are attached read-only.
    """
    gx = _great_expectations()
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults, ProgressBarsConfig

    keep_duckdb_connections()
    configuration = DataContextConfig(
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
    )
    context = gx.get_context(mode="ephemeral", project_config=configuration)
    # a named in-memory database is shared by every connection of the process that gives the same name
    datasource = context.data_sources.add_sql("audit", connection_string=f"duckdb:///:memory:{uuid.uuid4().hex}")
    engine = datasource.get_engine()
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    workbench = Workbench(context, datasource, connection)
    names = list(attached or {})
    try:
        workbench.execute("set timezone = 'UTC'; pragma disable_checkpoint_on_shutdown")  # dbt or publish does it, once a close
        for name, path in (attached or {}).items():
            workbench.execute(f"attach '{quoted(path)}' as {name}{'' if name in writable else ' (read_only)'}")
        yield workbench
    finally:
        datasource.get_execution_engine().close()
        for name in names:
            workbench.execute(f"detach database if exists {name}")
        connection.close()
        engine.dispose()


def quoted(path: Path) -> str:
    """``path`` for the inside of a SQL string."""
    return os.fspath(path).replace("'", "''")
