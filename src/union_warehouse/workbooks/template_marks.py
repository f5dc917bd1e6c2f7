"""What a template that we wrote says of itself, in a sheet that nobody sees: whose it is, and which rows it brought along.

A row is known by a digest of its values, so that it is recognised in whatever format the workbook was saved, and only
until somebody changes a cell of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import Field
from union_warehouse.workbooks.sheets import Workbook
from union_warehouse.workbooks.tables import FormRows

MARKS_SHEET = "_模板信息"
OPTIONS_SHEET = "_选项"
ROSTER_SHEET = "工会名册"
TEMPLATE_SHEETS = frozenset({MARKS_SHEET, OPTIONS_SHEET, ROSTER_SHEET})
"""Sheets of the template beside the cover and the forms: none is read as data."""

_FACTS = ("department", "month", "contract_version", "release")
_ROW = "row"
_SEPARATOR = "\x1f"
_DIGEST_LENGTH = 24


@dataclass(frozen=True)
class TemplateMarks:
    """The marks of one template.

    Attributes:
        department: that it was written for.
        month: likewise, ``YYYY-MM``.
        contract_version: that it follows.
        release: that its prefilled rows come from; empty without one.
        prefilled: digests of the rows that it brought along, by form.
    """

    department: str
    month: str
    contract_version: str
    release: str
    prefilled: Mapping[str, frozenset[str]]


def marks_grid(marks: TemplateMarks) -> list[list[str]]:
    """The cells of the sheet of marks."""
    rows = [[_ROW, form, digest] for form, digests in marks.prefilled.items() for digest in sorted(digests)]
    return [*([name, getattr(marks, name)] for name in _FACTS), *rows]


def read_marks(workbook: Workbook) -> TemplateMarks | None:
    """The marks of a workbook; None if it is no template of ours.

    Raises:
        SubmissionProblem: the sheet of marks cannot be read.
    """
    if MARKS_SHEET not in workbook.sheet_names:
        return None
    rows = [[str(cell) for cell in row] for row in workbook.sheet(MARKS_SHEET).rows]
    facts = {row[0]: row[1] for row in rows if len(row) > 1 and row[0] in _FACTS}
    if len(facts) < len(_FACTS):
        return None
    prefilled: dict[str, set[str]] = {}
    for row in rows:
        if row[0] == _ROW and len(row) > 2:
            prefilled.setdefault(row[1], set()).add(row[2])
    return TemplateMarks(**facts, prefilled={form: frozenset(digests) for form, digests in prefilled.items()})


def row_digests(fields: Iterable[Field], columns: Mapping[str, pa.ChunkedArray]) -> list[str]:
    """Digest of each row.

    Args:
        fields: of the contract, in its order.
        columns: typed values of each field, as the reader types them.
    """
    texts = [pc.cast(columns[field.name], pa.string()).fill_null("").to_pylist() for field in fields]
    rows = map(_SEPARATOR.join, zip(*texts, strict=True))
    return [hashlib.sha256(row.encode()).hexdigest()[:_DIGEST_LENGTH] for row in rows]


def own_rows(rows: FormRows, marks: TemplateMarks | None) -> list[int]:
    """Numbers of the rows that the sender wrote or changed: all but those that the template brought along.

    A template of before the contract gained a column has none of it, and no digest holds it.
    """
    numbers: list[int] = rows.table["_row"].to_pylist()
    prefilled = marks.prefilled.get(rows.form.name) if marks else None
    if not prefilled:
        return numbers
    fields = [field for field in rows.form.fields if field.name not in rows.absent]
    digests = row_digests(fields, {field.name: _value_or_text(rows.table, field.name) for field in fields})
    return [number for number, digest in zip(numbers, digests, strict=True) if digest not in prefilled]


def _value_or_text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A cell that was not understood is one that somebody changed."""
    return pc.coalesce(pc.cast(table[name], pa.string()), table[f"{name}__text"])
