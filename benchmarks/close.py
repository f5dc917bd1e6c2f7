"""(b) Close: wall time by Airflow, dbt, SQL, Great Expectations and publishing, and the same SQL straight in DuckDB."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.timing import FIRST_YEAR, collected_years, home_until
from union_warehouse.orchestration.connect import connect
from union_warehouse.orchestration.jobs import close
from union_warehouse.orchestration.records import StepRecord
from union_warehouse.paths import Home
from union_warehouse.project import DBT_PROJECT_DIR
from union_warehouse.warehouse import plan_close

MONTHS = tuple(f"{FIRST_YEAR}-{month:02}" for month in (1, 2, 3))
APPROVAL = {"by": "benchmark", "comment": "reference data"}


def measure(folder: Path) -> dict[str, Any]:
    """Split of the close of the last of ``MONTHS``, whose imports the earlier ones have paid."""
    collected, closings = collected_years(folder, 1)
    home = home_until(folder / "home", collected, MONTHS[-1])
    records: list[StepRecord] = []
    with connect(home) as runner:
        for month in MONTHS[:-1]:
            close(home, runner, month, closings[month], lambda _: None, APPROVAL)
        before = Home(folder / "before")
        shutil.copytree(home.root, before.root, symlinks=True)
        clock = time.perf_counter()
        close(home, runner, MONTHS[-1], closings[MONTHS[-1]], records.append, APPROVAL)
        wall = time.perf_counter() - clock
    steps = {record.task_id: record.seconds for record in records if record.state == "success"}
    (built,) = (record.result for record in records if record.task_id == "build_warehouse" and record.state == "success")
    audits = built["landed_forms"]["seconds"] + steps["audit_warehouse"]
    return {
        "close, s": wall,
        "Airflow (wall - steps), s": wall - sum(steps.values()),
        **{f"step {step}, s": seconds for step, seconds in steps.items()},
        "Great Expectations, the most of it beside dbt / close (target <= 1/3)": audits / wall,
        **_same_sql_in_duckdb(before, closings, steps["build_warehouse"]),
    }


def _same_sql_in_duckdb(home: Home, closings: dict[str, Any], dbt_seconds: float) -> dict[str, Any]:
    """The statements that dbt sends for the same close, recorded once, then run on the same files without dbt."""
    plan = plan_close(home, MONTHS[-1], closings[MONTHS[-1]])
    folder = home.build / plan["close_id"]
    recorded = home.root / "recorded"
    shutil.copytree(folder, recorded)
    statements = _statements(recorded)
    shutil.rmtree(recorded)
    with duckdb.connect(os.fspath(folder / "build.duckdb")) as connection:
        connection.execute(f"set timezone = 'UTC'; attach '{folder / 'marts.duckdb'}' as marts")
        connection.execute(f"attach '{folder / 'previous.duckdb'}' as previous (read_only)")
        clock = time.perf_counter()
        for statement in statements:
            connection.execute(statement)
        seconds = time.perf_counter() - clock
    return {"statements": len(statements), "the same SQL in DuckDB, s": seconds, "dbt / the same SQL": dbt_seconds / seconds}


def _statements(folder: Path) -> list[str]:
    command = [os.fspath(Path(sys.executable).parent / "dbt"), "build", "--threads", "1", "--exclude-resource-type", "unit_test"]
    command += ["--project-dir", os.fspath(DBT_PROJECT_DIR), "--profiles-dir", os.fspath(DBT_PROJECT_DIR)]
    command += ["--target-path", os.fspath(folder / "target"), "--log-path", os.fspath(folder)]
    settings = {"DBT_LOG_FORMAT_FILE": "json", "DBT_LOG_LEVEL_FILE": "debug"}
    subprocess.run(command, env=os.environ | settings, cwd=folder, check=True, capture_output=True)
    events = (json.loads(line) for line in (folder / "dbt.log").read_text("utf-8").splitlines())
    queries = [event["data"] for event in events if event["info"]["name"] == "SQLQuery"]
    found = [query["sql"] for query in queries]
    return [statement for statement in found if statement.strip().rstrip(";").upper() not in {"BEGIN", "COMMIT"}]
