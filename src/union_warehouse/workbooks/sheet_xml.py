"""What calamine does not tell of an xlsx sheet, found in the sheet's own XML.

calamine reads a formula without a stored value and an error value both as an empty cell, reads hidden rows like any
other, and allocates the whole used rectangle, whatever a single cell far away makes of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from lxml import etree

from union_warehouse.workbooks.xml import Element, elements_in_bulk

LONG_XML = 2**22
"""From here on the parser reads a sheet only if it may hold what calamine does not tell: it costs as much as calamine."""

_NEEDS_PARSER = (
    (b"<f", 1),
    (b":f", 1),
    (b'"e"', 1),
    (b"'e'", 1),
    (b"hidden", 0),
    (b"&#", 1),
)
"""Bytes that any formula, error value or hidden row brings, however it is spelt, each with its rarest letter.

Names cannot be spelt otherwise; the value ``e`` can, but only with a character reference.
"""

_LONGEST_FORMULA = 100
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_MOST_DIGITS = 18

Find = Callable[[Element, int, str], Any]
"""What an XPath gives of the first so many rows of an element; the one after them may not be read to its end."""


@dataclass(frozen=True)
class Extent:
    """The rectangle of a sheet's filled cells, from zero, and how many cells share a text of the workbook's table."""

    first_row: int = 0
    first_column: int = 0
    last_row: int = -1
    last_column: int = -1
    shared_texts: int = 0

    @property
    def cells(self) -> int:
        """Cells of the rectangle."""
        return (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)

    @property
    def last_cell(self) -> str:
        """Its lower right corner, such as ``ZZ1048576``."""
        return f"{column_letters(self.last_column)}{self.last_row + 1}"


@dataclass(frozen=True)
class SheetFacts:
    """What the XML of a sheet says beyond its values.

    Attributes:
        unread: text of cells that calamine reads as empty although they are not, by (row, column) from zero: a
            formula without a stored value as ``=…``, an error value as ``#N/A``.
        first_hidden_row: as Excel numbers it; None without hidden rows.
        extent: None if the sheet was not parsed.
    """

    unread: Mapping[tuple[int, int], str] = field(default_factory=dict)
    first_hidden_row: int | None = None
    extent: Extent | None = None


def sheet_facts(xml: bytes, *, is_thorough: bool = False) -> SheetFacts:
    """Facts of one worksheet part.

    Args:
        xml: the whole part.
        is_thorough: parse a long sheet even if nothing asks for it.

    Raises:
        DamagedXml: it cannot be parsed.
    """
    if len(xml) > LONG_XML and not is_thorough and _is_utf8(xml) and not _needs_parser(xml):
        return SheetFacts()
    return _SheetParser().read(xml)


def _is_utf8(xml: bytes) -> bool:
    head = xml[:200].lower()
    return head.lstrip(b"\xef\xbb\xbf").startswith(b"<") and b"\0" not in head and (b"encoding" not in head or b"utf-8" in head)


def _needs_parser(xml: bytes) -> bool:
    letters = np.frombuffer(xml, np.uint8)
    return any(_contains(letters, sought, rare) for sought, rare in _NEEDS_PARSER)


def _contains(letters: npt.NDArray[np.uint8], sought: bytes, rare: int) -> bool:
    """Whether ``sought`` occurs, told from the places of its letter number ``rare``.

    Five times as fast as a search for a string that begins as everything else does.
    """
    starts = np.flatnonzero(letters == sought[rare]) - rare
    starts = starts[(starts >= 0) & (starts <= len(letters) - len(sought))]
    for offset, letter in enumerate(sought):
        starts = starts[letters[starts + offset] == letter]
    return bool(len(starts))


class _SheetParser:
    """Reads a worksheet part as a stream; rows are looked at in bulk, since a step of Python for each cell would be slow."""

    def __init__(self) -> None:
        self._row = 0
        self._first_hidden_row: int | None = None
        self._unread: dict[tuple[int, int], str] = {}
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._shared_texts = 0

    def read(self, xml: bytes) -> SheetFacts:
        for rows in elements_in_bulk(xml, "sheetData"):
            self._look_at(rows)
        if not self._rows:
            return SheetFacts(self._unread, self._first_hidden_row, Extent())
        extent = Extent(self._rows[0], self._columns[0], self._rows[1], self._columns[1], self._shared_texts)
        return SheetFacts(self._unread, self._first_hidden_row, extent)

    def _look_at(self, rows: Sequence[Element]) -> None:
        numbers = self._numbers(rows)
        parent = rows[0].getparent()
        if parent is None:
            return
        find = partial(_finder(etree.QName(rows[0]).namespace), parent, len(rows))
        if self._first_hidden_row is None:
            hidden = (number for row, number in zip(rows, numbers, strict=True) if row.get("hidden") in ("1", "true"))
            self._first_hidden_row = next(hidden, None)
        self._shared_texts += int(find("count({rows}/m:c[@t='s'])"))
        filled = find("{rows}/m:c[*]/@r")
        unread = find(_UNREAD)
        if len(filled) == find("count({rows}/m:c[*])"):
            self._extend(filled)
        else:
            self._extend([f"{column_letters(column)}{row + 1}" for row, column, _ in _walk(rows, numbers)])
        if any(cell.get("r") is None for cell in unread):
            wanted = set(unread)
            self._unread |= {(row, column): _unread_text(cell) for row, column, cell in _walk(rows, numbers) if cell in wanted}
        else:
            self._unread |= {_position(cell.get("r")): _unread_text(cell) for cell in unread}

    def _numbers(self, rows: Sequence[Element]) -> list[int]:
        """Number of each row: as it says, else the one after the row before."""
        numbers = []
        for row in rows:
            self._row = _number(row.get("r")) or self._row + 1
            numbers.append(self._row)
        return numbers

    def _extend(self, references: Sequence[str]) -> None:
        if references:
            rows = {_number(reference.lstrip(_LETTERS)) or 1 for reference in references}
            columns = [column_number(letters) for letters in {reference.rstrip(_DIGITS) for reference in references}]
            self._rows = _ends([*self._rows, *(row - 1 for row in rows)])
            self._columns = _ends([*self._columns, *columns])


def _ends(values: Sequence[int]) -> list[int]:
    return [min(values), max(values)]


_UNREAD = "{rows}/m:c[@t='e' or (m:f and not(@t='str') and not(normalize-space(m:v)) and not(m:is))]"
"""Error values, and formulas without a stored value; of ``t="str"`` an empty value is the empty text that it results in."""


def _walk(rows: Sequence[Element], numbers: Sequence[int]) -> Iterator[tuple[int, int, Element]]:
    """Filled cells with their row and column, from zero; one that does not say its place stands after the one before it."""
    for row, number in zip(rows, numbers, strict=True):
        at = (number - 1, -1)
        for cell in row:
            reference = cell.get("r")
            at = _position(reference) if reference else (at[0], at[1] + 1)
            if len(cell):
                yield (*at, cell)


def _position(reference: str | None) -> tuple[int, int]:
    text = reference or ""
    return (_number(text.lstrip(_LETTERS)) or 1) - 1, column_number(text.rstrip(_DIGITS))


def _number(text: str | None) -> int | None:
    """A positive number; None of what is none: calamine then says that the file is damaged."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else None


def _unread_text(cell: Element) -> str:
    texts = {etree.QName(part).localname: "".join(part.itertext()) for part in cell if isinstance(part.tag, str)}
    if cell.get("t") == "e":
        return texts.get("v", "").strip() or texts.get("is", "").strip() or "#VALUE!"
    return f"={texts.get('f', '')[:_LONGEST_FORMULA]}"


@lru_cache(maxsize=8)
def _finder(namespace: str | None) -> Find:
    """XPath for sheets of this namespace: transitional, strict, or none."""

    @lru_cache(maxsize=16)
    def compiled(path: str) -> etree.XPath:
        path = path.replace("{rows}", "m:row[position() <= $count]")
        path = path if namespace else path.replace("m:", "")
        return etree.XPath(path, namespaces={"m": namespace} if namespace else None, smart_strings=False)

    return lambda parent, count, path: compiled(path)(parent, count=count)


def shared_text_lengths(xml: bytes, count: int) -> Sequence[int]:
    """Bytes of the first texts of the workbook's table of shared texts.

    Args:
        xml: the part ``sharedStrings.xml``.
        count: so many at most.

    Raises:
        DamagedXml: it cannot be parsed.
    """
    lengths = (len("".join(map(str, item.itertext())).encode()) for items in elements_in_bulk(xml, "sst") for item in items)
    return list(islice(lengths, count))


def shared_text_uses(xml: bytes) -> Mapping[int, int]:
    """How many cells of a worksheet part show each text of the workbook's table of shared texts, by its index.

    Raises:
        DamagedXml: it cannot be parsed.
    """
    uses: Counter[int] = Counter()
    for rows in elements_in_bulk(xml, "sheetData"):
        parent = rows[0].getparent()
        if parent is not None:
            texts = _finder(etree.QName(rows[0]).namespace)(parent, len(rows), "{rows}/m:c[@t='s']/m:v/text()")
            uses.update(_number(text.strip()) or 0 for text in texts)
    return uses


def column_number(letters: str) -> int:
    """Zero-based number of a column: 0 of ``A``, 27 of ``AB``."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def column_letters(number: int) -> str:
    """Letters of a column: ``AB`` of 27."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
