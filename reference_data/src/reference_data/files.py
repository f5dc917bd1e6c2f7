"""Submissions as files: one workbook a department and month, or one CSV a form. Same rows, same bytes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from reference_data.spelling import Cell, Spelling, spell, spelling_of
from reference_data.spreadsheet import Sheet, write_workbook
from union_warehouse.contracts import CONTRACT_VERSION, FieldType, Form, ReportingUnit, forms_owed, load_forms

SYNTHETIC = "合成数据：全部单位、人员与编号均为虚构，仅供演示与测试。"


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
    sheets = [_cover(submission, unit)]
    for form in forms_owed(unit):
        rows = submission.tables[form.name]
        if len(rows) or spelling.keeps_nil_sheets:
            sheets.append(_sheet(form, rows, spelling))
    sheets += [Sheet(name, lead=[(text,)]) for name, text in submission.extra_sheets.items()]
    write_workbook(path, sheets)


def _cover(submission: Submission, unit: ReportingUnit) -> Sheet:
    facts = [
        ("单位代码", submission.department),
        ("报送月份", submission.month),
        ("模板版本", CONTRACT_VERSION),
        ("填报人", "样例联系人"),
        ("联系电话", "0571-00000000"),
        ("说明", SYNTHETIC),
        (),
        ("表单", "报送方式"),
    ]
    returns = [(form.sheet, "有数据" if len(submission.tables[form.name]) else "零报告") for form in forms_owed(unit)]
    return Sheet("封面", lead=[*facts, *returns])


def _sheet(form: Form, rows: pd.DataFrame, spelling: Spelling) -> Sheet:
    has_total = spelling.has_total_rows and form.name == "member_counts" and len(rows) > 0
    return Sheet(
        form.sheet,
        lead=[(f"{form.sheet}（样例）",)] if spelling.has_title_row else [],
        columns=spell(form, rows, spelling),
        tail=[_total(form, rows)] if has_total else [],
    )


def _total(form: Form, rows: pd.DataFrame) -> list[Cell]:
    sums: list[Cell] = [float(rows[item.name].sum()) if item.type is FieldType.INTEGER else None for item in form.fields]
    return ["合计", *sums[1:]]
