"""What a template tells about a column: its note, its prompt and what it says when a value is refused."""

from __future__ import annotations

from datetime import date

from union_warehouse.contracts import DateRole, Field, FieldType, Form
from union_warehouse.months import first_day, last_day
from union_warehouse.quality.row_rules import window_start

PROMPT_TITLE_LENGTH, PROMPT_LENGTH = 32, 255  # Excel refuses longer ones
_LABELS_IN_PROMPT = 8


def note(form: Form, field: Field, month: str) -> str:
    """The note of a header: description, what is expected, rules, an example; one a line."""
    lines = [
        f"{field.label}（{'必填' if field.is_required else '选填'}）",
        field.description_zh,
        f"填写：{expected(field, month)}",
    ]
    if form.key == (field,):
        lines.append("同一表中不得重复。")
    lines += [f"规则：{rule.message_zh}。" for rule in form.rules if rule.column == field.name]
    lines.append(f"示例：{example(field, month)}")
    return "\n".join(line for line in lines if line)


def prompt(field: Field, month: str) -> tuple[str, str]:
    """Title and text of what is shown beside a chosen cell."""
    title = f"{field.label}（{'必填' if field.is_required else '选填'}）"
    text = "\n".join(line for line in (field.description_zh, f"填写：{expected(field, month, _LABELS_IN_PROMPT)}") if line)
    return title[:PROMPT_TITLE_LENGTH], text[:PROMPT_LENGTH]


def expected(field: Field, month: str, most_labels: int | None = None) -> str:
    """What a cell of the column holds."""
    if field.enum:
        labels = [label for _, label in field.enum]
        more = " 等" if most_labels and len(labels) > most_labels else ""
        return f"从下拉列表选择：{'、'.join(labels[:most_labels])}{more}"
    if field.checker:
        return "18位，按文本填写，不要有空格"
    return _EXPECTED[field.type] + _bounds(field, month)


_EXPECTED = {
    FieldType.STRING: "文字",
    FieldType.INTEGER: "整数，不小于 0",
    FieldType.DECIMAL: "数字，不小于 0，最多两位小数",
    FieldType.DATE: "日期",
}


def _bounds(field: Field, month: str) -> str:
    if field.date_role is DateRole.EVENT:
        return f"，不晚于 {last_day(month)}，一般不早于 {window_start(month)}（更早的显示为橙色，只有期初和以前报过的记录可以）"
    return ""


def example(field: Field, month: str) -> str:
    """A value that the column would take."""
    if field.examples:
        return field.examples[0]
    if field.enum:
        return field.enum[0][1]
    return {
        FieldType.STRING: field.label,
        FieldType.INTEGER: "12",
        FieldType.DECIMAL: "1500.00",
        FieldType.DATE: date.isoformat(first_day(month).replace(day=18)),
    }[field.type]


def refusal(field: Field, month: str) -> str:
    """What is said when a value is refused."""
    return f"“{field.label}”应填写：{expected(field, month, _LABELS_IN_PROMPT)}。"[:PROMPT_LENGTH]
