"""A form that is wrong is its own matter: what is rejected, what goes on counting, and who is told, by every door."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.collecting import at, collect_one
from tests.commands import uw, uw_json
from tests.releases import publish_approved
from tests.workbook_factory import make_grids, write_csv, write_workbook
from union_warehouse.alerts.run import find_events
from union_warehouse.contracts import Federation, forms_owed
from union_warehouse.paths import Home
from union_warehouse.quality.audit import audit_landed_forms, audit_warehouse
from union_warehouse.releases import open_release
from union_warehouse.reporting.status import month_status
from union_warehouse.submissions import Outcome, check_file, remake_receipt
from union_warehouse.warehouse import plan_close, run_dbt

MONTH = "2014-01"
OWED = [form.name for form in forms_owed(Federation.load().units(MONTH)["CQ"])]


def workbook(path: Path, breaks: bool = False, rows: int = 1, department: str = "CQ") -> Path:
    """A submission with ``rows`` hazards, their inspections and visits; one that ``breaks`` lacks a column of 隐患整改."""
    grids = make_grids(department, MONTH, {form: [{}] * rows for form in ("hazards", "safety_inspections", "visits")})
    if breaks:
        grids["隐患整改"] = [row[:-1] for row in grids["隐患整改"]]
    return write_workbook(path, grids=grids)


def state_of_forms(outcome: Outcome) -> dict[str, str]:
    return {form["form"]: form["state"] for form in outcome.forms}


def reporting(home: Home, department: str = "CQ") -> tuple[int, int, int]:
    """Forms received, missing and rejected."""
    (unit,) = [one for one in month_status(home, MONTH)["departments"] if one["department"] == department]
    return unit["received"], unit["missing"], unit["rejected"]


def test_a_bad_sheet_rejects_its_form_only(home: Home, tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", breaks=True)
    outcome = collect_one(home, path, at(2))
    assert (outcome.state, outcome.rejected_forms, outcome.rows) == ("accepted", ("hazards",), len(OWED) - 1)
    assert state_of_forms(outcome) == dict.fromkeys(OWED, "accepted") | {"hazards": "rejected"}
    assert reporting(home) == (len(OWED) - 1, 1, 1)
    (shown,) = uw_json(home.root, "check", path, exit_code=1)
    assert (shown["state"], shown["rejected_forms"]) == ("unchanged", ["hazards"])
    assert "隐患整改" in uw(home.root, "check", path, exit_code=1)


def test_rows_that_wait_and_a_form_that_is_rejected_are_two_things(home: Home, tmp_path: Path) -> None:
    grids = make_grids("CQ", MONTH, {"visits": [{"kind": "散步"}, {}]})
    del grids["隐患整改"]
    outcome = collect_one(home, write_workbook(tmp_path / "x.xlsx", grids=grids), at(2))
    assert (outcome.state, outcome.rejected_forms, outcome.quarantined) == ("accepted_with_quarantine", ("hazards",), 1)
    assert state_of_forms(outcome)["visits"] == "accepted_with_quarantine"


def test_a_submission_of_which_no_form_is_taken_is_rejected(home: Home, tmp_path: Path) -> None:
    grids = {"封面": make_grids("CQ", MONTH)["封面"]}
    outcome = collect_one(home, write_workbook(tmp_path / "x.xlsx", grids=grids), at(2))
    assert (outcome.state, outcome.rejected_forms) == ("rejected", tuple(OWED))
    assert reporting(home) == (0, len(OWED), len(OWED))


def test_a_correction_that_breaks_a_form_replaces_the_others(home: Home, tmp_path: Path) -> None:
    assert collect_one(home, workbook(tmp_path / "1.xlsx"), at(2)).state == "accepted"
    correction = collect_one(home, workbook(tmp_path / "2.xlsx", breaks=True, rows=3), at(2, 3))
    assert (correction.state, correction.rejected_forms) == ("accepted", ("hazards",))
    assert reporting(home) == (len(OWED), 0, 0), "the version before goes on counting"


def test_the_same_bytes_are_unchanged_and_say_it_again(home: Home, tmp_path: Path) -> None:
    broken = workbook(tmp_path / "1.xlsx", breaks=True)
    first = collect_one(home, broken, at(2))
    again = collect_one(home, broken, at(2, 3))
    assert (again.state, again.rejected_forms, again.receipt) == ("unchanged", ("hazards",), first.receipt)
    assert not again.is_clean
    assert collect_one(home, write_csv(tmp_path, "hazards", month=MONTH), at(2, 4)).state == "accepted"
    third = collect_one(home, broken, at(2, 5))
    assert (third.state, third.submission_id) == ("unchanged", first.submission_id), "it would not bring the form that came since"
    assert reporting(home) == (len(OWED), 0, 0)
    assert collect_one(home, workbook(tmp_path / "2.xlsx", rows=2), at(2, 6)).rejected_forms == ()
    assert collect_one(home, broken, at(2, 7)).state == "accepted", "the others go back to what they were"


def test_what_is_not_read_is_not_known_to_the_rows_of_the_same_file(home: Home, tmp_path: Path) -> None:
    """Hazards of a good sheet name inspections of a rejected one: they wait for it."""
    assert collect_one(home, workbook(tmp_path / "0.xlsx"), at(1, 20)).state == "accepted"
    grids = make_grids("CQ", "2014-02")
    del grids["安全检查"]
    outcome = collect_one(home, write_workbook(tmp_path / "x.xlsx", grids=grids), at(3))
    assert outcome.rejected_forms == ("safety_inspections",)
    (told,) = (item for item in outcome.problems if item["rule"] == "unknown_inspection")
    assert (told["form"], told["provisional"]) == ("hazards", True)
    assert "本次报送的“安全检查”被退回；该表改正后本行自动计入" in told["message"]


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_missing_declaration_names_its_cell(home: Home, tmp_path: Path, is_listed: bool) -> None:
    grids = make_grids("CQ", MONTH)
    cover = grids["封面"]
    line = cover.index(["隐患整改", "有数据"])
    if is_listed:
        cover[line] = ["隐患整改", ""]
        cell = f"封面!B{line + 1}"
    else:
        del cover[line]
        cell = f"封面!B{len(cover) + 1}"
    outcome = collect_one(home, write_workbook(tmp_path / "x.xlsx", grids=grids), at(2))
    (told,) = (item for item in outcome.problems if item["rule"] == "missing_declaration")
    assert cell.removeprefix("封面!") in told["message"]
    book = openpyxl.load_workbook(str(outcome.receipt))
    places = {
        str(found.hyperlink.location).replace("'", "") for row in book["回执"].iter_rows() for found in row if found.hyperlink
    }
    assert cell in places


def test_an_error_on_a_form_that_is_not_owed_rejects_nothing(home: Home, tmp_path: Path) -> None:
    cells = {"封面!A30": "表彰荣誉", "封面!B30": "大概有", "封面!A31": "表彰荣誉", "封面!B31": "零报告"}
    path = write_workbook(tmp_path / "x.xlsx", "CQ", MONTH, cells=cells)
    outcome = check_file(home, path, at(2))
    assert (outcome.state, outcome.rejected_forms) == ("accepted", ())
    assert [item["rule"] for item in outcome.problems if not item["provisional"]] == ["form_not_owed"]


def test_the_receipt_says_which_forms_were_taken(home: Home, tmp_path: Path) -> None:
    outcome = collect_one(home, workbook(tmp_path / "x.xlsx", breaks=True), at(2))
    book = openpyxl.load_workbook(str(outcome.receipt))
    lines = [[cell.value for cell in row] for row in book["回执"].iter_rows()]
    verdict = next(str(line[0]) for line in lines if str(line[0]).startswith("结论"))
    assert "1 张表被退回（隐患整改）" in verdict
    table = {line[0]: line[-1] for line in lines if line[1] in {"有数据", "零报告", "未填"}}
    assert len(table) == len(OWED)
    assert {sheet for sheet, state in table.items() if state == "退回"} == {"隐患整改"}
    told = json.loads(Path(str(outcome.receipt)).with_suffix(".json").read_text("utf-8"))
    assert told["rejected_forms"] == ["hazards"]
    assert remake_receipt(home, str(outcome.submission_id)).read_bytes() == Path(str(outcome.receipt)).read_bytes()


def test_an_alert_tells_a_rejected_form_until_it_comes(home: Home, tmp_path: Path) -> None:
    def told(as_of: datetime) -> dict[str, dict[str, Any]]:
        return {event.kind: event.facts for event in find_events(home, as_of) if (event.unit, event.key) == ("CQ", MONTH)}

    collect_one(home, workbook(tmp_path / "1.xlsx", breaks=True), at(2))
    collect_one(home, write_csv(tmp_path, "visits", [{}, {}], month=MONTH), at(2, 4))
    found = told(at(2, 20))
    assert (found["rejected_submission"]["forms"], found["rejected_submission"]["rules"]) == ("隐患整改", "missing_column")
    assert (found["missing_submission"]["missing"], found["missing_submission"]["forms"]) == (1, "隐患整改")
    collect_one(home, write_csv(tmp_path, "hazards", month=MONTH), at(2, 21))
    assert not {"rejected_submission", "missing_submission"} & set(told(at(2, 22)))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """January closed twice: with a correction of CQ that breaks its hazards and WL's only file without them; then with both mended."""
    folder = tmp_path_factory.mktemp("rejected-forms")
    home = Home(folder / "home")
    collect_one(home, workbook(folder / "1.xlsx"), at(2, 3))
    collect_one(home, workbook(folder / "2.xlsx", breaks=True, rows=3), at(2, 5))
    collect_one(home, workbook(folder / "w1.xlsx", breaks=True, department="WL"), at(2, 5))
    unread = write_csv(folder, "visits", department="TS", month=MONTH)
    collect_one(home, unread.rename(folder / f"{MONTH}_TS_走访.csv"), at(2, 6))
    close(home, datetime(2014, 2, 20, tzinfo=UTC))
    collect_one(home, workbook(folder / "3.xlsx", rows=2), at(2, 21))
    collect_one(home, workbook(folder / "w2.xlsx", department="WL"), at(2, 21))
    close(home, datetime(2014, 2, 25, tzinfo=UTC))
    return home


def close(home: Home, known_at: datetime) -> None:
    close_id = plan_close(home, MONTH, known_at)["close_id"]
    audit_landed_forms(home, close_id)
    run_dbt(home, close_id)
    audit_warehouse(home, close_id)
    publish_approved(home, close_id)


def asked(home: Home, release: str, sql: str) -> list[tuple[Any, ...]]:
    with open_release(home, release) as connection:
        return connection.execute(sql).fetchall()


VERSIONS = """
    select 'hazards', submitted_by_code, right(submission_id, 5), count(*) from fct_hazards group by all
    union all
    select 'visits', submitted_by_code, right(submission_id, 5), count(*) from fct_visits group by all
    order by all"""


@pytest.mark.build
def test_facts_hold_the_version_that_counts_form_by_form(closed: Home) -> None:
    assert asked(closed, "2014-01-r1", VERSIONS) == [
        ("hazards", "CQ", "v0001", 1),
        ("visits", "CQ", "v0002", 3),
        ("visits", "WL", "v0001", 1),
    ]
    assert asked(closed, "2014-01-r2", VERSIONS) == [
        ("hazards", "CQ", "v0003", 2),
        ("hazards", "WL", "v0002", 1),
        ("visits", "CQ", "v0003", 2),
        ("visits", "WL", "v0002", 1),
    ]


@pytest.mark.build
def test_expected_reports_and_status_say_that_a_rejected_form_is_missing(closed: Home) -> None:
    reports = """
        select reporting_unit_code, is_received, is_missing, is_only_rejected, right(submission_id, 5),
            cast(first_received_at as date)
        from fct_expected_reports where form = 'hazards' and reporting_unit_code in ('CQ', 'WL') order by all"""
    assert asked(closed, "2014-01-r1", reports) == [
        ("CQ", True, False, False, "v0001", date(2014, 2, 3)),
        ("WL", False, True, True, None, None),
    ]
    assert asked(closed, "2014-01-r2", reports) == [
        ("CQ", True, False, False, "v0003", date(2014, 2, 3)),
        ("WL", True, False, False, "v0002", date(2014, 2, 21)),
    ]
    counted = asked(
        closed,
        "2014-01-r2",
        "select reporting_unit_code, count(*) filter (where is_only_rejected) from fct_expected_reports group by all",
    )
    assert dict(counted)["TS"] > 0, "what could not be read may have been any form"
    assert {unit["department"]: unit["rejected"] for unit in month_status(closed, MONTH)["departments"]} == dict(counted)
    states = """
        select submission_state, form_state, is_effective, is_first_accepted from fct_submissions
        where submitted_by_code = 'CQ' and form = 'hazards' order by received_at"""
    assert asked(closed, "2014-01-r1", states) == [("accepted", "accepted", True, True), ("accepted", "rejected", False, False)]
