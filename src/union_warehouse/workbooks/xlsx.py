"""Sheets of an .xlsx: values by calamine, what it does not tell from the XML, bounded before they are read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import python_calamine

from union_warehouse.workbooks.cells import Cell
from union_warehouse.workbooks.limits import MAX_TEXT_BYTES
from union_warehouse.workbooks.number_formats import PERCENT_IDS, tells
from union_warehouse.workbooks.package import (
    WORKBOOK_PART,
    open_package,
    parse_part,
    part_size,
    read_part,
    sheet_parts,
    with_part,
    with_slashes,
)
from union_warehouse.workbooks.problems import EncryptedWorkbook, SheetTooLarge, UnreadableFile
from union_warehouse.workbooks.sheet import Sheet, SheetFacts
from union_warehouse.workbooks.sheet_xml import (
    LONG_XML,
    WorkbookFacts,
    is_in_pieces,
    longest_shared_text,
    look_at_sheet,
    shared_text_lengths,
    shared_text_uses,
)
from union_warehouse.workbooks.xml import DamagedXml, Element, in_one_piece

_PANIC = "PanicException"
"""Rust's panic as calamine raises it on some damaged files; it is no Exception, so it is told by its name."""

_STYLES, _SHARED_TEXTS = "xl/styles.xml", "xl/sharedStrings.xml"
_TRUE = frozenset({"1", "true"})


@dataclass(frozen=True)
class Worksheets:
    """The parts of a package that hold its worksheets, and what they share.

    Attributes:
        file_name: as sent.
        package: its parts have their usual names.
        parts: part of each sheet by its name.
        workbook: what they are read by.
    """

    file_name: str
    package: zipfile.ZipFile
    parts: Mapping[str, str]
    workbook: WorkbookFacts

    @classmethod
    def open(cls, data: bytes, file_name: str) -> Worksheets:
        """The worksheets of a package.

        Raises:
            UnreadableFile: damaged.
        """
        package = open_package(data, file_name)
        workbook = parse_part(package, WORKBOOK_PART, file_name)
        facts = WorkbookFacts(
            _telling_formats(package, file_name),
            has_1904_dates=_is_set(workbook, "workbookPr", "date1904"),
            is_calculated=not _is_set(workbook, "calcPr", "fullCalcOnLoad"),
        )
        return cls(file_name, package, sheet_parts(package, workbook, file_name), facts)

    def xml(self, sheet: str) -> bytes:
        """The part of a sheet; empty if the package does not name it."""
        return read_part(self.package, self.parts[sheet], self.file_name) if sheet in self.parts else b""

    def size(self, sheet: str) -> int:
        """Bytes of the part of a sheet, as the package says; another size makes it a damaged one."""
        return part_size(self.package, self.parts[sheet]) if sheet in self.parts else 0

    def facts(self, sheet: str, xml: bytes, *, is_thorough: bool = False) -> SheetFacts:
        """What only the XML tells, once it is known that the sheet may be read.

        Args:
            sheet: its name.
            xml: its part.
            is_thorough: parse a long sheet even if nothing asks for it.

        Raises:
            UnreadableFile: damaged.
            SheetTooLarge: reading it would fill the memory.
        """
        if not xml:
            return SheetFacts()
        try:
            look = look_at_sheet(xml, self.workbook, is_thorough=is_thorough)
            if look.extent is not None:
                look.extent.refuse_too_large(sheet)
                self._refuse_endless_texts(sheet, xml, look.shared_texts)
        except DamagedXml as error:
            raise UnreadableFile(file=self.file_name, detail=f"xml: {error}") from error
        return look.facts

    @cached_property
    def _longest_shared_text(self) -> int:
        return longest_shared_text(read_part(self.package, _SHARED_TEXTS, self.file_name))

    def _refuse_endless_texts(self, sheet: str, xml: bytes, uses: int) -> None:
        """A text that is stored once may be shown by any number of cells."""
        if not uses or _SHARED_TEXTS not in self.package.namelist():
            return
        size = self.package.getinfo(_SHARED_TEXTS).file_size
        if uses * size <= MAX_TEXT_BYTES or uses * self._longest_shared_text <= MAX_TEXT_BYTES:
            return
        uses_of = shared_text_uses(xml)
        if max(uses_of.values(), default=0) * size <= MAX_TEXT_BYTES:
            return
        lengths = shared_text_lengths(read_part(self.package, _SHARED_TEXTS, self.file_name), max(uses_of) + 1)
        total = sum(count * lengths[index] for index, count in uses_of.items() if index < len(lengths))
        if total > MAX_TEXT_BYTES:
            raise SheetTooLarge(sheet=sheet, detail=f"{total >> 20} MB 文字 of text")


@dataclass(frozen=True)
class XlsxSource:
    """An open .xlsx."""

    file_name: str
    calamine: python_calamine.CalamineWorkbook
    worksheets: Worksheets

    @classmethod
    def open(cls, data: bytes, file_name: str) -> XlsxSource:
        """Open a package.

        Raises:
            UnreadableFile: damaged.
            EncryptedWorkbook: with a password.
        """
        data = with_slashes(data, file_name)
        worksheets = Worksheets.open(data, file_name)
        try:
            calamine = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        except BaseException as error:
            raise _unreadable(error, file_name) from error
        return cls(file_name, calamine, worksheets)

    @property
    def sheet_names(self) -> list[str]:
        """Names of all worksheets."""
        return list(self.calamine.sheet_names)

    def is_hidden(self, name: str) -> bool:
        """Whether the sheet's tab is hidden."""
        visible = python_calamine.SheetVisibleEnum.Visible
        return any(sheet.name == name and sheet.visible != visible for sheet in self.calamine.sheets_metadata)

    def sheet(self, name: str) -> Sheet:
        """Read one sheet.

        Raises:
            UnreadableFile: damaged.
            SheetTooLarge: reading it would fill the memory.
        """
        if self.worksheets.size(name) <= LONG_XML:  # whether it is safe to read is known before it is read
            facts, parted = self._look(name)
            source, rows = self._values(parted or self.calamine, name)
        else:
            with ThreadPoolExecutor(max_workers=1) as other:
                # calamine, zlib and numpy let go of the interpreter, so a long sheet is searched while it is parsed.
                searched = other.submit(self._look, name)
                source, rows = self._values(self.calamine, name)
                facts, parted = searched.result()
            if parted is not None:
                source, rows = self._values(parted, name)
        start = source.start or (0, 0)
        merged = tuple(source.merged_cell_ranges or ())
        return Sheet(name, rows, *start, is_hidden=self.is_hidden(name), facts=facts, merged=merged)

    def _look(self, name: str) -> tuple[SheetFacts, python_calamine.CalamineWorkbook | None]:
        """What only the XML tells; and of a sheet with parted texts the workbook to read it from, in which they are one."""
        xml = self.worksheets.xml(name)
        facts = self.worksheets.facts(name, xml)
        if not is_in_pieces(xml):
            return facts, None
        try:
            package = with_part(self.worksheets.package, self.worksheets.parts[name], in_one_piece(xml), self.file_name)
            return facts, python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(package))
        except DamagedXml as error:
            raise UnreadableFile(file=self.file_name, detail=f"xml: {error}") from error
        except BaseException as error:
            raise _unreadable(error, self.file_name) from error

    def _values(
        self, workbook: python_calamine.CalamineWorkbook, name: str
    ) -> tuple[python_calamine.CalamineSheet, list[list[Cell]]]:
        try:
            source = workbook.get_sheet_by_name(name)
            return source, source.to_python()
        except BaseException as error:
            raise _unreadable(error, self.file_name) from error


def explain_xlsx_size(data: bytes, file_name: str) -> None:
    """Look through all sheets for what makes them too large to be read, without reading them.

    Raises:
        SheetTooLarge: found.
        UnreadableFile: damaged.
    """
    worksheets = Worksheets.open(with_slashes(data, file_name), file_name)
    for name in worksheets.parts:
        worksheets.facts(name, worksheets.xml(name), is_thorough=True)


def calculates_on_load(data: bytes, file_name: str) -> bool:
    """Whether a package asks Excel to make the results of its formulas.

    Raises:
        UnreadableFile: damaged.
    """
    with open_package(data, file_name) as package:
        return _is_set(parse_part(package, WORKBOOK_PART, file_name), "calcPr", "fullCalcOnLoad")


def _is_set(workbook: Element, element: str, attribute: str) -> bool:
    return any(item.get(attribute) in _TRUE for item in workbook.iterfind(f"{{*}}{element}"))


def _telling_formats(package: zipfile.ZipFile, file_name: str) -> dict[str, str]:
    if all(name.lower() != _STYLES for name in package.namelist()):
        return {}
    styles = parse_part(package, _STYLES, file_name)
    codes = {str(number): code for number, code in PERCENT_IDS.items()}
    codes |= {item.get("numFmtId", ""): item.get("formatCode", "") for item in styles.iterfind("{*}numFmts/{*}numFmt")}
    of_style = enumerate(codes.get(item.get("numFmtId", ""), "") for item in styles.iterfind("{*}cellXfs/{*}xf"))
    return {str(style): code for style, code in of_style if code and tells(code)}


def _unreadable(error: BaseException, file_name: str) -> BaseException:
    """The named problem for what calamine raised; anything that is not about the content stays as it is."""
    if isinstance(error, python_calamine.PasswordError):
        return EncryptedWorkbook(file=file_name)
    if isinstance(error, (python_calamine.CalamineError, ValueError, OverflowError)) or type(error).__name__ == _PANIC:
        return UnreadableFile(file=file_name, detail=str(error)[:200])
    return error
