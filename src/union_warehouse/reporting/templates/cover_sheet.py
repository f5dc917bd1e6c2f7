"""The cover of a template: whose it is, what is owed, and whether every form is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from union_warehouse.contracts import CONTRACT_VERSION, Form, ReportingUnit
from union_warehouse.months import add_months
from union_warehouse.reporting.templates.carried import Carried
from union_warehouse.reporting.templates.style import Styles
from union_warehouse.reporting.templates.validations import FIRST_DATA_ROW
from union_warehouse.workbooks.cover import (
    CONTACT_LABEL,
    DEPARTMENT_LABEL,
    FORM_LABEL,
    MONTH_LABEL,
    NIL_WORD,
    PHONE_LABEL,
    RETURN_LABEL,
    ROWS_WORD,
    VERSION_LABEL,
)
from union_warehouse.working_days import due_on

_WIDTHS = (20, 14, 10, 10, 44)
_ROW_HEIGHT = 20
_HEADINGS = (FORM_LABEL, RETURN_LABEL, "已填行数", "其中预填", "检查")
_STEPS = (
    "1. 填写“填报人”和“联系电话”。",
    "2. 逐表填写：点下面的表单名可跳转；绿色单元格是预填的，不符可改，不需要的行清空即可。",
    "3. 在下面的“报送方式”中逐表选择“有数据”或“零报告”；没有发生也要选“零报告”，不能留空。",
    "4. “检查”栏全部显示“√”后保存并报送。请不要修改表头、工作表名，也不要改单位代码和报送月份。",
)
_ASK, _EMPTY, _CONTRADICTION, _DONE = "请选择报送方式", "声明有数据，但尚未填写", "声明零报告，但表中另有数据", "√"


@dataclass(frozen=True)
class Owed:
    """One form on the cover, with the number of rows that the template carries forward."""

    form: Form
    prefilled: int


def write_cover(
    sheet: Worksheet, unit: ReportingUnit, month: str, owed: Sequence[Owed], carried: Carried, styles: Styles
) -> None:
    """Fill the cover sheet."""
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, f"{unit.name}　{int(month[:4])}年{int(month[5:])}月报送表", styles.title)
    sheet.set_row(0, 30)
    row = _write_facts(sheet, unit, month, carried, styles) + 1
    for step in _STEPS:
        sheet.merge_range(row, 0, row, len(_WIDTHS) - 1, step, styles.hint)
        sheet.set_row(row, _ROW_HEIGHT)
        row += 1
    _write_table(sheet, row + 1, owed, styles)
    sheet.protect("", {"select_locked_cells": True, "select_unlocked_cells": True, "format_columns": True})
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 1)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.activate()


def _write_facts(sheet: Worksheet, unit: ReportingUnit, month: str, carried: Carried, styles: Styles) -> int:
    facts = (
        (DEPARTMENT_LABEL, unit.code),
        ("单位名称", unit.name),
        (MONTH_LABEL, month),
        (VERSION_LABEL, CONTRACT_VERSION),
        ("报送截止", f"{due_on(month)}（当天结束前）"),
        ("预填数据", _source(month, carried)),
    )
    last = len(_WIDTHS) - 1
    for row, (label, fact) in enumerate(facts, start=2):
        sheet.write_string(row, 0, label, styles.label)
        sheet.merge_range(row, 1, row, last, "", styles.fact)
        sheet.write_string(row, 1, fact, styles.fact)
        sheet.set_row(row, _ROW_HEIGHT)
    row = 2 + len(facts)
    for label in (CONTACT_LABEL, PHONE_LABEL):
        sheet.write_string(row, 0, label, styles.label)
        sheet.merge_range(row, 1, row, last, "", styles.answer)
        sheet.set_row(row, _ROW_HEIGHT)
        row += 1
    return row


def _source(month: str, carried: Carried) -> str:
    if not carried.release_id:
        return "无（尚无已发布的数据）"
    if carried.is_month_before_closed:
        return f"来自发布库 {carried.release_id}"
    return f"来自发布库 {carried.release_id}；{add_months(month, -1)} 尚未关账，月初会员数未预填"


def _write_table(sheet: Worksheet, top: int, owed: Sequence[Owed], styles: Styles) -> None:
    for column, heading in enumerate(_HEADINGS):
        sheet.write_string(top, column, heading, styles.required if column == 1 else styles.optional)
    sheet.set_row(top, 22)
    for row, item in enumerate(owed, start=top + 1):
        number = row + 1
        count = f"COUNTA('{item.form.sheet}'!$A${FIRST_DATA_ROW + 1}:$A$1048576)"
        sheet.write_url(row, 0, f"internal:'{item.form.sheet}'!A{FIRST_DATA_ROW + 1}", styles.link, item.form.sheet)
        sheet.write_blank(row, 1, None, styles.answer)
        sheet.write_formula(row, 2, f"={count}", styles.count, item.prefilled)
        sheet.write_number(row, 3, item.prefilled, styles.count)
        sheet.write_formula(row, 4, _check(number), styles.fact, _ASK)
        sheet.set_row(row, _ROW_HEIGHT)
    first, last = top + 1, top + len(owed)
    sheet.data_validation(
        first,
        1,
        last,
        1,
        {
            "validate": "list",
            "source": [ROWS_WORD, NIL_WORD],
            "input_title": RETURN_LABEL,
            "input_message": f"本月有要报的行选“{ROWS_WORD}”，没有选“{NIL_WORD}”。",
            "error_title": "填写有误",
            "error_message": f"只能选择“{ROWS_WORD}”或“{NIL_WORD}”。",
        },
    )
    is_open = {"type": "formula", "criteria": f'=$E{first + 1}<>"{_DONE}"', "format": styles.unusual}
    sheet.conditional_format(first, 4, last, 4, is_open)


def _check(number: int) -> str:
    answer, filled, prefilled = f"$B{number}", f"$C{number}", f"$D{number}"
    nil = f'IF({filled}>{prefilled},"{_CONTRADICTION}","{_DONE}")'
    rows = f'IF({filled}=0,"{_EMPTY}","{_DONE}")'
    return f'=IF({answer}="{NIL_WORD}",{nil},IF({answer}="{ROWS_WORD}",{rows},"{_ASK}"))'
