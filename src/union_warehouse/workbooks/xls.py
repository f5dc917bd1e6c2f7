"""Sheets of an .xls (Excel 5 to 2003) by xlrd, which tells error values, number formats, hidden rows and old code pages."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import xlrd
from xlrd.biffh import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR, XL_CELL_NUMBER, XL_CELL_TEXT

from union_warehouse.workbooks.cells import Cell
from union_warehouse.workbooks.number_formats import show, tells
from union_warehouse.workbooks.problems import EncryptedWorkbook, UnreadableFile, UnusualFile
from union_warehouse.workbooks.sheet import FactsFound, Sheet

_BIFF8 = 80
_ENCRYPTED = "encrypted"


@dataclass(frozen=True)
class XlsSource:
    """An open .xls."""

    file_name: str
    book: Any
    formats: dict[int, str]

    @classmethod
    def open(cls, data: bytes, file_name: str) -> XlsSource:
        """Open an OLE file with a workbook in it.

        Raises:
            UnreadableFile: damaged.
            EncryptedWorkbook: with a password.
        """
        try:
            book = xlrd.open_workbook(
                file_contents=data, formatting_info=True, on_demand=True, ragged_rows=True, logfile=io.StringIO()
            )
        except Exception as error:  # xlrd raises whatever its structures run into on damaged bytes
            raise _unreadable(error, file_name) from error
        codes = {
            number: book.format_map[style.format_key].format_str
            for number, style in enumerate(book.xf_list)
            if style.format_key in book.format_map
        }
        return cls(file_name, book, {number: code for number, code in codes.items() if tells(code)})

    @property
    def problems(self) -> tuple[UnusualFile, ...]:
        """That it is older than Excel 97."""
        if self.book.biff_version >= _BIFF8:
            return ()
        return (UnusualFile(file=self.file_name, what_zh="是旧版 Excel 5.0/95 格式", what_en="is a workbook of Excel 5.0/95"),)

    @property
    def sheet_names(self) -> list[str]:
        """Names of all worksheets."""
        return list(self.book.sheet_names())

    def is_hidden(self, name: str) -> bool:
        """Whether the sheet's tab is hidden."""
        return bool(self._read(name).visibility)

    def sheet(self, name: str) -> Sheet:
        """Read one sheet.

        Raises:
            UnreadableFile: damaged.
        """
        source = self._read(name)
        found = FactsFound()
        try:
            rows = [
                [self._cell(found, source, row, column) for column in range(source.row_len(row))] for row in range(source.nrows)
            ]
            hidden = sorted(row for row, info in source.rowinfo_map.items() if info.hidden and row < source.nrows)
        except Exception as error:
            raise _unreadable(error, self.file_name) from error
        if hidden:
            found.add_hidden_row(hidden[0])
        width = max(map(len, rows), default=0)
        for cells in rows:
            cells.extend([""] * (width - len(cells)))
        merged = tuple(((top, left), (bottom - 1, right - 1)) for top, bottom, left, right in source.merged_cells)
        facts = found.facts(has_1904_dates=bool(self.book.datemode))
        return Sheet(name, rows, is_hidden=bool(source.visibility), facts=facts, merged=merged)

    def _read(self, name: str) -> Any:
        try:
            return self.book.sheet_by_name(name)
        except Exception as error:
            raise _unreadable(error, self.file_name) from error

    def _cell(self, found: FactsFound, source: Any, row: int, column: int) -> Cell:
        kind, value = source.cell_type(row, column), source.cell_value(row, column)
        if kind == XL_CELL_TEXT:
            return value
        if kind == XL_CELL_NUMBER:
            code = self.formats.get(source.cell_xf_index(row, column))
            if code is not None:
                found.add_number((row, column), show(value, code))
            return value
        if kind == XL_CELL_DATE:
            return self._date(value)
        if kind == XL_CELL_BOOLEAN:
            return bool(value)
        if kind == XL_CELL_ERROR:
            found.shown[row, column] = xlrd.error_text_from_code.get(value, "#N/A")
        return ""

    def _date(self, value: float) -> Cell:
        try:
            return xlrd.xldate_as_datetime(value, self.book.datemode)
        except (ValueError, OverflowError, xlrd.xldate.XLDateError):
            return value


def _unreadable(error: Exception, file_name: str) -> Exception:
    if isinstance(error, MemoryError):
        return error
    if isinstance(error, xlrd.XLRDError) and _ENCRYPTED in str(error).lower():
        return EncryptedWorkbook(file=file_name)
    return UnreadableFile(file=file_name, detail=f"xls: {type(error).__name__}: {error}"[:200])
