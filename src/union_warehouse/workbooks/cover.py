"""The cover sheet 封面: who reports, for which month, and what of each form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from union_warehouse.workbooks.cells import Cell, normalise_text, number_text
from union_warehouse.workbooks.header import normalise_label
from union_warehouse.workbooks.limits import COVER_SEARCH_ROWS
from union_warehouse.workbooks.sheet import Sheet

COVER_SHEET = "封面"
RECEIPT_SHEET = "回执"
"""First sheet of a receipt: a department may correct its receipt and send it back, so no reader minds it."""
DEPARTMENT_LABEL, MONTH_LABEL, VERSION_LABEL = "单位代码", "报送月份", "模板版本"
CONTACT_LABEL, PHONE_LABEL = "填报人", "联系电话"
REQUIRED_LABELS = (DEPARTMENT_LABEL, MONTH_LABEL, VERSION_LABEL, CONTACT_LABEL, PHONE_LABEL)
FORM_LABEL, RETURN_LABEL = "表单", "报送方式"
ROWS_WORD, NIL_WORD = "有数据", "零报告"


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
    """

    values: Mapping[str, str]
    declarations: tuple[Declaration, ...]
    has_table: bool
    cells: Mapping[str, tuple[int, int]]
    numbers: frozenset[str] = frozenset()
    repeated: tuple[tuple[str, str, int], ...] = ()


def read_cover(sheet: Sheet) -> Cover:
    """Read the label/value rows and the table of forms, wherever they stand on the sheet."""
    labels = {normalise_label(label): label for label in REQUIRED_LABELS}
    values: dict[str, str] = {}
    cells: dict[str, tuple[int, int]] = {}
    numbers: set[str] = set()
    repeated: list[tuple[str, str, int]] = []
    rows = sheet.rows[:COVER_SEARCH_ROWS]
    table = next((index for index, row in enumerate(rows) if _is_table_header(row)), len(rows))
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
        _declarations(sheet, rows, table),
        has_table=table < len(rows),
        cells=cells,
        numbers=frozenset(numbers),
        repeated=tuple(repeated),
    )


def _is_table_header(row: Sequence[Cell]) -> bool:
    labels = [normalise_label(cell) for cell in row]
    return FORM_LABEL in labels and RETURN_LABEL in labels


def _declarations(sheet: Sheet, rows: Sequence[Sequence[Cell]], table: int) -> tuple[Declaration, ...]:
    if table >= len(rows):
        return ()
    labels = [normalise_label(cell) for cell in rows[table]]
    form, kind = labels.index(FORM_LABEL), labels.index(RETURN_LABEL)
    return tuple(
        Declaration(_text(row[form]), _text(row[kind]), sheet.first_row + table + offset + 1, sheet.first_column + kind)
        for offset, row in enumerate(rows[table + 1 :], start=1)
        if _text(row[form])
    )


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return number_text(cell)
    return str(cell).strip()
