"""Write templates: one workbook a department and month."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from union_warehouse.contracts import CONTRACT_VERSION, Field, Form, ReportingUnit, forms_owed
from union_warehouse.contracts.landed import ARROW_TYPES_OF_FIELDS
from union_warehouse.display import display_width
from union_warehouse.files import write_bytes
from union_warehouse.months import first_day, parse_month
from union_warehouse.paths import Home
from union_warehouse.reporting.templates.carried import Carried, read_carried
from union_warehouse.reporting.templates.cover_sheet import Owed, write_cover
from union_warehouse.reporting.templates.errors import NoSuchDepartment, TemplateExists
from union_warehouse.reporting.templates.form_sheet import print_area, write_form_sheet
from union_warehouse.reporting.templates.style import TEXT, Styles
from union_warehouse.reporting.templates.validations import DropDown, OtherValue
from union_warehouse.workbooks.cover import COVER_SHEET
from union_warehouse.workbooks.template_marks import (
    MARKS_SHEET,
    OPTIONS_SHEET,
    ROSTER_SHEET,
    TemplateMarks,
    marks_grid,
    row_digests,
)

_WORKBOOK_OPTIONS = {
    "in_memory": True,
    # What comes from data is text, whatever it looks like.
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_FIRST_ROSTER_ROW = 1


def write_template(home: Home, department: str, month: str, out: Path | None = None, *, is_overwriting: bool = False) -> Path:
    """Write the template of one department.

    Args:
        home: the warehouse's state; its current release, if any, gives what is prefilled.
        department: code of a reporting unit.
        month: ``YYYY-MM``.
        out: the file; by default ``<month>_<name>.xlsx`` in the working directory.
        is_overwriting: whether a file of that name may be replaced.

    Returns:
        The file.

    Raises:
        InvalidMonth: ``month`` is not ``YYYY-MM``.
        NoSuchDepartment: no such unit reports in the month.
        TemplateExists: there is such a file already.
    """
    units = home.federation.units(parse_month(month))
    if department not in units:
        raise NoSuchDepartment(department=department, month=month, known=" ".join(units))
    path = out or Path(_file_name(units[department], month))
    _write_all(home, {path: units[department]}, month, is_overwriting=is_overwriting)
    return path


def write_templates(home: Home, month: str, folder: Path, *, is_overwriting: bool = False) -> list[Path]:
    """Write the template of every department that reports for ``month`` into ``folder``; see :func:`write_template`."""
    files = {folder / _file_name(unit, month): unit for unit in home.federation.units(parse_month(month)).values()}
    _write_all(home, files, month, is_overwriting=is_overwriting)
    return list(files)


def _write_all(home: Home, files: Mapping[Path, ReportingUnit], month: str, *, is_overwriting: bool) -> None:
    """Write all files or, if one is there already, none."""
    for path in files:
        if path.exists() and not is_overwriting:
            raise TemplateExists(path=path)
    carried = read_carried(home, [unit.code for unit in files.values()], month)
    for path, unit in files.items():
        write_bytes(path, template_bytes(unit, month, carried[unit.code]))


def _file_name(unit: ReportingUnit, month: str) -> str:
    return f"{month}_{unit.name}.xlsx"


def template_bytes(unit: ReportingUnit, month: str, carried: Carried) -> bytes:
    """The template as a workbook: the same bytes for the same arguments."""
    owed = forms_owed(unit, month)
    rows = {form.name: _typed(form, carried.rows[form.name]) for form in owed if form.name in carried.rows}
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(file, _WORKBOOK_OPTIONS)
    workbook.set_properties({"title": f"{month} {unit.name}", "created": datetime.combine(first_day(month), datetime.min.time())})
    styles = Styles(workbook)
    cover = workbook.add_worksheet(COVER_SHEET)
    sheets = {form.name: workbook.add_worksheet(form.sheet) for form in owed}
    drop_downs = _Lists(workbook, owed, carried.rosters, styles)
    for form in owed:
        by_field = {field.name: found for field in form.fields if (found := drop_downs.of(form, field))}
        write_form_sheet(sheets[form.name], form, month, styles, by_field, rows.get(form.name))
        workbook.define_name(f"'{form.sheet}'!_xlnm.Print_Area", print_area(form))
    counts = [Owed(form, rows[form.name].num_rows if form.name in rows else 0) for form in owed]
    write_cover(cover, unit, month, counts, carried, styles)
    prefilled = {form.name: frozenset(row_digests(form.fields, rows[form.name])) for form in owed if form.name in rows}
    _write_marks(workbook, TemplateMarks(unit.code, month, CONTRACT_VERSION, carried.release_id, prefilled))
    workbook.close()
    return file.getvalue()


def _typed(form: Form, rows: pa.Table) -> pa.Table:
    """Carried rows with every column of the contract, in its types: as the reader will type them."""
    columns = {
        field.name: rows[field.name].cast(ARROW_TYPES_OF_FIELDS[field.type])
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, ARROW_TYPES_OF_FIELDS[field.type])
        for field in form.fields
    }
    return pa.table(columns)


class _Lists:
    """Where the drop-downs take their values from: a hidden sheet of labels, and the roster that everybody may look at."""

    def __init__(
        self, workbook: xlsxwriter.Workbook, owed: Sequence[Form], rosters: Mapping[str, pa.Table], styles: Styles
    ) -> None:
        self._ranges: dict[tuple[str, ...], str] = {}
        self._rosters: dict[str, str] = {}
        wanted = {reference for form in owed for field in form.fields for reference in _references(form, field)}
        for name, roster in rosters.items():
            if name in wanted and roster.num_rows:
                self._rosters[name] = _write_roster(workbook.add_worksheet(ROSTER_SHEET), roster, styles)
        options = workbook.add_worksheet(OPTIONS_SHEET)
        options.very_hidden()
        for form in owed:
            for field in form.fields:
                labels = tuple(label for _, label in field.enum)
                if labels and labels not in self._ranges:
                    column = len(self._ranges)
                    options.write_column(0, column, labels)
                    self._ranges[labels] = _range(OPTIONS_SHEET, column, 0, len(labels))

    def of(self, form: Form, field: Field) -> DropDown | None:
        """The drop-down of a field, if it has one."""
        if field.enum:
            return DropDown(self._ranges[tuple(label for _, label in field.enum)])
        source = next((self._rosters[name] for name in _references(form, field) if name in self._rosters), None)
        if source is None:
            return None
        # The form that registers a union names new ones as a rule; elsewhere a new one deserves a question.
        return DropDown(source, OtherValue.TAKEN if field.reference is None else OtherValue.QUESTIONED)


def _references(form: Form, field: Field) -> tuple[str, ...]:
    """Names under which a roster may serve the field."""
    own = f"{form.name}.{field.name}"
    return (own, f"{field.reference.form}.{field.reference.field}") if field.reference else (own,)


def _write_roster(sheet: xlsxwriter.worksheet.Worksheet, roster: pa.Table, styles: Styles) -> str:
    """Write a roster for people to look at; returns the range of its first column."""
    for column, name in enumerate(roster.column_names):
        texts = ["" if value is None else str(value) for value in roster[name].to_pylist()]
        sheet.write_string(0, column, name, styles.optional)
        sheet.set_column(
            column, column, min(max(12, *(display_width(text) + 3 for text in [name, *texts])), 60), styles.cell(TEXT)
        )
        for row, text in enumerate(texts, start=_FIRST_ROSTER_ROW):
            sheet.write_string(row, column, text, styles.fact)
    sheet.freeze_panes(_FIRST_ROSTER_ROW, 1)
    sheet.protect("", {"format_columns": True, "select_locked_cells": True, "select_unlocked_cells": True})
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    return _range(ROSTER_SHEET, 0, _FIRST_ROSTER_ROW, roster.num_rows)


def _range(sheet: str, column: int, first_row: int, count: int) -> str:
    letters = xl_col_to_name(column)
    return f"='{sheet}'!${letters}${first_row + 1}:${letters}${first_row + count}"


def _write_marks(workbook: xlsxwriter.Workbook, marks: TemplateMarks) -> None:
    sheet = workbook.add_worksheet(MARKS_SHEET)
    sheet.very_hidden()
    sheet.protect()
    for row, cells in enumerate(marks_grid(marks)):
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell)
