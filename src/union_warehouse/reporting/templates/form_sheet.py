"""One form's sheet of a template: header with notes, prefilled rows, and what Excel checks while it is filled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from union_warehouse.contracts import Field, FieldType, Form
from union_warehouse.display import display_width
from union_warehouse.reporting.templates.style import AMOUNT, DATE, INTEGER, TEXT, Styles
from union_warehouse.reporting.templates.validations import FIRST_DATA_ROW, DropDown, OtherValue, highlights, validation
from union_warehouse.reporting.templates.wording import note

_LEGEND_ROW, _HEADER_ROW = 0, 1
_LAST_ROW = 1_048_575
_LAST_MARKED_ROW = 5_000  # conditional formats beyond it would slow every key stroke down
_LAST_SEARCHED_ROW = 20_000  # in which a row may stand below blank ones and still be printed
_NUMBER_FORMATS = {FieldType.STRING: TEXT, FieldType.DATE: DATE, FieldType.INTEGER: INTEGER, FieldType.DECIMAL: AMOUNT}
_LEAST_WIDTH = {FieldType.STRING: 14, FieldType.DATE: 13, FieldType.INTEGER: 10, FieldType.DECIMAL: 13}
_MOST_WIDTH, _IDENTIFIER_WIDTH = 34, 22
_NOTE_WIDTH, _NOTE_LINE_HEIGHT, _NOTE_LINE_WIDTH = 300, 19, 40
_ALLOWED = (
    "insert_rows",
    "format_cells",
    "format_columns",
    "format_rows",
    "sort",
    "select_locked_cells",
    "select_unlocked_cells",
)


def write_form_sheet(
    sheet: Worksheet, form: Form, month: str, styles: Styles, drop_downs: Mapping[str, DropDown], rows: pa.Table | None
) -> None:
    """Fill the sheet of one form.

    Args:
        sheet: new, named as the contract says.
        form: the contract.
        month: of the template.
        styles: of the workbook.
        drop_downs: by field.
        rows: to start from, with a column for each field of the contract; None for none.
    """
    has_roster = any(item.other_value is not OtherValue.REFUSED for item in drop_downs.values())
    sheet.write_string(_LEGEND_ROW, 0, _legend(form, rows, has_roster=has_roster), styles.legend)
    sheet.set_row(_LEGEND_ROW, 20)
    sheet.set_row(_HEADER_ROW, 34)
    for index, field in enumerate(form.fields):
        cells = _cells_of(field, rows)
        sheet.write_string(_HEADER_ROW, index, field.label, styles.required if field.is_required else styles.optional)
        text = note(form, field, month)
        sheet.write_comment(_HEADER_ROW, index, text, {"width": _NOTE_WIDTH, "height": _note_height(text), "font_size": 9})
        number_format = _NUMBER_FORMATS[field.type]
        sheet.set_column(index, index, _width(field, cells), styles.cell(number_format))
        _write_cells(sheet, index, field, cells, styles)
        sheet.data_validation(
            FIRST_DATA_ROW, index, _LAST_ROW, index, validation(field, index, month, drop_downs.get(field.name))
        )
    for index, options in highlights(form, month, styles):
        sheet.conditional_format(FIRST_DATA_ROW, index, _LAST_MARKED_ROW, index, options)
    # Excel would offer to turn a code of 18 digits into a number, which loses its last ones.
    last_column = xl_col_to_name(len(form.fields) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A{FIRST_DATA_ROW + 1}:{last_column}{_LAST_ROW + 1}"})
    _set_page(sheet, form)


def print_area(form: Form) -> str:
    """A formula of what of a form's sheet is printed: the rows that are filled; of a sheet without any, a cell that is empty.

    Excel works it out whenever it prints, and leaves a sheet out whose area holds nothing.
    """
    sheet, count = f"'{form.sheet}'!", len(form.fields)
    last, beyond = xl_col_to_name(count - 1), xl_col_to_name(count)
    first, end = FIRST_DATA_ROW + 1, _LAST_ROW + 1
    searched = f"{sheet}$A${first}:${last}${_LAST_SEARCHED_ROW}"
    last_row = f'MAX(COUNTA({sheet}$A${first}:$A${end})+{FIRST_DATA_ROW},SUMPRODUCT(MAX(({searched}<>"")*ROW({searched}))))'
    filled = f"{sheet}$A$1:INDEX({sheet}$A:${last},{last_row},{count})"
    return f"=IF(COUNTA({sheet}$A${first}:${last}${end})=0,{sheet}${beyond}${end},{filled})"


def _legend(form: Form, rows: pa.Table | None, *, has_roster: bool) -> str:
    parts = [f"{form.sheet}：{form.grain_zh or form.grain}", "深蓝表头必填，浅蓝选填，说明见批注", "黄色待填，红色有矛盾"]
    if rows is not None and rows.num_rows:
        parts[-1] += "，绿色为预填"
    if has_roster:
        parts.append("工会名称见“工会名册”")
    return "；".join(parts) + "。"


def _cells_of(field: Field, rows: pa.Table | None) -> list[Any]:
    """Prefilled cells of a column as the department reads them: labels for codes."""
    values: list[Any] = [] if rows is None else rows[field.name].to_pylist()
    labels: Mapping[Any, str] = dict(field.enum)
    return [labels.get(value, value) for value in values]


def _write_cells(sheet: Worksheet, index: int, field: Field, values: Sequence[Any], styles: Styles) -> None:
    shown = styles.cell(_NUMBER_FORMATS[field.type], is_prefilled=True)
    for row, value in enumerate(values, start=FIRST_DATA_ROW):
        if value is None:
            sheet.write_blank(row, index, None, shown)
        elif field.type is FieldType.STRING:
            sheet.write_string(row, index, str(value), shown)
        elif field.type is FieldType.DATE:
            sheet.write_datetime(row, index, value, shown)
        else:
            sheet.write_number(row, index, value, shown)


def _width(field: Field, values: Sequence[Any]) -> int:
    texts = [field.label, *(label for _, label in field.enum), *(str(value) for value in values if value is not None)]
    least = _IDENTIFIER_WIDTH if field.checker else _LEAST_WIDTH[field.type]
    return min(max(least, *(display_width(text) + 3 for text in texts)), _MOST_WIDTH)


def _note_height(text: str) -> int:
    lines = sum(math.ceil(max(display_width(line), 1) / _NOTE_LINE_WIDTH) for line in text.split("\n"))
    return lines * _NOTE_LINE_HEIGHT + 12


def _set_page(sheet: Worksheet, form: Form) -> None:
    sheet.freeze_panes(FIRST_DATA_ROW, 1)
    sheet.protect("", dict.fromkeys(_ALLOWED, True))
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.hide_gridlines(0)
    sheet.set_footer(f"&L{form.sheet}&R第 &P 页，共 &N 页")
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
