"""Dates of submitted rows: the opening, the window, and what was accepted before."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collecting import OPENING, at, collect_one, hazards, open_department, problems
from tests.federation_folders import exceptions, folder_with
from tests.workbook_factory import nil_except, write_workbook
from union_warehouse.landing.folders import read_manifests
from union_warehouse.paths import Home
from union_warehouse.submissions import check_file


def test_the_opening_takes_any_past_date(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    correction = hazards(tmp_path / "v2.xlsx", {"found_on": date(1998, 1, 1)}, month="2013-12")
    outcome = collect_one(home, correction, OPENING + timedelta(days=1))
    assert (outcome.state, problems(outcome, "error", "warning")) == ("accepted", [])
    assert [manifest["is_opening"] for manifest in read_manifests(home)] == [True, True]
    late = collect_one(
        home,
        hazards(tmp_path / "v3.xlsx", {"found_on": date(2014, 1, 1), "due_on": date(2014, 1, 9)}, month="2013-12"),
        OPENING + timedelta(days=2),
    )
    assert problems(late) == [(2, "found_on", "date_after_month")]


def test_a_file_after_the_closing_is_taken_and_told_so(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    row = {"found_on": date(2014, 3, 3), "due_on": date(2014, 4, 3)}
    file = hazards(tmp_path / "x.xlsx", row, month="2014-03")
    closed = [(None, None, "month_closed")]
    assert problems(check_file(home, file, at(4, 11, hour=10)), "error", "warning") == []
    late = check_file(home, file, at(4, 11, hour=11))
    assert (late.state, problems(late, "error", "warning")) == ("accepted", closed)
    unlocked = exceptions("2014-03,CQ,,unlocked,,系统升级,办公室,2014-04-12")
    home = Home(home.root, folder_with(tmp_path / "federation", reporting_exceptions=unlocked))
    assert problems(check_file(home, file, at(4, 11, hour=11)), "error", "warning") == closed
    assert problems(check_file(home, file, at(4, 13)), "error", "warning") == []


def test_a_rejected_submission_is_no_opening(home: Home, tmp_path: Path) -> None:
    bad = write_workbook(tmp_path / "bad.xlsx", month="2013-12", cells={"封面!B3": "7"})
    assert collect_one(home, bad, OPENING).state == "rejected"
    outcome = collect_one(home, hazards(tmp_path / "x.xlsx", {"found_on": date(2001, 1, 1)}, month="2014-01"), at(2))
    assert (outcome.state, [manifest["is_opening"] for manifest in read_manifests(home)]) == ("accepted", [True, True])


def test_the_opening_is_known_without_the_derived_file(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    shutil.rmtree(home.landing / ".first_accepted")
    outcome = collect_one(home, hazards(tmp_path / "x.xlsx", {"found_on": date(2001, 1, 1)}), at(4))
    assert problems(outcome) == [(2, "found_on", "date_before_window")]


@pytest.mark.parametrize(
    ("found_on", "expected"),
    [
        (date(2014, 6, 30), []),
        (date(2014, 6, 1), []),
        (date(2014, 5, 31), ["late_row"]),
        (date(2014, 3, 1), ["late_row"]),
        (date(2014, 2, 28), ["date_before_window"]),
        (date(2014, 7, 1), ["date_after_month"]),
    ],
)
def test_june_takes_events_from_the_first_of_march(home: Home, tmp_path: Path, found_on: date, expected: list[str]) -> None:
    open_department(home, tmp_path)
    outcome = collect_one(
        home, hazards(tmp_path / "x.xlsx", {"found_on": found_on, "due_on": date(2015, 1, 1)}, month="2014-06"), at(7)
    )
    assert [rule for _, _, rule in problems(outcome, "error", "warning")] == expected


def test_of_a_known_key_only_changed_dates_are_tested(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    rectified = {"hazard_no": "H0", "found_on": date(2010, 5, 1), "due_on": date(2010, 6, 1), "rectified_on": date(2014, 3, 9)}
    changed = {"hazard_no": "H0", "found_on": date(2010, 5, 2), "due_on": date(2010, 6, 1)}
    unknown = {"hazard_no": "H1", "found_on": date(2010, 5, 1), "due_on": date(2010, 6, 1)}
    assert problems(check_file(home, hazards(tmp_path / "1.xlsx", rectified), at(4)), "error", "warning") == []
    assert problems(check_file(home, hazards(tmp_path / "2.xlsx", changed), at(4))) == [(2, "found_on", "date_before_window")]
    assert problems(check_file(home, hazards(tmp_path / "3.xlsx", unknown), at(4))) == [(2, "found_on", "date_before_window")]
    late = rectified | {"rectified_on": date(2014, 2, 9)}
    assert problems(check_file(home, hazards(tmp_path / "4.xlsx", late), at(4)), "warning") == [(2, "rectified_on", "late_row")]


def test_a_key_of_another_department_or_a_quarantined_or_withdrawn_row_is_not_known(home: Home, tmp_path: Path) -> None:
    row = {"hazard_no": "H0", "found_on": date(2010, 5, 1), "due_on": date(2010, 6, 1)}
    open_department(home, tmp_path)
    collect_one(home, hazards(tmp_path / "wl.xlsx", {}, department="WL", month="2013-12"), OPENING)
    assert problems(check_file(home, hazards(tmp_path / "1.xlsx", row, department="WL"), at(4))) == [
        (2, "found_on", "date_before_window")
    ]
    collect_one(home, hazards(tmp_path / "v2.xlsx", row | {"category": "火"}, month="2013-12"), OPENING + timedelta(days=1))
    assert problems(check_file(home, hazards(tmp_path / "2.xlsx", row), at(4))) == [(2, "found_on", "date_before_window")]


def test_a_spell_may_end_ahead_but_not_behind_the_window(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    nil = nil_except("programme_enrolments")

    def ended(ended_on: date) -> list[tuple[Any, ...]]:
        path = write_workbook(
            tmp_path / "x.xlsx",
            month="2014-06",
            rows={"programme_enrolments": [{"enrolled_on": date(2014, 6, 1), "ended_on": ended_on}]},
            nil=nil,
        )
        return problems(check_file(home, path, at(7)))

    assert ended(date(2015, 1, 1)) == []
    assert ended(date(2014, 2, 1)) == [(2, "ended_on", "date_before_window"), (2, "ended_on", "enrolment_order")]


def test_a_spell_that_an_accepted_key_ends_keeps_its_old_beginning(home: Home, tmp_path: Path) -> None:
    nil = nil_except("programme_enrolments")
    old = {"enrolled_on": date(2009, 1, 1)}
    opening = write_workbook(tmp_path / "1.xlsx", month="2013-12", rows={"programme_enrolments": [old]}, nil=nil)
    assert collect_one(home, opening, OPENING).state == "accepted"
    path = write_workbook(
        tmp_path / "2.xlsx", month="2014-06", rows={"programme_enrolments": [old | {"ended_on": date(2014, 6, 9)}]}, nil=nil
    )
    assert problems(check_file(home, path, at(7)), "error", "warning") == []
