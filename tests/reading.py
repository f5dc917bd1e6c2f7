"""One file through the reader, without a warehouse: its rows and what is told of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
from msoffcrypto.format.ooxml import OOXMLFile

from tests.workbook_factory import Grid, form_grid, make_grids, nil_except, valid_row, write_workbook
from union_warehouse.contracts import load_forms
from union_warehouse.personal_data import HashKey
from union_warehouse.quality.row_rules import judge_rows
from union_warehouse.submissions.reading import read_submission

RECEIVED = datetime(2014, 4, 2, 8, tzinfo=UTC)
_INSTANT = "2014-04-02T08:00:00.000000Z"
_KEY = HashKey(b"of a test")


@dataclass(frozen=True)
class Read:
    """What became of one file.

    Attributes:
        rows: typed values by field, and ``_row``.
        accepted: whether each row is without an error.
        errors: rules broken by the file, its sheets and its rows.
        warnings: likewise.
        messages: Chinese messages of all of them.
        month: of the submission.
        department: likewise.
    """

    rows: list[dict[str, Any]]
    accepted: list[bool]
    errors: list[str]
    warnings: list[str]
    messages: str
    month: str | None
    department: str | None


def read(path: Path, form: str = "hazards") -> Read:
    """Read and judge one file; ``form`` is the form whose rows are wanted."""
    submission = read_submission(path.read_bytes(), path.name, _INSTANT, _KEY)
    rows, accepted = [], []
    told: list[tuple[str, str, str]] = [(item.severity, item.code, item.message_zh) for item in submission.problems]
    for item in submission.returns:
        if item.rows is not None and item.form.name == form:
            verdicts = judge_rows(item.rows, submission.identity.month or "", False, lambda *_: {})
            told += [(found.severity, found.rule, found.message_zh) for found in verdicts.problems]
            rows, accepted = item.rows.table.to_pylist(), verdicts.is_accepted.tolist()
    return Read(
        rows,
        accepted,
        [rule for severity, rule, _ in told if severity == "error"],
        [rule for severity, rule, _ in told if severity == "warning"],
        " ".join(message for _, _, message in told),
        submission.identity.month,
        submission.identity.department,
    )


def grid_of(form: str, *rows: Mapping[str, Any]) -> Grid:
    """Header and valid rows of a form, with what differs in each."""
    filled = [{**valid_row(form, number), **row} for number, row in enumerate(rows or ({},), start=1)]
    return form_grid(load_forms()[form], filled)


def workbook_of(folder: Path, form: str, grid: Grid, suffix: str = ".xlsx", department: str = "CQ") -> Path:
    """A workbook that reports one form and nil returns of the others."""
    grids = make_grids(department, nil=nil_except(form, department))
    return write_workbook(folder / f"x{suffix}", grids=grids | {load_forms()[form].sheet: grid})


def format_cell(path: Path, sheet: str, address: str, value: object, number_format: str) -> Path:
    """Put a number with a format into a cell."""
    book = openpyxl.load_workbook(path)
    book[sheet][address].value = value
    book[sheet][address].number_format = number_format
    book.save(path)
    return path


def change_part(path: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> Path:
    """Rewrite a package, part by part."""
    with zipfile.ZipFile(path) as package:
        parts = [change(name, package.read(name)) for name in package.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts:
            package.writestr(name, content)
    return path


def change_sheet(path: Path, sheet: str, change: Callable[[bytes], bytes]) -> Path:
    """Rewrite the XML of one sheet."""
    number = openpyxl.load_workbook(path, read_only=True).sheetnames.index(sheet) + 1
    part = f"xl/worksheets/sheet{number}.xml"
    return change_part(path, lambda name, content: (name, change(content) if name == part else content))


_STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": b"http://purl.oclc.org/ooxml/officeDocument/relationships",
}


def in_strict_format(path: Path) -> Path:
    """The workbook as Excel saves it as Strict Open XML."""

    def change(name: str, content: bytes) -> tuple[str, bytes]:
        for old, new in _STRICT.items():
            content = content.replace(old, new)
        return name, content

    return change_part(path, change)


def with_backslashes(path: Path) -> Path:
    """The workbook with the names that some exporters give its parts."""
    return change_part(path, lambda name, content: (name.replace("/", "\\"), content))


def with_1904_dates(path: Path) -> Path:
    """The workbook with serial numbers of days that count from 1904."""
    return change_part(
        path,
        lambda name, content: (
            name,
            re.sub(rb"<workbookPr(?=[\s/>])", b'<workbookPr date1904="1"', content) if name == "xl/workbook.xml" else content,
        ),
    )


def locked(path: Path) -> Path:
    """The workbook as Excel saves it with its own password."""
    encrypted = io.BytesIO()
    OOXMLFile(io.BytesIO(path.read_bytes())).encrypt("VelvetSweatshop", encrypted)
    path.write_bytes(encrypted.getvalue())
    return path
