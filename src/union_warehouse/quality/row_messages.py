"""Words for broken rules: which cell, what is there, what to write instead, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from union_warehouse.contracts import Field, FieldType, Form
from union_warehouse.months import WINDOW_MONTHS, add_months
from union_warehouse.workbooks.cells import REPLACEMENT, normalise_text, visible
from union_warehouse.workbooks.identifiers import explain_uscc

_TYPE_WORDS = {
    FieldType.INTEGER: ("整数，例如 12", "a whole number such as 12"),
    FieldType.DECIMAL: ("数字，最多两位小数，例如 1234.50", "a number with at most two decimal places such as 1234.50"),
    FieldType.DATE: ("日期，例如 2014-03-05", "a date such as 2014-03-05"),
    FieldType.STRING: ("文字", "text"),
}
_LISTED_ROWS = 5
_IDENTIFIER_LENGTH = 18
_PERSONAL = "***"


@dataclass(frozen=True)
class BrokenCell:
    """A cell that breaks a rule.

    Attributes:
        form: the contract.
        field: of the cell.
        sheet: the sheet's name.
        address: within the sheet, such as ``F12``.
        month: of the submission.
        text: of the cell, masked if personal, empty if blank.
        same_key_rows: other rows with the same key.
    """

    form: Form
    field: Field
    sheet: str
    address: str
    month: str
    text: str
    same_key_rows: Sequence[int] = ()

    @property
    def shown(self) -> str:
        """The text as a message says it: releases hold messages, and nothing of a person's name or number."""
        return _PERSONAL if self.text and self.field.is_personal else self.text


def message_of(rule: str, cell: BrokenCell) -> tuple[str, str]:
    """Chinese and English message of one broken rule, starting with the cell; what nobody sees in it is made visible."""
    text = visible(cell.text)
    if text != cell.text:
        cell = replace(cell, text=text)
    zh, en = _WORDS[rule](cell) if rule in _WORDS else _table_rule(rule, cell)
    return (
        f"{cell.sheet}!{cell.address}“{cell.field.label}”{zh}",
        f"{cell.sheet}!{cell.address} {cell.field.label} ({cell.field.name}): {en}",
    )


def notice_of(rule: str, sheet: str, row: int, address: str, field: Field | None, value: str) -> tuple[str, str]:
    """Chinese and English message of a row that was passed over, or of a cell that was read otherwise than it says.

    Args:
        rule: the notice's.
        sheet: the sheet's name.
        row: as Excel numbers it.
        address: of the cell, empty for a row.
        field: of the cell.
        value: the cell's text, or the word by which the row was known.
    """
    zh, en = NOTICES[rule]
    if field is None:
        where_zh, where_en = f"{sheet} 第 {row} 行", f"{sheet} row {row}"
    else:
        where_zh, where_en = f"{sheet}!{address}“{field.label}”", f"{sheet}!{address} {field.label} ({field.name})"
    known_zh, known_en = (f"“{value}”", f" ({value})") if value else ("没有标题的合计", "")
    return where_zh + zh.format(value=value, known=known_zh), where_en + en.format(value=value, known=known_en)


NOTICES = {
    "total_row_ignored": ("是{known}行，未作为数据读取。", " is a row of totals{known}; it was not read as data."),
    "footer_ignored": ("是表尾{known}，未作为数据读取。", " is a footer{known}; it was not read as data."),
    "header_repeated": ("又是表头{known}，未作为数据读取。", " is the header once more{known}; it was not read as data."),
    "nil_word_ignored": (
        "写的是“{value}”，按没有填写处理；没有时请留空。",
        ": {value!r} was read as blank; leave the cell empty.",
    ),
    "rounded_to_next_day": (
        "“{value}”离午夜不到一分钟，按次日读取，请核对。",
        ": {value!r} is less than a minute before midnight and was read as the next day; check it.",
    ),
    "time_of_day_ignored": (
        "“{value}”只读取了日期；若是系统以世界时导出（16:00 即北京时间次日零点），请改为次日。",
        ": only the day of {value!r} was read; if a system exported it in UTC (16:00 is midnight in Shanghai), write the next day.",
    ),
}


def _missing(cell: BrokenCell) -> tuple[str, str]:
    if cell.field.enum:
        zh, en = _choices(cell.field)
        return f"为必填项，请填写：{zh}。", f"is required; write one of {en}."
    zh, en = _TYPE_WORDS[cell.field.type]
    return f"为必填项，请填写{zh}。", f"is required; write {en}."


def _wrong_type(cell: BrokenCell) -> tuple[str, str]:
    zh, en = _TYPE_WORDS[cell.field.type]
    hint_zh, hint_en = _hint(cell)
    return f"应为{zh}，现为“{cell.shown}”，{hint_zh}请改正。", f"must be {en}; it is {cell.shown!r}. {hint_en}".rstrip()


def _hint(cell: BrokenCell) -> tuple[str, str]:
    """What to type instead, where the text tells it."""
    if cell.field.whole_cell_example is not None:
        example = cell.field.whole_cell_example
        return f"这一列须像“{example}”这样写，", f"This column is written like {example!r}."
    if cell.field.type is FieldType.STRING:
        if _DAY.match(cell.text):
            return (
                "Excel 把输入的内容（如 3-1）当成了日期；请先把单元格设为“文本”再重新输入，",
                "Excel took what was typed (such as 3-1) for a date: format the cell as text and type it again.",
            )
        if REPLACEMENT in cell.text:
            return "有的字已损坏（\ufffd），请在原系统重新导出，", "Some characters are broken: export it again."
        return "", ""
    if cell.field.type is FieldType.DATE:
        return "", ""
    return _number_hint(normalise_text(cell.text))


def _number_hint(text: str) -> tuple[str, str]:
    match = _NUMBER_WITH_WORDS.fullmatch(text)
    if match is None:
        return "", ""
    number = match["number"].replace(",", "").replace(" ", "")
    if _POINT_OF_THOUSANDS.fullmatch(number):
        whole, thousand = number, number.replace(".", "")
        return (
            f"分不清是 {float(whole):g} 还是 {thousand}；千位请不要用“.”分隔，",
            f"It may be {float(whole):g} or {thousand}: do not group thousands by a point.",
        )
    factor = next((factor for unit, factor in _FACTORS.items() if match["unit"].startswith(unit)), 1)
    plain = f"{Decimal(number) * factor:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    if match["unit"] == "%":
        return "此列不填百分数，请填写数字本身，", "This column holds no percentages: write the number itself."
    return f"只填数字，例如 {plain}（不写单位和其他文字），", f"Write the number only, such as {plain}, without unit or words."


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?: |$)")
_NUMBER_WITH_WORDS = re.compile(r"(?P<before>[^\d.-]{0,6})(?P<number>\d[\d,\s]*(?:\.\d+)?)\s*(?P<unit>\D{0,6})", re.ASCII)
_POINT_OF_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_FACTORS = {"百万": 10**6, "千万": 10**7, "十万": 10**5, "百": 100, "千": 1_000, "万": 10_000, "亿": 10**8}


def _outside_enum(cell: BrokenCell) -> tuple[str, str]:
    zh, en = _choices(cell.field)
    return f"只能填写：{zh}，现为“{cell.shown}”，请改正。", f"must be one of {en}; it is {cell.shown!r}."


def _choices(field: Field) -> tuple[str, str]:
    return "、".join(label for _, label in field.enum), ", ".join(f"{label} ({code})" for code, label in field.enum)


def _invalid_uscc(cell: BrokenCell) -> tuple[str, str]:
    zh, en = explain_uscc(cell.text.replace(" ", "").upper())
    return (
        f"“{cell.shown}”不是有效的18位统一社会信用代码：{zh}。请按营业执照填写。",
        f"{cell.shown!r} is no USCC of 18 characters: {en}; copy it from the licence.",
    )


def _invalid_resident_number(cell: BrokenCell) -> tuple[str, str]:
    length = len(cell.text.strip())
    if length != _IDENTIFIER_LENGTH:
        zh, en = f"长度为{length}位，应为18位", f"it has {length} characters instead of 18"
    else:
        zh, en = "出生日期或校验码不符", "its date of birth or check character is wrong"
    return (
        f"不是有效的居民身份证号：{zh}。请核对证件后改正。",
        f"is no resident identity number: {en}; compare it with the card.",
    )


def _float_identifier(cell: BrokenCell) -> tuple[str, str]:
    return (
        f"是以数值存储的长号码（{cell.shown}），末尾几位已丢失。请先把该列设为“文本”格式，再重新录入完整号码。",
        f"is a long number stored as a float ({cell.shown}): its last digits are gone. Format the column as text, then type it again.",
    )


def _formula(cell: BrokenCell) -> tuple[str, str]:
    return (
        f"是公式（{cell.shown}），但文件中没有保存计算结果。请在 Excel 中打开并保存，或粘贴为数值后重新报送。",
        f"is a formula ({cell.shown}) without a stored result; open and save the file in Excel, or paste the values.",
    )


def _negative(cell: BrokenCell) -> tuple[str, str]:
    return f"不能为负数，现为“{cell.shown}”，请改正。", f"must not be negative; it is {cell.shown!r}."


def _after_month(cell: BrokenCell) -> tuple[str, str]:
    return (
        f"“{cell.shown}”晚于报送月份 {cell.month}。请改正日期，或在以后月份报送。",
        f"{cell.shown!r} is after the submitted month {cell.month}; correct the date or report the row in its own month.",
    )


def _before_window(cell: BrokenCell) -> tuple[str, str]:
    first = f"{add_months(cell.month, -WINDOW_MONTHS)}-01"
    return (
        f"“{cell.shown}”早于补报期限：{cell.month} 的报表最早可补报 {first} 的事项。请改正日期。",
        f"{cell.shown!r} is too early: a submission for {cell.month} takes events from {first} on; correct the date.",
    )


def _late(cell: BrokenCell) -> tuple[str, str]:
    return (
        f"“{cell.shown}”早于报送月份 {cell.month}，按补报处理，计入其发生月份。",
        f"{cell.shown!r} is before the submitted month {cell.month}: late reporting, counted in its own month.",
    )


def _duplicate(cell: BrokenCell) -> tuple[str, str]:
    shown = [str(row) for row in cell.same_key_rows[:_LISTED_ROWS]]
    more = len(cell.same_key_rows) > _LISTED_ROWS
    key = "、".join(field.label for field in cell.form.key)
    names = ", ".join(field.name for field in cell.form.key)
    return (
        f"与第 {'、'.join(shown)}{' 等' if more else ''} 行重复（{key}相同）。请删除重复行或改正编号；改正前这些行都不计入。",
        f"shares its key ({names}) with rows {', '.join(shown)}{' and more' if more else ''}; "
        "delete or correct them: until then none of them counts.",
    )


def _table_rule(code: str, cell: BrokenCell) -> tuple[str, str]:
    rule = next(rule for rule in cell.form.rules if rule.code == code)
    if not cell.text:
        return f"为空：{rule.message_zh}。", f"is empty: {rule.message_en}."
    return f"现为“{cell.shown}”：{rule.message_zh}，请核对。", f"is {cell.shown!r}: {rule.message_en}."


_WORDS: Mapping[str, Callable[[BrokenCell], tuple[str, str]]] = {
    "missing_required": _missing,
    "wrong_type": _wrong_type,
    "outside_enum": _outside_enum,
    "invalid_uscc": _invalid_uscc,
    "invalid_resident_id": _invalid_resident_number,
    "float_identifier": _float_identifier,
    "formula_without_value": _formula,
    "negative_value": _negative,
    "date_after_month": _after_month,
    "date_before_window": _before_window,
    "late_row": _late,
    "duplicate_key": _duplicate,
}


_TITLES = {
    "missing_required": "必填项没有填写",
    "wrong_type": "填写的内容格式不对",
    "outside_enum": "填写的内容不在规定选项内",
    "invalid_uscc": "统一社会信用代码无效",
    "invalid_resident_id": "居民身份证号无效",
    "float_identifier": "长号码以数值存储，末尾几位已丢失",
    "formula_without_value": "公式没有保存计算结果",
    "negative_value": "数值不能为负",
    "date_after_month": "日期晚于报送月份",
    "date_before_window": "日期早于补报期限",
    "late_row": "日期早于报送月份，按补报处理",
    "duplicate_key": "编号重复",
    "total_row_ignored": "合计行未作为数据读取",
    "footer_ignored": "表尾未作为数据读取",
    "header_repeated": "重复的表头未作为数据读取",
    "nil_word_ignored": "“无”一类的字按没有填写处理",
    "rounded_to_next_day": "临近午夜的时间按次日读取",
    "time_of_day_ignored": "只读取了日期，未读取时间",
    "unknown_inspection": "尚未收到对应的安全检查",
    "found_before_inspection": "发现日期早于检查日期",
    "unregistered_union": "工会代码尚未登记",
    "dissolved_union": "工会已撤销",
    "joined_twice": "已是该工会会员，重复入会",
}


def title_of(rule: str, form: Form | None) -> str | None:
    """A few Chinese words for what a rule finds, whatever the cell; None for a rule that is reported per submission only."""
    if rule in _TITLES:
        return _TITLES[rule]
    return next((item.message_zh for item in form.rules if item.code == rule), None) if form else None
