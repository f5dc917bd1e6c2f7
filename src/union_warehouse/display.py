"""How values are shown to people."""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from typing import Any

_TEN = 10
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters with which Excel takes a text for a formula once it opens a CSV, or once somebody edits the cell."""

_CHANGED_BY_EXCEL = re.compile(
    r"0\d+(\.\d*)?"  # loses its zeros
    r"|\d{12,}"  # becomes 9.1E+17, and from 16 digits on loses the last
    r"|\d+\.\d*0"  # 1.10 becomes 1.1
    r"|\d+(\.\d*)?[eE][+-]?\d+"
    r"|\d{1,2}[-/]\d{1,2}|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}|\d{1,2}/\d{2,4}"  # become days; a month (2014-03) is one, and stays it
    r"|\d+:\d{1,2}(:\d{1,2})?"
)
_MOST_THAT_EXCEL_COUNTS = 10**15


def display_width(text: str) -> int:
    """Columns that a text takes in a Chinese font: two for a Chinese character or a sign that such a font draws as wide, else one."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def number_text(value: float, decimals: int = 2) -> str:
    """A number as a person writes it: thousands apart, no zeros at the end of at most ``decimals`` decimals."""
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_text(value: Any, indent: int | None = 2) -> str:
    """``value`` as JSON for programs and people, Chinese as it is; decimals are numbers, what JSON does not know is its text."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_json_default) + "\n"


def _json_default(value: Any) -> Any:
    return as_number(value) if isinstance(value, Decimal) else str(value)


def as_number(value: Any) -> Any:
    """A whole number without fraction as int, a decimal as float; anything else as it is."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def estimate_text(value: float | None, low: float | None, high: float | None) -> str:
    """An estimate and its interval, in whole numbers from ten on: ``103 (82–125)``; empty without a value."""
    if value is None:
        return ""
    said, least, most = ("" if one is None else number_text(one, 0 if abs(one) >= _TEN else 2) for one in (value, low, high))
    return f"{said} ({least}–{most})" if least and least != most else said


def csv_cell(value: Any) -> Any:
    """A cell of a CSV that Excel shows as it is.

    A text that Excel would calculate, or make another number, a day or a time of, begins with an apostrophe; so does a number of
    more digits than Excel keeps. Other numbers stay.
    """
    if isinstance(value, str):
        is_changed = value.startswith(FORMULA_STARTS) or _CHANGED_BY_EXCEL.fullmatch(value) is not None
        return f"'{value}" if is_changed else value
    if is_longer_than_excel_counts(value):
        return f"'{value}"
    return as_number(value) if isinstance(value, float) else value


def is_longer_than_excel_counts(value: Any) -> bool:
    """Whether a number has more digits before its point than Excel keeps, 15."""
    return isinstance(value, (int, float, Decimal)) and not -_MOST_THAT_EXCEL_COUNTS < value < _MOST_THAT_EXCEL_COUNTS
