"""Several federations side by side: what is judged, asked for and answered follows from the federation of its own home."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.collecting import collect_one, hazards
from tests.federation_folders import folder_with
from tests.workbook_factory import nil_except, write_workbook
from union_warehouse.contracts import Federation
from union_warehouse.contracts.federation import UNITS_FILE
from union_warehouse.paths import BUILD_FILE, Home
from union_warehouse.project import FEDERATION_DIR
from union_warehouse.reporting.status import month_status
from union_warehouse.reporting.templates import write_templates
from union_warehouse.submissions import check_file
from union_warehouse.warehouse.errors import InvalidQualityWaivers
from union_warehouse.warehouse.plan import plan_from_landing

MONTH, ARRIVAL = "2014-03", datetime(2014, 4, 2, 8, tzinfo=UTC)


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """A home whose federation has a unit QT where the project's has CQ."""
    units = (FEDERATION_DIR / UNITS_FILE).read_text("utf-8").replace("CQ,长庆街道总工会", "QT,清泰街道总工会")
    return Home(tmp_path / "other", folder_with(tmp_path / "federation", reporting_units=units))


def test_each_home_judges_a_file_by_its_own_units(home: Home, other: Home, tmp_path: Path) -> None:
    of_project = hazards(tmp_path / "cq.xlsx", {})
    of_other = write_workbook(tmp_path / "qt.xlsx", rows={"hazards": [{}]}, nil=nil_except("hazards"), cells={"封面!B1": "QT"})
    for _ in range(2):  # the child process that read for one reads for the other
        for file, taken, refused in ((of_project, home, other), (of_other, other, home)):
            assert check_file(taken, file, ARRIVAL).state == "accepted"
            outcome = check_file(refused, file, ARRIVAL)
            assert (outcome.state, [problem["rule"] for problem in outcome.problems]) == ("rejected", ["unknown_department"])
    assert collect_one(other, of_other, ARRIVAL).submission_id == "2014-03/QT/v0001"
    assert collect_one(home, of_project, ARRIVAL).submission_id == "2014-03/CQ/v0001"


def test_each_home_answers_asks_and_expects_by_its_own_units(home: Home, other: Home, tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "qt.xlsx", rows={"hazards": [{}]}, nil=nil_except("hazards"), cells={"封面!B1": "QT"})
    receipt = openpyxl.load_workbook(str(collect_one(other, file, ARRIVAL).receipt))["回执"]
    assert any(cell.value == "清泰街道总工会（QT）" for row in receipt.iter_rows() for cell in row)
    names = {one: {path.name for path in write_templates(one, MONTH, one.root / "templates")} for one in (home, other)}
    assert names[other] - names[home] == {"2014-03_清泰街道总工会.xlsx"}
    assert names[home] - names[other] == {"2014-03_长庆街道总工会.xlsx"}
    expected = {one: {unit["department"] for unit in month_status(one, MONTH)["departments"]} for one in (home, other)}
    assert (expected[home] - expected[other], expected[other] - expected[home]) == ({"CQ"}, {"QT"})


def test_each_home_closes_with_its_own_units(home: Home, other: Home) -> None:
    names = {}
    for one in (home, other):
        plan_from_landing(one, "close", [MONTH], ARRIVAL)
        with duckdb.connect(str(one.build / "close" / BUILD_FILE), read_only=True) as connection:
            names[one] = dict(connection.execute("select unit_code, unit_name from plan.reporting_units").fetchall())
    assert (names[home].get("CQ"), names[home].get("QT")) == ("长庆街道总工会", None)
    assert (names[other].get("CQ"), names[other].get("QT")) == (None, "清泰街道总工会")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("member_count_differs,CQ,,,约定,办公室,2014-02-01,2014-2-30", "2014-2-30"),
        ("member_count_differs,CQ,,,约定,办公室,2014-02-01,", "line 3: expires_on is empty"),
        (",CQ,,,约定,办公室,2014-02-01,2014-03-01", "line 3: rule_code is empty"),
    ],
)
def test_a_waiver_that_waives_nothing_is_refused(tmp_path: Path, line: str, told: str) -> None:
    lines = ["rule_code,unit_code,form,record_key,reason,waived_by,waived_on,expires_on"]
    lines += ["member_count_differs,,,,约定,办公室,2014-02-01,2014-03-01", line, ""]
    home = Home(tmp_path / "home", folder_with(tmp_path / "federation", quality_waivers="\n".join(lines)))
    with pytest.raises(InvalidQualityWaivers, match=told):
        plan_from_landing(home, "close", [MONTH], ARRIVAL)


def test_what_a_child_process_is_handed_is_the_federation_itself() -> None:
    federation = Federation.load()
    handed = pickle.dumps(federation)
    assert pickle.loads(handed) == federation
    assert len(handed) < 10_000, "it is handed over for each file"
