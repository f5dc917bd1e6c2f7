"""A build without submissions, for tests of the dbt project alone."""

from __future__ import annotations

from pathlib import Path

import duckdb

from union_warehouse.paths import PREVIOUS_FILE, Home
from union_warehouse.warehouse.definitions import Definitions
from union_warehouse.warehouse.plan_tables import write_plan_and_landing


def write_empty_build(folder: Path, opening_month: str, last_month: str) -> None:
    """Write the files that a plan leaves for dbt, with no submission, into ``folder``."""
    duckdb.connect(str(folder / PREVIOUS_FILE)).close()
    close = {
        "close_id": f"{last_month}-r1",
        "month": last_month,
        "known_at": "2020-01-01T00:00:00Z",
        "beginning_month": opening_month,
        "closed_months": [opening_month, last_month],
        "previous_release_id": None,
        "previous_known_at": None,
    }
    write_plan_and_landing(Home(folder), folder, close, Definitions("", {}, {}))
