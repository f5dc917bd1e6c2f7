"""Sheets of a receipt made anew: of a file that openpyxl cannot give back, and of one too large to be given back whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from union_warehouse.contracts import Form, Severity, load_forms
from union_warehouse.display import display_width
from union_warehouse.landing.manifests import AnyManifest, edition_of
from union_warehouse.submissions.identify import find_form
from union_warehouse.submissions.receipts.cells import make_cell, put_text
from union_warehouse.submissions.receipts.places import Place, Problem, header_as_read
from union_warehouse.workbooks.cells import cell_texts
from union_warehouse.workbooks.header import Header
from union_warehouse.workbooks.sheet import Sheet
from union_warehouse.workbooks.tables import column_texts

MAX_CELLS = 80_000
"""Filled cells that a rebuilt workbook may hold, so that it is made within seconds."""

MAX_EXCERPT_ROWS = 2_000
"""Rows with problems that an excerpt holds."""

ROW_HEADING = "原文件行号"
_FORBIDDEN_IN_TITLES = re.compile(r"[\[\]*?:/\\]")
_LONGEST_TITLE = 31
_MOST_WIDTH, _LEAST_WIDTH = 40, 8
_BOLD = Font(bold=True)


def count_filled(sheets: Sequence[Sheet]) -> int:
    """Cells with content."""
    return sum(len(row) - row.count("") for sheet in sheets for row in sheet.rows)


def rebuild(sheets: Mapping[str, Sheet], manifest: AnyManifest) -> tuple[Workbook, dict[str, str]]:
    """A workbook that holds the sheets' cells as texts, at their addresses, and the title of each sheet in it.

    A form's cells are those that its reader sees, so that it reads the same again.
    """
    workbook = _empty_workbook()
    titles = {}
    for name, sheet in sheets.items():
        target = _add_sheet(workbook, name)
        titles[name] = target.title
        if sheet.is_hidden:
            target.sheet_state = "hidden"
        for offset, column in enumerate(zip(*sheet.rows, strict=True)):
            _write_column(target, sheet.first_row + 1, sheet.first_column + offset + 1, cell_texts(column).to_pylist())
        for (row, column_index), text in sheet.facts.shown.items():
            put_text(make_cell(target, row + 1, column_index + 1), text)
        form = find_form(name, edition_of(manifest))
        if form is not None:
            _write_as_read(target, sheet, header_as_read(sheet, form.name, manifest))
    return workbook, titles


def _write_as_read(target: Worksheet, sheet: Sheet, header: Header) -> None:
    """The texts of a form's columns, whose type decides what is seen of a number; a day among codes stays one, as an error."""
    if not header.is_complete:
        return
    first = sheet.first_row + header.index + 2
    texts, days = column_texts(sheet, header)
    for field, column in texts.items():
        index = header.columns[field]
        is_day = days[field].to_pylist() if field in days else [False] * len(column)
        for offset, (text, stays) in enumerate(zip(column.to_pylist(), is_day, strict=True)):
            if stays:
                make_cell(target, first + offset, sheet.first_column + index + 1).value = sheet.rows[header.index + 1 + offset][
                    index
                ]
            elif text is not None:
                put_text(make_cell(target, first + offset, sheet.first_column + index + 1), text)


def _empty_workbook() -> Workbook:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    return workbook


def _add_sheet(workbook: Workbook, name: str) -> Worksheet:
    title = _FORBIDDEN_IN_TITLES.sub("_", name)[:_LONGEST_TITLE].strip("'")
    sheet: Worksheet = workbook.create_sheet(title or "Sheet")
    return sheet


def _write_column(sheet: Worksheet, row: int, column: int, texts: Sequence[str | None]) -> None:
    width = _LEAST_WIDTH
    for number, text in enumerate(texts, start=row):
        if text is not None:
            put_text(make_cell(sheet, number, column), text)
            width = max(width, min(_MOST_WIDTH, display_width(text) + 2))
    sheet.column_dimensions[get_column_letter(column)].width = width


class Excerpt:
    """The rows with problems of a large submission, as landed: columns in the contract's order, personal data masked.

    Args:
        problems: of the outcome.
        tables: landed rows by form.
    """

    def __init__(self, problems: Sequence[Problem], tables: Mapping[str, pa.Table]) -> None:
        self.workbook = _empty_workbook()
        self._rows: dict[tuple[str, int], int] = {}
        self._titles: dict[str, str] = {}
        for name, numbers in _wanted(problems).items():
            if name in tables:
                self._write(load_forms()[name], tables[name], numbers)

    def _write(self, form: Form, table: pa.Table, numbers: Sequence[int]) -> None:
        found = table.filter(pc.is_in(table["_row"], pa.array(numbers, table["_row"].type)))
        sheet = _add_sheet(self.workbook, form.sheet)
        self._titles[form.name] = sheet.title
        self._rows |= {(form.name, number): row for row, number in enumerate(found["_row"].to_pylist(), start=2)}
        for column, heading in enumerate([ROW_HEADING, *(field.label for field in form.fields)], start=1):
            texts = found[f"{form.fields[column - 2].name}__text"] if column > 1 else pc.cast(found["_row"], pa.string())
            _write_column(sheet, 1, column, [heading, *texts.to_pylist()])
            sheet.cell(1, column).font = _BOLD
        sheet.freeze_panes = "B2"

    def place_of(self, problem: Problem) -> Place | None:
        """The cell of a problem whose row is in the excerpt."""
        form = problem["form"]
        row = self._rows.get((form, problem["row"]))
        if row is None:
            return None
        names = [field.name for field in load_forms()[form].fields]
        column = names.index(problem["column"]) + 2 if problem["column"] else 1
        return Place(self._titles[form], row, column)


def _wanted(problems: Sequence[Problem]) -> dict[str, list[int]]:
    """Numbers of the rows to show, by form: those with errors first."""
    errors: list[tuple[str, int]] = []
    others: list[tuple[str, int]] = []
    for problem in problems:
        if problem["row"] is not None and problem["form"]:
            (errors if problem["severity"] == Severity.ERROR else others).append((problem["form"], problem["row"]))
    wanted: dict[str, list[int]] = {}
    for form, row in list(dict.fromkeys([*errors, *others]))[:MAX_EXCERPT_ROWS]:
        wanted.setdefault(form, []).append(row)
    return wanted
