"""A sheet and a contract to a table of typed rows, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import Field, FieldType, Form, PersonalData
from union_warehouse.personal_data import HashKey, hash_values, mask_values
from union_warehouse.workbooks.cells import (
    REPLACEMENT,
    Cell,
    Columns,
    cell_texts,
    may_hold_format_characters,
    normalise_texts,
    text_bytes,
    trim_texts,
    visible,
)
from union_warehouse.workbooks.header import Header
from union_warehouse.workbooks.identifiers import CHECKERS, KEPT_PARTS
from union_warehouse.workbooks.laid_out import as_laid_out_today
from union_warehouse.workbooks.passed_over import PassedOver, find_passed_over
from union_warehouse.workbooks.problems import (
    HiddenCells,
    HiddenColumns,
    HiddenRows,
    HiddenSheet,
    MergedCells,
    SubmissionProblem,
    UnlabelledColumn,
)
from union_warehouse.workbooks.sheet import Sheet, column_letters
from union_warehouse.workbooks.values import is_serial_before_midnight, parse_column

FLOAT_TEXT = r"^-?\d\.\d+[Ee]\+\d{2,3}$"
"""How a number too long for a float is written (cells.number_text, and Excel itself in a CSV)."""

NIL_WORD, NEXT_DAY, UTC_TIME = "nil_word_ignored", "rounded_to_next_day", "time_of_day_ignored"
_UNREADABLE = FLOAT_TEXT + r"|^=|^(?:#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)|Err:\d{3})$|\x{FFFD}"
_NIL_WORD = r"^(?:无|没有|暂无|/+|\\+|—+|-+|－+|──+|不详|空)$"
_NEAR_MIDNIGHT = r"[ T]23:59(?::\d{2}(?:\.\d+)?)?\s*$"
_UTC_MIDNIGHT = r"T16:00(?::00(?:\.0+)?)?\s*$"
_DAY_KINDS = (date, time, timedelta)
_MASKED_FLOAT_LENGTH = 5  # "3.301": no more digits than the mask of a number shows
_FIRST_1904 = datetime(1904, 1, 1)
_LAST_SERIAL = 2_958_465  # 31 December 9999


class Notice(NamedTuple):
    """What to tell the sender of one row or cell; a warning.

    Attributes:
        row: as Excel numbers it.
        column: field, if it is about a cell.
        rule: what it is.
        value: text of the cell or the word by which a row was known; never personal data.
    """

    row: int
    column: str | None
    rule: str
    value: str


@dataclass(frozen=True)
class FormRows:
    """Rows of one form as read.

    Attributes:
        form: the contract, in the words of the layout.
        layout: name of the layout that the sheet has.
        sheet: name of the sheet, or the CSV's file name.
        table: ``_row`` (int32, as Excel numbers it), then per field of the contract ``<name>__text`` (as sent, masked
            if personal), ``<name>`` (typed; a keyed hash if personal; null where empty or not understood) and, where
            the field has a checker, ``<name>__valid`` (null where ``<name>`` is null).
        columns: letters of each field's column by its name; of one that did not exist those of the row's first cell.
        absent: fields of which the sheet has no column.
        notices: of rows that were passed over because they are no data, and of cells read otherwise than they say.
        warnings: what to tell the sender about the sheet.
    """

    form: Form
    layout: str
    sheet: str
    table: pa.Table
    columns: dict[str, str]
    absent: frozenset[str]
    notices: tuple[Notice, ...]
    warnings: tuple[SubmissionProblem, ...]


def read_rows(sheet: Sheet, header: Header, key: HashKey) -> FormRows:
    """Type every row below the header; blank rows are skipped, those that are no data are passed over with a notice.

    Args:
        sheet: as read.
        header: complete: it has every column of its layout.
        key: for personal data.
    """
    form = header.form
    texts, dates = column_texts(sheet, header)
    is_filled = _any_filled(list(texts.values()))
    positions = np.flatnonzero(is_filled)
    others = _other_texts(sheet, header)
    if len(positions) < len(is_filled):
        taken = pa.array(positions)
        texts, dates, others = ({name: column.take(taken) for name, column in part.items()} for part in (texts, dates, others))
    numbers = positions + sheet.first_row + header.index + 2
    passed = _passed_over(sheet, header, texts, others)
    notices = [Notice(int(numbers[item.position]), None, item.rule, item.label) for item in passed]
    if passed:
        keep = np.ones(len(positions), bool)
        keep[[item.position for item in passed]] = False
        kept = pa.array(keep)
        texts, dates = ({name: column.filter(kept) for name, column in part.items()} for part in (texts, dates))
        numbers = numbers[keep]
    columns: dict[str, pa.Array] = {"_row": pa.array(numbers, pa.int32())}
    texts, unread = as_laid_out_today(header.layout, texts, dates, len(numbers))
    sent = dict(texts)
    for field in form.fields:
        texts[field.name], found = _without_nil_words(field, texts[field.name], numbers)
        notices += [*found, *_notices_of_dates(field, texts[field.name], numbers)]
        columns |= _typed(field, texts[field.name], unread.get(field.name), key)
    for field in form.fields:
        if field.clear_where is not None:
            columns[f"{field.name}__text"] = _clear_unless_person(field.clear_where, columns, sent[field.name], field.name)
    first = min(header.columns.values(), default=0)
    return FormRows(
        form=form,
        layout=header.layout.name,
        sheet=sheet.name,
        table=pa.table(columns),
        columns={name: column_letters(sheet.first_column + header.columns.get(name, first)) for name in form.field_names},
        absent=frozenset(form.field_names) - header.columns.keys(),
        notices=tuple(sorted(notices, key=lambda notice: notice.row)),
        warnings=tuple(_warnings(sheet, header, others)) if len(numbers) else (),
    )


def column_texts(sheet: Sheet, header: Header) -> tuple[Columns, Columns]:
    """What a person sees in the cells of each field, below the header; null where that is nothing.

    Returns:
        The texts by field, of parts of one column those of the whole; and of fields of texts that hold days, which Excel makes
        of 3-1, whether each cell holds one.
    """
    columns = list(zip(*sheet.rows[header.index + 1 :], strict=True)) or [()] * len(sheet.rows[header.index])
    start = sheet.first_row + header.index + 1, sheet.first_column
    shown, in_texts = _by_column(sheet.facts.shown, start), _by_column(sheet.facts.shown_in_texts, start)
    texts, dates = {}, {}
    for field in header.form.fields:
        index = header.columns.get(field.name)
        if index is None:
            continue
        cells: Sequence[Cell] = columns[index]
        if field.type is FieldType.DATE and sheet.facts.has_1904_dates:
            cells = list(map(_day_from_1904, cells))
        kinds = set(map(type, cells))
        column = _with_shown(cell_texts(cells, kinds), shown.get(index, {}))
        if field.type is FieldType.STRING:
            column = _with_shown(column, in_texts.get(index, {}))
            if any(issubclass(kind, _DAY_KINDS) for kind in kinds):
                dates[field.name] = pa.array([isinstance(cell, _DAY_KINDS) for cell in cells])
        texts[field.name] = _without_invisible(column)
    return texts, dates


def _without_invisible(texts: pa.Array) -> pa.Array:
    """Null where a cell holds nothing but what nobody sees."""
    if not may_hold_format_characters(text_bytes(texts)):
        return texts
    is_invisible = pc.match_substring_regex(texts, r"^[\s\p{Cf}\p{Cc}]*$").fill_null(False)
    return pc.if_else(is_invisible, pa.scalar(None, pa.string()), texts)


def _by_column(cells: Mapping[tuple[int, int], str], start: tuple[int, int]) -> dict[int, dict[int, str]]:
    columns: dict[int, dict[int, str]] = {}
    for (row, column), text in cells.items():
        columns.setdefault(column - start[1], {})[row - start[0]] = text
    return columns


def _day_from_1904(cell: Cell) -> Cell:
    if isinstance(cell, float) and 0 <= cell < _LAST_SERIAL - 1_462:
        return _FIRST_1904 + timedelta(days=cell)
    return cell


def _other_texts(sheet: Sheet, header: Header) -> Columns:
    """Texts of the columns that the contract lacks, by their index: a word of totals may stand there."""
    rows = sheet.rows[header.index + 1 :]
    texts = {}
    for index in (*header.unlabelled, *header.unknown):
        cells = list(map(itemgetter(index), rows))
        # one stray cell makes a sheet of a million rows and dozens of columns with nothing in them
        if cells.count("") < len(cells) and (column := cell_texts(cells)).null_count < len(column):
            texts[str(index)] = column
    return texts


def _passed_over(sheet: Sheet, header: Header, texts: Columns, others: Columns) -> list[PassedOver]:
    by_index = {header.columns[name]: (header.columns[name], name, column) for name, column in reversed(texts.items())}
    ordered = sorted([*by_index.values(), *((int(index), "", column) for index, column in others.items())], key=itemgetter(0))
    labels = {name: str(sheet.rows[header.index][index]).strip() for name, index in header.columns.items()}
    return find_passed_over(
        header.form, texts, [column for _, _, column in ordered], [name or None for _, name, _ in ordered], labels
    )


def _without_nil_words(field: Field, texts: pa.Array, numbers: Any) -> tuple[pa.Array, list[Notice]]:
    """Blank where somebody wrote 无 or / for nobody or nothing in a column of persons, codes or references."""
    is_named = field.personal_data is not None or field.checker is not None or field.reference is not None
    if field.is_required or not is_named or field.type is not FieldType.STRING:
        return texts, []
    is_nil = pc.match_substring_regex(pc.utf8_trim_whitespace(texts), _NIL_WORD).fill_null(False)
    if not pc.any(is_nil).as_py():
        return texts, []
    found = np.flatnonzero(np.asarray(is_nil)).tolist()
    notices = [Notice(int(numbers[position]), field.name, NIL_WORD, texts[position].as_py().strip()) for position in found]
    return pc.if_else(is_nil, pa.scalar(None, pa.string()), texts), notices


def _notices_of_dates(field: Field, texts: pa.Array, numbers: Any) -> list[Notice]:
    """Days with a time that changes them, or that looks like a day of Shanghai in the time of Greenwich."""
    if field.type is not FieldType.DATE:
        return []
    data, notices = text_bytes(texts), []
    for sign, pattern, rule in ((b"23:59", _NEAR_MIDNIGHT, NEXT_DAY), (b"T16:00", _UTC_MIDNIGHT, UTC_TIME)):
        if sign in data:
            found = np.flatnonzero(np.asarray(pc.match_substring_regex(texts, pattern).fill_null(False))).tolist()
            notices += [Notice(int(numbers[position]), field.name, rule, texts[position].as_py()) for position in found]
    if b".9" in data:
        found = [position for position, text in enumerate(texts.to_pylist()) if text and is_serial_before_midnight(text)]
        notices += [Notice(int(numbers[position]), field.name, NEXT_DAY, texts[position].as_py()) for position in found]
    return notices


def _with_shown(texts: pa.Array, shown: dict[int, str]) -> pa.Array:
    """Put what a person sees in the place of what the cell stores."""
    inside = {row: text for row, text in shown.items() if 0 <= row < len(texts)}
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


def _typed(field: Field, texts: pa.Array, is_unread: pa.Array | None, key: HashKey) -> Columns:
    normal = trim_texts(texts) if field.is_free_text else normalise_texts(texts)
    if field.type is FieldType.STRING:
        normal = _without_unreadable(normal)
    if is_unread is not None:
        normal = pc.if_else(is_unread, pa.scalar(None, pa.string()), normal)
    values = parse_column(field, normal)
    valid = {f"{field.name}__valid": CHECKERS[field.checker](values)} if field.checker else {}
    kept = {f"{field.name}__{part}": KEPT_PARTS[part](values, valid[f"{field.name}__valid"]) for part in field.kept_parts}
    if field.personal_data is not None:
        texts = _masked(field.personal_data, texts)
        values = hash_values(key, values)
    return {f"{field.name}__text": texts, field.name: values} | valid | kept


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
    """Null for what is no text of the sender's: numbers that lost digits, formulas, error values, broken characters."""
    data = text_bytes(texts)
    if not any(sign in data for sign in (b"+", b"=", b"#", b"Err:", REPLACEMENT.encode())):
        return texts
    return pc.if_else(pc.match_substring_regex(texts, _UNREADABLE), pa.scalar(None, pa.string()), texts)


def _warnings(sheet: Sheet, header: Header, others: Columns) -> list[SubmissionProblem]:
    warnings: list[SubmissionProblem] = []
    facts = {"sheet": sheet.name, "form": header.form.name}
    if sheet.is_hidden:
        warnings.append(HiddenSheet(**facts))
    if sheet.facts.first_hidden_row is not None:
        warnings.append(HiddenRows(row=sheet.facts.first_hidden_row, **facts))
    hidden = [index for index in sorted(header.columns.values()) if sheet.first_column + index in sheet.facts.hidden_columns]
    if hidden:
        labels = "、".join(visible(str(sheet.rows[header.index][index]).strip()) for index in hidden)
        warnings.append(HiddenColumns(labels=labels, **facts))
    if sheet.facts.first_hidden_cell is not None:
        row, column = sheet.facts.first_hidden_cell
        warnings.append(HiddenCells(cell=f"{column_letters(column)}{row + 1}", row=row + 1, **facts))
    below = sheet.first_row + header.index
    for (top, left), (bottom, right) in sheet.merged:
        if top > below:
            cells = f"{column_letters(left)}{top + 1}:{column_letters(right)}{bottom + 1}"
            warnings.append(MergedCells(cells=cells, row=top + 1, **facts))
            break
    warnings += [
        UnlabelledColumn(column_letter=column_letters(sheet.first_column + index), **facts)
        for index in header.unlabelled
        if str(index) in others
    ]
    return warnings
