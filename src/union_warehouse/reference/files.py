"""Submissions as files: one workbook a department and month, or one CSV a form. Same rows, same bytes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from union_warehouse.contracts import CONTRACT_VERSION, FieldType, Form, ReportingUnit, forms_owed, load_forms
from union_warehouse.reference.spelling import Cell, Column, Spelling, spell, spelling_of

SYNTHETIC = "合成数据：全部单位、人员与编号均为虚构，仅供演示与测试。"
_CREATED = datetime(2014, 1, 1, 8, 0, 0)
"""A document property without a zone; fixed, so that the same rows give the same bytes."""


@dataclass(frozen=True)
class Submission:
    """One file that a department sends.

    Attributes:
        file_name: name below the folder of submissions.
        department: the department that sends it.
        month: month it reports, ``YYYY-MM``.
        received_at: when it arrives, UTC.
        tables: rows of each form it brings; an empty table is a nil return.
        is_csv: a CSV of the one form in ``tables``, GB18030; else a workbook.
        extra_sheets: text of sheets that no form knows.
    """

    file_name: str
    department: str
    month: str
    received_at: datetime
    tables: Mapping[str, pd.DataFrame]
    is_csv: bool = False
    extra_sheets: Mapping[str, str] = field(default_factory=dict)


def write_submission(submission: Submission, unit: ReportingUnit, folder: Path) -> Path:
    """Write the file of one submission into ``folder``."""
    path = folder / submission.file_name
    if submission.is_csv:
        _write_csv(submission, path)
    else:
        _write_workbook(submission, unit, path)
    return path


def _write_csv(submission: Submission, path: Path) -> None:
    ((name, rows),) = submission.tables.items()
    columns = spell(load_forms()[name], rows, Spelling(dates="iso", enums=spelling_of(submission.department).enums))
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.label for column in columns)
        writer.writerows(zip(*(column.cells for column in columns), strict=True))


def _write_workbook(submission: Submission, unit: ReportingUnit, path: Path) -> None:
    spelling = spelling_of(submission.department)
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        book.set_properties({"title": "合成数据", "created": _CREATED})
        bold = book.add_format({"bold": True})
        as_date = book.add_format({"num_format": "yyyy-mm-dd"})
        _write_cover(book.add_worksheet("封面"), submission, unit, bold)
        for form in forms_owed(unit):
            rows = submission.tables[form.name]
            if len(rows) or spelling.keeps_nil_sheets:
                _write_sheet(book.add_worksheet(form.sheet), form, rows, spelling, bold, as_date)
        for name, text in submission.extra_sheets.items():
            book.add_worksheet(name).write_string(0, 0, text)


def _write_cover(sheet: Worksheet, submission: Submission, unit: ReportingUnit, bold: Format) -> None:
    facts = {
        "单位代码": submission.department,
        "报送月份": submission.month,
        "模板版本": CONTRACT_VERSION,
        "填报人": "样例联系人",
        "联系电话": "0571-00000000",
        "说明": SYNTHETIC,
    }
    for row, (label, value) in enumerate(facts.items()):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, value)
    top = len(facts) + 1
    sheet.write_string(top, 0, "表单", bold)
    sheet.write_string(top, 1, "报送方式", bold)
    for row, form in enumerate(forms_owed(unit), start=top + 1):
        sheet.write_string(row, 0, form.sheet)
        sheet.write_string(row, 1, "有数据" if len(submission.tables[form.name]) else "零报告")
    sheet.set_column(0, 1, 24)


def _write_sheet(sheet: Worksheet, form: Form, rows: pd.DataFrame, spelling: Spelling, bold: Format, as_date: Format) -> None:
    top = 0
    if spelling.has_title_row:
        sheet.write_string(0, 0, f"{form.sheet}（样例）", bold)
        top = 1
    columns = spell(form, rows, spelling)
    for position, column in enumerate(columns):
        sheet.write_string(top, position, column.label, bold)
        _write_cells(sheet, top + 1, position, column, as_date if column.is_date else None)
    if spelling.has_total_rows and form.name == "member_counts" and len(rows):
        _write_total(sheet, top + 1 + len(rows), form, rows)
    sheet.set_column(0, len(columns), 16)


def _write_cells(sheet: Worksheet, top: int, position: int, column: Column, number_format: Format | None) -> None:
    for row, cell in enumerate(column.cells, start=top):
        if isinstance(cell, str):
            sheet.write_string(row, position, cell)
        elif cell is not None:
            sheet.write_number(row, position, cell, number_format)


def _write_total(sheet: Worksheet, row: int, form: Form, rows: pd.DataFrame) -> None:
    sums: list[Cell] = [float(rows[item.name].sum()) if item.type is FieldType.INTEGER else None for item in form.fields]
    for position, cell in enumerate(["合计", *sums[1:]]):
        if isinstance(cell, str):
            sheet.write_string(row, position, cell)
        elif cell is not None:
            sheet.write_number(row, position, cell)
