"""Verdicts that depend on other submissions, as far as they are known on arrival.

The sender sees them as provisional, and they change nothing: every close judges again, from all effective rows
(domain: Submission). Rows that hold an error of their own are not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import Severity, load_forms
from union_warehouse.months import last_day
from union_warehouse.quality.row_rules import RowProblem

JOINED = ("join", "transfer_in")
CHANGE_COLUMNS = ("changed_on", "change", "id_number", "union_code")
MAX_PROVISIONAL = 1_000
"""Provisional problems that are shown of one rule of one form: a register left out would repeat itself on every row."""

Row = dict[str, Any]
Words = Callable[[Row], tuple[str, str]]
Spans = Mapping[str, tuple[date | None, date | None]]
"""First and last day of unions by code."""


@dataclass(frozen=True)
class Known:
    """Look-ups in what has landed and what is published, the submission itself included.

    Attributes:
        inspections: earliest day of inspection by number, of the numbers asked for.
        unions: first and last day of existence by code, of the codes asked for; a day is None if not known.
        changes: every accepted change of the persons asked for, and perhaps of others, in :data:`CHANGE_COLUMNS`.
    """

    inspections: Callable[[pa.Array], Mapping[str, date]]
    unions: Callable[[pa.Array], Spans]
    changes: Callable[[pa.Array], pa.Table]


def judge_provisionally(
    tables: Mapping[str, pa.Table], month: str, known: Known, rejected_forms: Collection[str] = ()
) -> list[RowProblem]:
    """Row problems that the next close would find from what has arrived.

    Args:
        tables: landed rows by form (landing.landed_table).
        month: of the submission.
        known: what else is known.
        rejected_forms: forms of the submission that were not taken.
    """
    inspections = _Parents("safety_inspections", rejected_forms, _waiting(tables.get("safety_inspections"), "inspection_no"))
    unions = _Parents(
        "union_register",
        rejected_forms,
        _waiting(tables.get("union_register"), "union_code", pc.field("event") == "established"),
    )
    rows = {name: _accepted(table) for name, table in tables.items() if name in _REFERRING}
    if "union_register" in rows:
        rows["union_register"] = rows["union_register"].filter(pc.field("event") != "established")
    rows = {name: table for name, table in rows.items() if table.num_rows}
    codes = [table["union_code"] for name, table in rows.items() if name in _UNION_DAYS]
    spans = known.unions(pc.unique(pa.chunked_array([chunk for code in codes for chunk in code.chunks]))) if codes else {}
    problems = []
    for name, table in rows.items():
        if name == "hazards":
            problems += _hazards(table, known, inspections)
        if name == "member_changes":
            problems += _joins(table, known)
        if name in _UNION_DAYS:
            problems += _union_members(name, table, month, spans, unions)
    return problems


@dataclass(frozen=True)
class _Parents:
    """What rows of this submission may refer to within it: rows of a form that wait themselves, or that were not taken with it."""

    form: str
    rejected_forms: Collection[str]
    waiting: Mapping[str, Waiting]

    def told(self, value: str) -> tuple[str, str] | None:
        """What a row that refers to ``value`` waits for, in Chinese and English; None if this submission cannot bring it."""
        if parent := self.waiting.get(value):
            return parent.told_zh(value), parent.told_en(value)
        if self.form not in self.rejected_forms:
            return None
        sheet = load_forms()[self.form].sheet
        return (
            f"“{value}”：本次报送的“{sheet}”被退回；该表改正后本行自动计入，本行不用改。",
            f"{value!r}: the form {sheet} of this submission was rejected; once that is corrected this row counts.",
        )


class Waiting(NamedTuple):
    """A row of this very submission that others refer to, and that waits for its own correction."""

    sheet: str
    row: int

    def told_zh(self, value: str) -> str:
        """What a row that refers to it must wait for, in Chinese."""
        return f"“{value}”：本次报送的{self.sheet}第 {self.row} 行有错误；该行改正后本行自动计入，本行不用改。"

    def told_en(self, value: str) -> str:
        """The same in English."""
        return f"{value!r}: row {self.row} of {self.sheet} in this submission holds an error; once that is corrected this row counts."


def _waiting(table: pa.Table | None, column: str, where: pc.Expression | None = None) -> dict[str, Waiting]:
    """Rows that hold an error of their own, by what others know them by."""
    if table is None:
        return {}
    held = table.filter(pc.and_kleene(pc.invert(pc.field("_is_accepted")), pc.is_valid(pc.field(column))))
    held = held if where is None else held.filter(where)
    columns = (held[name].to_pylist() for name in (column, "_sheet", "_row"))
    return {key: Waiting(sheet, row) for key, sheet, row in zip(*columns, strict=True)}


def _accepted(table: pa.Table) -> pa.Table:
    is_accepted = table["_is_accepted"]
    return table if pc.all(is_accepted).as_py() else table.filter(is_accepted).combine_chunks()


_UNION_DAYS = {
    form.name: field.reference.on
    for form in load_forms().values()
    for field in form.fields
    if field.reference and field.reference.form == "union_register"
} | {"union_register": "event_on"}
"""Forms that name a union, and the field with the day on which it must exist (or month_end); later events of a union too."""

_REFERRING = frozenset({"hazards", *_UNION_DAYS})


def _problems(form: str, table: pa.Table, is_broken: pa.ChunkedArray, column: str, rule: str, words: Words) -> list[RowProblem]:
    positions = np.flatnonzero(np.asarray(pc.fill_null(is_broken, False)))[:MAX_PROVISIONAL]
    label = load_forms()[form].field(column).label
    problems = []
    for row in table.take(pa.array(positions, pa.int64())).to_pylist():
        zh, en = words(row)
        sheet, number = row["_sheet"], row["_row"]
        problems.append(
            RowProblem(
                form,
                sheet,
                number,
                column,
                rule,
                Severity.ERROR.value,
                row[f"{column}__text"],
                f"{sheet} 第 {number} 行“{label}”{zh}",
                f"{sheet} row {number} {label} ({column}): {en}",
            )
        )
    return problems


def _looked_up(keys: pa.ChunkedArray, days: Mapping[str, date | None]) -> pa.ChunkedArray:
    """The day of each key; null where there is none."""
    positions = pc.index_in(keys, pa.array(list(days), pa.string()))
    return pc.take(pa.array(list(days.values()), pa.date32()), positions)


def _hazards(table: pa.Table, known: Known, parents: _Parents) -> list[RowProblem]:
    inspected_on = known.inspections(pc.unique(table["inspection_no"]))
    day = _looked_up(table["inspection_no"], inspected_on)

    def unknown(row: Row) -> tuple[str, str]:
        if told := parents.told(row["inspection_no"]):
            return told
        return (
            f"“{row['inspection_no']}”：尚未收到该检查。请报送安全检查；收到前该隐患暂不计入。",
            f"the inspection {row['inspection_no']!r} has not been submitted; send it: until then the hazard waits.",
        )

    def too_early(row: Row) -> tuple[str, str]:
        inspected = inspected_on[row["inspection_no"]]
        return (
            f"“{row['found_on']}”早于检查日期 {inspected}。请核对两个日期。",
            f"{row['found_on']} is before the inspection on {inspected}; compare both dates.",
        )

    return [
        *_problems("hazards", table, pc.is_null(day), "inspection_no", "unknown_inspection", unknown),
        *_problems("hazards", table, pc.less(table["found_on"], day), "found_on", "found_before_inspection", too_early),
    ]


def _union_members(form: str, table: pa.Table, month: str, spans: Spans, parents: _Parents) -> list[RowProblem]:
    first = _looked_up(table["union_code"], {code: span[0] for code, span in spans.items()})
    last = _looked_up(table["union_code"], {code: span[1] for code, span in spans.items()})
    on = _UNION_DAYS[form]
    month_end = last_day(month)
    is_month = on == "month_end"
    day = pa.scalar(month_end, pa.date32()) if is_month else table[on]
    # a union dissolved within the month still reports it
    latest = pa.scalar(month_end.replace(day=1), pa.date32()) if is_month else table[on]
    is_unregistered = pc.fill_null(pc.less(day, first), True)
    is_dissolved = pc.and_(pc.invert(is_unregistered), pc.fill_null(pc.greater(latest, last), False))

    def unregistered(row: Row) -> tuple[str, str]:
        if told := parents.told(row["union_code"]):
            return told
        named = month_end if is_month else row[on]
        return (
            f"“{row['union_code']}”在 {named} 尚未登记建会。请在建会台账报送该工会；收到前该行暂不计入。",
            f"the union {row['union_code']!r} is not registered on {named}; report it in the union register: until then the row waits.",
        )

    def dissolved(row: Row) -> tuple[str, str]:
        ended = spans[row["union_code"]][1]
        return (
            f"“{row['union_code']}”已于 {ended} 撤销。请核对工会代码或日期。",
            f"the union {row['union_code']!r} was dissolved on {ended}; check its code or the date.",
        )

    problems = _problems(form, table, is_unregistered, "union_code", "unregistered_union", unregistered)
    if form != "union_register":
        problems += _problems(form, table, is_dissolved, "union_code", "dissolved_union", dissolved)
    return problems


class _Change(NamedTuple):
    """One change of a member in a union; they sort by day, and an entry after what else happened on it."""

    changed_on: date
    is_entry: bool


def _joins(table: pa.Table, known: Known) -> list[RowProblem]:
    """A join of a person whom the union has, by the change before it or by another join on the same day."""
    is_join = pc.equal(table["change"], "join")
    changes = known.changes(table["id_number"].filter(is_join).combine_chunks())
    keys = _member_keys(changes)
    counted = pc.value_counts(keys)
    several = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    if not len(several):
        return []
    suspects = changes.filter(pc.is_in(keys, several))
    history: dict[str, list[_Change]] = {}
    for key, day, kind in zip(
        _member_keys(suspects).to_pylist(), suspects["changed_on"].to_pylist(), suspects["change"].to_pylist(), strict=True
    ):
        history.setdefault(key, []).append(_Change(day, kind in JOINED))
    for listed in history.values():
        listed.sort()
    mine = _member_keys(table)
    positions = np.flatnonzero(np.asarray(pc.and_(is_join, pc.is_in(mine, several)).fill_null(False)))
    is_repeated = np.zeros(table.num_rows, bool)
    for position in positions.tolist():
        day = table["changed_on"][position].as_py()
        is_repeated[position] = _is_repeated(history[mine[position].as_py()], _Change(day, True))
    words = (
        "：该人已是这个工会的会员，期间没有退会记录。请核对，或先报送其退会、转出。",
        "this person is already a member of this union; report the leave or transfer first.",
    )
    return _problems("member_changes", table, pa.array(is_repeated), "change", "joined_twice", lambda _: words)


def _member_keys(table: pa.Table) -> pa.Array:
    return pc.binary_join_element_wise(table["id_number"], table["union_code"], "|").combine_chunks()


def _is_repeated(changes: Sequence[_Change], join: _Change) -> bool:
    position = changes.index(join)
    return changes.count(join) > 1 or (position > 0 and changes[position - 1].is_entry)
