"""Homes and releases, copied and compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from union_warehouse.paths import Home
from union_warehouse.warehouse.approvals import APPROVED, record_event
from union_warehouse.warehouse.publish import publish_release
from union_warehouse.warehouse.review import review_close


def copy_of(home: Path, folder: Path) -> Path:
    return shutil.copytree(home, folder / "home", symlinks=True)


def publish_approved(home: Home, close_id: str) -> None:
    """Publish a build, whatever is missing in it."""
    record_event(home, review_close(home, close_id), APPROVED, by="tests", comment="made by hand", in_advance=True)
    publish_release(home, close_id)


def differing_tables(left: Path, right: Path, schema: str = "main", only: str = "%") -> list[str]:
    """Tables of a schema, whose names are like ``only``, whose rows differ between two files."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as one (read_only); attach '{right}' as other (read_only)")
        tables = [
            row[0]
            for row in connection.execute(
                "select table_name from duckdb_tables() where database_name = 'one' and schema_name = ? and table_name like ?",
                [schema, only],
            ).fetchall()
        ]
        assert tables
        count = f"select count(*) from (from {{0}}.{schema}.{{2}} except all from {{1}}.{schema}.{{2}})"
        return [
            table
            for table in tables
            if connection.execute(count.format("one", "other", table)).fetchone() != (0,)
            or connection.execute(count.format("other", "one", table)).fetchone() != (0,)
        ]
