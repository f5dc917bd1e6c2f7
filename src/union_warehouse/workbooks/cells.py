"""Cells of a column to texts: what the sender sees in Excel, whole columns at a time."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.workbooks.limits import FLOAT_IDENTIFIER_FROM

Cell = Any
"""What calamine gives: str (empty for an empty cell), float, int, bool, date, datetime, time or timedelta."""

_SEPARATOR = "\x1f"
_MIDNIGHT = " 00:00:00"


def cell_texts(cells: Sequence[Cell]) -> pa.Array:
    """Text of every cell; null where it is empty or only space.

    Numbers are written as Excel shows them: 15 significant digits, no exponent below 1e15, and ``3.30103E+17`` from
    there on, because the digits after the fifteenth are gone. Dates are ISO, with a time only where it is not midnight.
    """
    kinds = set(map(type, cells))
    if len(kinds) == 1:
        texts = _texts_of(kinds.pop(), cells)
    else:
        texts = pa.nulls(len(cells), pa.string())
        for kind in sorted(kinds, key=lambda kind: kind.__name__):
            only = [cell if type(cell) is kind else None for cell in cells]
            texts = pc.coalesce(texts, _texts_of(kind, only))
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), pa.scalar(None, pa.string()), texts)


def _texts_of(kind: type[Cell], cells: Sequence[Cell]) -> pa.Array:
    return _TEXTS.get(kind, _other_texts)(cells)


def _string_texts(cells: Sequence[Cell]) -> pa.Array:
    return pa.array(cells, pa.string())


def _number_texts(cells: Sequence[Cell]) -> pa.Array:
    numbers = pa.array(cells, pa.float64())
    is_plain = pc.and_(pc.equal(pc.floor(numbers), numbers), pc.less(pc.abs(numbers), FLOAT_IDENTIFIER_FROM))
    if pc.all(is_plain, min_count=0).as_py():
        return pc.cast(pc.cast(numbers, pa.int64()), pa.string())
    # Few distinct numbers have a fraction or are too long: each is written once.
    encoded = pc.dictionary_encode(numbers)
    texts = [number_text(number) for number in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(texts, pa.string()), encoded.indices)


def number_text(number: float) -> str:
    """One number as Excel shows it."""
    if abs(number) >= FLOAT_IDENTIFIER_FROM:
        return f"{number:.5E}"
    if number == int(number):
        return str(int(number))
    return f"{number:.15g}"


def _date_texts(cells: Sequence[Cell]) -> pa.Array:
    return pc.cast(pa.array(cells, pa.date32()), pa.string())


def _datetime_texts(cells: Sequence[Cell]) -> pa.Array:
    texts = pc.cast(pc.cast(pa.array(cells, pa.timestamp("us")), pa.timestamp("s"), safe=False), pa.string())
    is_midnight = pc.ends_with(texts, _MIDNIGHT)
    return pc.if_else(is_midnight, pc.utf8_slice_codeunits(texts, 0, 10), texts)


def _boolean_texts(cells: Sequence[Cell]) -> pa.Array:
    return pc.if_else(pa.array(cells, pa.bool_()), "TRUE", "FALSE")


def _other_texts(cells: Sequence[Cell]) -> pa.Array:
    return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


_TEXTS: dict[type[Cell], Callable[[Sequence[Cell]], pa.Array]] = {
    str: _string_texts,
    float: _number_texts,
    int: _number_texts,
    bool: _boolean_texts,
    datetime.date: _date_texts,
    datetime.datetime: _datetime_texts,
}


def normalise_text(text: str) -> str:
    """Full-width forms folded (NFKC), no space at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def normalise_texts(texts: pa.Array) -> pa.Array:
    """:func:`normalise_text` of every text; null where nothing is left.

    The column is normalised as one joined text, since a call per cell would cost more than reading the file.
    """
    joined = _SEPARATOR.join(texts.fill_null("").to_pylist())
    if joined.isascii() or unicodedata.is_normalized("NFKC", joined):
        folded = texts
    else:
        parts = unicodedata.normalize("NFKC", joined).split(_SEPARATOR)
        if len(parts) != len(texts):  # a cell holds the separator itself
            parts = [unicodedata.normalize("NFKC", text) for text in texts.fill_null("").to_pylist()]
        folded = pc.if_else(pc.is_valid(texts), pa.array(parts, pa.string()), pa.scalar(None, pa.string()))
    trimmed = pc.utf8_trim_whitespace(folded)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
