"""Verdicts on rows: every rule of a contract as one set-based query over all rows of a form.

A row with an error waits in quarantine; a row with warnings counts. Verdicts need nothing but the submission itself,
except that a date which an accepted row of the same key already had is not tested again (domain: Business rules).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import DateRole, Field, FieldType, Form, Severity
from union_warehouse.in_memory import in_memory_database
from union_warehouse.months import WINDOW_MONTHS, add_months, first_day, last_day
from union_warehouse.quality.row_messages import BrokenCell, message_of, notice_of
from union_warehouse.workbooks.tables import FLOAT_TEXT, FormRows, Notice

EarlierDates = Callable[[Form, Sequence[tuple[Any, ...]], date], Mapping[tuple[Any, ...], Mapping[str, date | None]]]
"""Dates of the accepted rows that the department sent before: (form, keys, earliest date in question) to dates by key."""


class RowProblem(NamedTuple):
    """One broken rule of one row; ``value`` is as sent, masked if personal."""

    form: str
    sheet: str
    row: int
    column: str | None
    rule: str
    severity: str
    value: str | None
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class RowCheck:
    """One rule of one column.

    Attributes:
        rule: its code.
        column: the reported column.
        severity: what it does to its row.
        broken: SQL that is true where it is broken.
        safe_range: values from the first to the second, both included, cannot break it; None is no bound.
    """

    rule: str
    column: str
    severity: Severity
    broken: str
    safe_range: tuple[Any, Any] | None = None

    def is_ruled_out(self, table: pa.Table, form: Form) -> bool:
        """Whether a glance at the column (null counts, extremes, distinct values) shows that no row can break it.

        An ordinary submission passes nearly every check so, and planning SQL for a small sheet costs more than all else.
        """
        if self.safe_range is not None:
            return _is_within(table[self.column], self.safe_range)
        if self.rule == "duplicate_key":
            return _has_distinct_keys(table, form)
        if self.rule == "outside_enum":
            return _is_all_in_enum(table, form.field(self.column))
        glance = _GLANCES.get(self.rule)
        return glance is not None and glance(table, self.column)


@dataclass(frozen=True)
class Verdicts:
    """What the rules say of one form's rows.

    Attributes:
        problems: ordered by row, then by column of the contract.
        is_accepted: per row of the table, whether it holds no error.
    """

    problems: tuple[RowProblem, ...]
    is_accepted: np.ndarray[Any, np.dtype[np.bool_]]


def judge_rows(rows: FormRows, month: str, is_opening: bool, earlier_dates: EarlierDates) -> Verdicts:
    """Judge every row of one form.

    Args:
        rows: as read.
        month: of the submission, ``YYYY-MM``.
        is_opening: an opening submission may hold any past date and is never late.
        earlier_dates: asked only for rows with a date outside the month.
    """
    checks = row_checks(rows.form, month, is_opening)
    broken = _broken(rows.table, rows.form, checks)
    if any(check.rule in _DATE_RULES for check, _ in broken):
        broken = _without_unchanged_dates(rows, broken, first_day(month), earlier_dates)
    duplicates = _duplicate_rows(rows) if any(check.rule == "duplicate_key" for check, _ in broken) else {}
    order = {check: number for number, check in enumerate(checks)}
    is_accepted = np.ones(rows.table.num_rows, bool)
    found: list[tuple[int, int, RowProblem]] = []
    numbers = rows.table["_row"].to_numpy()
    for check, positions in broken:
        if check.severity is Severity.ERROR:
            is_accepted[positions] = False
        field = rows.form.field(check.column)
        texts = rows.table[f"{check.column}__text"].take(pa.array(positions)).to_pylist()
        for position, text in zip(positions.tolist(), texts, strict=True):
            number = int(numbers[position])
            same_key = [row for row in duplicates.get(number, ()) if row != number] if check.rule == "duplicate_key" else ()
            address = f"{rows.columns[check.column]}{number}"
            zh, en = message_of(check.rule, BrokenCell(rows.form, field, rows.sheet, address, month, text or "", same_key))
            problem = RowProblem(rows.form.name, rows.sheet, number, check.column, check.rule, check.severity.value, text, zh, en)
            found.append((number, order[check], problem))
    found += [(notice.row, len(checks), _notice_problem(rows, notice)) for notice in rows.notices]
    found.sort(key=lambda item: item[:2])
    return Verdicts(tuple(problem for _, _, problem in found), is_accepted)


def _notice_problem(rows: FormRows, notice: Notice) -> RowProblem:
    field = rows.form.field(notice.column) if notice.column else None
    address = f"{rows.columns[notice.column]}{notice.row}" if notice.column else ""
    zh, en = notice_of(notice.rule, rows.sheet, notice.row, address, field, notice.value)
    return RowProblem(
        rows.form.name, rows.sheet, notice.row, notice.column, notice.rule, Severity.WARNING.value, notice.value, zh, en
    )


@lru_cache(maxsize=512)
def row_checks(form: Form, month: str, is_opening: bool) -> tuple[RowCheck, ...]:
    """Every check of ``form`` for a submission of ``month``, in the order in which problems are listed."""
    checks = [check for field in form.fields for check in _field_checks(field)]
    checks += [check for field in form.fields for check in _date_checks(field, month, is_opening)]
    checks += [RowCheck(rule.code, rule.column, rule.severity, f"not ({rule.predicate})") for rule in form.rules]
    if form.key:
        names = ", ".join(f'"{field.name}"' for field in form.key)
        is_known = " and ".join(f'"{field.name}" is not null' for field in form.key)
        checks.append(
            RowCheck(
                "duplicate_key", form.key[0].name, Severity.ERROR, f"{is_known} and count(*) over (partition by {names}) > 1"
            )
        )
    return tuple(checks)


def _field_checks(field: Field) -> list[RowCheck]:
    value, text, valid = f'"{field.name}"', f'"{field.name}__text"', f'"{field.name}__valid"'
    unread = f"{value} is null and {text} is not null"
    is_formula = f"starts_with({text}, '=')"
    conditions = {"formula_without_value": f"{unread} and {is_formula}"}
    other = f"not {is_formula}"
    if field.is_required:
        conditions["missing_required"] = f"{text} is null"
    if field.type is FieldType.STRING:
        is_float = f"regexp_matches({text}, '{FLOAT_TEXT}')"
        conditions["float_identifier"] = f"{unread} and {is_float}"
        other += f" and not {is_float}"
    conditions["wrong_type"] = f"{unread} and {other}"
    if field.enum:
        codes = ", ".join(f"'{code}'" for code, _ in field.enum)
        conditions["outside_enum"] = f"{value} not in ({codes})"
    if field.checker:
        conditions[f"invalid_{field.checker}"] = f"not {valid}"
    checks = [RowCheck(rule, field.name, Severity.ERROR, condition) for rule, condition in conditions.items()]
    if field.minimum is not None:
        checks.append(RowCheck("negative_value", field.name, Severity.ERROR, f"{value} < {field.minimum}", (field.minimum, None)))
    return checks


_DATE_RULES = frozenset({"date_after_month", "date_before_window", "late_row"})


def _date_checks(field: Field, month: str, is_opening: bool) -> list[RowCheck]:
    start, window, end = first_day(month), window_start(month), last_day(month)
    value = f'"{field.name}"'
    checks = []
    if field.date_role is DateRole.EVENT:
        checks.append(RowCheck("date_after_month", field.name, Severity.ERROR, f"{value} > date '{end}'", (None, end)))
    if field.date_role in (DateRole.EVENT, DateRole.END) and not is_opening:
        checks.append(RowCheck("date_before_window", field.name, Severity.ERROR, f"{value} < date '{window}'", (window, None)))
    if field.date_role is DateRole.EVENT and not is_opening:
        is_late = f"{value} >= date '{window}' and {value} < date '{start}'"
        checks.append(RowCheck("late_row", field.name, Severity.WARNING, is_late, (start, None)))
    return checks


def window_start(month: str) -> date:
    """The first day that a submission of ``month`` may still report."""
    return first_day(add_months(month, -WINDOW_MONTHS))


def _has_no_blank(table: pa.Table, name: str) -> bool:
    return bool(table[f"{name}__text"].null_count == 0)


def _is_all_read(table: pa.Table, name: str) -> bool:
    return bool(table[f"{name}__text"].null_count == table[name].null_count)


def _is_all_valid(table: pa.Table, name: str) -> bool:
    return bool(pc.all(table[f"{name}__valid"], min_count=0).as_py())


def _is_all_in_enum(table: pa.Table, field: Field) -> bool:
    codes = {code for code, _ in field.enum}
    return codes.issuperset(value for value in pc.unique(table[field.name]).to_pylist() if value is not None)


def _is_within(column: pa.ChunkedArray, safe_range: tuple[Any, Any]) -> bool:
    found = pc.min_max(column).as_py()
    low, high = safe_range
    if found["min"] is None:
        return True
    return (low is None or found["min"] >= low) and (high is None or found["max"] <= high)


def _has_distinct_keys(table: pa.Table, form: Form) -> bool:
    names = [field.name for field in form.key]
    return bool(table.select(names).group_by(names, use_threads=False).aggregate([]).num_rows == table.num_rows)


_GLANCES: Mapping[str, Callable[[pa.Table, str], bool]] = {
    "missing_required": _has_no_blank,
    "formula_without_value": _is_all_read,
    "float_identifier": _is_all_read,
    "wrong_type": _is_all_read,
    "invalid_uscc": _is_all_valid,
    "invalid_resident_id": _is_all_valid,
}


Broken = list[tuple[RowCheck, np.ndarray[Any, np.dtype[np.int64]]]]


@lru_cache(maxsize=512)
def _query(checks: tuple[RowCheck, ...]) -> str:
    flags = ", ".join(f'({check.broken}) as "{number}"' for number, check in enumerate(checks))
    return f"select _row, {flags} from submitted_rows"


def _broken(table: pa.Table, form: Form, checks: tuple[RowCheck, ...]) -> Broken:
    """Positions of the rows that break each check; checks that none breaks are left out."""
    suspected = tuple(check for check in checks if not check.is_ruled_out(table, form))
    if not table.num_rows or not suspected:
        return []
    connection = in_memory_database()
    connection.register("submitted_rows", table)
    try:
        flags = connection.execute(_query(suspected)).to_arrow_table()
    finally:
        connection.unregister("submitted_rows")
    positions = np.searchsorted(table["_row"].to_numpy(), flags["_row"].to_numpy())
    found: Broken = []
    for number, check in enumerate(suspected):
        column = flags.column(number + 1)
        if column.null_count == len(column):
            continue
        is_broken = np.asarray(column.fill_null(False))
        if is_broken.any():
            found.append((check, np.sort(positions[is_broken])))
    return found


def _key_values(rows: FormRows, positions: Sequence[int]) -> list[tuple[Any, ...]]:
    taken = rows.table.select([field.name for field in rows.form.key]).take(pa.array(positions, pa.int64()))
    return list(zip(*(column.to_pylist() for column in taken.columns), strict=True))


def _without_unchanged_dates(rows: FormRows, broken: Broken, month_start: date, earlier_dates: EarlierDates) -> Broken:
    """Drop the date rules of rows whose key was accepted earlier with the same date."""
    dated = [(check, positions) for check, positions in broken if check.rule in _DATE_RULES]
    positions = np.unique(np.concatenate([positions for _, positions in dated]))
    keys = dict(zip(positions.tolist(), _key_values(rows, positions.tolist()), strict=True))
    dates = {check: rows.table[check.column].take(pa.array(found)).to_pylist() for check, found in dated}
    earliest = min(min(values) for values in dates.values())
    known = earlier_dates(rows.form, list(keys.values()), min(earliest, month_start))
    if not known:
        return broken
    kept: Broken = []
    for check, found in broken:
        if check in dates:
            is_new = [
                known.get(keys[position], {}).get(check.column) != value
                for position, value in zip(found.tolist(), dates[check], strict=True)
            ]
            found = found[np.array(is_new, bool)]
        if len(found):
            kept.append((check, found))
    return kept


def _duplicate_rows(rows: FormRows) -> dict[int, list[int]]:
    """Rows that share their key with each row, by row number."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    numbers = rows.table["_row"].to_pylist()
    for number, values in zip(numbers, _key_values(rows, range(len(numbers))), strict=True):
        if None not in values:
            groups.setdefault(values, []).append(number)
    return {number: group for group in groups.values() if len(group) > 1 for number in group}
