"""How a department writes its cells: one form's rows as the text, numbers and dates of the sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import numpy as np
import pandas as pd

from union_warehouse.contracts import Field, FieldType, Form

Cell = str | float | None

_EXCEL_EPOCH = np.datetime64("1899-12-30")
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@dataclass(frozen=True)
class Spelling:
    """One department's habits; every choice is one that the contract version allows."""

    dates: Literal["excel", "iso", "slash", "chinese", "compact"] = "excel"
    numbers: Literal["number", "separators", "full_width"] = "number"
    enums: Literal["label", "code"] = "label"
    has_title_row: bool = False
    has_total_rows: bool = False
    shifted_columns: int = 0
    keeps_nil_sheets: bool = True


@dataclass(frozen=True)
class Column:
    """One column of a sheet: header, cells from top to bottom, whether its numbers are dates."""

    label: str
    cells: list[Cell]
    is_date: bool


_BUREAU = Spelling(keeps_nil_sheets=False)
_SPELLINGS = {
    "CQ": Spelling(has_title_row=True),
    "WL": Spelling(dates="iso", has_total_rows=True),
    "TS": Spelling(dates="slash", has_title_row=True),
    "CM": Spelling(dates="chinese", keeps_nil_sheets=False),
    "ZH": Spelling(has_title_row=True, has_total_rows=True),
    "WH": Spelling(dates="compact", numbers="separators"),
    "DX": Spelling(enums="code"),
    "SQ": Spelling(numbers="full_width", keeps_nil_sheets=False),
    "ZJ": Spelling(dates="iso", numbers="separators", keeps_nil_sheets=False),
    "CG": Spelling(shifted_columns=2),
    "FW": Spelling(dates="slash"),
    "XJ": Spelling(dates="chinese", has_title_row=True),
}

_DATE_TEXT: dict[str, Callable[[date], str]] = {
    "iso": lambda day: day.isoformat(),
    "slash": lambda day: f"{day.year}/{day.month}/{day.day}",
    "chinese": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "compact": lambda day: day.strftime("%Y%m%d"),
}


def spelling_of(department: str) -> Spelling:
    """The habits of a department."""
    return _SPELLINGS.get(department, _BUREAU)


def spell(form: Form, rows: pd.DataFrame, spelling: Spelling) -> list[Column]:
    """The columns of a sheet. A value that is no value of its field (a planted mistake) is written as it is.

    Args:
        form: the contract; a field that ``rows`` lacks gets no column.
        rows: contract fields; enum fields hold codes.
        spelling: the department's habits.
    """
    fields = [field for field in form.fields if field.name in rows]
    shift = spelling.shifted_columns % len(fields)
    ordered = fields[shift:] + fields[:shift]
    return [
        Column(
            field.label,
            [] if rows.empty else _cells(field, rows[field.name], spelling),
            is_date=field.type is FieldType.DATE and spelling.dates == "excel",
        )
        for field in ordered
    ]


def _cells(field: Field, values: pd.Series, spelling: Spelling) -> list[Cell]:
    if field.type is FieldType.DATE:
        return _dates(values, spelling)
    cells: list[Cell] = [None if cell is None or cell != cell else cell for cell in values.tolist()]
    if field.enum and spelling.enums == "label":
        labels: dict[Cell, str] = dict(field.enum)
        return [labels.get(cell, cell) for cell in cells]
    if field.type in (FieldType.INTEGER, FieldType.DECIMAL):
        return [_number(cell, spelling) for cell in cells]
    if spelling.numbers == "full_width" and field.checker == "resident_id":
        return [cell.translate(_FULL_WIDTH) if isinstance(cell, str) else cell for cell in cells]
    return cells


def _number(value: Cell, spelling: Spelling) -> Cell:
    if not isinstance(value, int | float) or spelling.numbers == "number":
        return value
    text = f"{value:,.15g}"
    return text if spelling.numbers == "separators" else text.replace(",", "").translate(_FULL_WIDTH)


def _dates(values: pd.Series, spelling: Spelling) -> list[Cell]:
    if values.dtype == object:
        return [
            _dates(pd.Series([pd.Timestamp(value)]), spelling)[0] if isinstance(value, datetime) else value for value in values
        ]
    missing = values.isna().to_numpy()
    days = values.to_numpy().astype("datetime64[D]")
    cells: list[Cell]
    if spelling.dates == "excel":
        cells = (days - _EXCEL_EPOCH).astype(float).tolist()
    else:
        text = {day: _DATE_TEXT[spelling.dates](day.item()) for day in np.unique(days[~missing])}
        cells = [text.get(day) for day in days]
    return [None if is_missing else cell for cell, is_missing in zip(cells, missing, strict=True)]
