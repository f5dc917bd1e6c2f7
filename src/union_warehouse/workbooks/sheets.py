"""Open a workbook and give its sheets as rows of cells that know where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from union_warehouse.workbooks.limits import MAX_SHEETS
from union_warehouse.workbooks.ods import OdsSource
from union_warehouse.workbooks.package import FileKind
from union_warehouse.workbooks.problems import SubmissionProblem, UnreadableFile
from union_warehouse.workbooks.sheet import Sheet
from union_warehouse.workbooks.xls import XlsSource
from union_warehouse.workbooks.xlsx import XlsxSource, explain_xlsx_size


class SheetSource(Protocol):
    """An open file of one format."""

    @property
    def sheet_names(self) -> list[str]:
        """Names of all worksheets, in the workbook's order."""

    def is_hidden(self, name: str) -> bool:
        """Whether the sheet's tab is hidden."""

    def sheet(self, name: str) -> Sheet:
        """Read one sheet."""


@dataclass(frozen=True)
class Workbook:
    """An open workbook: sheets are read one by one, when asked for.

    Attributes:
        file_name: as sent.
        kind: of the file.
        source: its reader.
        problems: what the reader had to tell of the file as a whole.
    """

    file_name: str
    kind: FileKind
    source: SheetSource
    problems: tuple[SubmissionProblem, ...] = ()

    @property
    def sheet_names(self) -> list[str]:
        """Names of all worksheets, in the workbook's order."""
        return self.source.sheet_names

    def sheet(self, name: str) -> Sheet:
        """Read one sheet.

        Raises:
            UnreadableFile: damaged.
            SheetTooLarge: its used range would fill the memory.
        """
        return self.source.sheet(name)

    def is_hidden(self, name: str) -> bool:
        """Whether the sheet's tab is hidden."""
        return self.source.is_hidden(name)


def open_workbook(data: bytes, file_name: str, kind: FileKind) -> Workbook:
    """Open bytes that :func:`~union_warehouse.workbooks.package.sniff` found safe.

    Raises:
        UnreadableFile: damaged.
        EncryptedWorkbook: an old .xls with a password.
        SheetTooLarge: an .ods with a sheet that would fill the memory.
    """
    workbook = _OPENERS[kind](data, file_name)
    if len(workbook.sheet_names) > MAX_SHEETS:
        raise UnreadableFile(file=file_name, detail=f"{len(workbook.sheet_names)} sheets")
    return workbook


def explain_size(data: bytes, file_name: str, kind: FileKind) -> None:
    """Look through a workbook for what makes it too large to be read, without reading its values.

    Raises:
        SheetTooLarge: found.
        UnreadableFile: damaged.
    """
    if kind is FileKind.XLSX:
        explain_xlsx_size(data, file_name)


def _open_xlsx(data: bytes, file_name: str) -> Workbook:
    return Workbook(file_name, FileKind.XLSX, XlsxSource.open(data, file_name))


def _open_xls(data: bytes, file_name: str) -> Workbook:
    source = XlsSource.open(data, file_name)
    return Workbook(file_name, FileKind.XLS, source, source.problems)


def _open_ods(data: bytes, file_name: str) -> Workbook:
    return Workbook(file_name, FileKind.ODS, OdsSource.open(data, file_name))


_OPENERS = {FileKind.XLSX: _open_xlsx, FileKind.XLS: _open_xls, FileKind.ODS: _open_ods}
