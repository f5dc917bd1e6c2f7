"""How values are shown to people."""

from __future__ import annotations

import unicodedata
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters with which Excel takes a text for a formula once it opens a CSV, or once somebody edits the cell."""


def display_width(text: str) -> int:
    """Columns that a text takes in a Chinese font: two for a Chinese character or a sign that such a font draws as wide, else one."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def number_text(value: float, decimals: int = 2) -> str:
    """A number as a person writes it: thousands apart, no zeros at the end of at most ``decimals`` decimals."""
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def csv_cell(value: Any) -> Any:
    """A cell of a CSV that Excel shows and never calculates: a text that would be a formula begins with an apostrophe, numbers stay."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
