"""The working files of a close, ``build/<close_id>/``, as those read them who come after its plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from union_warehouse.files import read_derived
from union_warehouse.paths import BUILD_FILE, MARTS_FILE, PLAN_FILE, Home
from union_warehouse.storage import storage_error
from union_warehouse.warehouse.errors import BuildIncomplete


def load_plan(home: Home, close_id: str) -> dict[str, Any]:
    """The plan written by :func:`~union_warehouse.warehouse.plan.plan_close`.

    Raises:
        BuildIncomplete: it is gone or torn.
    """
    path = home.build / close_id / PLAN_FILE
    plan: dict[str, Any] | None = read_derived(path)
    if plan is None:
        raise BuildIncomplete(close_id=close_id, path=path)
    return plan


@contextmanager
def built_files(home: Home, close_id: str) -> Iterator[Path]:
    """The folder of the files that dbt has built, for as long as they are read.

    Raises:
        BuildIncomplete: one of them is gone or torn.
    """
    folder = home.build / close_id
    for path in (folder / BUILD_FILE, folder / MARTS_FILE):
        if not path.is_file() or not path.stat().st_size:  # DuckDB would make an empty one
            raise BuildIncomplete(close_id=close_id, path=path)
    try:
        yield folder
    except duckdb.IOException as error:
        if storage_error(error) is not None:
            raise
        raise BuildIncomplete(close_id=close_id, path=folder) from error
