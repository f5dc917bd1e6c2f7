"""What Excel itself refuses or marks, derived from a contract: types, drop-downs, lengths, dates, rules within a row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from union_warehouse.contracts import DateRole, Field, FieldType, Form
from union_warehouse.months import last_day
from union_warehouse.quality.row_rules import window_start
from union_warehouse.reporting.templates.style import Styles
from union_warehouse.reporting.templates.wording import prompt, refusal
from union_warehouse.workbooks.identifiers import LENGTH

FIRST_DATA_ROW = 2
"""Of a form's sheet, from zero: below the legend and the header."""

_EARLIEST, _LATEST = date(1900, 1, 1), date(2199, 12, 31)
_EARLIEST_EVENT = date(1949, 10, 1)
_NAME = re.compile(r'"?([a-z][a-z_0-9]*)"?')
_ARITHMETIC = re.compile(r"[\s0-9+\-<>=]*")


class OtherValue(StrEnum):
    """What becomes of a value that a drop-down does not offer."""

    REFUSED = "stop"
    QUESTIONED = "warning"
    TAKEN = "taken"


@dataclass(frozen=True)
class DropDown:
    """Values that a column offers: their range, and what becomes of another one."""

    source: str
    other_value: OtherValue = OtherValue.REFUSED


def validation(field: Field, column: int, month: str, drop_down: DropDown | None) -> dict[str, Any]:
    """XlsxWriter's options of the data validation of a column.

    Args:
        field: the contract's field.
        column: its position, from zero.
        month: of the template.
        drop_down: that it has.
    """
    title, text = prompt(field, month)
    options: dict[str, Any] = {
        "input_title": title,
        "input_message": text,
        "error_title": "填写有误",
        "error_message": refusal(field, month),
    }
    if drop_down is None:
        return options | _of_type(field, column, month)
    options |= {"validate": "list", "source": drop_down.source}
    if drop_down.other_value is OtherValue.TAKEN:
        options["show_error"] = False
    elif drop_down.other_value is OtherValue.QUESTIONED:
        options["error_type"] = "warning"
        options["error_message"] = (
            f"“{field.label}”不在“工会名册”中。本月新建或划入的工会可以继续，否则请从下拉列表选择。要继续吗？"
        )
    return options


def _of_type(field: Field, column: int, month: str) -> dict[str, Any]:
    if field.checker:
        return {"validate": "length", "criteria": "==", "value": LENGTH}
    minimum = field.minimum if field.minimum is not None else 0
    if field.type is FieldType.INTEGER:
        return {"validate": "integer", "criteria": ">=", "value": minimum}
    if field.type is FieldType.DECIMAL:
        cell = f"{xl_col_to_name(column)}{FIRST_DATA_ROW + 1}"
        return {"validate": "custom", "value": f"=AND(ISNUMBER({cell}),{cell}>={minimum},ROUND({cell},2)={cell})"}
    if field.type is FieldType.DATE:
        is_event = field.date_role is DateRole.EVENT
        bounds = (_EARLIEST_EVENT, last_day(month)) if is_event else (_EARLIEST, _LATEST)
        return {"validate": "date", "criteria": "between", "minimum": bounds[0], "maximum": bounds[1]}
    return {"validate": "any"}


def highlights(form: Form, month: str, styles: Styles) -> Iterator[tuple[int, dict[str, Any]]]:
    """Conditional formats by column: what is missing in a started row, doubled, contradictory or unusually early."""
    columns = {field.name: f"${xl_col_to_name(index)}{FIRST_DATA_ROW + 1}" for index, field in enumerate(form.fields)}
    row = f"{columns[form.fields[0].name]}:{columns[form.fields[-1].name]}"
    for index, field in enumerate(form.fields):
        cell = columns[field.name]
        if field.is_required:
            yield index, _formula(f"=AND(COUNTA({row})>0,ISBLANK({cell}))", styles.missing)
        if form.key == (field,):
            yield index, {"type": "duplicate", "format": styles.wrong}
        if field.date_role is DateRole.EVENT:
            day = window_start(month)
            early = f"=AND(ISNUMBER({cell}),{cell}<DATE({day.year},{day.month},{day.day}))"
            yield index, _formula(early, styles.unusual)
    order = [field.name for field in form.fields]
    for rule in form.rules:
        broken = broken_formula(rule.predicate, columns)
        if broken is not None:
            yield order.index(rule.column), _formula(broken, styles.wrong)


def _formula(criteria: str, shown: Any) -> dict[str, Any]:
    return {"type": "formula", "criteria": criteria, "format": shown}


def broken_formula(predicate: str, columns: Mapping[str, str]) -> str | None:
    """A rule's predicate as a formula that is true where it is broken; None if it is more than a comparison of numbers.

    A comparison of sums of columns means the same in SQL and in Excel. As in SQL, an empty cell breaks nothing.
    """
    names = list(dict.fromkeys(_NAME.findall(predicate)))
    rest = _NAME.sub("", predicate)
    if not names or not set(names) <= columns.keys() or not _ARITHMETIC.fullmatch(rest):
        return None
    comparison = _NAME.sub(lambda match: columns[match[1]], predicate).replace(" ", "")
    cells = ",".join(columns[name] for name in names)
    return f"=AND(COUNT({cells})={len(names)},NOT({comparison}))"
