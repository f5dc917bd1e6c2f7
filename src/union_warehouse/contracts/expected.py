"""Which forms are expected of whom and by when, dated exceptions included (domain: Time; DHIS2: expected reports)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import pyarrow as pa

from union_warehouse.contracts.federation import Federation, forms_owed
from union_warehouse.contracts.load import load_forms
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.months import is_month
from union_warehouse.working_days import closing_at, due_on

EXCEPTIONS_FILE = "reporting_exceptions.csv"


class ExceptionKind(StrEnum):
    """What a dated exception grants."""

    EXTENDED = "extended"
    """A later due day."""
    EXCUSED = "excused"
    """No report is expected."""
    UNLOCKED = "unlocked"
    """A report may still come after the month's closing."""


class InvalidReportingException(UnionWarehouseError):
    """A line of the exceptions that grants nothing."""

    code = "invalid_reporting_exception"
    message_zh = "报送例外 {file} 第 {line} 行有误：{problem_zh}。"
    message_en = "{file}, line {line}: {problem_en}."


@dataclass(frozen=True)
class ReportingException:
    """One line of ``reporting_exceptions.csv``.

    Attributes:
        month: ``YYYY-MM``.
        unit_code: of the reporting unit.
        form: None for every form that it owes.
        kind: what is granted.
        due_on: the later due day of an extension.
        reason: why.
        given_by: who granted it.
        given_on: when; it is unknown before.
    """

    month: str
    unit_code: str
    form: str | None
    kind: ExceptionKind
    due_on: date | None
    reason: str
    given_by: str
    given_on: date


SCHEMA = pa.schema(
    [
        ("month", pa.string()),
        ("department", pa.string()),
        ("unit_name", pa.string()),
        ("form", pa.string()),
        ("due_on", pa.date32()),
        ("is_excused", pa.bool_()),
        ("is_unlocked", pa.bool_()),
        ("exception_reason", pa.string()),
        ("exception_given_by", pa.string()),
        ("closing_at", pa.timestamp("us")),
        ("required_column_count", pa.int32()),
        ("position", pa.int32()),
    ]
)


def expected_reports(federation: Federation, months: Sequence[str], known_on: date) -> pa.Table:
    """Every form that a reporting unit owes for one of ``months``, as known on a day.

    Args:
        federation: whose units they are.
        months: ``YYYY-MM``.
        known_on: exceptions given until then count (Asia/Shanghai).

    Returns:
        One row per month, unit and form: the columns of ``SCHEMA``. ``closing_at`` is in UTC; ``position`` orders the units.

    Raises:
        InvalidReportingException: a line of the exceptions grants nothing.
    """
    granted: dict[tuple[str, str], list[ReportingException]] = {}
    for one in load_exceptions(federation):
        if one.given_on <= known_on:
            granted.setdefault((one.month, one.unit_code), []).append(one)
    owed = {
        unit: [(form.name, form.owed_from or "", sum(field.is_required for field in form.fields)) for form in forms_owed(unit)]
        for unit in federation.unit_versions
    }
    rows = [
        (*base, *_granted(granted.get((month, unit.code), ()), form, due), closing, required, position)
        for month in months
        for due, closing in [(due_on(month), closing_at(month).replace(tzinfo=None))]
        for position, unit in enumerate(federation.units(month).values())
        for form, owed_from, required in owed[unit]
        if owed_from <= month
        for base in [(month, unit.code, unit.name, form)]
    ]
    columns: list[Any] = list(zip(*rows, strict=True)) or [[]] * len(SCHEMA)
    return pa.table(columns, schema=SCHEMA)


def _granted(
    exceptions: Sequence[ReportingException], form: str, regular: date
) -> tuple[date, bool, bool, str | None, str | None]:
    """due_on, is_excused, is_unlocked, exception_reason, exception_given_by of a form, regularly due on ``regular``."""
    own = [one for one in exceptions if one.form in (None, form)]
    if not own:
        return regular, False, False, None, None
    kinds = {one.kind for one in own}
    return (
        max([regular, *(one.due_on for one in own if one.due_on)]),
        ExceptionKind.EXCUSED in kinds,
        ExceptionKind.UNLOCKED in kinds,
        "；".join(dict.fromkeys(one.reason for one in own)),
        "；".join(dict.fromkeys(one.given_by for one in own)),
    )


def load_exceptions(federation: Federation) -> tuple[ReportingException, ...]:
    """Every exception that a federation ever gave.

    Raises:
        InvalidReportingException: a line names no month, unit, form or kind, or does not say why, who and when.
    """
    with (federation.folder / EXCEPTIONS_FILE).open(encoding="utf-8", newline="") as file:
        return tuple(_exceptions(federation, csv.DictReader(file)))


def _exceptions(federation: Federation, lines: Iterator[dict[str, str]]) -> Iterator[ReportingException]:
    for number, line in enumerate(lines, start=2):
        problem = _problem(federation, line)
        if problem:
            raise InvalidReportingException(file=EXCEPTIONS_FILE, line=number, problem_zh=problem[0], problem_en=problem[1])
        yield ReportingException(
            month=line["month"],
            unit_code=line["unit_code"],
            form=line["form"] or None,
            kind=ExceptionKind(line["exception_kind"]),
            due_on=date.fromisoformat(line["due_on"]) if line["due_on"] else None,
            reason=line["reason"],
            given_by=line["given_by"],
            given_on=date.fromisoformat(line["given_on"]),
        )


def _problem(federation: Federation, line: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with a line, in Chinese and English; None if nothing is."""
    month, kinds = line["month"], ", ".join(ExceptionKind)
    if not is_month(month):
        return f"月份“{month}”应写成 2014-03", f"the month {month!r} must be like 2014-03"
    if line["unit_code"] not in federation.units(month):
        return f"{month} 没有报送单位“{line['unit_code']}”", f"no unit {line['unit_code']!r} reports for {month}"
    if line["form"] and line["form"] not in load_forms():
        return f"没有表单“{line['form']}”", f"there is no form {line['form']!r}"
    if line["exception_kind"] not in list(ExceptionKind):
        return f"例外类型“{line['exception_kind']}”应为 {kinds}", f"the kind {line['exception_kind']!r} is none of {kinds}"
    if not line["reason"].strip() or not line["given_by"].strip() or _date(line["given_on"]) is None:
        return "缺少理由、批准人或批准日期", "the reason, who gave it, or the date it was given is missing"
    later = _date(line["due_on"])
    if (line["exception_kind"] == ExceptionKind.EXTENDED) != (later is not None and later > due_on(month)):
        return f"延期须晚于 {due_on(month)} 的截止日", f"an extension, and nothing else, has a due_on after {due_on(month)}"
    return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
