"""What calamine does not tell of an xlsx sheet, found in the sheet's own XML.

calamine reads a formula without a stored value and an error value both as an empty cell, knows no number format, reads
hidden rows like any other, and allocates the whole used rectangle, whatever a single cell far away makes of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from union_warehouse.workbooks.number_formats import hides_texts, show
from union_warehouse.workbooks.sheet import (
    LONGEST_FORMULA,
    Extent,
    FactsFound,
    Position,
    SheetFacts,
    column_letters,
    column_number,
)
from union_warehouse.workbooks.xml import DamagedXml, Element, containers_in_bulk, elements_in_bulk

LONG_XML = 2**20
"""From here on the parser reads a sheet only if it may hold what calamine does not tell: it costs as much as calamine."""

_NEEDS_PARSER = (
    (b"<f", 1, 0),
    (b":f", 1, 0),
    (b'"e"', 1, 0),
    (b"'e'", 1, 0),
    (b"hidden", 0, 0),
    (b' ht="0', 1, 0),
    (b" ht='0", 1, 0),
    (b'width="0', 4, 0),
    (b"width='0", 4, 0),
    (b"&#", 1, 0),
    (b"sheetData", 5, 2),
)
"""Bytes that any formula, error value, hidden row or column, row without height, column without width or second table brings,
however it is spelt: each with its rarest letter, and how often it occurs without.

Names cannot be spelt otherwise; the value ``e`` can, but only with a character reference.
"""

_OWN_TEXT_BEFORE_MORE = re.compile(rb"</(?:[^<>]*:)?is\s*>[^<]*<[^/]")
"""A cell's own text with something behind it: whatever comes last is what calamine takes."""

_PARTING = ((b"&#", 0, 0), (b"<!", 1, 0), (b"<?", 1, 1))
"""Likewise of what parts a text: character references, comments, CDATA sections, processing instructions."""
_RARE = 1_000
"""Up to so many places a letter is rare."""
_LONGEST_STYLE = 8
_SPACES = [ord(space) for space in " \t\r\n"]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_REFERENCE = "^[A-Za-z]{1,3}[1-9][0-9]{0,6}$"
_COLUMNS = 26**4
_ROWS = 10**7
"""More than a reference can name; one that names more is as far away."""
_MOST_DIGITS = 18
_NO_SIZE = re.compile(r"0+(?:\.0*)?|\.0+")

Find = Callable[[Element, int, str, str], Any]
"""What an XPath gives of the first so many rows of an element (the one after them may not be read to its end); and the styles."""


@dataclass(frozen=True)
class WorkbookFacts:
    """What the workbook says that its sheets are read by.

    Attributes:
        formats: code of each cell style, by its number, that can make a number look like something else.
        has_1904_dates: whether serial numbers of days count from 1904, as an old Mac's do.
        is_calculated: whether the results of formulas are kept; else Excel is asked to make them, and a zero may stand for one that
            the writing program never knew.
    """

    formats: Mapping[str, str]
    has_1904_dates: bool = False
    is_calculated: bool = True


@dataclass(frozen=True)
class SheetLook:
    """What one look at the XML of a sheet gives.

    Attributes:
        facts: what its values do not tell.
        extent: of its filled cells; None if the sheet was not parsed.
        shared_texts: how many cells share a text of the workbook's table.
    """

    facts: SheetFacts = field(default_factory=SheetFacts)
    extent: Extent | None = None
    shared_texts: int = 0


def look_at_sheet(xml: bytes, workbook: WorkbookFacts, *, is_thorough: bool = False) -> SheetLook:
    """Facts and extent of one worksheet part.

    Args:
        xml: the whole part.
        workbook: what it is read by.
        is_thorough: parse a long sheet even if nothing asks for it.

    Raises:
        DamagedXml: it cannot be parsed.
    """
    if len(xml) > LONG_XML and not is_thorough and _is_utf8(xml) and not _needs_parser(xml, workbook.formats):
        return SheetLook(SheetFacts(has_1904_dates=workbook.has_1904_dates))
    return _SheetParser(workbook, is_plain=_is_utf8(xml) and not _needs_parser(xml, workbook.formats)).read(xml)


def _is_utf8(xml: bytes) -> bool:
    head = xml[:200].lower()
    return head.lstrip(b"\xef\xbb\xbf").startswith(b"<") and b"\0" not in head and (b"encoding" not in head or b"utf-8" in head)


def _needs_parser(xml: bytes, formats: Mapping[str, str]) -> bool:
    letters = np.frombuffer(xml, np.uint8)
    if _has_any(xml, letters, _NEEDS_PARSER) or _uses_style(letters, formats):
        return True
    return b"inlineStr" in xml and _OWN_TEXT_BEFORE_MORE.search(xml) is not None


def is_in_pieces(xml: bytes) -> bool:
    """Whether a text of a worksheet part may be parted: calamine takes the first piece of a number for all of it."""
    return _has_any(xml, np.frombuffer(xml, np.uint8), _PARTING)


def _has_any(xml: bytes, letters: npt.NDArray[np.uint8], sought: Sequence[tuple[bytes, int, int]]) -> bool:
    places = {letter: _places(xml, letters, letter) for letter in {word[rare] for word, rare, _ in sought}}
    return any(_count(letters, word, places[word[rare]] - rare) > usual for word, rare, usual in sought)


def _uses_style(letters: npt.NDArray[np.uint8], styles: Collection[str]) -> bool:
    """Whether a cell may have one of these styles: an attribute ``s`` with its number, or spelt so that it is not seen."""
    if not styles or "0" in styles:  # style 0 is that of cells which name none
        return bool(styles)
    padded = np.append(letters, np.zeros(_LONGEST_STYLE, np.uint8))
    starts = np.flatnonzero(letters == ord("s")) + 1
    following = padded[starts]
    if np.isin(padded[starts[np.isin(following, _SPACES)] + 1], [*_SPACES, ord("=")]).any():
        return True
    starts = starts[following == ord("=")] + 1
    if np.isin(padded[starts], _SPACES).any():
        return True
    number, is_open = np.zeros(len(starts), np.int64), np.ones(len(starts), bool)
    for offset in range(1, _LONGEST_STYLE):
        digit = padded[starts + offset].astype(np.int64) - ord("0")
        is_open &= (digit >= 0) & (digit <= 9)
        number = np.where(is_open, number * 10 + digit, number)
    return bool(np.isin(number, [int(style) for style in styles]).any())


def _places(xml: bytes, letters: npt.NDArray[np.uint8], letter: int) -> npt.NDArray[np.int64]:
    """Where a letter stands: looked for one by one while it is rare, which is several times as fast."""
    found: list[int] = []
    place = xml.find(letter)
    while place >= 0:
        if len(found) == _RARE:
            return np.flatnonzero(letters == letter)
        found.append(place)
        place = xml.find(letter, place + 1)
    return np.array(found, np.int64)


def _count(letters: npt.NDArray[np.uint8], sought: bytes, starts: npt.NDArray[np.int64]) -> int:
    """How often ``sought`` occurs, of the places where it may start.

    Five times as fast as a search for a string that begins as everything else does.
    """
    starts = starts[(starts >= 0) & (starts <= len(letters) - len(sought))]
    for offset, letter in enumerate(sought):
        starts = starts[letters[starts + offset] == letter]
    return len(starts)


class _SheetParser:
    """Reads a worksheet part as a stream; rows are looked at in bulk, since a step of Python for each cell would be slow."""

    def __init__(self, workbook: WorkbookFacts, *, is_plain: bool) -> None:
        self._workbook = workbook
        self._is_plain = is_plain
        self._formats = workbook.formats
        self._styles = f" {' '.join(self._formats)} " + (
            "  " if "0" in self._formats else ""
        )  # a cell without a style has the first
        self._hiding = {style for style, code in self._formats.items() if hides_texts(code)}
        self._row = 0
        self._found = FactsFound()
        self._places: list[npt.NDArray[np.int64]] = []
        self._shared_texts = 0

    def read(self, xml: bytes) -> SheetLook:
        first: Element | None = None
        for table, rows in containers_in_bulk(xml, "cols", "sheetData"):
            if etree.QName(table).localname == "cols":
                self._look_at_columns(rows)
                continue
            first = table if first is None else first
            if table is not first:
                raise DamagedXml("two tables in a sheet")  # calamine would keep the first
            self._look_at(rows)
        facts = self._found.facts(self._workbook.has_1904_dates)
        return SheetLook(facts, self._extent(), self._shared_texts)

    def _extent(self) -> Extent:
        places = np.sort(np.concatenate(self._places)) if self._places else np.array([], np.int64)
        if not len(places):
            return Extent()
        if (places[1:] == places[:-1]).any():
            raise DamagedXml("two cells at one place")  # calamine would keep the last
        rows, columns = np.divmod(places, _COLUMNS)
        return Extent(int(rows[0]), int(columns.min()), int(rows[-1]), int(columns.max()))

    def _look_at_columns(self, columns: Sequence[Element]) -> None:
        for column in columns:
            first, last = _number(column.get("min")), _number(column.get("max"))
            if _is_hidden(column, "width") and first is not None and last is not None:
                self._found.add_hidden_columns(first - 1, last - first + 1)

    def _look_at(self, rows: Sequence[Element]) -> None:
        numbers = self._numbers(rows)
        parent = rows[0].getparent()
        if parent is None:
            return
        find = partial(_finder(etree.QName(rows[0]).namespace), parent, len(rows), self._styles)
        self._shared_texts += int(find("count({rows}/m:c[@t='s'])"))
        filled = find("{rows}/m:c[*]/@r")
        if len(filled) < find("count({rows}/m:c[*])"):
            filled = [f"{column_letters(column)}{row + 1}" for row, column, _ in _walk(rows, numbers)]
        self._places.append(_places_of(filled))
        if not self._is_plain:
            self._look_closer_at(find, rows, numbers)

    def _look_closer_at(self, find: Callable[[str], Any], rows: Sequence[Element], numbers: Sequence[int]) -> None:
        if self._found.first_hidden_row is None:
            hidden = (number for row, number in zip(rows, numbers, strict=True) if _is_hidden(row, "ht"))
            self._found.first_hidden_row = next(hidden, None)
        self._note_formatted(find, rows, numbers)
        unread = find(_UNREAD) if self._workbook.is_calculated else [*find(_UNREAD), *find(_ZERO)]
        for position, cell in _placed(unread, rows, numbers):
            self._found.shown[position] = _unread_text(cell)
        for position, cell in _placed(find(_TWO_CONTENTS), rows, numbers):
            self._found.shown[position] = _inline_text(cell)

    def _note_formatted(self, find: Callable[[str], Any], rows: Sequence[Element], numbers: Sequence[int]) -> None:
        if self._formats:
            for position, cell in _placed(find(_FORMATTED), rows, numbers):
                self._note_number(position, cell)
        if self._hiding:
            for position, cell in _placed(find(_FORMATTED_TEXTS), rows, numbers):
                if (cell.get("s") or "0") in self._hiding:
                    self._found.add_hidden_cell(position)

    def _note_number(self, position: Position, cell: Element) -> None:
        code = self._formats.get(cell.get("s") or "0")
        try:
            number = float(_texts(cell).get("v", ""))
        except ValueError:
            return
        if code is not None:
            self._found.add_number(position, show(number, code))

    def _numbers(self, rows: Sequence[Element]) -> list[int]:
        """Number of each row: as it says, else the one after the row before."""
        numbers = []
        for row in rows:
            self._row = _number(row.get("r")) or self._row + 1
            numbers.append(self._row)
        return numbers


def _is_hidden(element: Element, size: str) -> bool:
    """Whether a row or column is hidden, or so small that nothing of it is seen."""
    return element.get("hidden") in ("1", "true") or _NO_SIZE.fullmatch(element.get(size, "1")) is not None


_UNREAD = "{rows}/m:c[@t='e' or (m:f and not(@t='str') and not(normalize-space(m:v)) and not(m:is))]"
"""Error values, and formulas without a stored value; of ``t="str"`` an empty value is the empty text that it results in."""

_ZERO = "{rows}/m:c[m:f and (not(@t) or @t='n') and number(m:v) = 0]"
"""Formulas whose result is zero."""

_TWO_CONTENTS = "{rows}/m:c[@t='inlineStr' and m:v]"
"""Texts of their own beside a stored value, for which calamine takes whichever comes last; Excel shows the text."""

_FORMATTED_TEXTS = "{rows}/m:c[* and (@t='s' or @t='str' or @t='inlineStr') and contains($styles, concat(' ', @s, ' '))]"
_FORMATTED = "{rows}/m:c[(not(@t) or @t='n') and contains($styles, concat(' ', @s, ' '))]"


def _placed(cells: Sequence[Element], rows: Sequence[Element], numbers: Sequence[int]) -> Iterator[tuple[Position, Element]]:
    """Each of ``cells`` with its place."""
    if all(cell.get("r") is not None for cell in cells):
        yield from ((_position(cell.get("r")), cell) for cell in cells)
        return
    wanted = set(cells)
    yield from (((row, column), cell) for row, column, cell in _walk(rows, numbers) if cell in wanted)


def _walk(rows: Sequence[Element], numbers: Sequence[int]) -> Iterator[tuple[int, int, Element]]:
    """Filled cells with their row and column, from zero; one that does not say its place stands after the one before it."""
    for row, number in zip(rows, numbers, strict=True):
        at = (number - 1, -1)
        for cell in row:
            reference = cell.get("r")
            at = _position(reference) if reference else (at[0], at[1] + 1)
            if len(cell):
                yield (*at, cell)


def _position(reference: str | None) -> Position:
    text = reference or ""
    return (_number(text.lstrip(_LETTERS)) or 1) - 1, column_number(text.rstrip(_DIGITS))


def _places_of(references: Sequence[str]) -> npt.NDArray[np.int64]:
    """Number of each cell, counted row by row, of its reference."""
    names = pa.array(references, pa.string())
    if pc.all(pc.match_substring_regex(names, _REFERENCE)).as_py() is False:
        places = map(_position, references)
        return np.array([min(row, _ROWS) * _COLUMNS + min(column, _COLUMNS - 1) for row, column in places], np.int64)
    letters = pc.ascii_rtrim(names, _DIGITS).dictionary_encode()
    columns = np.array([column_number(letter) for letter in letters.dictionary.to_pylist()], np.int64)
    rows = pc.cast(pc.ascii_ltrim(names, _LETTERS), pa.int64()).to_numpy() - 1
    return np.asarray(rows * _COLUMNS + columns[letters.indices.to_numpy()], np.int64)


def _number(text: str | None) -> int | None:
    """A positive number; None of what is none: calamine then says that the file is damaged."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else None


def _unread_text(cell: Element) -> str:
    texts = _texts(cell)
    if cell.get("t") == "e":
        return texts.get("v", "").strip() or texts.get("is", "").strip() or "#VALUE!"
    return f"={texts.get('f', '')[:LONGEST_FORMULA]}"


def _inline_text(cell: Element) -> str:
    """The text of a cell that has its own, without how it is pronounced; what is stored beside it where there is none."""
    pieces = cell.xpath("*[local-name() = 'is']//*[local-name() = 't' and not(parent::*[local-name() = 'rPh'])]/text()")
    return "".join(map(str, pieces)) if isinstance(pieces, list) and pieces else _texts(cell).get("v", "")


def _texts(cell: Element) -> dict[str, str]:
    return {etree.QName(part).localname: "".join(part.itertext()) for part in cell if isinstance(part.tag, str)}


@lru_cache(maxsize=8)
def _finder(namespace: str | None) -> Find:
    """XPath for sheets of this namespace: transitional, strict, or none."""

    @lru_cache(maxsize=16)
    def compiled(path: str) -> etree.XPath:
        path = path.replace("{rows}", "m:row[position() <= $count]")
        path = path if namespace else path.replace("m:", "")
        return etree.XPath(path, namespaces={"m": namespace} if namespace else None, smart_strings=False)

    return lambda parent, count, styles, path: compiled(path)(parent, count=count, styles=styles)


def longest_shared_text(xml: bytes) -> int:
    """No text of the workbook's table of shared texts has more bytes, told without parsing it by where its entries end.

    Entries that end in another spelling count as one, and a text of another encoding may be longer in UTF-8.
    """
    return 2 * max(map(len, xml.split(b"</si>")))


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
            texts = _finder(etree.QName(rows[0]).namespace)(parent, len(rows), "", "{rows}/m:c[@t='s']/m:v/text()")
            uses.update(_number(text.strip()) or 0 for text in texts)
    return uses
