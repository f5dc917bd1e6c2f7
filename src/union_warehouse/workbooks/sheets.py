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
from union_warehouse.workbooks.limits import MAX_SHEETS
from union_warehouse.workbooks.package import FileKind, open_package, read_part, sheet_parts
from union_warehouse.workbooks.problems import EncryptedWorkbook, SheetTooLarge, UnreadableFile
from union_warehouse.workbooks.sheet_xml import SheetFacts, is_too_wide, sheet_facts

_PANIC = "PanicException"
"""Rust's panic as calamine raises it on some damaged files; it is no Exception, so it is told by its name."""

_LONG_XML = 2**22
"""From here on a search of the XML is worth a thread."""

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
class Workbook:
    """An open workbook: sheets are read one by one, when asked for."""

    file_name: str
    kind: FileKind
    calamine: python_calamine.CalamineWorkbook
    package: zipfile.ZipFile | None
    parts: Mapping[str, str]

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
        xml = b""
        if self.package is not None and name in self.parts:
            xml = read_part(self.package, self.parts[name], self.file_name)
        if is_too_wide(xml):
            raise SheetTooLarge(sheet=name, detail="A:XFD")
        with ThreadPoolExecutor(max_workers=1) as other:
            # calamine and numpy both let go of the interpreter, so a long sheet is searched while it is parsed.
            searched = other.submit(sheet_facts, xml) if len(xml) > _LONG_XML else None
            source, rows = self._read(name)
            facts = searched.result() if searched else sheet_facts(xml)
        start = source.start or (0, 0)
        merged = tuple(source.merged_cell_ranges or ())
        return Sheet(name, rows, *start, is_hidden=self.is_hidden(name), facts=facts, merged=merged)

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
        calamine = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except BaseException as error:
        raise _unreadable(error, file_name) from error
    if len(calamine.sheet_names) > MAX_SHEETS:
        raise UnreadableFile(file=file_name, detail=f"{len(calamine.sheet_names)} sheets")
    if kind is not FileKind.XLSX:
        return Workbook(file_name, kind, calamine, None, {})
    package = open_package(data, file_name)
    return Workbook(file_name, kind, calamine, package, sheet_parts(package, file_name))


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
