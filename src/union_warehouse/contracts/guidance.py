"""What a department should write into a cell, in its words: derived from the contract, for receipts and templates."""

from __future__ import annotations

from dataclasses import dataclass

from union_warehouse.contracts.load import load_forms
from union_warehouse.contracts.model import DateRole, Field, FieldType

_CHECKED = {
    "uscc": ("18位统一社会信用代码，与营业执照一致，按文本填写", "91330103YY0000001A"),
    "resident_id": ("18位居民身份证号，末位可为X，按文本填写", "339900198001010017"),
}
"""Codes of nobody: ``YY`` was never issued, 3399 is no county; their check characters are right."""

_EXAMPLE_DAY = "05"
_ANY_MONTH = "2014-03"


@dataclass(frozen=True)
class Guidance:
    """What is expected of a cell, and a synthetic value that is right.

    Attributes:
        expected: in Chinese, without full stop.
        example: as a department would write it.
    """

    expected: str
    example: str


def guidance_of(field: Field, month: str | None = None) -> Guidance:
    """What is expected in a column.

    Args:
        field: of a contract.
        month: ``YYYY-MM`` in which an example's date should lie.
    """
    if field.enum:
        labels = [label for _, label in field.enum]
        return Guidance(f"从以下选项中选填一项：{'、'.join(labels)}", labels[0])
    if field.checker:
        return Guidance(*_CHECKED[field.checker])
    if field.type is FieldType.DATE:
        return Guidance(_date_expected(field), f"{month or _ANY_MONTH}-{_EXAMPLE_DAY}")
    if field.type is FieldType.STRING:
        return Guidance(_text_expected(field), field.example or "样例")
    is_whole = field.type is FieldType.INTEGER
    bound = "" if field.minimum is None else f"，不小于 {field.minimum}"
    return Guidance(f"{'整数' if is_whole else '数字，最多两位小数'}{bound}", field.example or ("12" if is_whole else "1234.50"))


def _date_expected(field: Field) -> str:
    return "日期（年-月-日），不晚于报送月份的最后一天" if field.date_role is DateRole.EVENT else "日期（年-月-日）"


def _text_expected(field: Field) -> str:
    if field.reference is not None:
        form = load_forms()[field.reference.form]
        return f"“{form.sheet}”中已报送的{form.field(field.reference.field).label}"
    return "编号，全区不重复" if field.is_key else "文字"
