"""The sender's own workbook, opened to be given back: only where openpyxl is sure to take it within seconds."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.reader.excel import ExcelReader

from union_warehouse.submissions.receipts.cells import StoredResults, guard_text, results_of_formulas
from union_warehouse.submissions.receipts.marks import clear_marks
from union_warehouse.workbooks.cover import RECEIPT_SHEET
from union_warehouse.workbooks.header import normalise_label
from union_warehouse.workbooks.package import open_package
from union_warehouse.workbooks.sheet import column_number
from union_warehouse.workbooks.xlsx import calculates_on_load

MAX_TAGS = 500_000
"""Angle brackets in the XML of a workbook that openpyxl may load: loading and saving takes time for each."""

MAX_CELLS = 100_000
"""Cells, empty ones with a format too, which openpyxl makes as well."""

MAX_UNPACKED_BYTES = 32 * 2**20
"""Pictures included."""

MAX_RANGE_CELLS = 100_000
"""Cells in merged and linked ranges: openpyxl makes each of them, though the file only names the corners."""

_XML_SUFFIXES = (".xml", ".rels", ".vml")
_RANGE = re.compile(
    rb"<(?:\w+:)?(?:mergeCell|hyperlink)\b[^>]*?\bref\s*=\s*[\"']\$?([A-Z]{1,3})\$?(\d+):\$?([A-Z]{1,3})\$?(\d+)", re.IGNORECASE
)
_SPELLED_REFERENCE = re.compile(rb"\bref\s*=\s*(?:\"[^\"]*&|'[^']*&)")
_CELL_STARTS = (b"<c ", b"<c>", b"<c/>", b":c ", b":c>", b":c/>")
_STRICT = b"http://purl.oclc.org/ooxml/"
"""Names of the strict variant of the format, in which openpyxl finds no sheets."""
_ROWS_END = re.compile(rb"</(?:\w+:)?sheetData>|<(?:\w+:)?sheetData\s*/>")


def is_editable(data: bytes, file_name: str) -> bool:
    """Whether openpyxl may load an xlsx that the reader took.

    The reader's limits are wider, and its parser is another one: entities, and ranges of a million cells, do no harm to it.
    """
    tags = cells = range_cells = 0
    with open_package(data, file_name) as package:
        if sum(entry.file_size for entry in package.infolist()) > MAX_UNPACKED_BYTES:
            return False
        for entry in package.infolist():
            if not entry.filename.lower().endswith(_XML_SUFFIXES):
                continue
            xml = package.read(entry)
            tags += xml.count(b"<")
            if tags > MAX_TAGS or b"<!DOCTYPE" in xml or b"\0" in xml or _STRICT in xml:
                return False
            end = _ROWS_END.search(xml)
            if end:
                cells += sum(map(xml.count, _CELL_STARTS))
                tail = xml[end.end() :]
                if _SPELLED_REFERENCE.search(tail):  # so that the pattern of a range does not see it
                    return False
                range_cells += sum(map(_area, _RANGE.findall(tail)))
    return cells <= MAX_CELLS and range_cells <= MAX_RANGE_CELLS


def _area(corners: tuple[bytes, bytes, bytes, bytes]) -> int:
    left, top, right, bottom = corners
    width = abs(column_number(right.decode().upper()) - column_number(left.decode().upper())) + 1
    return width * (abs(int(bottom) - int(top)) + 1)


class _Reader(ExcelReader):
    """Loads a workbook so that it is saved with the values that it came with."""

    stored_results: StoredResults

    def read_worksheets(self) -> None:
        """Load the sheets: a number stays one whatever its format, since openpyxl makes an error of a date that it cannot hold."""
        workbook: Any = self.wb
        workbook._date_formats = workbook._timedelta_formats = frozenset()
        super().read_worksheets()
        parts = {sheet.name: rel.target for sheet, rel in self.parser.find_sheets() if rel.target in self.valid_files}
        self.stored_results = {
            sheet.title: results_of_formulas(self.archive.read(parts[sheet.title])) for sheet in self.wb.worksheets
        }


def open_senders_workbook(data: bytes, file_name: str) -> tuple[Workbook, StoredResults]:
    """The workbook without what an earlier receipt left in it, and what its formulas came to.

    Texts that look like formulas stay texts.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl names what it does not keep; docs/receipts.md tells the reader
        reader = _Reader(io.BytesIO(data))
        reader.read()
    workbook: Workbook = reader.wb
    # openpyxl would ask for it in any workbook, and a zero among the results would be taken for one that nobody calculated.
    if workbook.calculation is not None:
        workbook.calculation.fullCalcOnLoad = calculates_on_load(data, file_name)
    for name in workbook.sheetnames:
        if normalise_label(name) == RECEIPT_SHEET and len(workbook.sheetnames) > 1:
            workbook.remove(workbook[name])
    clear_marks(workbook)
    for sheet in workbook.worksheets:
        for cell in sheet._cells.values():
            if isinstance(cell, Cell):
                guard_text(cell)
    return workbook, reader.stored_results
