"""What is wrong with a close, in words: for Airflow's page (Markdown), a terminal (tables) and a message (one line)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from union_warehouse.contracts import Federation, forms_owed, load_forms
from union_warehouse.display import number_text

_SHOWN_ROWS = 40
"""Rows of a section that a person reads before deciding; all of them are in ``UW_HOME/approvals/``."""

Reasons = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Section:
    """One kind of reason as a table.

    Attributes:
        kind: as in :attr:`Review.reasons`.
        title: Chinese and English.
        headings: of its columns, Chinese and English.
        rows: cells as text, at most as many as a person reads.
        left_out: how many rows there are beyond those.
    """

    kind: str
    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: int


def sections(reasons: Reasons, federation: Federation) -> list[Section]:
    """A section for each kind of reason that there is, of units of ``federation``."""
    return [
        Section(
            kind,
            title,
            headings,
            [cells(row, federation) for row in reasons[kind][:_SHOWN_ROWS]],
            max(0, len(reasons[kind]) - _SHOWN_ROWS),
        )
        for kind, (title, headings, cells) in _SECTIONS.items()
        if reasons.get(kind)
    ]


def summary(reasons: Reasons) -> tuple[str, str]:
    """What is wrong in half a line, in Chinese and English."""
    forms = {kind: sum(len(row["forms"].split(", ")) for row in reasons[kind]) for kind in ("missing", "late", "after_closing")}
    rows = sum(row["rows"] for row in reasons["quarantined"])
    counted = (
        (forms["missing"], "缺报 {} 张报表", "{} forms missing"),
        (forms["late"], "迟报 {} 张报表", "{} forms late"),
        (forms["after_closing"], "关账后更正 {} 张报表", "{} forms changed after the closing"),
        (rows, "隔离 {} 行", "{} rows in quarantine"),
        (len(reasons["moved"]), "{} 个已发布数字变动超出容差", "{} published figures moved beyond their tolerance"),
    )
    found = [(zh.format(count), en.format(count)) for count, zh, en in counted if count]
    return "，".join(zh for zh, _ in found), ", ".join(en for _, en in found)


def markdown(reasons: Reasons, federation: Federation) -> str:
    """The sections as Markdown tables."""
    return "\n\n".join(_markdown(section) for section in sections(reasons, federation))


def _markdown(section: Section) -> str:
    lines = [_line(section.headings), _line(["---"] * len(section.headings)), *map(_line, section.rows)]
    rest = f"\n\n… 另有 {section.left_out} 行 ({section.left_out} more)" if section.left_out else ""
    return f"### {section.title}\n\n" + "\n".join(lines) + rest


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _unit(row: Mapping[str, Any]) -> str:
    return f"{row['name'] or ''} {row['department']}".strip()


def _forms(row: Mapping[str, Any], federation: Federation) -> str:
    forms = row["forms"].split(", ")
    if len(forms) == len(forms_owed(federation.units(row["month"])[row["department"]], row["month"])):
        return f"全部 {len(forms)} 张 all"
    return "、".join(_label(form) for form in forms)


def _label(form: str) -> str:
    return load_forms()[form].sheet


def _moved(row: Mapping[str, Any], _: Federation) -> list[str]:
    unit = f"{row['department_name'] or ''} {row['department']}".strip()
    values = [f"{_number(row[f'old_{period}'])} → {_number(row[f'new_{period}'])}" for period in ("month", "year_to_date")]
    return [row["month"], f"{row['name']} {row['indicator']}", unit, *values, f"{row['tolerance']:.2%}"]


def _number(value: float | None) -> str:
    return "—" if value is None else number_text(value, 4)


_MONTH, _UNIT, _FORMS = "月份 month", "单位 department", "报表 forms"
_SECTIONS: Mapping[str, tuple[str, Sequence[str], Callable[[Mapping[str, Any], Federation], list[str]]]] = {
    "missing": (
        "缺报 Missing",
        (_MONTH, _UNIT, _FORMS),
        lambda row, federation: [row["month"], _unit(row), _forms(row, federation)],
    ),
    "late": (
        "迟报 Late",
        (_MONTH, _UNIT, "截止 due on", "到达 arrived on", _FORMS),
        lambda row, federation: [row["month"], _unit(row), row["due_on"], row["arrived_on"], _forms(row, federation)],
    ),
    "after_closing": (
        "关账后更正 Changed after the closing",
        (_MONTH, _UNIT, _FORMS),
        lambda row, federation: [row["month"], _unit(row), _forms(row, federation)],
    ),
    "quarantined": (
        "隔离 In quarantine",
        (_MONTH, _UNIT, "报表 form", "规则 rule", "行数 rows"),
        lambda row, _: [row["month"], _unit(row), _label(row["form"]), row["rule"], str(row["rows"])],
    ),
    "moved": (
        "已发布数字变动 Published figures moved",
        (_MONTH, "指标 indicator", _UNIT, "当月 month", "累计 year to date", "容差 tolerance"),
        _moved,
    ),
}
