"""dbt's own unit tests of the models' logic, and its lint of the project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.builds import write_empty_build
from union_warehouse.months import month_range
from union_warehouse.paths import DBT_PROJECT_DIR
from union_warehouse.warehouse.plan import MARTS_FILE
from union_warehouse.working_days import due_on

DBT = Path(sys.executable).parent / "dbt"
OPENING_MONTH, LAST_MONTH = "2013-12", "2015-12"


@pytest.fixture(scope="module")
def empty_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of no submissions at all: every relation exists, no row does."""
    folder = tmp_path_factory.mktemp("build")
    write_empty_build(folder, OPENING_MONTH, LAST_MONTH)
    run_dbt(folder, "build", "--exclude-resource-type", "unit_test")
    return folder


def run_dbt(folder: Path, *arguments: str) -> str:
    command = [str(DBT), *arguments, "--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder)]
    environment = os.environ | {"UW_BUILD_DIR": str(folder), "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_an_empty_warehouse_builds(empty_build: Path) -> None:
    with duckdb.connect(str(empty_build / MARTS_FILE), read_only=True) as connection:
        units = "select count(*) from dim_reporting_unit where date '2014-01-01' between valid_from and valid_to"
        assert connection.execute(units).fetchone() == (19,)
        assert connection.execute("select count(*) from fct_hazards").fetchone() == (0,)


def test_unit_tests_of_the_models(empty_build: Path) -> None:
    output = run_dbt(empty_build, "test", "--select", "test_type:unit")
    assert "ERROR=0" in output
    assert "PASS=0" not in output


def test_due_dates_of_the_warehouse_and_of_python_agree(empty_build: Path) -> None:
    with duckdb.connect(str(empty_build / MARTS_FILE), read_only=True) as connection:
        rows = dict(connection.execute("select month, due_on from dim_month").fetchall())
    assert rows == {month: due_on(month) for month in month_range(OPENING_MONTH, LAST_MONTH)}
