"""Workbooks whose cells show something else than they store: one content as .xlsx, .xls and .ods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import xlwt
from odf import number, style, table
from odf.opendocument import OpenDocumentSpreadsheet
from odf.text import P

from tests.workbook_factory import Grid

Formats = Mapping[tuple[int, int], tuple[Any, str]]
"""Value and format code, in Excel's syntax, by row and column from zero."""


def write_formatted(path: Path, grids: Mapping[str, Grid], sheet: str, formats: Formats) -> Path:
    """Write grids by sheet as the suffix of ``path`` says, with the cells of ``sheet`` that have a format."""
    {".xlsx": _write_xlsx, ".xls": _write_xls, ".ods": _write_ods}[path.suffix](path, grids, sheet, formats)
    return path


def _write_xlsx(path: Path, grids: Mapping[str, Grid], formatted: str, formats: Formats) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, grid in grids.items():
        sheet = book.create_sheet(name)
        for cells in grid:
            sheet.append(cells)
    for (row, column), (value, code) in formats.items():
        cell = book[formatted].cell(row + 1, column + 1)
        cell.value, cell.number_format = value, code
    book.save(path)


def _write_xls(path: Path, grids: Mapping[str, Grid], formatted: str, formats: Formats) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    for name, grid in grids.items():
        sheet = book.add_sheet(name, cell_overwrite_ok=True)
        for row, cells in enumerate(grid):
            for column, cell in enumerate(cells):
                sheet.write(row, column, str(cell) if isinstance(cell, date) else cell)
        for (row, column), (value, code) in formats.items() if name == formatted else ():
            sheet.write(row, column, value, xlwt.easyxf(num_format_str=code))
    book.save(str(path))


def _write_ods(path: Path, grids: Mapping[str, Grid], formatted: str, formats: Formats) -> None:
    document = OpenDocumentSpreadsheet()
    codes = dict.fromkeys(code for value, code in formats.values() if not isinstance(value, date))
    styles = {code: _add_style(document, f"s{place}", code) for place, code in enumerate(codes)}
    for name, grid in grids.items():
        sheet = table.Table(name=name)
        for row, cells in enumerate(grid):
            line = table.TableRow()
            for column, cell in enumerate(cells):
                value, code = formats.get((row, column), (cell, "")) if name == formatted else (cell, "")
                line.addElement(_ods_cell(value, styles.get(code)))
            sheet.addElement(line)
        document.spreadsheet.addElement(sheet)
    document.save(path)


def _add_style(document: Any, name: str, code: str) -> str:
    """A cell style with a number style that shows what ``code`` shows."""
    is_percent = code.endswith("%")
    numbers = (number.PercentageStyle if is_percent else number.NumberStyle)(name=f"N{name}")
    digits, _, text = code.rstrip("%").partition('"')
    whole, _, decimals = digits.partition(".")
    numbers.addElement(number.Number(decimalplaces=len(decimals), minintegerdigits=whole.count("0") or 1))
    if is_percent or text:
        numbers.addElement(number.Text(text="%" if is_percent else text.rstrip('"')))
    document.automaticstyles.addElement(numbers)
    document.automaticstyles.addElement(style.Style(name=name, family="table-cell", datastylename=numbers))
    return name


def _ods_cell(value: Any, style_name: str | None) -> Any:
    if value is None:
        return table.TableCell()
    named = {"stylename": style_name} if style_name else {}
    if isinstance(value, date):
        return table.TableCell(valuetype="date", datevalue=value.isoformat(), **named)
    if isinstance(value, int | float):
        return table.TableCell(valuetype="float", value=value, **named)
    cell = table.TableCell(valuetype="string")
    cell.addElement(P(text=value))
    return cell
