"""Sheets of an .xls (Excel 5 to 2003) by xlrd, which tells error values, number formats, hidden rows and old code pages."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import xlrd
from xlrd.biffh import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR, XL_CELL_NUMBER, XL_CELL_TEXT
from xlrd.formula import FMLA_TYPE_CELL, decompile_formula

from union_warehouse.workbooks.cells import Cell
from union_warehouse.workbooks.number_formats import hides_texts, show, tells
from union_warehouse.workbooks.problems import EncryptedWorkbook, UnreadableFile, UnusualFile
from union_warehouse.workbooks.sheet import LONGEST_FORMULA, FactsFound, Position, Sheet

_BIFF8, _BIFF5 = 80, 50
_BEGIN, _END, _FORMULA, _UNCALCULATED = 0x0809, 0x000A, 0x0006, 0x005E
"""Kinds of records ([MS-XLS] 2.3); the last one says that the sheet was saved with values that nobody calculated."""
_FORMULA_HEAD = struct.Struct("<HHH8sHxxxxH")
_EMPTY_TEXT = b"\x03\0\0\0\0\0\xff\xff"
_ZERO = bytes(8)
_CALCULATE_ON_LOAD = 0x0002
_EMPTY_LITERAL, _SHARED = b"\x17\0", b"\x01"
"""Of a formula: a text without characters; the formula stands in another record."""
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
            found.shown |= _formulas_without_value(self.book, self.book.sheet_names().index(name))
            hidden = sorted(
                row for row, info in source.rowinfo_map.items() if (info.hidden or _has_no_height(info)) and row < source.nrows
            )
        except Exception as error:
            raise _unreadable(error, self.file_name) from error
        for column, info in source.colinfo_map.items():
            found.add_hidden_columns(column, int(bool(info.hidden or not info.width)))
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
        code = self.formats.get(source.cell_xf_index(row, column))
        if kind == XL_CELL_TEXT:
            if code is not None and hides_texts(code):
                found.add_hidden_cell((row, column))
            return value
        if kind == XL_CELL_NUMBER:
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


def _has_no_height(row: Any) -> bool:
    return not row.height and not row.has_default_height


def _formulas_without_value(book: Any, number: int) -> dict[Position, str]:
    """Formulas of which the file holds no result, as ``=…``.

    A library that calculates nothing leaves an empty text, which is a result only of a formula that names one, or zero, with the
    word that Excel should calculate it.
    """
    if book.biff_version < _BIFF5:
        return {}
    found, is_calculated = {}, True
    for kind, start, length in _records(book.mem, book._sh_abs_posn[number]):
        if kind == _UNCALCULATED:
            is_calculated = False
        elif kind == _FORMULA and length >= _FORMULA_HEAD.size:
            row, column, _, result, flags, size = _FORMULA_HEAD.unpack_from(book.mem, start)
            formula = bytes(book.mem[start + _FORMULA_HEAD.size : start + length])[:size]
            is_never_empty = _EMPTY_LITERAL not in formula and not formula.startswith(_SHARED)
            is_stale = not is_calculated or bool(flags & _CALCULATE_ON_LOAD)
            if (result == _EMPTY_TEXT and is_never_empty) or (result == _ZERO and is_stale):
                found[row, column] = f"={_formula_text(book, formula, row, column)[:LONGEST_FORMULA]}"
    return found


def _records(stream: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record of the sheet that begins at ``position``, charts within it left out."""
    depth = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth < 1:
            return
        if depth == 1:
            yield kind, position + 4, length
        position += 4 + length


def _formula_text(book: Any, formula: bytes, row: int, column: int) -> str:
    with suppress(Exception):  # it is only shown
        return str(decompile_formula(book, formula, len(formula), FMLA_TYPE_CELL, row, column))
    return ""


def _unreadable(error: Exception, file_name: str) -> Exception:
    if isinstance(error, MemoryError):
        return error
    if isinstance(error, xlrd.XLRDError) and _ENCRYPTED in str(error).lower():
        return EncryptedWorkbook(file=file_name)
    return UnreadableFile(file=file_name, detail=f"xls: {type(error).__name__}: {error}"[:200])
