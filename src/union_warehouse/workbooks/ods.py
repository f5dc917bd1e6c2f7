"""Sheets of an .ods, read from its XML in bulk: value types, number formats, hidden rows and repeated cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from lxml import etree

from union_warehouse.workbooks.cells import Cell
from union_warehouse.workbooks.limits import MAX_TEXT_BYTES
from union_warehouse.workbooks.number_formats import show, tells
from union_warehouse.workbooks.package import open_package, read_part, with_slashes
from union_warehouse.workbooks.problems import SheetTooLarge, UnreadableFile
from union_warehouse.workbooks.sheet import LONGEST_FORMULA, CellRange, Extent, FactsFound, Position, Sheet
from union_warehouse.workbooks.xml import DamagedXml, Element, containers_in_bulk

_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
}
_CONTENT, _STYLES_PART = "content.xml", "styles.xml"
_HIDDEN = frozenset({"collapse", "filter"})
_ERROR = re.compile(r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)|Err:\d{3}")
_MOST_SPACES = 1_000
_MOST_PARENTS = 10
_DEFAULT = "Default"
_GROUPS = frozenset(
    {"table-header-rows", "table-row-group", "table-rows", "table-header-columns", "table-column-group", "table-columns"}
)
_TRUTHS = {"TRUE": True, "FALSE": False}


def _name(qualified: str) -> str:
    prefix, local = qualified.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


_CELL, _COVERED, _ROW, _TABLE = map(_name, ("table:table-cell", "table:covered-table-cell", "table:table-row", "table:table"))
_COLUMN, _STYLE = map(_name, ("table:table-column", "style:style"))
_PARAGRAPH, _SPACES, _TAB, _BREAK = map(_name, ("text:p", "text:s", "text:tab", "text:line-break"))
_BESIDE = frozenset(map(_name, ("office:annotation", "text:ruby-text", "text:note")))
"""What stands beside a text and is no part of it: comments, how it is pronounced, footnotes."""


@dataclass
class _Styles:
    """Number formats as codes of Excel's by name, cell styles with their format and parent, and styles of hidden tables."""

    codes: dict[str, str] = field(default_factory=dict)
    cells: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def add(self, element: Element) -> None:
        """Take one style."""
        name = element.get(_name("style:name"), "")
        if element.tag == _STYLE:
            self.cells[name] = element.get(_name("style:data-style-name")), element.get(_name("style:parent-style-name"))
            if any(item.get(_name("table:display")) == "false" for item in element):
                self.hidden.add(name)
        elif str(element.tag).startswith(f"{{{_NAMESPACES['number']}}}"):
            self.codes[name] = _code(element)

    def format_of(self, style: str) -> str:
        """Code of a cell style that can make a number look like something else; empty for any other."""
        wanted: str | None = style
        for _ in range(_MOST_PARENTS):
            data_style, wanted = self.cells.get(wanted or "", (None, None))
            if data_style is not None:
                code = self.codes.get(data_style, "")
                return code if tells(code) else ""
        return ""


@dataclass(frozen=True)
class _Run:
    """Equal cells side by side."""

    column: int
    count: int
    value: Cell


@dataclass
class _Table:
    """A table while it is read; what is repeated takes memory once, until its extent is known to be bearable."""

    name: str
    is_hidden: bool = False
    next_row: int = 0
    columns: list[tuple[int, str]] = field(default_factory=list)
    rows: list[tuple[int, int, list[_Run]]] = field(default_factory=list)
    found: FactsFound = field(default_factory=FactsFound)
    merged: list[CellRange] = field(default_factory=list)
    extent: Extent = field(default_factory=Extent)
    text_bytes: int = 0

    def add_column(self, column: Element) -> None:
        """Take a column, as often as it is repeated."""
        count = _repeated(column, "columns")
        if column.get(_name("table:visibility")) in _HIDDEN:
            self.found.add_hidden_columns(sum(before for before, _ in self.columns), count)
        self.columns.append((count, column.get(_name("table:default-cell-style-name")) or _DEFAULT))

    def add_row(self, row: Element, styles: _Styles) -> None:
        """Take a row, as often as it is repeated.

        Raises:
            SheetTooLarge: its cells, or its texts, would fill the memory.
        """
        first, count = self.next_row, _repeated(row, "rows")
        self.next_row += count
        runs, notes = [], []
        column = 0
        for cell in row.iterchildren(_CELL, _COVERED):
            repeated = _repeated(cell, "columns")
            value, shown = _read_cell(cell)
            if value != "" or shown is not None:
                run = _Run(column, repeated, value)
                runs.append(run)
                notes.append((run, cell, shown))
                self._extend(first + count - 1, column, column + repeated - 1)
                self._count_text(value if shown is None else shown, count * repeated)
            self._note_merged(cell, (first, column))
            column += repeated
        if not runs:
            return
        self.rows.append((first, count, runs))
        if row.get(_name("table:visibility")) in _HIDDEN:
            self.found.add_hidden_row(first)
        for run, cell, shown in notes:
            code = styles.format_of(cell.get(_name("table:style-name")) or self._default_style(run.column))
            for number in range(first, first + count):
                for position in range(run.column, run.column + run.count):
                    _note(self.found, (number, position), cell, run.value, shown, code)

    def _extend(self, last_row: int, column: int, last_column: int) -> None:
        seen = self.extent
        is_first = seen.last_row < 0
        self.extent = Extent(
            self.next_row - 1 if is_first else seen.first_row,
            column if is_first else min(column, seen.first_column),
            last_row,
            max(last_column, seen.last_column),
        )
        self.extent.refuse_too_large(self.name)

    def _count_text(self, value: Cell, count: int) -> None:
        self.text_bytes += len(value.encode()) * count if isinstance(value, str) else 0
        if self.text_bytes > MAX_TEXT_BYTES:
            raise SheetTooLarge(sheet=self.name, detail=f"> {MAX_TEXT_BYTES >> 20} MB 文字 of text")

    def _note_merged(self, cell: Element, position: Position) -> None:
        columns, rows = (int(cell.get(_name(f"table:number-{what}-spanned"), "1")) for what in ("columns", "rows"))
        if (columns, rows) != (1, 1):
            self.merged.append((position, (position[0] + rows - 1, position[1] + columns - 1)))

    def _default_style(self, column: int) -> str:
        for count, style in self.columns:
            if column < count:
                return style
            column -= count
        return _DEFAULT

    def sheet(self) -> Sheet:
        """The rectangle of all content."""
        if not self.rows:
            return Sheet(self.name, [], is_hidden=self.is_hidden)
        top, left, right = self.extent.first_row, self.extent.first_column, self.extent.last_column
        grid: list[list[Cell]] = [[""] * (right - left + 1) for _ in range(top, self.extent.last_row + 1)]
        for first, count, runs in self.rows:
            for cells in grid[first - top : first - top + count]:
                for run in runs:
                    cells[run.column - left : run.column - left + run.count] = [run.value] * run.count
        return Sheet(self.name, grid, top, left, is_hidden=self.is_hidden, facts=self.found.facts(), merged=tuple(self.merged))


@dataclass(frozen=True)
class OdsSource:
    """An open .ods."""

    file_name: str
    sheets: Sequence[Sheet]

    @classmethod
    def open(cls, data: bytes, file_name: str) -> OdsSource:
        """Read a package with an OpenDocument spreadsheet in it.

        Raises:
            UnreadableFile: damaged.
            SheetTooLarge: repeated cells or a stray one would fill the memory.
        """
        with open_package(with_slashes(data, file_name), file_name) as package:
            has_styles = _STYLES_PART in package.namelist()
            parts = [read_part(package, part, file_name) for part in (_STYLES_PART, _CONTENT)[not has_styles :]]
        try:
            tables = _read_tables(parts)
        except (DamagedXml, ValueError, OverflowError) as error:
            raise UnreadableFile(file=file_name, detail=f"{_CONTENT}: {error}"[:200]) from error
        return cls(file_name, [table.sheet() for table in tables])

    @property
    def sheet_names(self) -> list[str]:
        """Names of all tables."""
        return [sheet.name for sheet in self.sheets]

    def is_hidden(self, name: str) -> bool:
        """Whether the table is not displayed."""
        return self.sheet(name).is_hidden

    def sheet(self, name: str) -> Sheet:
        """The first sheet of that name."""
        return next(sheet for sheet in self.sheets if sheet.name == name)


def _read_tables(parts: list[bytes]) -> list[_Table]:
    styles, tables, last = _Styles(), list[_Table](), None
    for xml in parts:
        for container, children in containers_in_bulk(xml, "styles", "automatic-styles", "table"):
            if container.tag != _TABLE:
                for child in children:
                    styles.add(child)
                continue
            if container is not last:
                last = container
                is_hidden = container.get(_name("table:style-name")) in styles.hidden
                tables.append(_Table(container.get(_name("table:name"), ""), is_hidden))
            for element in _rows_and_columns(children):
                if element.tag == _COLUMN:
                    tables[-1].add_column(element)
                else:
                    tables[-1].add_row(element, styles)
    return tables


def _rows_and_columns(children: Iterable[Element]) -> Iterator[Element]:
    """Rows and columns of a table, those in groups too."""
    for child in children:
        if child.tag in (_ROW, _COLUMN):
            yield child
        elif etree.QName(child).localname in _GROUPS:
            yield from _rows_and_columns(child)


def _repeated(element: Element, what: str) -> int:
    return max(1, int(element.get(_name(f"table:number-{what}-repeated"), "1")))


def _note(found: FactsFound, position: Position, cell: Element, value: Cell, shown: str | None, code: str) -> None:
    if shown is not None:
        found.shown[position] = shown
    elif isinstance(value, float):
        kind = cell.get(_name("office:value-type"))
        found.add_number(position, show(value, "0%" if kind == "percentage" else code))


def _read_cell(cell: Element) -> tuple[Cell, str | None]:
    """Value of a cell, and its text where it has none that counts: an error, a formula without a result."""
    kind = cell.get(_name("office:value-type"))
    formula = cell.get(_name("table:formula"))
    text = _text(cell) if kind is not None or len(cell) else ""
    if cell.get(_name("calcext:value-type")) == "error" or (formula and _ERROR.fullmatch(text)):
        return "", text or "#N/A"
    if kind is None and not text:
        return "", f"={formula[:LONGEST_FORMULA]}" if formula else None
    return _value(cell, kind, text), None


def _value(cell: Element, kind: str | None, text: str) -> Cell:
    if kind == "float" and text in _TRUTHS:  # LibreOffice keeps the result of a formula as a number
        return _TRUTHS[text]
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(_name("office:value"), "nan"))
    if kind == "boolean":
        return cell.get(_name("office:boolean-value")) == "true"
    if kind == "date":
        return _date(cell.get(_name("office:date-value"), ""), text)
    return cell.get(_name("office:string-value"), text)


def _date(value: str, text: str) -> Cell:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None) if "T" in value else date.fromisoformat(value)
    except ValueError:
        return text


def _text(cell: Element) -> str:
    return "\n".join("".join(_pieces(paragraph)) for paragraph in cell.iterchildren(_PARAGRAPH))


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag == _SPACES:
            yield " " * min(int(child.get(_name("text:c"), "1")), _MOST_SPACES)
        elif child.tag in (_TAB, _BREAK):
            yield "\t" if child.tag == _TAB else "\n"
        elif child.tag not in _BESIDE:
            yield from _pieces(child)
        yield child.tail or ""


def _code(style: Element) -> str:
    """A number style as a format code of Excel's."""
    code = ""
    for part in style:
        local = etree.QName(part).localname
        if local == "number":
            decimals = part.get(_name("number:decimal-places"), "0")
            factor = part.get(_name("number:display-factor"), "1").rstrip("0")
            zeros = len(part.get(_name("number:display-factor"), "1")) - len(factor)
            places = "0" * max(1, int(part.get(_name("number:min-integer-digits"), "1")))
            code += places + (f".{'0' * int(decimals)}" if decimals.isdigit() and int(decimals) else "") + "," * (zeros // 3)
        elif local in ("text", "currency-symbol") and part.text:
            code += "%" if part.text == "%" else f'"{part.text}"'
    return code
