"""Highlight and comment cells, and take off what an earlier receipt left: a corrected receipt is sent back as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from union_warehouse.submissions.receipts.causes import Mark
from union_warehouse.submissions.receipts.cells import writable
from union_warehouse.submissions.receipts.places import Place

MAX_MARKED = 20_000
"""Highlighted cells of a receipt."""

MAX_COMMENTED = 2_000
"""Commented cells: Excel opens more only slowly."""

AUTHOR = "报送回执"
_HEAD = f"〔{AUTHOR}〕\n"
_SENDERS_OWN = re.compile(r"\n〔原批注：(?P<author>[^〕]*)〕\n(?P<text>.*)\Z", re.DOTALL)
# Told from the fills that people choose by their last digits, so that they can be taken off again.
RED, YELLOW = "FFFF9B9B", "FFFFE89A"
_FILLS = {True: PatternFill("solid", fgColor=RED), False: PatternFill("solid", fgColor=YELLOW)}
_WIDTH, _LINE_HEIGHT, _LETTERS_PER_LINE = 320, 18, 22


def mark_cells(workbook: Workbook, marks: Mapping[Place, Mark]) -> None:
    """Highlight the cells, and comment the first :data:`MAX_COMMENTED` of them; a merged cell by its top left one."""
    tops = {name: _merged_tops(workbook[name]) for name in {place.sheet for place in marks}}
    for number, (place, mark) in enumerate(marks.items()):
        row, column = tops[place.sheet].get((place.row, place.column), (place.row, place.column))
        cell: Any = workbook[place.sheet].cell(row, column)
        if mark.is_error or cell.fill.fgColor.rgb != RED:  # of several problems in merged cells the worst shows
            cell.fill = _FILLS[mark.is_error]
        if number < MAX_COMMENTED:
            cell.comment = _comment("\n\n".join(mark.texts), cell.comment)


def _merged_tops(sheet: Worksheet) -> dict[tuple[int, int], tuple[int, int]]:
    return {
        (row, column): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }


def _comment(text: str, before: Comment | None) -> Comment:
    written = f"{_HEAD}{text}"
    if before is not None and _is_ours(before):  # another problem of the same merged cells
        written = f"{_HEAD}{before.text.removeprefix(_HEAD)}\n\n{text}"
    elif before is not None:
        written += f"\n〔原批注：{(before.author or '').replace('〕', '')}〕\n{before.text}"
    lines = sum(1 + len(line) // _LETTERS_PER_LINE for line in written.splitlines())
    return Comment(writable(written), AUTHOR, width=_WIDTH, height=_LINE_HEIGHT * (lines + 1))


def _is_ours(comment: Comment) -> bool:
    return str(comment.text).startswith(_HEAD.strip())


def clear_marks(workbook: Workbook) -> None:
    """Take off the highlights and comments of an earlier receipt; the sender's own comments stay."""
    # The number of a cell's fill is at hand; the fill itself would be made for every cell that is looked at.
    fills: Any = workbook._fills  # type: ignore[attr-defined]
    ours = {number for number, fill in enumerate(fills) if fill.fill_type == "solid" and fill.fgColor.rgb in (RED, YELLOW)}
    for sheet in workbook.worksheets:
        for cell in sheet._cells.values():  # only cells that are there; iter_rows would make the others
            if isinstance(cell, MergedCell):
                continue
            if cell.has_style and cell._style.fillId in ours:  # type: ignore[attr-defined]
                cell.fill = PatternFill()
            if cell.comment is not None and _is_ours(cell.comment):
                own = _SENDERS_OWN.search(str(cell.comment.text))
                cell.comment = Comment(own["text"], own["author"]) if own else None
