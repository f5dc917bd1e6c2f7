"""Landed rows, read from the landing zone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def read_landed(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A landed file, read without pyarrow's threads: they are not worth starting, and would hang in a forked process."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        return file.read(columns=None if columns is None else list(columns), use_threads=False)


def landed_rows_sql(columns: Mapping[str, str], files: Sequence[Path]) -> str:
    """The query of landed files in DuckDB, in these columns: null where a file landed before the form had one of them.

    Args:
        columns: name to DuckDB type.
        files: Parquet, of none no rows.
    """
    shape = ", ".join(f'cast(null as {kind}) as "{column}"' for column, kind in columns.items())
    statement = f"select {shape} where false"
    if files:
        paths = ", ".join("'" + os.fspath(path).replace("'", "''") + "'" for path in files)
        statement += f" union all by name select * from read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    return statement


def read_landed_tables(folder: Path, manifest: Mapping[str, Any]) -> dict[str, pa.Table]:
    """The rows of a landed submission by form."""
    return {item["form"]: read_landed(folder / item["file"]) for item in manifest["forms"] if item["file"]}
