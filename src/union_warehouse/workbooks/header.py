"""Find a form's header row and match its labels with the contract's fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz import fuzz, process

from union_warehouse.contracts import Field, Form, Severity
from union_warehouse.workbooks.cells import Cell, normalise_text, visible
from union_warehouse.workbooks.limits import HEADER_SEARCH_ROWS
from union_warehouse.workbooks.problems import (
    MissingColumn,
    RepeatedColumn,
    RowsAboveHeader,
    SubmissionProblem,
    TwoRowHeader,
    UnknownColumn,
)
from union_warehouse.workbooks.sheet import Sheet

_REMARK = re.compile(r"\((?![^)]*[万亿千百十%‰])[^()]*\)$")
"""Brackets at the end of a label, unless they name another unit than the contract's."""
_HEADING = re.compile(r"[^\d\W]{2,12}:")
_ALIKE = 55
"""Likeness in per cent from which a label is suggested."""


@dataclass(frozen=True)
class Header:
    """Where a form's columns are.

    Attributes:
        index: of the header row in the sheet's rows; of two rows the lower one.
        columns: index in a row by field name.
        unlabelled: indexes of columns with an empty header cell.
        unknown: indexes of columns that the contract lacks.
        is_complete: whether the rows below it can be read.
    """

    index: int
    columns: Mapping[str, int]
    unlabelled: tuple[int, ...]
    unknown: tuple[int, ...] = ()
    is_complete: bool = True


def normalise_label(label: Cell) -> str:
    """A label without what people vary: width, spaces, line breaks, case and the star of a required column."""
    return _normalise(str(label))


@lru_cache(maxsize=4096)
def _normalise(label: str) -> str:
    return re.sub(r"\s", "", normalise_text(label)).strip("*").casefold()


@cache
def _fields_by_label(form: Form) -> Mapping[str, str]:
    names = {normalise_label(field.label): field.name for field in form.fields}
    return names | {normalise_label(field.name): field.name for field in form.fields}


def _field_names(row: Sequence[Cell], form: Form) -> list[str | None]:
    """Field of each label; a remark in brackets at a label's end does not matter where the label is a field's without it."""
    fields = _fields_by_label(form)
    labels = [normalise_label(cell) for cell in row]
    return [fields.get(label) or fields.get(_REMARK.sub("", label)) for label in labels]


def find_header(sheet: Sheet, form: Form) -> tuple[Header, list[SubmissionProblem]]:
    """The row among the first 20 that holds the most labels of ``form``, matched with its fields.

    Labels may be the contract's Chinese labels or its machine names, in any order. A header of two rows, titles of groups
    above the columns' own, is read as one.

    Returns:
        The header, and what is wrong with it: errors (missing or repeated columns, rows of data above it) and warnings.
    """
    rows = [_field_names(row, form) for row in sheet.rows[:HEADER_SEARCH_ROWS]]
    matches = [len(set(row) - {None}) for row in rows]
    index = max(range(len(rows)), key=lambda row: (matches[row], -row), default=0)
    names: Sequence[str | None] = rows[index] if rows else ()
    top = index
    for upper in (index, index - 1) if rows else ():
        merged = _two_rows(sheet, rows, upper)
        if len(set(merged) - {None}) > matches[index] and len(set(merged) - {None}) == len(form.fields):
            names, top, index = merged, upper, upper + 1
            break
    columns: dict[str, int] = {}
    for position, name in enumerate(names):
        if name is not None:
            columns.setdefault(name, position)
    labels = _labels(sheet, range(top, index + 1)) if columns else []
    unlabelled = tuple(position for position, label in enumerate(labels) if not label)
    unknown = tuple(position for position, label in enumerate(labels) if label and names[position] is None)
    problems = _problems(sheet, form, columns, names, [labels[position] for position in unknown])
    if columns:
        problems += _problems_of_place(sheet, form, top, index)
    is_complete = all(problem.severity is Severity.WARNING for problem in problems)
    return Header(index, columns, unlabelled, unknown, is_complete), problems


def _two_rows(sheet: Sheet, rows: Sequence[Sequence[str | None]], upper: int) -> list[str | None]:
    """Fields of two rows read as one: the lower label counts where there is one; none if the lower row holds anything else."""
    if upper < 0 or upper + 1 >= len(rows):
        return []
    lower = rows[upper + 1]
    if any(name is None and str(cell).strip() for name, cell in zip(lower, sheet.rows[upper + 1], strict=True)):
        return []
    return [below or above for above, below in zip(rows[upper], lower, strict=True)]


def _labels(sheet: Sheet, indexes: Sequence[int]) -> list[str]:
    """The label of each column, the lowest where the header takes several rows."""
    cells = [[str(cell).strip() for cell in sheet.rows[index]] for index in indexes]
    return [next((text for text in reversed(column) if text), "") for column in zip(*cells, strict=True)]


def _problems(
    sheet: Sheet, form: Form, columns: Mapping[str, int], names: Sequence[str | None], unknown: Sequence[str]
) -> list[SubmissionProblem]:
    missing = [field for field in form.fields if field.name not in columns]
    unknown = [visible(label) for label in unknown]
    counts = Counter(name for name in names if name is not None)
    repeated = [form.field(name).label for name, count in counts.items() if count > 1]
    facts = {
        "sheet": sheet.name,
        "form": form.name,
        "unknown_zh": "、".join(unknown),
        "unknown_en": ", ".join(unknown),
        "unknown": unknown,
    }
    problems: list[SubmissionProblem] = []
    if missing:
        suggestions = "；".join(f"{old} → {new}?" for old, new in _renamed(missing, unknown))
        problems.append(
            MissingColumn(
                **facts,
                missing_zh="、".join(field.label for field in missing),
                missing_en=", ".join(f"{field.label} {field.name}" for field in missing),
                missing=[field.name for field in missing],
                others_zh=f"；多出的列：{facts['unknown_zh']}" if unknown else "",
                others_en=f" (columns not in the template: {facts['unknown_en']})" if unknown else "",
                suggestions_zh=f"可能是改了名：{suggestions} " if suggestions else "",
                suggestions_en=f"Perhaps renamed: {suggestions} " if suggestions else "",
            )
        )
    elif unknown:
        problems.append(UnknownColumn(**facts))
    if repeated:
        problems.append(RepeatedColumn(sheet=sheet.name, form=form.name, repeated_zh="、".join(repeated)))
    return problems


def _renamed(missing: Sequence[Field], unknown: Sequence[str]) -> list[tuple[str, str]]:
    """Which missing column each unknown label may be."""
    labels = [field.label for field in missing]
    found = []
    for label in unknown:
        match = process.extractOne(label, labels, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if match is not None:
            labels.remove(match[0])
            found.append((label, match[0]))
    return found


def _problems_of_place(sheet: Sheet, form: Form, top: int, index: int) -> list[SubmissionProblem]:
    problems: list[SubmissionProblem] = []
    above = next((number for number, row in enumerate(sheet.rows[:top]) if _looks_like_data(row)), None)
    first = sheet.first_row + 1
    if above is not None:
        problems.append(RowsAboveHeader(sheet=sheet.name, form=form.name, row=first + above, header_row=first + top))
    if index > top:
        problems.append(TwoRowHeader(sheet=sheet.name, form=form.name, row=first + top))
    return problems


def _looks_like_data(row: Sequence[Cell]) -> bool:
    """Two or more filled cells, none of which is a heading such as 填报单位：长庆."""
    filled = [text for cell in row if (text := normalise_text(str(cell)))]
    return len(filled) > 1 and not any(_HEADING.match(text.replace(" ", "")) for text in filled)
