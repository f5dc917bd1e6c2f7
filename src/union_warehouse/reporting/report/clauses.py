"""Paragraphs of a template with their numbers; what is nil or unknown is told in one sentence at their end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from union_warehouse.reporting.report.document import Paragraph
from union_warehouse.reporting.report.exhibits import is_nil, why_no_value
from union_warehouse.reporting.report.release_data import Figure, ReportData
from union_warehouse.reporting.report.template import PLACEHOLDER
from union_warehouse.reporting.report.wording import change_text, value_text

Part = tuple[str, str | None]
_MARKS = "、，；。"
"""From the weakest to the strongest."""
_BREAK = re.compile(f"(?<=[{_MARKS}])")
_NIL = "为零"


@dataclass(frozen=True)
class _Clause:
    """Words up to a mark, with at least one number in them, and the mark."""

    parts: tuple[Part, ...]
    figures: tuple[Figure, ...]
    mark: str


def told(data: ReportData, texts: Sequence[str], *, is_whole: bool = True) -> list[Paragraph]:
    """Paragraphs of ``texts``: a clause all of whose numbers are nil or unknown is left out, and they are named at the end.

    A nil that was none a year before is told where it stands.

    Args:
        data: what the release says.
        texts: with placeholders.
        is_whole: whether what is left out is named.
    """
    paragraphs, folded = [], dict[str, Figure]()
    for text in texts:
        kept: list[_Clause] = []
        strongest = ""
        for clause in _clauses(data, text):
            if clause.figures and all(_reason(figure) for figure in clause.figures):
                folded |= {figure.code: figure for figure in clause.figures if not figure.is_unpromised}
                strongest = max(strongest, clause.mark, key=_MARKS.find)
                continue
            if kept and strongest:
                last = kept[-1]
                kept[-1] = _Clause(last.parts, last.figures, max(last.mark, strongest, key=_MARKS.find))
            kept.append(clause)
            strongest = ""
        if kept:
            paragraphs.append(_joined(kept))
    return [*paragraphs, *_folded(data, folded.values())] if is_whole else paragraphs


def _joined(kept: Sequence[_Clause]) -> Paragraph:
    parts: list[Part] = []
    for clause, is_last in zip(kept, (*(False,) * (len(kept) - 1), True), strict=True):
        mark = "。" if is_last and clause.mark else clause.mark
        parts += [*clause.parts, (mark, None)]
    return Paragraph(tuple(part for part in parts if part[0]))


def _clauses(data: ReportData, text: str) -> Iterator[_Clause]:
    """The text parted after each mark that follows a number since the mark before."""
    pending = ""
    for piece in _BREAK.split(text):
        pending += piece
        if not piece:
            continue
        clause = _clause(data, pending)
        if clause.figures:
            yield clause
            pending = ""
    if pending:
        yield _clause(data, pending)


def _clause(data: ReportData, text: str) -> _Clause:
    mark = text[-1] if text[-1] in _MARKS else ""
    words = text.removesuffix(mark) if mark else text
    parts, figures, place = list[Part](), list[Figure](), 0
    for found in PLACEHOLDER.finditer(words):
        parts.append((words[place : found.start()], None))
        if figure := data.figures.get(found[1]):
            parts.append((figure_text(data, figure, found[2] or ""), figure.code))
            figures.append(figure)
        else:
            parts.append((given(data)[found[1]], None))
        place = found.end()
    parts.append((words[place:], None))
    return _Clause(tuple(part for part in parts if part[0]), tuple(figures), mark)


def given(data: ReportData) -> Mapping[str, str]:
    """Words of the placeholders that are no indicators."""
    return {"federation": data.unit_names[data.federation], "period": data.period.text}


def figure_text(data: ReportData, figure: Figure, noun: str = "") -> str:
    """A value with its unit, what it counts, its change against last year, and in a month's report the year to date."""
    if figure.value is None:
        return f"（{why_no_value(figure)}）"
    remarks = []
    if figure.change is not None:
        remarks.append(change_text(figure.change, figure.unit, figure.unit_zh))
    remarks += _year_to_date(data, figure)
    return value_text(figure.value, figure.unit, figure.unit_zh) + noun + (f"（{'，'.join(remarks)}）" if remarks else "")


def _year_to_date(data: ReportData, figure: Figure) -> list[str]:
    if data.period.month is None or figure.kind != "flow" or not figure.year_to_date or len(data.period.months) == 1:
        return []
    return [f"年内累计{value_text(figure.year_to_date, figure.unit, figure.unit_zh)}"]


def _reason(figure: Figure) -> str:
    """Why a figure is folded, empty where it is told in its place."""
    if figure.value is None:
        return why_no_value(figure)
    return _NIL if is_nil(figure) and not figure.change else ""


def _folded(data: ReportData, figures: Iterable[Figure]) -> list[Paragraph]:
    """One sentence: what is nil, and what is unknown for which reason."""
    by_reason: dict[str, list[Part]] = {}
    for figure in figures:
        remarks = _year_to_date(data, figure)
        parts = by_reason.setdefault(_reason(figure), [])
        parts.append(("、" if parts else "", None))
        parts.append((figure.name + (f"（{remarks[0]}）" if remarks else ""), figure.code))
    if not by_reason:
        return []
    said: list[Part] = []
    for reason, parts in by_reason.items():
        said += [(f"；{reason}的指标：" if said else f"{data.period.text}{reason}的指标：", None), *parts]
    return [Paragraph((*(part for part in said if part[0]), ("。", None)))]
