"""Two months from workbooks to releases, as a user runs them: real Airflow, dbt, Great Expectations and files."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import duckdb
import openpyxl

from tests.commands import uw, uw_json
from tests.landings import note_files
from tests.releases import copy_of, differing_tables
from union_warehouse.paths import Home
from union_warehouse.releases import open_release
from union_warehouse.warehouse.data_dictionary import DICTIONARY_PAGE


def test_figures_of_a_month_come_from_its_rows(february: Path) -> None:
    figures = uw_json(february, "figures", "--year", "2014", "--month", "2014-02")
    with open_release(Home(february)) as connection:
        inspections = connection.execute("select count(*) from fct_safety_inspections where event_month = '2014-02'").fetchone()
    assert figures["safety.inspections"] == inspections[0] > 0
    year = uw_json(february, "figures", "--year", "2014")
    assert year["safety.inspections"] > figures["safety.inspections"]
    assert year["org.enterprises_with_union"] == figures["org.enterprises_with_union"] > 2000


def test_units_add_up_and_distinct_counts_do_not_exceed_them(february: Path) -> None:
    with open_release(Home(february)) as connection:
        wrong = connection.execute(
            """
            select indicator_code, month from rpt_indicators where aggregation <> 'ratio' group by all
            having sum(value_month) filter (where reporting_unit_code <> 'XC') < max(value_month) filter (where reporting_unit_code = 'XC')
            """
        ).fetchall()
    assert wrong == []


def test_a_release_is_a_folder_of_documented_tables_and_parquet(february: Path) -> None:
    release = february / "releases" / "2014-02-r1"
    manifest = json.loads((release / "release.json").read_text("utf-8"))
    assert manifest["closed_months"] == ["2014-01", "2014-02"]
    with duckdb.connect(str(release / "warehouse.duckdb"), read_only=True) as connection:
        undocumented = connection.execute(
            "select table_name, column_name from duckdb_columns() where not internal and comment is null"
        ).fetchall()
        count = connection.execute("select count(*) from fct_hazards").fetchone()
        columns = connection.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
        read = connection.execute(f"select count(*) from '{release}/parquet/fct_hazards/*.parquet'").fetchone()
    assert undocumented == []
    dictionary = (release / "data_dictionary.md").read_text("utf-8")
    assert dictionary == DICTIONARY_PAGE.read_text("utf-8"), "of this project"
    tables = {table.partition("\n")[0]: table for table in dictionary.split("\n## ")[2:-1]}
    assert set(tables) == set(manifest["tables"])
    assert [place for place in columns if f"\n| `{place[1]}` |" not in tables[place[0]]] == []
    assert count == read == (manifest["tables"]["fct_hazards"]["rows"],)
    files = {
        fact: {path.stem for path in (release / "parquet" / fact).iterdir()} for fact in ("fct_visits", "fct_union_coverage")
    }
    assert files == {"fct_visits": {"2014-01", "2014-02"}, "fct_union_coverage": {"all"}}, "spells are one file"
    january = february / "releases" / "2014-01-r1" / "parquet" / "dim_reporting_unit" / "all.parquet"
    assert january.stat().st_ino == (release / "parquet" / "dim_reporting_unit" / "all.parquet").stat().st_ino


def test_the_incremental_build_equals_a_build_from_nothing(february: Path, tmp_path: Path, closings: dict[str, str]) -> None:
    home = copy_of(february, tmp_path)
    shutil.move(home / "build", tmp_path / "build")
    uw(home, "close", "2014-02", "--known-at", closings["2014-02"])  # nothing new, so nothing to approve
    incremental, rebuilt = (home / "releases" / name / "warehouse.duckdb" for name in ("2014-02-r1", "2014-02-r2"))
    # each release lists what it restated itself, and its ledger says which release saw an issue last
    assert set(differing_tables(incremental, rebuilt)) <= {"rpt_restatements", "fct_quality_issues", "rpt_quality_trends"}
    builds = (tmp_path / "build" / "2014-02-r1" / "build.duckdb", home / "build" / "2014-02-r2" / "build.duckdb")
    assert differing_tables(*builds, schema="intermediate", only="int_cross_checks") == []


def test_months_close_in_order(january: Path, tmp_path: Path) -> None:
    home = copy_of(january, tmp_path)
    refused = uw_json(home, "close", "2014-03", "--known-at", "2014-05-01", exit_code=1)
    assert refused[0]["error"]["rule"] == "earlier_month_open"
    assert [release["release_id"] for release in uw_json(home, "releases")] == ["2014-01-r1"]


def test_closing_again_without_changes_makes_no_release(february: Path, tmp_path: Path, closings: dict[str, str]) -> None:
    home = copy_of(february, tmp_path)
    again = uw_json(home, "close", "2014-02", "--known-at", closings["2014-02"])
    assert again == [
        {
            "month": "2014-02",
            "release": "2014-02-r1",
            "is_new": False,
            "known_at": again[0]["known_at"],
            "restated": [],
            "approval": again[0]["approval"],
        }
    ]
    assert again[0]["approval"]["approved_in_advance"] is True


def test_a_corrected_submission_restates_a_published_month(february: Path, reference: Path, tmp_path: Path) -> None:
    home = copy_of(february, tmp_path)
    before = uw_json(home, "figures", "--year", "2014", "--month", "2014-01")["safety.inspections"]
    path = tmp_path / "更正.xlsx"
    withdraw_last_inspection(reference / "submissions" / "2014-01_潮鸣街道总工会.xlsx", path)
    submitted = uw_json(home, "submit", path, "--received-at", "2014-03-20T09:00")
    assert submitted[0]["state"] == "accepted", submitted
    assert submitted[0]["version"] == 2
    status = uw_json(home, "status", "--month", "2014-01")
    assert status["months"][0]["state"] == "reopened"
    (asked,) = uw_json(home, "close", "2014-01", "--known-at", "2014-03-20T10:00", exit_code=3)
    assert (asked["error"]["rule"], asked["release"]) == ("awaiting_approval", None)
    moved = {(row["indicator"], row["department"], row["month"]): row for row in asked["reasons"]["moved"]}
    inspections = moved["safety.inspections", "CM", "2014-01"]
    assert inspections["old_month"] == inspections["new_month"] + 1
    assert asked["reasons"]["missing"] == asked["reasons"]["late"] == asked["reasons"]["quarantined"] == [], (
        "nothing of it is new"
    )
    assert (home / "releases" / "current").readlink() == Path("2014-02-r1")
    assert uw_json(home, "status", "--month", "2014-01")["months"][0]["state"] == "closed"

    closed = [uw_json(home, "approve", "2014-01", "--by", "王主席", "--comment", "更正无误")]
    assert closed[0]["release"] == "2014-01-r2"
    assert (closed[0]["known_at"], closed[0]["is_new"]) == ("2014-03-20T02:00:00Z", True)
    approval = uw_json(home, "releases")[0]["approval"]
    assert (approval["by"], approval["comment"], approval["approved_in_advance"]) == ("王主席", "更正无误", False)
    assert approval["reasons"] == asked["reasons"]
    assert uw_json(home, "status", "--month", "2014-01")["months"][0]["state"] == "published"
    after = uw_json(home, "figures", "--year", "2014", "--month", "2014-01")["safety.inspections"]
    assert after == before - 1
    restated = {(row["indicator_code"], row["month"], row["reporting_unit_code"]) for row in closed[0]["restated"]}
    assert {row["caused_by"] for row in closed[0]["restated"]} == {"2014-01/CM/v0002"}
    differing = uw_json(home, "diff", "2014-02-r1", "2014-01-r2")
    assert {(row["indicator_code"], row["month"], row["reporting_unit_code"]) for row in differing} == restated
    assert {row["caused_by"] for row in differing} == {"2014-01/CM/v0002"}
    assert ("safety.inspections", "2014-01", "XC") in restated
    assert ("safety.inspections", "2014-01", "CM") in restated
    assert ("safety.inspections", "2014-02", "XC") in restated  # the year to date
    assert (
        uw_json(home, "figures", "--year", "2014", "--month", "2014-01", "--release", "2014-02-r1")["safety.inspections"]
        == before
    )


def withdraw_last_inspection(source: Path, target: Path) -> None:
    """The same workbook without the last inspection that found no hazard."""
    book = openpyxl.load_workbook(source)
    sheet = book["安全检查"]
    column = {cell.value: cell.column for row in sheet.iter_rows(max_row=5) for cell in row if cell.value}
    rows = [row for row in range(2, sheet.max_row + 1) if str(sheet.cell(row, column["发现隐患数"]).value) == "0"]
    sheet.delete_rows(rows[-1])
    book.save(target)


def test_a_failing_audit_publishes_nothing(january: Path, tmp_path: Path, closings: dict[str, str]) -> None:
    home = copy_of(january, tmp_path)
    # a fault of the row checks: a row in error landed as accepted, which its contract must contradict
    landed = next((home / "landing" / "month=2014-02").glob("department=*/v0001/safety_inspections.parquet"))
    landed.chmod(0o644)
    with duckdb.connect() as connection:
        connection.execute(
            f"create table landed as from '{landed}'; update landed set inspectors = -5, inspectors__text = '-5' where _row = (select max(_row) from landed)"
        )
        connection.execute(f"copy landed to '{landed}'")
    note_files(landed.parent)
    refused = uw_json(home, "close", "2014-02", "--known-at", closings["2014-02"], exit_code=1)
    assert refused[0]["release"] is None
    assert "inspectors" in json.dumps(refused[0]["error"])
    assert (home / "releases" / "current").readlink() == Path("2014-01-r1")


def test_personal_data_is_in_clear_in_the_originals_only(february: Path, reference: Path) -> None:
    book = openpyxl.load_workbook(reference / "submissions" / "2014-02_长庆街道总工会.xlsx", read_only=True)
    numbers = {
        str(value)
        for row in book["会员变动"].iter_rows(values_only=True)
        for value in row
        if re.fullmatch(r"\d{17}[\dX]", str(value))
    }
    assert len(numbers) > 50
    needles = [number.encode() for number in sorted(numbers)[:20]]
    searched = 0
    for path in february.rglob("*"):
        allowed = path.name.startswith("original.") or "inbox" in path.relative_to(february).parts
        if path.is_symlink() or not path.is_file() or allowed:
            continue
        content = path.read_bytes()
        assert not any(needle in content for needle in needles), path
        searched += 1
    assert searched > 100
    with open_release(Home(february)) as connection:
        keys = {row[0] for row in connection.execute("select person_key from fct_membership_changes").fetchall()}
    assert not keys & numbers


def test_an_older_release_stays_readable_and_nobody_can_write(february: Path) -> None:
    output = uw(
        february, "query", "select max(month) as last_month from rpt_indicators", "--release", "2014-01-r1", "--format", "csv"
    )
    assert output.split() == ["last_month", "2014-01"]
    uw(february, "query", "create table t as select 1", exit_code=1)
    uw(february, "query", "select * from read_text('/etc/hostname')", exit_code=1)
