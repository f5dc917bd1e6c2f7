"""The cover sheet 封面: who reports, for which month, and what of each form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath

from union_warehouse.contracts import CONTRACT_VERSION, Edition
from union_warehouse.contracts.former_covers import FormerCover, load_former_covers
from union_warehouse.contracts.layouts import Period, template_version
from union_warehouse.workbooks.cells import Cell, normalise_text, number_text
from union_warehouse.workbooks.header import normalise_label
from union_warehouse.workbooks.limits import COVER_SEARCH_ROWS
from union_warehouse.workbooks.problems import RepeatedSheet, WrongTemplate
from union_warehouse.workbooks.sheet import Sheet
from union_warehouse.workbooks.sheets import Workbook
from union_warehouse.workbooks.values import parse_month

COVER_SHEET = "封面"
RECEIPT_SHEET = "回执"
"""First sheet of a receipt: a department may correct its receipt and send it back, so no reader minds it."""
DEPARTMENT_LABEL, MONTH_LABEL, VERSION_LABEL = "单位代码", "报送月份", "模板版本"
CONTACT_LABEL, PHONE_LABEL = "填报人", "联系电话"
REQUIRED_LABELS = (DEPARTMENT_LABEL, MONTH_LABEL, VERSION_LABEL, CONTACT_LABEL, PHONE_LABEL)
FORM_LABEL, RETURN_LABEL = "表单", "报送方式"
ROWS_WORD, NIL_WORD = "有数据", "零报告"
ROWS, NIL = "rows", "nil"
_LABELS = {
    "department": DEPARTMENT_LABEL,
    "month": MONTH_LABEL,
    "version": VERSION_LABEL,
    "contact": CONTACT_LABEL,
    "phone": PHONE_LABEL,
    "form": FORM_LABEL,
    "return": RETURN_LABEL,
}


@dataclass(frozen=True, eq=False)
class CoverLayout:
    """How a cover says what it says.

    Attributes:
        name: by which manifests know it; the version of the template of the current one.
        period: when it was in force.
        sheets: normalised names of its sheet; none of workbooks without a cover.
        file_name: of those, the pattern of the file's name.
        labels: today's label by the normalised one of this cover.
        form_labels: normalised labels of the column of forms; none without a table of forms.
        return_labels: likewise of the column of returns.
        returns: ``rows`` or ``nil`` by the normalised word.
        is_current: whether it is today's.
    """

    name: str
    period: Period
    sheets: frozenset[str]
    file_name: str | None
    labels: Mapping[str, str]
    form_labels: frozenset[str]
    return_labels: frozenset[str]
    returns: Mapping[str, str]
    is_current: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """What it must state, by today's labels."""
        return tuple(label for label in REQUIRED_LABELS if label in self.labels.values())

    @property
    def has_table(self) -> bool:
        """Whether it lists the forms."""
        return bool(self.form_labels)


@cache
def cover_layouts() -> tuple[CoverLayout, ...]:
    """Every layout of a cover, oldest first; the last is the current one."""
    return (*map(_former, load_former_covers()), CURRENT_COVER)


def cover_layout_called(name: str | None) -> CoverLayout:
    """The layout of that name; the current one of a name that is no longer known."""
    return next((layout for layout in cover_layouts() if layout.name == name), CURRENT_COVER)


def _normalised(words: Sequence[str]) -> frozenset[str]:
    return frozenset(map(normalise_label, words))


def _former(declared: FormerCover) -> CoverLayout:
    words = {key: declared.labels.get(key, (label,)) for key, label in _LABELS.items()}
    if declared.file_name is not None:
        words = dict.fromkeys(_LABELS, ())
    returns = {kind: declared.words.get(kind, ()) for kind in (ROWS, NIL)}
    return CoverLayout(
        name=declared.name,
        period=declared.period,
        sheets=frozenset() if declared.file_name else _normalised(declared.sheets or (COVER_SHEET,)),
        file_name=declared.file_name,
        labels={normalise_label(word): _LABELS[key] for key in words for word in words[key] if _LABELS[key] in REQUIRED_LABELS},
        form_labels=_normalised(words["form"]),
        return_labels=_normalised(words["return"]),
        returns=_RETURNS | {normalise_label(word): kind for kind in returns for word in returns[kind]},
    )


_RETURNS = {ROWS_WORD: ROWS, NIL_WORD: NIL, ROWS: ROWS, NIL: NIL}
CURRENT_COVER = CoverLayout(
    name=CONTRACT_VERSION,
    period=Period(),
    sheets=_normalised((COVER_SHEET,)),
    file_name=None,
    labels={normalise_label(label): label for label in REQUIRED_LABELS},
    form_labels=_normalised((FORM_LABEL,)),
    return_labels=_normalised((RETURN_LABEL,)),
    returns=_RETURNS,
    is_current=True,
)


@dataclass(frozen=True)
class Declaration:
    """One line of the cover's table of forms, as written; ``row`` as Excel numbers it, ``column`` of the return, from zero."""

    form_label: str
    return_label: str
    row: int
    column: int


@dataclass(frozen=True)
class Cover:
    """What a cover states, as texts.

    Attributes:
        values: text by label of :data:`REQUIRED_LABELS`; a label that is absent is not in it.
        declarations: lines of the table of forms.
        has_table: whether the table's header was found.
        cells: cell (row, column), from zero, in which each of ``values`` stands or should stand.
        numbers: labels whose cell holds a number, of which Excel keeps neither leading nor trailing zeros.
        repeated: labels that are stated again with another text: (label, that text, row as Excel numbers it).
        layout: that it has.
        sheet: what problems call its sheet.
    """

    values: Mapping[str, str]
    declarations: tuple[Declaration, ...]
    has_table: bool
    cells: Mapping[str, tuple[int, int]]
    numbers: frozenset[str] = frozenset()
    repeated: tuple[tuple[str, str, int], ...] = ()
    layout: CoverLayout = CURRENT_COVER
    sheet: str = COVER_SHEET

    @property
    def missing(self) -> tuple[str, ...]:
        """What it lacks of what its layout must state, by today's labels."""
        missing = tuple(label for label in self.layout.required if label not in self.values)
        return missing if self.has_table or not self.layout.has_table else (*missing, f"{FORM_LABEL}|{RETURN_LABEL}")

    @property
    def edition(self) -> Edition:
        """The edition of the template that it is of."""
        version = template_version(self.values.get(VERSION_LABEL, ""))
        return Edition(version, parse_month(self.values.get(MONTH_LABEL, "")))


def find_cover(workbook: Workbook) -> Cover:
    """The cover of a workbook, by the newest former layout that it has and that was in force for it, else by the current one.

    Raises:
        WrongTemplate: there is none.
        RepeatedSheet: there are several.
    """
    for layout in reversed(cover_layouts()[:-1]):
        cover = _former_cover(workbook, layout)
        if cover is not None and not cover.missing and layout.period.holds_for(cover.edition):
            return cover
    names = _cover_sheets(workbook, CURRENT_COVER)
    if not names:
        raise WrongTemplate(file=workbook.file_name, detail_zh=f"缺少工作表“{COVER_SHEET}”", detail_en=f"no sheet {COVER_SHEET}")
    if len(names) > 1:
        raise RepeatedSheet(names="、".join(f"“{name}”" for name in names), sheet=COVER_SHEET)
    return read_cover(workbook.sheet(names[0]), CURRENT_COVER)


def _cover_sheets(workbook: Workbook, layout: CoverLayout) -> list[str]:
    return [name for name in workbook.sheet_names if normalise_label(name) in layout.sheets]


def _former_cover(workbook: Workbook, layout: CoverLayout) -> Cover | None:
    """What a workbook states by a former layout; None if it has no such cover, or all that today's must state and more than this one."""
    if layout.file_name is not None:
        match = re.fullmatch(layout.file_name, normalise_text(PurePath(workbook.file_name).stem))
        if match is None or _cover_sheets(workbook, CURRENT_COVER):
            return None
        values = {DEPARTMENT_LABEL: match["department"], MONTH_LABEL: match["month"]}
        return Cover(values, (), has_table=False, cells={}, layout=layout)
    names = _cover_sheets(workbook, layout)
    if len(names) != 1:
        return None
    sheet = workbook.sheet(names[0])
    states_less = len(layout.required) < len(REQUIRED_LABELS) or not layout.has_table
    return None if states_less and not read_cover(sheet, CURRENT_COVER).missing else read_cover(sheet, layout)


def read_cover(sheet: Sheet, layout: CoverLayout) -> Cover:
    """Read the label/value rows and the table of forms, wherever they stand on the sheet."""
    labels = layout.labels
    values: dict[str, str] = {}
    cells: dict[str, tuple[int, int]] = {}
    numbers: set[str] = set()
    repeated: list[tuple[str, str, int]] = []
    rows = sheet.rows[:COVER_SEARCH_ROWS]
    table = next((index for index, row in enumerate(rows) if _is_table_header(row, layout)), len(rows))
    for number, row in enumerate(rows[:table], start=sheet.first_row):
        for position, cell in enumerate(row):
            label = labels.get(normalise_label(cell).rstrip(":"))
            if label is None:
                continue
            following = enumerate(map(_text, row[position + 1 :]), start=position + 1)
            column, text = next(((column, text) for column, text in following if text), (position + 1, ""))
            if label not in values:
                values[label] = text
                cells[label] = number, sheet.first_column + column
                numbers |= {label} if column < len(row) and isinstance(row[column], float) else set()
            elif text and normalise_text(text) != normalise_text(values[label]):
                repeated.append((label, text, number + 1))
    return Cover(
        values,
        _declarations(sheet, rows, table, layout),
        has_table=table < len(rows),
        cells=cells,
        numbers=frozenset(numbers),
        repeated=tuple(repeated),
        layout=layout,
        sheet=COVER_SHEET if layout.is_current else sheet.name,
    )


def _table_columns(row: Sequence[Cell], layout: CoverLayout) -> tuple[int | None, int | None]:
    """Columns of the forms and of their returns, if the row is the header of the table of forms."""
    labels = [normalise_label(cell) for cell in row]
    form = next((index for index, label in enumerate(labels) if label in layout.form_labels), None)
    return form, next((index for index, label in enumerate(labels) if label in layout.return_labels), None)


def _is_table_header(row: Sequence[Cell], layout: CoverLayout) -> bool:
    return None not in _table_columns(row, layout)


def _declarations(sheet: Sheet, rows: Sequence[Sequence[Cell]], table: int, layout: CoverLayout) -> tuple[Declaration, ...]:
    form, kind = _table_columns(rows[table], layout) if table < len(rows) else (None, None)
    if form is None or kind is None:
        return ()
    return tuple(
        Declaration(_text(row[form]), _text(row[kind]), sheet.first_row + table + offset + 1, sheet.first_column + kind)
        for offset, row in enumerate(rows[table + 1 :], start=1)
        if _text(row[form])
    )


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return number_text(cell)
    return str(cell).strip()
