"""What a template says about a column: its note, its prompt and what it says when a value is refused."""

from __future__ import annotations

from union_warehouse.contracts import DateRole, Field, Form, guidance_of
from union_warehouse.quality.row_rules import window_start

PROMPT_TITLE_LENGTH, PROMPT_LENGTH = 32, 255  # Excel takes no longer ones


def note(form: Form, field: Field, month: str) -> str:
    """The note of a header: description, what is expected, rules, an example; one a line."""
    lines = [_title(field), field.description_zh, f"填写：{_expected(field, month)}"]
    if form.key == (field,):
        lines.append("同一表中不得重复。")
    lines += [f"规则：{rule.message_zh}。" for rule in form.rules if rule.column == field.name]
    lines.append(f"示例：{guidance_of(field, month).example}")
    return "\n".join(line for line in lines if line)


def prompt(field: Field, month: str) -> tuple[str, str]:
    """Title and text of what is shown beside a chosen cell."""
    expected = "从下拉列表选择。" if field.enum else _expected(field, month)
    text = "\n".join(line for line in (field.description_zh, f"填写：{expected}") if line)
    return _title(field)[:PROMPT_TITLE_LENGTH], text[:PROMPT_LENGTH]


def refusal(field: Field, month: str) -> str:
    """What is said when a value is refused."""
    return f"“{field.label}”应填写：{_expected(field, month)}"[:PROMPT_LENGTH]


def _title(field: Field) -> str:
    return f"{field.label}（{'必填' if field.is_required else '选填'}）"


def _expected(field: Field, month: str) -> str:
    expected = f"{guidance_of(field, month).expected}。"
    if field.date_role is DateRole.EVENT:
        expected += f"早于 {window_start(month)} 的显示为橙色，只有期初数据和以前报过的记录可以这样填。"
    return expected
