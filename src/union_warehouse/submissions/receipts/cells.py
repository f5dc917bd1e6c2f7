"""Writing into an openpyxl workbook: text that stays text, and a package with the same bytes for the same content."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring, tostring

from union_warehouse.clockless_zip import ClocklessZip
from union_warehouse.display import FORMULA_STARTS

_LONGEST_TEXT = 32_767
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class StoredResult(NamedTuple):
    """What a formula came to when the file was last calculated: the cell's type and value as the file's XML has them."""

    type: str | None
    value: str | None


StoredResults = Mapping[str, Mapping[str, StoredResult]]
"""Results by the title of the sheet and the cell's address."""


def make_cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """A cell that is none of the covered ones of a merged range."""
    return cast(Cell, sheet.cell(row, column))


def writable(text: str) -> str:
    """``text`` without what XML cannot hold."""
    return _NO_XML.sub("", text)


def put_text(cell: Cell, text: str) -> None:
    """Write ``text`` as text, whatever it starts with, even after somebody edits the cell."""
    cell.value = writable(text)[:_LONGEST_TEXT]
    cell.data_type = "s"
    guard_text(cell)


def guard_text(cell: Cell) -> None:
    """Keep a cell that holds text from becoming a formula when it is edited."""
    if cell.data_type == "s" and isinstance(cell.value, str) and cell.value.startswith(FORMULA_STARTS):
        cell.quotePrefix = True


def workbook_bytes(workbook: Workbook, changed_at: datetime, results: StoredResults) -> bytes:
    """The workbook's file: equal content gives equal bytes, and nothing is written to any temporary file.

    Args:
        workbook: to be written.
        changed_at: its time of change.
        results: of its formulas, which openpyxl would leave without one.
    """
    workbook.properties.created = workbook.properties.modified = changed_at
    target = io.BytesIO()
    writer = _Writer(workbook, ClocklessZip(target, "w", zipfile.ZIP_DEFLATED))
    writer.results = results
    writer.save()
    return target.getvalue()


class _Writer(ExcelWriter):
    """Writes worksheets in memory: openpyxl's temporary files would outlive a killed process, and hold personal data."""

    _archive: zipfile.ZipFile
    results: StoredResults

    def write_worksheet(self, ws: Any) -> None:
        """Add one worksheet."""
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        target = io.BytesIO()
        writer: Any = WorksheetWriter(ws, out=target)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], _with_results(target.getvalue(), self.results.get(ws.title)))
        self.manifest.append(ws)


def results_of_formulas(xml: bytes) -> dict[str, StoredResult]:
    """What each formula of a sheet came to, by its cell's address."""
    if b"<f" not in xml and b":f" not in xml:
        return {}
    results = {}
    for cell, value in _formulas(fromstring(xml)):
        if value is not None:
            results[cell.get("r")] = StoredResult(cell.get("t"), value.text)
    return results


def _with_results(xml: bytes, results: Mapping[str, StoredResult] | None) -> bytes:
    """A sheet as openpyxl wrote it, each formula with what it came to."""
    if not results:
        return xml
    sheet = fromstring(xml)
    for cell, value in _formulas(sheet):
        result = results.get(cell.get("r"))
        if result is not None and value is not None:
            value.text = result.value
            if result.type:
                cell.set("t", result.type)
    written: Any = tostring(sheet)  # openpyxl types it as text; lxml gives bytes
    return bytes(written)


def _formulas(sheet: Any) -> Iterator[tuple[Any, Any]]:
    """The cells of a sheet that hold a formula, and the element of each that holds its result."""
    for cell in sheet.iter(f"{{{SHEET_MAIN_NS}}}c"):
        if cell.find(f"{{{SHEET_MAIN_NS}}}f") is not None:
            yield cell, cell.find(f"{{{SHEET_MAIN_NS}}}v")
