"""Open a workbook or CSV and give its sheets as rows of cells that know where they stand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import python_calamine

from union_warehouse.workbooks.cells import Cell
from union_warehouse.workbooks.limits import MAX_COLUMNS, MAX_SHEET_CELLS, MAX_SHEETS, MAX_TEXT_BYTES
from union_warehouse.workbooks.ods_xml import table_facts
from union_warehouse.workbooks.package import FileKind, open_package, read_part, sheet_parts, with_slashes
from union_warehouse.workbooks.problems import EncryptedWorkbook, SheetTooLarge, SubmissionProblem, UnreadableFile
from union_warehouse.workbooks.sheet_xml import LONG_XML, Extent, SheetFacts, shared_text_lengths, shared_text_uses, sheet_facts
from union_warehouse.workbooks.xml import DamagedXml

_PANIC = "PanicException"
"""Rust's panic as calamine raises it on some damaged files; it is no Exception, so it is told by its name."""

_SHARED_TEXTS = "xl/sharedStrings.xml"

CellRange = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of a range, from zero."""


@dataclass(frozen=True)
class Sheet:
    """One sheet as read.

    Attributes:
        name: as on its tab; of a CSV the file's name.
        rows: cells row by row, all of one length; empty cells are ``""``.
        first_row: of ``rows``, from zero.
        first_column: of ``rows``, from zero.
        is_hidden: whether the tab is hidden.
        facts: what only the sheet's XML tells.
        merged: merged ranges.
    """

    name: str
    rows: list[list[Cell]]
    first_row: int = 0
    first_column: int = 0
    is_hidden: bool = False
    facts: SheetFacts = field(default_factory=SheetFacts)
    merged: tuple[CellRange, ...] = ()


@dataclass(frozen=True)
class _WorksheetParts:
    """The parts of an xlsx package that hold its worksheets."""

    file_name: str
    package: zipfile.ZipFile
    part_of: Mapping[str, str]

    def xml(self, sheet: str) -> bytes:
        """The part of a sheet; empty if the package does not name it."""
        return read_part(self.package, self.part_of[sheet], self.file_name) if sheet in self.part_of else b""

    def facts(self, sheet: str, xml: bytes, *, is_thorough: bool = False) -> SheetFacts:
        """What only the XML tells, once it is known that the sheet may be read.

        Raises:
            UnreadableFile: damaged.
            SheetTooLarge: reading it would fill the memory.
        """
        try:
            facts = sheet_facts(xml, is_thorough=is_thorough) if xml else SheetFacts()
            if facts.extent is not None:
                _refuse_too_large(sheet, facts.extent)
                self._refuse_endless_texts(sheet, xml, facts.extent.shared_texts)
        except DamagedXml as error:
            raise UnreadableFile(file=self.file_name, detail=f"xml: {error}") from error
        return facts

    def _refuse_endless_texts(self, sheet: str, xml: bytes, uses: int) -> None:
        """A text that is stored once may be shown by any number of cells."""
        if not uses or _SHARED_TEXTS not in self.package.namelist():
            return
        size = self.package.getinfo(_SHARED_TEXTS).file_size
        if uses * size <= MAX_TEXT_BYTES:
            return
        uses_of = shared_text_uses(xml)
        if max(uses_of.values(), default=0) * size <= MAX_TEXT_BYTES:
            return
        lengths = shared_text_lengths(read_part(self.package, _SHARED_TEXTS, self.file_name), max(uses_of) + 1)
        total = sum(count * lengths[index] for index, count in uses_of.items() if index < len(lengths))
        if total > MAX_TEXT_BYTES:
            raise SheetTooLarge(sheet=sheet, detail=f"{total >> 20} MB 文字 of text")


@dataclass(frozen=True)
class Workbook:
    """An open workbook: sheets are read one by one, when asked for."""

    file_name: str
    kind: FileKind
    calamine: python_calamine.CalamineWorkbook
    worksheets: _WorksheetParts | None
    tables: Mapping[str, SheetFacts]

    @property
    def sheet_names(self) -> list[str]:
        """Names of all worksheets, in the workbook's order."""
        return list(self.calamine.sheet_names)

    def sheet(self, name: str) -> Sheet:
        """Read one sheet.

        Raises:
            UnreadableFile: damaged.
            SheetTooLarge: its used range would fill the memory.
        """
        if self.worksheets is None:
            source, rows = self._read(name)
            facts = self.tables.get(name, SheetFacts())
        else:
            source, rows, facts = self._read_with_facts(name, self.worksheets)
        start = source.start or (0, 0)
        merged = tuple(source.merged_cell_ranges or ())
        return Sheet(name, rows, *start, is_hidden=self.is_hidden(name), facts=facts, merged=merged)

    def _read_with_facts(
        self, name: str, worksheets: _WorksheetParts
    ) -> tuple[python_calamine.CalamineSheet, list[list[Cell]], SheetFacts]:
        xml = worksheets.xml(name)
        if len(xml) <= LONG_XML:  # whether it is safe to read is known before it is read
            facts = worksheets.facts(name, xml)
            return (*self._read(name), facts)
        with ThreadPoolExecutor(max_workers=1) as other:
            # calamine and numpy both let go of the interpreter, so a long sheet is searched while it is parsed.
            searched = other.submit(worksheets.facts, name, xml)
            source, rows = self._read(name)
            return source, rows, searched.result()

    def _read(self, name: str) -> tuple[python_calamine.CalamineSheet, list[list[Cell]]]:
        try:
            source = self.calamine.get_sheet_by_name(name)
            return source, source.to_python()
        except BaseException as error:
            raise _unreadable(error, self.file_name) from error

    def is_hidden(self, name: str) -> bool:
        """Whether the sheet's tab is hidden."""
        visible = python_calamine.SheetVisibleEnum.Visible
        return any(sheet.name == name and sheet.visible != visible for sheet in self.calamine.sheets_metadata)


def open_workbook(data: bytes, file_name: str, kind: FileKind) -> Workbook:
    """Open bytes that :func:`~union_warehouse.workbooks.package.sniff` found safe.

    Raises:
        UnreadableFile: damaged.
        EncryptedWorkbook: an old .xls with a password.
    """
    try:
        if kind is not FileKind.XLS:
            data = with_slashes(data, file_name)
        tables = _ods_tables(data, file_name) if kind is FileKind.ODS else {}
        calamine = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except SubmissionProblem:
        raise
    except BaseException as error:
        raise _unreadable(error, file_name) from error
    if len(calamine.sheet_names) > MAX_SHEETS:
        raise UnreadableFile(file=file_name, detail=f"{len(calamine.sheet_names)} sheets")
    worksheets = _worksheets(data, file_name) if kind is FileKind.XLSX else None
    return Workbook(file_name, kind, calamine, worksheets, tables)


def explain_size(data: bytes, file_name: str, kind: FileKind) -> None:
    """Look through a workbook for what makes it too large to be read, without reading it.

    Raises:
        SheetTooLarge: found.
        UnreadableFile: damaged.
    """
    if kind is FileKind.ODS:
        _ods_tables(data, file_name)
    if kind is not FileKind.XLSX:
        return
    worksheets = _worksheets(with_slashes(data, file_name), file_name)
    for name in worksheets.part_of:
        worksheets.facts(name, worksheets.xml(name), is_thorough=True)


def _worksheets(data: bytes, file_name: str) -> _WorksheetParts:
    package = open_package(data, file_name)
    return _WorksheetParts(file_name, package, sheet_parts(package, file_name))


def _ods_tables(data: bytes, file_name: str) -> Mapping[str, SheetFacts]:
    with open_package(data, file_name) as package:
        try:
            tables = table_facts(read_part(package, "content.xml", file_name))
        except DamagedXml as error:
            raise UnreadableFile(file=file_name, detail=f"xml: {error}") from error
    for name, facts in tables.items():
        if facts.extent is not None:
            _refuse_too_large(name, facts.extent)
    return tables


def _refuse_too_large(sheet: str, extent: Extent) -> None:
    if extent.cells > MAX_SHEET_CELLS:
        raise SheetTooLarge(sheet=sheet, detail=f"A1:{extent.last_cell}")


def read_csv(data: bytes, file_name: str) -> Sheet:
    """A CSV export in UTF-8, with or without byte order mark, or GB18030.

    Raises:
        UnreadableFile: in neither encoding, or not a CSV.
    """
    text = _decode(data, file_name)
    try:
        rows: list[list[Cell]] = [list(row) for row in csv.reader(io.StringIO(text, newline=""))]
    except csv.Error as error:
        raise UnreadableFile(file=file_name, detail=f"csv: {error}") from error
    width = max(map(len, rows), default=0)
    if width > MAX_COLUMNS or width * len(rows) > MAX_SHEET_CELLS:
        raise SheetTooLarge(sheet=file_name, detail=f"{width} 列 columns")
    for row in rows:
        if len(row) < width:
            row.extend([""] * (width - len(row)))
    return Sheet(file_name, rows)


def _decode(data: bytes, file_name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableFile(file=file_name, detail="UTF-8? GB18030?")


def _unreadable(error: BaseException, file_name: str) -> BaseException:
    """The named problem for what calamine raised; anything that is not about the content stays as it is."""
    if isinstance(error, python_calamine.PasswordError):
        return EncryptedWorkbook(file=file_name)
    if isinstance(error, (python_calamine.CalamineError, ValueError, OverflowError)) or type(error).__name__ == _PANIC:
        return UnreadableFile(file=file_name, detail=str(error)[:200])
    return error
