"""Writing into an openpyxl workbook: text that stays text, and a package with the same bytes for the same content."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any, cast

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Characters with which a text becomes a formula once it is typed again."""

_LONGEST_TEXT = 32_767
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def make_cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """A cell that is none of the covered ones of a merged range."""
    return cast(Cell, sheet.cell(row, column))


def put_text(cell: Cell, text: str) -> None:
    """Write ``text`` as text, whatever it starts with, even after somebody edits the cell."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:_LONGEST_TEXT]
    cell.data_type = "s"
    guard_text(cell)


def guard_text(cell: Cell) -> None:
    """Keep a cell that holds text from becoming a formula when it is edited."""
    if cell.data_type == "s" and isinstance(cell.value, str) and cell.value.startswith(FORMULA_STARTS):
        cell.quotePrefix = True


def workbook_bytes(workbook: Workbook, changed_at: datetime) -> bytes:
    """The workbook's file: equal content gives equal bytes, and nothing is written to any temporary file."""
    workbook.properties.created = workbook.properties.modified = changed_at
    target = io.BytesIO()
    _Writer(workbook, _Package(target, "w", zipfile.ZIP_DEFLATED)).save()
    return target.getvalue()


class _Package(zipfile.ZipFile):
    """A package whose parts bear no time."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *arguments: Any, **options: Any) -> None:
        """Add a part by its name."""
        part = zipfile.ZipInfo(zinfo_or_arcname, _LONG_AGO)
        part.compress_type = self.compression
        super().writestr(part, data, *arguments, **options)


class _Writer(ExcelWriter):
    """Writes worksheets in memory: openpyxl's temporary files would outlive a killed process, and hold personal data."""

    _archive: zipfile.ZipFile

    def write_worksheet(self, ws: Any) -> None:
        """Add one worksheet."""
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        target = io.BytesIO()
        writer: Any = WorksheetWriter(ws, out=target)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], target.getvalue())
        self.manifest.append(ws)
