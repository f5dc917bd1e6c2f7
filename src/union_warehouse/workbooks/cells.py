"""Cells of a column to texts: what the sender sees in Excel, whole columns at a time."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.workbooks.limits import FLOAT_IDENTIFIER_FROM

Cell = Any
"""What calamine gives: str (empty for an empty cell), float, int, bool, date, datetime, time or timedelta."""

Columns = dict[str, pa.Array]
"""Columns of one length by name."""

_SEPARATOR = "\x1f"
_MIDNIGHT = " 00:00:00"


def cell_texts(cells: Sequence[Cell], kinds: Collection[type[Cell]] | None = None) -> pa.Array:
    """Text of every cell; null where it is empty or only space.

    Numbers are written as Excel shows them: 15 significant digits, no exponent below 1e15, and ``3.30103E+17`` from
    there on, because the digits after the fifteenth are gone. Dates are ISO, with a time only where it is not midnight.

    Args:
        cells: of one column.
        kinds: types of the cells, if they are known.
    """
    kinds = set(map(type, cells)) if kinds is None else kinds
    if len(kinds) == 1:
        texts = _texts_of(next(iter(kinds)), cells)
    else:
        texts = pa.nulls(len(cells), pa.string())
        for kind in sorted(kinds, key=lambda kind: kind.__name__):
            only = [cell if type(cell) is kind else None for cell in cells]
            texts = pc.coalesce(texts, _texts_of(kind, only))
    return texts


def _texts_of(kind: type[Cell], cells: Sequence[Cell]) -> pa.Array:
    return _TEXTS.get(kind, _other_texts)(cells)


def _string_texts(cells: Sequence[Cell]) -> pa.Array:
    return _without_blanks(pa.array(cells, pa.string()))


def _without_blanks(texts: pa.Array) -> pa.Array:
    is_blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(texts)), 0)
    return pc.if_else(is_blank, pa.scalar(None, pa.string()), texts) if pc.any(is_blank).as_py() else texts


def text_bytes(texts: pa.Array) -> bytes:
    """All texts of a column in one piece, to ask at once whether a character occurs in it at all."""
    data = texts.buffers()[2]
    return b"" if data is None else data.to_pybytes()


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
    """One number as Excel shows it; what is none (NaN, infinite) as its error value."""
    if not math.isfinite(number):
        return "#NUM!"
    if abs(number) >= FLOAT_IDENTIFIER_FROM:
        return f"{number:.5E}"
    if number == int(number):
        return str(int(number))
    return f"{number:.15g}"


def _date_texts(cells: Sequence[Cell]) -> pa.Array:
    return pc.cast(pa.array(cells, pa.date32()), pa.string())


def _datetime_texts(cells: Sequence[Cell]) -> pa.Array:
    texts = pc.cast(pc.round_temporal(pa.array(cells, pa.timestamp("us")), unit="second").cast(pa.timestamp("s")), pa.string())
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


REPLACEMENT = "\ufffd"
"""What stands for bytes that are no character."""

_PLANES_WITH_FORMAT_CHARACTERS = (*range(0x2_0000), *range(0xE_0000, 0xE_1000))
"""A look at the other planes, of ideographs and private use, would take longer than importing everything else."""

FORMAT_CHARACTERS = "".join(
    character
    for character in map(chr, _PLANES_WITH_FORMAT_CHARACTERS)
    if unicodedata.category(character) in ("Cf", "Cc") and not character.isspace()
)
"""Characters that nobody sees (U+200B, U+FEFF, U+202D, controls …), which come along from web pages, messengers and Word."""

_FORMAT_CHARACTER = re.compile(f"[{re.escape(FORMAT_CHARACTERS)}]")
_ASCII_CONTROLS = "".join(filter(str.isascii, FORMAT_CHARACTERS)).encode()
_FORMAT_BYTES = np.unique(
    [int.from_bytes(character.encode()[:3].ljust(3, b"\0")) for character in FORMAT_CHARACTERS if not character.isascii()]
)
"""The first three bytes in UTF-8 of the others, of those with two the second and a zero."""
_FORMAT_STARTS = np.isin(np.arange(256), _FORMAT_BYTES >> 16)
_FIRST_OF_THREE_BYTES = 0xE0


def may_hold_format_characters(data: bytes) -> bool:
    """Whether texts in UTF-8 may hold characters that nobody sees; ten times as fast as a search of the texts."""
    if len(data.translate(None, _ASCII_CONTROLS)) < len(data):
        return True
    if data.isascii():
        return False
    letters = np.frombuffer(data + b"\0\0", np.uint8)
    starts = np.flatnonzero(_FORMAT_STARTS[letters])
    first, second, third = (letters[starts + offset].astype(np.int64) for offset in range(3))
    third[first < _FIRST_OF_THREE_BYTES] = 0
    return bool(np.isin(first << 16 | second << 8 | third, _FORMAT_BYTES).any())


def normalise_text(text: str) -> str:
    """Full-width forms folded (NFKC), without characters that nobody sees, no space at the ends."""
    return _folded(text).strip()


def _folded(text: str) -> str:
    return _FORMAT_CHARACTER.sub("", unicodedata.normalize("NFKC", text))


def visible(text: str) -> str:
    """A text for a message: each character that nobody sees as ``‹U+200B›``."""
    return _FORMAT_CHARACTER.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text)


def trim_texts(texts: pa.Array) -> pa.Array:
    """Texts as typed, without space at the ends; null where nothing is left."""
    return _without_blanks(pc.utf8_trim_whitespace(texts))


def normalise_texts(texts: pa.Array) -> pa.Array:
    """:func:`normalise_text` of every text; null where nothing is left.

    A column of plain characters is told at one glance; another is normalised as one joined text, since a call per cell
    would cost more than reading the file.
    """
    data = text_bytes(texts)
    is_all_seen = not may_hold_format_characters(data)
    if is_all_seen and data.isascii():
        return pc.ascii_trim_whitespace(texts)
    if is_all_seen and unicodedata.is_normalized("NFKC", data.decode(errors="replace")):
        return pc.utf8_trim_whitespace(texts)
    values = texts.fill_null("").to_pylist()
    parts = _folded(_SEPARATOR.join(values)).split(_SEPARATOR)  # not stripped: the separator is white space too
    if len(parts) != len(values):  # a cell holds the separator itself
        parts = [normalise_text(text) for text in values]
    return _without_blanks(pc.utf8_trim_whitespace(pa.array(parts, pa.string())))
