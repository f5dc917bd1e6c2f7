"""Who sends what, when: the true rows as files, with the delays, mistakes and corrections of an ordinary year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import numpy as np

from reference_data import mistakes
from reference_data.days_of_month import instant, nth_working_day
from reference_data.files import Submission
from reference_data.mistakes import Mistake, Tables
from reference_data.stray_rows import STRAY_ROWS
from reference_data.world import Truth
from union_warehouse.contracts import ReportingUnit, forms_owed
from union_warehouse.months import next_month
from union_warehouse.working_days import closing_at

_CSV_DEPARTMENT = "FW"
"""Sends a machine export from January on: one CSV a form; the one of a form without rows holds its header only."""


@dataclass(frozen=True)
class Situation:
    """Something out of the ordinary in one submission.

    Attributes:
        department: who.
        month_number: of which month.
        what: in words, for the README of the reference data.
        mistake: makes the version sent first; None when there is only one.
        sent: when the right version comes: in time, after the due day, or after the month's close.
        correction: what carries the right version: a workbook, or a CSV of the form named.
        year: the only year that has it; None if every year has.
    """

    department: str
    month_number: int
    what: str
    mistake: Mistake | None = None
    sent: Literal["in_time", "late", "after_close"] = "in_time"
    correction: str = "workbook"
    year: int | None = None


SITUATIONS = (
    *(
        Situation(code, month, "arrives after the due day", sent="late")
        for code, month in (("CQ", 2), ("WH", 4), ("CG", 7), ("ZJ", 10), ("NG", 5))
    ),
    Situation("SQ", 8, "missing when the month is closed, arrives later", sent="after_close"),
    Situation("TS", 3, "number used twice, dates outside the window; corrected in time", mistakes.repeated_and_misdated),
    Situation("NG", 3, "required title missing; corrected in time", mistakes.title_missing),
    Situation("ZH", 4, "column 外来务工 missing, rejected; sent again in time", mistakes.missing_column),
    Situation("ZJ", 5, "impossible date, number in words, negative number; corrected in time", mistakes.impossible_values),
    Situation(
        "TS", 5, "wrong enum values and check characters; corrected after the close", mistakes.wrong_values, sent="after_close"
    ),
    Situation(
        "SQ", 6, "an activity that never was; withdrawn after the close", mistakes.activity_that_never_was, sent="after_close"
    ),
    Situation(
        "WH",
        6,
        "15-digit resident numbers; corrected in time by a CSV",
        mistakes.old_resident_numbers,
        correction="member_changes",
    ),
    Situation("LB", 9, "organisation code and registration number instead of USCC; corrected in time", mistakes.old_codes),
    Situation("CQ", 9, "resident numbers stored as floats; corrected in time", mistakes.numbers_as_floats),
    Situation(
        "CM", 10, "a third of the members' changes forgotten; sent after the close", mistakes.rows_forgotten, sent="after_close"
    ),
    Situation("CG", 11, "count identities broken; corrected in time", mistakes.broken_identities),
    Situation("BG", 2, "progress beyond 100 per cent; corrected in time", mistakes.beyond_hundred, year=2015),
    Situation("BG", 4, "an honour outside its list; corrected in time", mistakes.unknown_honour),
    Situation("JY", 6, "a third of a list pasted twice; corrected in time", mistakes.list_pasted_twice),
    Situation("QY", 6, "a case closed before it was received, an amount in words; corrected in time", mistakes.closed_too_early),
    Situation("LB", 7, "a visitor missing, a wrong credit code; corrected in time", mistakes.visitor_missing),
    Situation("DX", 7, "visits in high temperature forgotten; sent after the close", mistakes.heat_forgotten, sent="after_close"),
    Situation(
        "FW",
        9,
        "an export saved by a spreadsheet, identity numbers as 3.399E+17; exported again in time",
        mistakes.numbers_in_scientific_notation,
        correction="assistance",
    ),
    Situation(
        "XJ",
        10,
        "an event that ends before it begins; corrected after the close",
        mistakes.ends_before_it_begins,
        sent="after_close",
    ),
    Situation("WL", 12, "wrong check character, negative amount; corrected in time", mistakes.wrong_assistance),
    Situation("ZH", 12, "a value outside its list; corrected before the last close", mistakes.one_value_outside_list),
)
_CHILD_FIRST = "hazards without their inspections, which come after the close"
_TWICE = ("JY", 2, "the same workbook sent twice under two names")
_EXTRA_SHEET = ("ZZ", 6, "a sheet that no form knows")
_OFFICE_HOURS = (9, 17)
_IN_TIME, _LATE = (1, 5), (6, 7)
_FIRST_VERSION, _CORRECTION = (1, 3), (4, 5)
_CORRECTED_AFTER_CLOSE_DAYS = (2, 9)


def situations_of(truth: Truth) -> list[Situation]:
    """What is out of the ordinary in the year."""
    return [item for item in SITUATIONS if item.year in (None, truth.plan.year)] + _child_first(truth)


def _child_first(truth: Truth) -> list[Situation]:
    """The first street and month (from April on, otherwise ordinary) whose hazards have inspections of the same month."""
    taken = {(situation.department, situation.month_number) for situation in SITUATIONS}
    hazards = truth.tables["hazards"].merge(
        truth.tables["safety_inspections"][["inspection_no", "month_number", "department"]],
        on=["inspection_no", "month_number", "department"],
    )
    streets = hazards["department"].map(lambda code: truth.plan.units[code].kind == "street_union")
    ordered = hazards[streets & hazards["month_number"].between(4, 11)].sort_values(["month_number", "hazard_no"])
    places = zip(ordered["department"], ordered["month_number"], strict=True)
    ordinary = [place for place in places if place not in taken]
    return [
        Situation(department, int(month), _CHILD_FIRST, mistakes.inspections_forgotten, sent="after_close")
        for department, month in ordinary[:1]
    ]


def describe_situations(truth: Truth) -> list[tuple[str, str, str]]:
    """Month, department and what is planted there, in order of months."""
    planted = [(item.month_number, item.department, item.what) for item in situations_of(truth)]
    planted += [(month, department, what) for department, month, what in (_TWICE, _EXTRA_SHEET, *STRAY_ROWS)]
    months = truth.plan.months
    return sorted((months[month], department, what) for month, department, what in planted if month in truth.months)


class _Clock:
    """Instants of arrival, no two the same."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._taken: set[datetime] = set()

    def working_day(self, month: str, first: int, last: int) -> date:
        """A working day of the month after ``month``."""
        return nth_working_day(next_month(month), int(self._rng.integers(first, last + 1)))

    def on_working_day(self, month: str, first: int, last: int) -> datetime:
        """In office hours of a working day of the month after ``month``."""
        return self.on(self.working_day(month, first, last))

    def after_close(self, month: str) -> datetime:
        """Some days after the month's closing instant."""
        return self.on(closing_at(month).date() + timedelta(days=int(self._rng.integers(*_CORRECTED_AFTER_CLOSE_DAYS))))

    def on(self, day: date) -> datetime:
        """In office hours of ``day``."""
        hour, minute, second = (int(self._rng.integers(*limits)) for limits in (_OFFICE_HOURS, (0, 60), (0, 60)))
        at = instant(day, time(hour, minute, second))
        while at in self._taken:
            at += timedelta(seconds=1)
        self._taken.add(at)
        return at


def plan_submissions(truth: Truth) -> list[Submission]:
    """Every file of the year in the order of months and departments."""
    clock = _Clock(truth.plan.rng("arrivals"))
    situations = {(item.department, item.month_number): item for item in situations_of(truth)}
    submissions: list[Submission] = []
    for month_number in truth.months:
        for unit in truth.plan.units.values():
            submissions += _submissions(truth, clock, unit, month_number, situations.get((unit.code, month_number)))
    return submissions


def _submissions(
    truth: Truth, clock: _Clock, unit: ReportingUnit, month_number: int, situation: Situation | None
) -> Iterable[Submission]:
    month = truth.plan.months[month_number]
    tables = {form.name: truth.rows(form.name, unit.code, month_number) for form in forms_owed(unit)}
    stem = f"{month}_{unit.name}"
    if unit.code == _CSV_DEPARTMENT and month_number:
        return _exported(clock, month, tables, situation)
    if situation is not None and situation.mistake is not None:
        return _corrected(clock, unit, month, tables, situation, situation.mistake)
    received_at = _arrival(clock, month, situation.sent if situation else "in_time")
    extra = {"备注": "样例备注"} if (unit.code, month_number) == _EXTRA_SHEET[:2] else {}
    only = Submission(f"{stem}.xlsx", unit.code, month, received_at, tables, extra_sheets=extra)
    if (unit.code, month_number) == _TWICE[:2]:
        again = clock.on_working_day(month, *_LATE)
        return [only, Submission(f"{stem}_重发.xlsx", unit.code, month, again, tables)]
    return [only]


def _exported(clock: _Clock, month: str, tables: Tables, situation: Situation | None) -> list[Submission]:
    """One CSV a form; with a mistake, the export of the form that holds it comes again."""
    if situation is None or situation.mistake is None:
        day = clock.working_day(month, *_IN_TIME)
        return [_csv(month, _CSV_DEPARTMENT, form, tables, clock.on(day)) for form in tables]
    day = clock.working_day(month, *_FIRST_VERSION)
    sent = situation.mistake(tables)
    first = [_csv(month, _CSV_DEPARTMENT, form, sent, clock.on(day)) for form in sent]
    received_at = clock.on_working_day(month, *_CORRECTION)
    return [*first, _csv(month, _CSV_DEPARTMENT, situation.correction, tables, received_at, copy=" (1)")]


def _arrival(clock: _Clock, month: str, sent: str) -> datetime:
    if sent == "after_close":
        return clock.after_close(month)
    return clock.on_working_day(month, *(_LATE if sent == "late" else _IN_TIME))


def _corrected(
    clock: _Clock, unit: ReportingUnit, month: str, tables: Tables, situation: Situation, mistake: Mistake
) -> list[Submission]:
    """The version with the mistake in the first days, the right one later."""
    stem = f"{month}_{unit.name}"
    first = Submission(f"{stem}.xlsx", unit.code, month, clock.on_working_day(month, *_FIRST_VERSION), mistake(tables))
    received_at = clock.after_close(month) if situation.sent == "after_close" else clock.on_working_day(month, *_CORRECTION)
    if situation.correction == "workbook":
        return [first, Submission(f"{stem}_更正.xlsx", unit.code, month, received_at, tables)]
    return [first, _csv(month, unit.code, situation.correction, tables, received_at)]


def _csv(month: str, department: str, form: str, tables: Tables, received_at: datetime, copy: str = "") -> Submission:
    """A CSV of one form; ``copy`` is what a browser adds to the name of a second download."""
    name = f"{month}_{department}_{form}{copy}.csv"
    return Submission(name, department, month, received_at, {form: tables[form]}, is_csv=True)
