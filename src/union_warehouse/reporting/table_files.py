"""Tables out of the warehouse, in any format: CSV and Excel for people, JSON for programs (docs/analysts.md).

People get Chinese headings, the words of codes and the time of Shanghai; programs get stable English names, codes and UTC. A text
is never a formula, and what Excel would make a number, a day or a time of stays the text that it is.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from union_warehouse.display import as_number, csv_cell, display_width, is_longer_than_excel_counts, json_text
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.working_days import SHANGHAI

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

YES_NO: Mapping[Any, str] = MappingProxyType({True: "是", False: "否"})
"""Words of a column of booleans."""

_BYTE_ORDER_MARK = "\ufeff"
_ROWS_OF_A_SHEET = 1_048_575
_LETTERS_OF_A_CELL = 32_767
_LETTERS_OF_A_HEADING = 240
_WIDEST = 60
_ROWS_MEASURED = 500
_WORKBOOK = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
_LONG_AGO = datetime(1980, 1, 1)
_A4 = 9
_FIRST_YEAR_OF_EXCEL = 1900
_STYLE = "Table Style Light 9"
_FORMATS = {
    "text": {"quote_prefix": True},
    "whole": {"num_format": "#,##0"},
    "fraction": {"num_format": "#,##0.00####"},
    "share": {"num_format": "0.0%"},
    "day": {"num_format": "yyyy-mm-dd"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "plain": {},
}
_NO_WORDS: Mapping[str, Mapping[Any, str]] = MappingProxyType({})


class TooManyRows(UnionWarehouseError):
    """A table is longer than a sheet of Excel."""

    code = "too_many_rows"
    message_zh = "{label}共{count}行，超过 Excel 单个工作表的上限 {most} 行；请缩小范围，或改用 --format csv。"
    message_en = "{label} has {count} rows, more than the {most} that a sheet of Excel holds: ask for less, or use --format csv."


@dataclass(frozen=True)
class Table:
    """A table to be written.

    Attributes:
        name: of the table in JSON.
        label: of the sheet, in Chinese.
        rows: every column by its stable English name, as JSON has it.
        labels: heading of each column that people get, in order; null throughout where ``rows`` lacks it.
        words: of columns of codes, the word of each code; a code without one stays as it is.
        shares: columns whose numbers are shares, in Excel percentages.
        instants: columns of times in UTC, for people in the time of Shanghai.
    """

    name: str
    label: str
    rows: pa.Table
    labels: Mapping[str, str]
    words: Mapping[str, Mapping[Any, str]] = field(default_factory=lambda: _NO_WORDS)
    shares: frozenset[str] = frozenset()
    instants: frozenset[str] = frozenset()

    def records(self) -> list[dict[str, Any]]:
        """The rows as JSON-able values: numbers as numbers, days and times in ISO 8601, what is no number null."""
        columns = {name: map(_json_value(name in self.instants), self._values(name)) for name in self.rows.column_names}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def columns(self) -> list[list[Any]]:
        """The columns of ``labels`` as people get them: words, days and times of Shanghai, null for what is no number."""
        return [self._column(name) for name in self.labels]

    def _column(self, name: str) -> list[Any]:
        if name not in self.rows.column_names:
            return [None] * self.rows.num_rows
        values = self._values(name)
        if name in self.instants:
            return [None if value is None else _in_shanghai(value) for value in values]
        words = self.words.get(name)
        return [words.get(value, value) for value in values] if words else [_in_one_cell(value) for value in values]

    def _values(self, name: str) -> list[Any]:
        column = self.rows[name]
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":  # Python's times are less fine
            column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
        return list(column.to_pylist())


def file_content(tables: Sequence[Table], file_format: str, document: Any = None) -> bytes:
    """The bytes of a file that holds ``tables``: the same for the same tables.

    Args:
        tables: a workbook has a sheet for each; a CSV holds the last.
        file_format: csv, xlsx or json.
        document: what JSON holds instead of the list of the rows of the last table.

    Raises:
        TooManyRows: one is longer than a sheet of Excel.
    """
    if file_format == "json":
        return json_text(tables[-1].records() if document is None else document).encode()
    return _csv_content(tables[-1]) if file_format == "csv" else _workbook(tables)


def unique_names(names: Sequence[str]) -> list[str]:
    """``names`` as headings of an Excel table: on one line, not too long, and one that occurs again, in any case, with a number behind it."""
    found: dict[str, str] = {}
    for name in names:
        heading = " ".join(name.split())[:_LETTERS_OF_A_HEADING] or "column"
        number, unique = 1, heading
        while unique.lower() in found:
            number += 1
            unique = f"{heading} {number}"
        found[unique.lower()] = unique
    return [*found.values()]


def _csv_content(table: Table) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(csv_cell(label) for label in table.labels.values())
    writer.writerows([csv_cell(value) for value in row] for row in zip(*table.columns(), strict=True))
    return f"{_BYTE_ORDER_MARK}{text.getvalue()}".encode()


def _workbook(tables: Sequence[Table]) -> bytes:
    import xlsxwriter  # only a workbook needs it

    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file, _WORKBOOK)
    workbook.set_properties({"title": tables[-1].label, "created": _LONG_AGO})
    formats = {name: workbook.add_format(settings) for name, settings in _FORMATS.items()}
    for table in tables:
        _write_sheet(workbook.add_worksheet(table.label), table, formats)
    workbook.close()
    return file.getvalue()


def _write_sheet(sheet: Worksheet, table: Table, formats: Mapping[str, Format]) -> None:
    count = table.rows.num_rows
    if count > _ROWS_OF_A_SHEET:
        raise TooManyRows(label=table.label, count=count, most=_ROWS_OF_A_SHEET)
    headings = unique_names(list(table.labels.values()))
    if not headings:
        return
    sheet.add_table(
        0,
        0,
        max(count, 1),
        len(headings) - 1,
        {"name": table.label, "style": _STYLE, "columns": [{"header": heading} for heading in headings]},
    )
    sheet.freeze_panes(1, 0)
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    for position, (name, values) in enumerate(zip(table.labels, table.columns(), strict=True)):
        is_text = name in table.words or name not in table.rows.column_names or pa.types.is_string(table.rows[name].type)
        sheet.set_column(position, position, _width(headings[position], values), formats["text"] if is_text else None)
        for row, value in enumerate(values, start=1):
            _write_cell(sheet, row, position, value, formats, is_share=name in table.shares)


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any, formats: Mapping[str, Format], *, is_share: bool) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, float, Decimal)) and not is_longer_than_excel_counts(value):
        sheet.write_number(row, column, value, formats[_number_format(value, is_share=is_share)])
    elif isinstance(value, date) and value.year < _FIRST_YEAR_OF_EXCEL:
        sheet.write_string(row, column, value.isoformat(), formats["text"])
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), formats["time"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["day"])
    else:
        text = str(value)
        sheet.write_string(
            row, column, text if len(text) <= _LETTERS_OF_A_CELL else f"{text[: _LETTERS_OF_A_CELL - 1]}…", formats["text"]
        )


def _number_format(value: float | Decimal, *, is_share: bool) -> str:
    """Whole numbers of a column of integers stay as they are: they may be numbers of rows, versions or years."""
    if is_share:
        return "share"
    if isinstance(value, int):
        return "plain"
    return "whole" if value == int(value) else "fraction"


def _width(heading: str, values: Sequence[Any]) -> int:
    """In characters, for the heading with its filter button and the first rows."""
    shown = ("" if value is None else str(value) for value in values[:_ROWS_MEASURED])
    return min(_WIDEST, max([display_width(heading) + 4, *(display_width(text) + 2 for text in shown)]))


def _json_value(is_instant: bool) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z") if is_instant else value.isoformat()
        return value.isoformat() if isinstance(value, date) else as_number(_finite(value))

    return convert


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _in_one_cell(value: Any) -> Any:
    """A list or record as JSON on one line, null for what is no number, anything else as it is."""
    return json_text(value, indent=None).strip() if isinstance(value, (list, dict)) else _finite(value)


def _in_shanghai(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
