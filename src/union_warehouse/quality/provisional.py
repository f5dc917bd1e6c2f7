"""Verdicts that depend on other submissions, as far as they are known on arrival.

They are told to the sender as provisional and change nothing: every close makes them anew from all effective rows
(domain: A submission). Rows that hold an error of their own are not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import Severity, load_forms
from union_warehouse.months import last_day
from union_warehouse.quality.row_rules import RowProblem

JOINED = frozenset({"join", "transfer_in"})
Row = dict[str, Any]
Spans = Mapping[str, tuple[date | None, date | None]]
"""First and last day of unions by code."""


class Change(NamedTuple):
    """One accepted change of a member; they sort by day, and an entry after what else happened on it."""

    changed_on: date
    is_entry: bool
    person: str
    union: str


@dataclass(frozen=True)
class Known:
    """Look-ups in what has landed and what is published, the submission itself included.

    Attributes:
        inspections: earliest day of inspection by number, of the numbers asked for.
        unions: first and last day of existence by code, of the codes asked for; a day is None if not known.
        changes: every accepted change of the persons asked for.
    """

    inspections: Callable[[set[str]], Mapping[str, date]]
    unions: Callable[[set[str]], Spans]
    changes: Callable[[set[str]], Sequence[Change]]


def judge_provisionally(tables: Mapping[str, pa.Table], month: str, known: Known) -> list[RowProblem]:
    """Row problems that the next close would find as things stand.

    Args:
        tables: landed rows by form (landing.landed_table).
        month: of the submission.
        known: what else is known.
    """
    rows = {name: table.filter(pc.field("_is_accepted")).to_pylist() for name, table in tables.items() if name in _REFERRING}
    later_events = [row for row in rows.get("union_register", []) if row["event"] != "established"]
    codes = {row["union_code"] for name in _UNION_DAYS for row in rows.get(name, [])} | {
        row["union_code"] for row in later_events
    }
    spans = known.unions(codes) if codes else {}
    problems = _hazards(rows.get("hazards", []), known)
    for name, on in _UNION_DAYS.items():
        problems += _union_members(name, rows.get(name, []), on, month, spans)
    problems += _union_events(later_events, spans)
    problems += _joins(rows.get("member_changes", []), known)
    return problems


_UNION_DAYS = {
    form.name: field.reference.on
    for form in load_forms().values()
    for field in form.fields
    if field.reference and field.reference.form == "union_register"
}
"""Forms that name a union, and the field with the day on which it must exist (or month_end)."""

_REFERRING = frozenset({"hazards", "union_register", *_UNION_DAYS})


def _problem(form: str, row: Row, column: str, rule: str, words: tuple[str, str]) -> RowProblem:
    label = load_forms()[form].field(column).label
    zh, en = words
    return RowProblem(
        form,
        row["_sheet"],
        row["_row"],
        column,
        rule,
        Severity.ERROR.value,
        row[f"{column}__text"],
        f"{row['_sheet']} 第 {row['_row']} 行“{label}”{zh}",
        f"{row['_sheet']} row {row['_row']} {label} ({column}): {en}",
    )


def _hazards(rows: Sequence[Row], known: Known) -> list[RowProblem]:
    inspected_on = known.inspections({row["inspection_no"] for row in rows}) if rows else {}
    problems = []
    for row in rows:
        number = row["inspection_no"]
        if number not in inspected_on:
            words = (
                f"“{number}”：尚未收到该检查。请报送安全检查；收到前该隐患暂不计入。",
                f"the inspection {number!r} has not been submitted; send it: until then the hazard waits.",
            )
            problems.append(_problem("hazards", row, "inspection_no", "unknown_inspection", words))
        elif row["found_on"] < inspected_on[number]:
            words = (
                f"“{row['found_on']}”早于检查日期 {inspected_on[number]}。请核对两个日期。",
                f"{row['found_on']} is before the inspection on {inspected_on[number]}; compare both dates.",
            )
            problems.append(_problem("hazards", row, "found_on", "found_before_inspection", words))
    return problems


def _union_members(form: str, rows: Sequence[Row], on: str, month: str, spans: Spans) -> list[RowProblem]:
    problems = []
    for row in rows:
        day = last_day(month) if on == "month_end" else row[on]
        first, last = spans.get(row["union_code"], (None, None))
        # a union dissolved within the month still reports it
        latest = day.replace(day=1) if on == "month_end" else day
        if first is None or day < first:
            problems.append(_problem(form, row, "union_code", "unregistered_union", _unregistered(row["union_code"], day)))
        elif last is not None and latest > last:
            words = (
                f"“{row['union_code']}”已于 {last} 撤销。请核对工会代码或日期。",
                f"the union {row['union_code']!r} was dissolved on {last}.",
            )
            problems.append(_problem(form, row, "union_code", "dissolved_union", words))
    return problems


def _unregistered(code: str, day: date) -> tuple[str, str]:
    return (
        f"“{code}”在 {day} 尚未登记建会。请在建会台账报送该工会；收到前该行暂不计入。",
        f"the union {code!r} is not registered on {day}; report it in the union register: until then the row waits.",
    )


def _union_events(rows: Sequence[Row], spans: Spans) -> list[RowProblem]:
    problems = []
    for row in rows:
        first, _ = spans.get(row["union_code"], (None, None))
        if first is None or row["event_on"] < first:
            words = _unregistered(row["union_code"], row["event_on"])
            problems.append(_problem("union_register", row, "union_code", "unregistered_union", words))
    return problems


def _joins(rows: Sequence[Row], known: Known) -> list[RowProblem]:
    joins = [row for row in rows if row["change"] == "join"]
    history: dict[tuple[str, str], list[Change]] = {}
    for change in sorted(known.changes({row["id_number"] for row in joins})) if joins else ():
        history.setdefault((change.person, change.union), []).append(change)
    problems = []
    for row in joins:
        changes = history.get((row["id_number"], row["union_code"]), [])
        mine = Change(row["changed_on"], True, row["id_number"], row["union_code"])
        position = next((index for index, change in enumerate(changes) if change == mine), 0)
        # of two equal entries the second is the one too many
        is_repeated = changes.count(mine) > 1
        before = changes[position - 1] if position else None
        if is_repeated or (before is not None and before.is_entry):
            words = (
                "：该人已是这个工会的会员，期间没有退会记录。请核对，或先报送其退会、转出。",
                "this person is already a member of this union; report the leave or transfer first.",
            )
            problems.append(_problem("member_changes", row, "change", "joined_twice", words))
    return problems
