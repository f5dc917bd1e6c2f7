"""A database in memory, for rows that are already there."""

from __future__ import annotations

import os
import threading

import duckdb

_LOCAL = threading.local()


def in_memory_database() -> duckdb.DuckDBPyConnection:
    """One in-memory database per thread and process: DuckDB does not survive a fork.

    The optimiser is off: it takes longer to plan queries on a few rows than they run.
    """
    if getattr(_LOCAL, "owner", None) != os.getpid():
        _LOCAL.connection = duckdb.connect(":memory:")
        _LOCAL.connection.execute("pragma disable_optimizer")
        _LOCAL.owner = os.getpid()
    connection: duckdb.DuckDBPyConnection = _LOCAL.connection
    return connection
