"""Find a form's header row and match its labels with the contract's fields, by the layouts that the sheet may have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz import fuzz, process

from union_warehouse.contracts import Form, Layout, Severity
from union_warehouse.contracts.layouts import TITLE_SEPARATOR
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
        layout: that the sheet has.
        index: of the header row in the sheet's rows; of two rows the lower one.
        columns: index in a row by field name; fields that are parts of one column share it, one that did not exist has none.
        unlabelled: indexes of columns with an empty header cell.
        unknown: indexes of columns that the contract lacks.
        is_complete: whether the rows below it can be read.
    """

    layout: Layout
    index: int
    columns: Mapping[str, int]
    unlabelled: tuple[int, ...]
    unknown: tuple[int, ...] = ()
    is_complete: bool = True

    @property
    def form(self) -> Form:
        """The contract in the words of the layout."""
        return self.layout.form


def normalise_label(label: Cell) -> str:
    """A label without what people vary: width, spaces, line breaks, case and the star of a required column."""
    return _normalise(str(label))


@lru_cache(maxsize=4096)
def _normalise(label: str) -> str:
    return re.sub(r"\s", "", normalise_text(label)).strip("*").casefold()


@cache
def _fields_by_label(layout: Layout) -> Mapping[str, str]:
    return {normalise_label(label): name for name, labels in layout.labels.items() for label in labels}


def _field_of(label: str, fields: Mapping[str, str]) -> str | None:
    """Field of a label; a remark in brackets at its end does not matter where the label is a field's without it."""
    return fields.get(label) or fields.get(_REMARK.sub("", label))


def _field_names(row: Sequence[Cell], layout: Layout) -> list[str | None]:
    fields = _fields_by_label(layout)
    return [_field_of(normalise_label(cell), fields) for cell in row]


def find_header(sheet: Sheet, layouts: Sequence[Layout]) -> tuple[Header, list[SubmissionProblem]]:
    """The header of a sheet by the first of ``layouts`` that it has; by the one that it comes nearest to, if it has none.

    It is the row among the first 20 that holds the most labels. Labels may be Chinese or the contract's machine names, in any
    order. A header of two rows, titles of groups above the columns' own, is read as one.

    Returns:
        The header, and what is wrong with it: errors (missing or repeated columns, rows of data above it) and warnings.
    """
    found: list[tuple[tuple[int, int], int, Header, list[SubmissionProblem]]] = []
    for layout in layouts:
        header, problems = _header_by(sheet, layout)
        distance = _distance(sheet, header, layouts[-1])
        if not any(distance):
            return header, problems
        found.append((distance, len(found), header, problems))
    _, _, header, problems = min(found, key=lambda item: item[:2])
    return header, problems


def _distance(sheet: Sheet, header: Header, current: Layout) -> tuple[int, int]:
    """Columns of the layout that a sheet lacks, and columns of the current one that the layout does not have.

    The second tells a file of the current layout from an older one with fewer columns.
    """
    layout = header.layout
    missing = sum(name not in header.columns for name in layout.expected)
    if layout.is_current:
        return missing, 0
    today = _fields_by_label(current)
    unknown = sum(normalise_label(sheet.rows[header.index][index]) in today for index in header.unknown)
    return missing, unknown + sum(name in header.columns for name in layout.absent)


def _header_by(sheet: Sheet, layout: Layout) -> tuple[Header, list[SubmissionProblem]]:
    rows = [_field_names(row, layout) for row in sheet.rows[:HEADER_SEARCH_ROWS]]
    matches = [len(set(row) - {None}) for row in rows]
    index = max(range(len(rows)), key=lambda row: (matches[row], -row), default=0)
    names: Sequence[str | None] = rows[index] if rows else ()
    top = index
    uppers = range(len(rows) - 1) if layout.has_titles else (index, index - 1) if rows else ()
    for upper in uppers:
        merged = _two_rows(sheet, layout, rows, upper)
        if len(set(merged) - {None}) > matches[index] and set(layout.expected) <= set(merged):
            names, top, index = merged, upper, upper + 1
            break
    columns: dict[str, int] = {}
    for position, name in enumerate(names):
        if name is not None:
            columns.setdefault(name, position)
    labels = _labels(sheet, range(top, index + 1)) if columns else []
    unlabelled = tuple(position for position, label in enumerate(labels) if not label)
    unknown = tuple(position for position, label in enumerate(labels) if label and names[position] is None)
    problems = _problems(sheet, layout, columns, names, [labels[position] for position in unknown])
    if columns:
        problems += _problems_of_place(sheet, layout, top, index)
    is_complete = all(problem.severity is Severity.WARNING for problem in problems)
    parts = {name: columns[split.fields[0]] for split in layout.splits if split.fields[0] in columns for name in split.fields}
    return Header(layout, index, columns | parts, unlabelled, unknown, is_complete), problems


def _two_rows(sheet: Sheet, layout: Layout, rows: Sequence[Sequence[str | None]], upper: int) -> list[str | None]:
    """Fields of two rows read as one; none if the lower row holds anything else.

    A column is known by the title of its group and its own label together, else by its own label, else, where its own cell is
    empty, by the label above.
    """
    if upper < 0 or upper + 1 >= len(rows):
        return []
    lower = _titled(sheet, layout, upper, rows[upper + 1]) if layout.has_titles else rows[upper + 1]
    if any(name is None and str(cell).strip() for name, cell in zip(lower, sheet.rows[upper + 1], strict=True)):
        return []
    return [below or above for above, below in zip(rows[upper], lower, strict=True)]


def _titled(sheet: Sheet, layout: Layout, upper: int, lower: Sequence[str | None]) -> list[str | None]:
    """Fields of the lower row of two, where a column may be known by the title of its group too."""
    fields = _fields_by_label(layout)
    titles = map(normalise_label, _titles(sheet, upper))
    labels = map(normalise_label, sheet.rows[upper + 1])
    known = (
        fields.get(f"{title}{TITLE_SEPARATOR}{label}") if label else None for title, label in zip(titles, labels, strict=True)
    )
    return [titled or own for titled, own in zip(known, lower, strict=True)]


def _titles(sheet: Sheet, index: int) -> list[Cell]:
    """The cells of a row, each spread over its merged range; of a sheet without merged cells to the next filled one."""
    titles = list(sheet.rows[index])
    row = sheet.first_row + index
    ranges = [(left, right) for (top, left), (bottom, right) in sheet.merged if top <= row <= bottom]
    for left, right in ranges:
        for position in range(left - sheet.first_column + 1, min(right - sheet.first_column + 1, len(titles))):
            titles[position] = titles[left - sheet.first_column]
    if not sheet.merged:
        for position in range(1, len(titles)):
            titles[position] = titles[position] if str(titles[position]).strip() else titles[position - 1]
    return titles


def _labels(sheet: Sheet, indexes: Sequence[int]) -> list[str]:
    """The label of each column, the lowest where the header takes several rows."""
    cells = [[str(cell).strip() for cell in sheet.rows[index]] for index in indexes]
    return [next((text for text in reversed(column) if text), "") for column in zip(*cells, strict=True)]


def _problems(
    sheet: Sheet, layout: Layout, columns: Mapping[str, int], names: Sequence[str | None], unknown: Sequence[str]
) -> list[SubmissionProblem]:
    form = layout.form
    missing = {name: layout.labels[name][0] for name in layout.expected if name not in columns}
    unknown = [visible(label) for label in unknown]
    counts = Counter(name for name in names if name is not None)
    repeated = [layout.labels[name][0] for name, count in counts.items() if count > 1]
    facts = {
        "sheet": sheet.name,
        "form": form.name,
        "unknown_zh": "、".join(unknown),
        "unknown_en": ", ".join(unknown),
        "unknown": unknown,
    }
    problems: list[SubmissionProblem] = []
    if missing:
        suggestions = "；".join(f"{old} → {new}?" for old, new in _renamed(list(missing.values()), unknown))
        problems.append(
            MissingColumn(
                **facts,
                missing_zh="、".join(missing.values()),
                missing_en=", ".join(f"{label} {name}" for name, label in missing.items()),
                missing=list(missing),
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


def _renamed(labels: list[str], unknown: Sequence[str]) -> list[tuple[str, str]]:
    """Which of the missing columns each unknown label may be; those found are taken out of ``labels``."""
    found = []
    for label in unknown:
        match = process.extractOne(label, labels, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if match is not None:
            labels.remove(match[0])
            found.append((label, match[0]))
    return found


def _problems_of_place(sheet: Sheet, layout: Layout, top: int, index: int) -> list[SubmissionProblem]:
    problems: list[SubmissionProblem] = []
    above = next((number for number, row in enumerate(sheet.rows[:top]) if _looks_like_data(row)), None)
    first = sheet.first_row + 1
    if above is not None:
        problems.append(RowsAboveHeader(sheet=sheet.name, form=layout.form.name, row=first + above, header_row=first + top))
    if index > top and layout.is_current:
        problems.append(TwoRowHeader(sheet=sheet.name, form=layout.form.name, row=first + top))
    return problems


def _looks_like_data(row: Sequence[Cell]) -> bool:
    """Two or more filled cells, none of which is a heading such as 填报单位：长庆."""
    filled = [text for cell in row if (text := normalise_text(str(cell)))]
    return len(filled) > 1 and not any(_HEADING.match(text.replace(" ", "")) for text in filled)
