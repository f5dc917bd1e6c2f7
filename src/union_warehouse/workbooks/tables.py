"""A sheet and a contract to a table of typed rows, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import Field, FieldType, Form, PersonalData
from union_warehouse.personal_data import HashKey, hash_values, mask_values
from union_warehouse.workbooks.cells import cell_texts, normalise_text, normalise_texts, text_bytes
from union_warehouse.workbooks.header import Header
from union_warehouse.workbooks.identifiers import CHECKERS
from union_warehouse.workbooks.problems import HiddenRows, HiddenSheet, MergedCells, SubmissionProblem, UnlabelledColumn
from union_warehouse.workbooks.sheet_xml import column_letters
from union_warehouse.workbooks.sheets import Sheet
from union_warehouse.workbooks.values import parse_column

TOTAL_LABELS = frozenset({"合计", "小计", "总计", "总合计"})
FLOAT_TEXT = r"^-?\d\.\d+[Ee]\+\d{2}$"
"""How a number too long for a float is written (cells.number_text, and Excel itself in a CSV)."""

_TOTAL_CHARACTER = "计"
_MASKED_FLOAT_LENGTH = 5  # "3.301": no more digits than the mask of a number shows


@dataclass(frozen=True)
class FormRows:
    """Rows of one form as read.

    Attributes:
        form: the contract.
        sheet: name of the sheet, or the CSV's file name.
        table: ``_row`` (int32, as Excel numbers it), then per field of the contract ``<name>__text`` (as sent, masked
            if personal), ``<name>`` (typed; a keyed hash if personal; null where empty or not understood) and, where
            the field has a checker, ``<name>__valid`` (null where ``<name>`` is null).
        columns: letters of each field's column by its name.
        totals: rows ignored because they hold totals: (row, label).
        warnings: what to tell the sender about the sheet.
    """

    form: Form
    sheet: str
    table: pa.Table
    columns: dict[str, str]
    totals: tuple[tuple[int, str], ...]
    warnings: tuple[SubmissionProblem, ...]


def read_rows(sheet: Sheet, form: Form, header: Header, key: HashKey) -> FormRows:
    """Type every row below the header; blank rows are skipped, rows of totals ignored.

    Args:
        sheet: as read.
        form: the contract that the header was matched with.
        header: without problems: it has every column of the contract.
        key: for personal data.
    """
    first = header.index + 1
    texts = _column_texts(sheet, form, header)
    is_filled = _any_filled(list(texts.values()))
    positions = np.flatnonzero(is_filled)
    texts = {name: text.take(pa.array(positions)) for name, text in texts.items()} if len(positions) < len(is_filled) else texts
    totals = _totals(sorted(texts, key=lambda name: header.columns[name]), texts)
    numbers = positions + sheet.first_row + first + 1
    if totals:
        keep = np.ones(len(positions), bool)
        keep[list(totals)] = False
        texts = {name: text.filter(pa.array(keep)) for name, text in texts.items()}
        kept_numbers = numbers[keep]
    else:
        kept_numbers = numbers
    columns: dict[str, pa.Array] = {"_row": pa.array(kept_numbers, pa.int32())}
    for field in form.fields:
        columns |= _typed(field, texts[field.name], key)
    for field in form.fields:
        if field.clear_where is not None:
            columns[f"{field.name}__text"] = _clear_unless_person(field.clear_where, columns, texts[field.name], field.name)
    return FormRows(
        form=form,
        sheet=sheet.name,
        table=pa.table(columns),
        columns={name: column_letters(sheet.first_column + index) for name, index in header.columns.items()},
        totals=tuple((int(numbers[index]), label) for index, label in totals.items()),
        warnings=tuple(_warnings(sheet, form, header, bool(len(kept_numbers)))),
    )


def _column_texts(sheet: Sheet, form: Form, header: Header) -> dict[str, pa.Array]:
    rows = sheet.rows[header.index + 1 :]
    unread: dict[int, dict[int, str]] = {}
    for (row, column), text in sheet.facts.unread.items():
        unread.setdefault(column - sheet.first_column, {})[row - sheet.first_row - header.index - 1] = text
    texts = {}
    for field in form.fields:
        index = header.columns[field.name]
        cells = list(map(itemgetter(index), rows))
        texts[field.name] = _with_unread(cell_texts(cells), unread.get(index, {}))
    return texts


def _with_unread(texts: pa.Array, unread: dict[int, str]) -> pa.Array:
    """Put back the formulas and error values that calamine reads as empty cells."""
    inside = {row: text for row, text in unread.items() if 0 <= row < len(texts)}
    if not inside:
        return texts
    values = texts.to_pylist()
    for row, text in inside.items():
        values[row] = text
    return pa.array(values, pa.string())


def _any_filled(columns: list[pa.Array]) -> Any:
    filled = np.zeros(len(columns[0]), bool)
    for column in columns:
        filled |= np.asarray(pc.is_valid(column))
    return filled


def _totals(names: list[str], texts: dict[str, pa.Array]) -> dict[int, str]:
    """Rows whose first filled cell is 合计, 小计 or 总计, by position."""
    suspects = {
        int(position)
        for name in names
        if _TOTAL_CHARACTER.encode() in text_bytes(texts[name])
        for position in np.flatnonzero(np.asarray(pc.match_substring(texts[name], _TOTAL_CHARACTER).fill_null(False)))
    }
    found = {}
    for position in sorted(suspects):
        first = next(text for name in names if (text := texts[name][position].as_py()) is not None)
        label = normalise_text(first).replace(" ", "").rstrip(":")
        if label in TOTAL_LABELS:
            found[position] = label
    return found


def _typed(field: Field, texts: pa.Array, key: HashKey) -> dict[str, pa.Array]:
    normal = normalise_texts(texts)
    if field.type is FieldType.STRING:
        normal = _without_unreadable(normal)
    values = parse_column(field, normal)
    valid = {f"{field.name}__valid": CHECKERS[field.checker](values)} if field.checker else {}
    if field.personal_data is not None:
        texts = _masked(field.personal_data, texts)
        values = hash_values(key, values)
    return {f"{field.name}__text": texts, field.name: values} | valid


def _clear_unless_person(
    clear_where: tuple[str, tuple[str, ...]], columns: dict[str, pa.Array], texts: pa.Array, name: str
) -> pa.Array:
    """The text as sent where the row says that it names no person; where that cell cannot be read, the mask."""
    decisive, values = clear_where
    is_no_person = pc.is_in(columns[decisive], pa.array(values, pa.string())).fill_null(False)
    return pc.if_else(is_no_person, texts, columns[f"{name}__text"])


def _masked(kind: PersonalData, texts: pa.Array) -> pa.Array:
    """The mask of each text; a number that lost digits stays recognisable as one."""
    masked = mask_values(kind, normalise_texts(texts))
    if b"+" not in text_bytes(texts):
        return masked
    digits = pc.utf8_slice_codeunits(texts, 0, _MASKED_FLOAT_LENGTH)
    exponent = pc.utf8_slice_codeunits(texts, -len("E+17"), 2**31 - 1)
    return pc.if_else(pc.match_substring_regex(texts, FLOAT_TEXT), pc.binary_join_element_wise(digits, exponent, ""), masked)


def _without_unreadable(texts: pa.Array) -> pa.Array:
    """Null for what is no text of the sender's: numbers that lost digits, formulas without value, error values."""
    data = text_bytes(texts)
    if not any(character in data for character in (b"+", b"=", b"#")):
        return texts
    is_unreadable = pc.match_substring_regex(texts, FLOAT_TEXT + r"|^=|^#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)$")
    return pc.if_else(is_unreadable, pa.scalar(None, pa.string()), texts)


def _warnings(sheet: Sheet, form: Form, header: Header, has_rows: bool) -> list[SubmissionProblem]:
    if not has_rows:
        return []
    warnings: list[SubmissionProblem] = []
    facts = {"sheet": sheet.name, "form": form.name}
    if sheet.is_hidden:
        warnings.append(HiddenSheet(**facts))
    if sheet.facts.first_hidden_row is not None:
        warnings.append(HiddenRows(row=sheet.facts.first_hidden_row, **facts))
    below = sheet.first_row + header.index
    for (top, left), (bottom, right) in sheet.merged:
        if top > below:
            cells = f"{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"
            warnings.append(MergedCells(cells=cells, row=top + 1, **facts))
            break
    warnings += [
        UnlabelledColumn(column_letter=column_letters(sheet.first_column + index), **facts)
        for index in header.unlabelled
        if any(row[index] != "" for row in sheet.rows[header.index + 1 :])
    ]
    return warnings
