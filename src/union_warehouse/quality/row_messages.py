"""Words for broken rules: which cell, what is there, what to write instead, in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from union_warehouse.contracts import Field, FieldType, Form
from union_warehouse.months import add_months
from union_warehouse.workbooks.identifiers import explain_uscc

_TYPE_WORDS = {
    FieldType.INTEGER: ("整数，例如 12", "a whole number such as 12"),
    FieldType.DECIMAL: ("数字，最多两位小数，例如 1234.50", "a number with at most two decimal places such as 1234.50"),
    FieldType.DATE: ("日期，例如 2014-03-05", "a date such as 2014-03-05"),
    FieldType.STRING: ("文字", "text"),
}
_LISTED_ROWS = 5


@dataclass(frozen=True)
class Messages:
    """What the messages of one form's rows need to know.

    Attributes:
        form: the contract.
        sheet: the sheet's name.
        columns: letters of each field's column.
        month: of the submission.
        duplicates: rows that share a key, by each of them.
    """

    form: Form
    sheet: str
    columns: Mapping[str, str]
    month: str
    duplicates: Mapping[int, list[int]]


Words = Callable[[Messages, Field, int, str], tuple[str, str]]


def message_of(words: Messages, rule: str, column: str, row: int, text: str | None) -> tuple[str, str]:
    """Chinese and English message of one broken rule, starting with the cell.

    Args:
        words: the form's facts.
        rule: code of the rule.
        column: machine name of the reported column.
        row: as Excel numbers it.
        text: the cell's text, masked if personal.
    """
    field = words.form.field(column)
    make = _WORDS.get(rule, _table_rule(rule))
    zh, en = make(words, field, row, text or "")
    cell = f"{words.sheet}!{words.columns[column]}{row}"
    return f"{cell}“{field.label}”{zh}", f"{cell} {field.label} ({field.name}): {en}"


def _missing(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    if field.enum:
        zh, en = _choices(field)
        return f"为必填项，请填写：{zh}。", f"is required; write one of {en}."
    zh, en = _TYPE_WORDS[field.type]
    return f"为必填项，请填写{zh}。", f"is required; write {en}."


def _wrong_type(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    zh, en = _TYPE_WORDS[field.type]
    return f"应为{zh}，现为“{text}”，请改正。", f"must be {en}; it is {text!r}."


def _outside_enum(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    zh, en = _choices(field)
    return f"只能填写：{zh}，现为“{text}”，请改正。", f"must be one of {en}; it is {text!r}."


def _choices(field: Field) -> tuple[str, str]:
    return "、".join(label for _, label in field.enum), ", ".join(f"{label} ({code})" for code, label in field.enum)


def _invalid_uscc(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    zh, en = explain_uscc(text.replace(" ", "").upper())
    return f"“{text}”不是有效的18位统一社会信用代码：{zh}。请按营业执照填写。", f"{text!r} is no USCC of 18 characters: {en}; copy it from the licence."


def _invalid_resident(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    if len(text.strip()) != 18:
        zh, en = f"长度为{len(text.strip())}位，应为18位", f"it has {len(text.strip())} characters instead of 18"
    else:
        zh, en = "出生日期或校验码不符", "its date of birth or check character is wrong"
    return f"“{text}”不是有效的居民身份证号：{zh}。请核对证件后改正。", f"{text!r} is no resident identity number: {en}; compare it with the card."


def _float_identifier(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    return (
        f"是以数值存储的长号码（{text}），末尾几位已丢失。请先把该列设为“文本”格式，再重新录入完整号码。",
        f"is a long number stored as a float ({text}): its last digits are gone. Format the column as text, then type the number again.",
    )


def _formula(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    return (
        f"是公式（{text}），但文件中没有保存计算结果。请在 Excel 中打开并保存，或粘贴为数值后重新报送。",
        f"is a formula ({text}) without a stored result; open and save the file in Excel, or paste the values.",
    )


def _negative(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    return f"不能为负数，现为“{text}”，请改正。", f"must not be negative; it is {text!r}."


def _after_month(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    return (
        f"“{text}”晚于报送月份 {words.month}。请改正日期，或在以后月份报送。",
        f"{text!r} is after the submitted month {words.month}; correct the date or report the row in its own month.",
    )


def _before_window(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    first = f"{add_months(words.month, -3)}-01"
    return (
        f"“{text}”早于补报期限：{words.month} 的报表最早可补报 {first} 的事项。请改正日期。",
        f"{text!r} is too early: a submission for {words.month} takes events from {first} on; correct the date.",
    )


def _late(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    return (
        f"“{text}”早于报送月份 {words.month}，按补报处理，计入其发生月份。",
        f"{text!r} is before the submitted month {words.month}: late reporting, counted in its own month.",
    )


def _duplicate(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
    others = [str(other) for other in words.duplicates.get(row, []) if other != row]
    listed = "、".join(others[:_LISTED_ROWS]) + ("等" if len(others) > _LISTED_ROWS else "")
    key = "+".join(item.label for item in words.form.key)
    return (
        f"与第 {listed} 行重复（{key}相同）。请删除重复行或改正编号；改正前这些行都不计入。",
        f"shares its key ({', '.join(item.name for item in words.form.key)}) with rows {', '.join(others[:_LISTED_ROWS])}; "
        "delete or correct them: until then none of them counts.",
    )


def _table_rule(code: str) -> Words:
    def words_of(words: Messages, field: Field, row: int, text: str) -> tuple[str, str]:
        rule = next(rule for rule in words.form.rules if rule.code == code)
        return f"{rule.message_zh}，现为“{text}”，请核对。", f"{rule.message_en}; it is {text!r}."

    return words_of


_WORDS: Mapping[str, Words] = {
    "missing_required": _missing,
    "wrong_type": _wrong_type,
    "outside_enum": _outside_enum,
    "invalid_uscc": _invalid_uscc,
    "invalid_resident_id": _invalid_resident,
    "float_identifier": _float_identifier,
    "formula_without_value": _formula,
    "negative_value": _negative,
    "date_after_month": _after_month,
    "date_before_window": _before_window,
    "late_row": _late,
    "duplicate_key": _duplicate,
}
