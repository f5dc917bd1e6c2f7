"""Find a form's header row and match its labels with the contract's fields."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from union_warehouse.contracts import Form
from union_warehouse.workbooks.cells import Cell
from union_warehouse.workbooks.limits import HEADER_SEARCH_ROWS
from union_warehouse.workbooks.problems import MissingColumn, RepeatedColumn, SubmissionProblem, UnknownColumn
from union_warehouse.workbooks.sheets import Sheet

_NONE_ZH, _NONE_EN = "无", "none"


@dataclass(frozen=True)
class Header:
    """Where a form's columns are.

    Attributes:
        index: of the header row in the sheet's rows.
        columns: index in a row by field name.
        unlabelled: indexes of columns with an empty header cell.
    """

    index: int
    columns: Mapping[str, int]
    unlabelled: tuple[int, ...]


def normalise_label(label: Cell) -> str:
    """A label without what people vary: width, spaces, line breaks, case and the star of a required column."""
    return _normalise(str(label))


@lru_cache(maxsize=4096)
def _normalise(label: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", label)).rstrip("*").casefold()


@cache
def _fields_by_label(form: Form) -> Mapping[str, str]:
    names = {normalise_label(field.label): field.name for field in form.fields}
    return names | {normalise_label(field.name): field.name for field in form.fields}


def find_header(sheet: Sheet, form: Form) -> tuple[Header, list[SubmissionProblem]]:
    """The row among the first 20 that holds the most labels of ``form``, matched with its fields.

    Labels may be the contract's Chinese labels or its machine names, in any order.

    Returns:
        The header, and what is wrong with it: missing, unknown or repeated columns.
    """
    fields = _fields_by_label(form)
    rows = [[normalise_label(cell) for cell in row] for row in sheet.rows[:HEADER_SEARCH_ROWS]]
    matches = [len({fields[label] for label in row if label in fields}) for row in rows]
    index = max(range(len(rows)), key=lambda row: (matches[row], -row), default=0)
    labels = rows[index] if rows else []
    columns: dict[str, int] = {}
    for position, label in enumerate(labels):
        if label in fields:
            columns.setdefault(fields[label], position)
    unlabelled = tuple(position for position, label in enumerate(labels) if not label)
    header = Header(index, columns, unlabelled)
    has_header = bool(matches) and matches[index] > 0
    return header, _problems(sheet, form, header, labels if has_header else [])


def _problems(sheet: Sheet, form: Form, header: Header, labels: Sequence[str]) -> list[SubmissionProblem]:
    fields = _fields_by_label(form)
    missing = [field for field in form.fields if field.name not in header.columns]
    unknown = (
        [str(cell).strip() for cell, label in zip(sheet.rows[header.index], labels, strict=True) if label and label not in fields]
        if labels
        else []
    )
    counts = Counter(fields[label] for label in labels if label in fields)
    repeated = [form.field(name).label for name, count in counts.items() if count > 1]
    facts = {
        "sheet": sheet.name,
        "form": form.name,
        "missing_zh": "、".join(field.label for field in missing) or _NONE_ZH,
        "missing_en": ", ".join(f"{field.label} {field.name}" for field in missing) or _NONE_EN,
        "unknown_zh": "、".join(unknown) or _NONE_ZH,
        "unknown_en": ", ".join(unknown) or _NONE_EN,
        "missing": [field.name for field in missing],
        "unknown": unknown,
    }
    problems: list[SubmissionProblem] = []
    if missing:
        problems.append(MissingColumn(**facts))
    if unknown:
        problems.append(UnknownColumn(**facts))
    if repeated:
        problems.append(RepeatedColumn(sheet=sheet.name, form=form.name, repeated_zh="、".join(repeated)))
    return problems
