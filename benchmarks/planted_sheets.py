"""Workbooks of the reference year, opened to plant faults in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from union_warehouse.contracts import Federation, Form, load_forms

COVER = "封面"
_TOTALS = ("合计", "小计")
_HEADER_ROWS = 3

Row = Mapping[str, Any]


class PlantedSheet:
    """One form's sheet, read and written by the contract's field names; a row is its number in Excel."""

    def __init__(self, sheet: Worksheet, form: Form) -> None:
        """Find the header."""
        self.sheet, self.form = sheet, form
        names = {field.label: field.name for field in form.fields}
        for row in range(1, _HEADER_ROWS + 1):
            labels = {str(cell.value): cell.column for cell in sheet[row] if cell.value}
            if set(names) <= set(labels):
                self.header, self.columns = row, {names[label]: column for label, column in labels.items() if label in names}
                return
        message = f"no header of {form.name} in the first rows of {sheet.title}"
        raise ValueError(message)

    @property
    def rows(self) -> list[int]:
        """Numbers of the rows that hold data."""
        first = min(self.columns.values())
        return [
            row
            for row in range(self.header + 1, self.sheet.max_row + 1)
            if (value := self.sheet.cell(row, first).value) is not None and not str(value).startswith(_TOTALS)
        ]

    def read(self, row: int) -> dict[str, Any]:
        """The cells of a row by field."""
        return {name: self.sheet.cell(row, column).value for name, column in self.columns.items()}

    def write(self, row: int, values: Row) -> None:
        """Replace some cells of a row."""
        for name, value in values.items():
            cell = self.sheet.cell(row, self.columns[name])
            cell.value = value
            if isinstance(value, float):
                cell.number_format = "General"

    def append(self, values: Row) -> int:
        """Add a row after the last; returns its number."""
        row = self.sheet.max_row + 1
        self.write(row, values)
        return row

    def clear(self) -> None:
        """Remove every row below the header."""
        self.sheet.delete_rows(self.header + 1, self.sheet.max_row)


class PlantedWorkbooks:
    """The submissions of a reference year by department and month, loaded when first asked for and saved at the end."""

    def __init__(self, folder: Path) -> None:
        """Open nothing yet."""
        self.folder = folder
        self._open: dict[Path, Workbook] = {}

    def path(self, department: str, month: str) -> Path:
        """The workbook of a department that sends one in that month."""
        path = self.folder / f"{month}_{Federation.load().units(month)[department].name}.xlsx"
        if (again := path.with_stem(f"{path.stem}_更正")).exists():
            message = f"{again.name} replaces {path.name}: a fault planted in it would not count"
            raise ValueError(message)
        return path

    def sheet(self, department: str, month: str, form: str) -> PlantedSheet:
        """A form's sheet; made, with its header, where the department keeps no sheet without rows."""
        contract, book = load_forms()[form], self._workbook(self.path(department, month))
        if contract.sheet not in book.sheetnames:
            book.create_sheet(contract.sheet).append([field.label for field in contract.fields])
        return PlantedSheet(book[contract.sheet], contract)

    def declare(self, department: str, month: str, form: str, is_nil: bool) -> None:
        """State on the cover whether the form has rows."""
        cover = self._workbook(self.path(department, month))[COVER]
        for label, answer in cover.iter_rows(min_col=1, max_col=2):
            if label.value == load_forms()[form].sheet:
                answer.value = "零报告" if is_nil else "有数据"

    def find(self, department: str, month: str, form: str, matches: Callable[[Row], bool]) -> tuple[int, dict[str, Any]]:
        """The first row that matches, with its cells.

        Raises:
            ValueError: none does; the reference year changed and the plant needs another place.
        """
        sheet = self.sheet(department, month, form)
        for row in sheet.rows:
            if matches(values := sheet.read(row)):
                return row, values
        message = f"no row to plant a fault in: {form} of {department} in {month}"
        raise ValueError(message)

    def remove(self, department: str, month: str) -> None:
        """The department sends nothing."""
        path = self.path(department, month)
        self._open.pop(path, None)
        path.unlink()

    def save(self) -> None:
        """Write every workbook that was opened."""
        for path, book in self._open.items():
            book.save(path)

    def _workbook(self, path: Path) -> Workbook:
        if path not in self._open:
            self._open[path] = openpyxl.load_workbook(path)
        return self._open[path]
