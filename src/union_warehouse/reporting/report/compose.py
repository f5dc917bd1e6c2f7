"""A document from a template and what a release says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from union_warehouse.contracts import load_forms
from union_warehouse.reporting.report.document import Block, Chart, Document, Note, Paragraph, Section, Table
from union_warehouse.reporting.report.exhibits import chart_of, indicator_table, table_blocks, why_no_value
from union_warehouse.reporting.report.release_data import Figure, Gap, ReportData
from union_warehouse.reporting.report.template import PLACEHOLDER, SectionTemplate, Template
from union_warehouse.reporting.report.wording import change_text, months_text, value_text
from union_warehouse.working_days import SHANGHAI

_NAMED_UNITS = 4


def compose(data: ReportData, template: Template, appendices: Iterable[Section]) -> Document:
    """The document: the template's sections, whatever the template does not name, and the appendices."""
    sections = [_section(data, section) for section in template.sections]
    named = {code for section in template.sections for code in section.indicators}
    if others := [code for code in data.figures if code not in named]:
        sections.append(Section("other", "其他指标", (indicator_table(data, "其他指标", others),)))
    known_at = data.release.known_at_utc
    structure = f"，按{data.structure_on}的单位建制" if data.structure_on else ""
    return Document(
        title=_plain(data, template.title.month if data.period.month else template.title.year),
        subtitle=f"发布版本 {data.release.release_id}，数据截至 {local_time(known_at)}{structure}",
        sections=tuple(number_exhibits(sections)),
        appendices=tuple(number_exhibits(appendices, "附")),
        properties={
            "release_id": data.release.release_id,
            "known_at": known_at.isoformat(),
            "code_version": data.release.code_version,
            "period": data.period.name,
            "structure_on": str(data.structure_on or ""),
        },
    )


def local_time(instant: datetime) -> str:
    """An instant as a clock in Shanghai shows it."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def number_exhibits(sections: Iterable[Section], prefix: str = "") -> Iterator[Section]:
    """Give tables and charts their numbers, such as 表1 and 图1."""
    counts = {Table: 0, Chart: 0}
    for section in sections:
        blocks: list[Block] = []
        for block in section.blocks:
            if isinstance(block, Table | Chart):
                counts[type(block)] += 1
                word = "表" if isinstance(block, Table) else "图"
                caption = f"{prefix}{word}{counts[type(block)]}　{block.caption}"
                blocks.append(replace(block, caption=caption))
            else:
                blocks.append(block)
        yield replace(section, blocks=tuple(blocks))


def _section(data: ReportData, template: SectionTemplate) -> Section:
    blocks: list[Block] = [_paragraph(data, text) for text in template.paragraphs]
    blocks += _gap_notes(data, template.indicators)
    blocks += [chart for exhibit in template.charts if (chart := chart_of(data, exhibit))]
    for exhibit in template.tables:
        blocks += table_blocks(data, exhibit)
    return Section(template.key, template.title, tuple(blocks))


def _paragraph(data: ReportData, text: str) -> Paragraph:
    parts: list[tuple[str, str | None]] = []
    # split() gives words and names in turn
    for index, piece in enumerate(PLACEHOLDER.split(text)):
        if index % 2 == 0:
            parts.append((piece, None))
        elif piece in data.figures:
            parts.append((figure_text(data, data.figures[piece]), piece))
        else:
            parts.append((_given(data)[piece], None))
    return Paragraph(tuple(part for part in parts if part[0]))


def _plain(data: ReportData, text: str) -> str:
    return _paragraph(data, text).text


def _given(data: ReportData) -> dict[str, str]:
    return {"federation": data.unit_names[data.federation], "period": data.period.text}


def figure_text(data: ReportData, figure: Figure) -> str:
    """A value with its unit, its change against last year, and in a month's report the year to date."""
    if figure.value is None:
        return f"（{why_no_value(figure)}）"
    remarks = []
    if figure.change is not None:
        remarks.append(change_text(figure.change, figure.unit, figure.unit_zh))
    if data.period.month and figure.kind == "flow" and figure.year_to_date and len(data.period.months) > 1:
        remarks.append(f"年内累计{value_text(figure.year_to_date, figure.unit, figure.unit_zh)}")
    return value_text(figure.value, figure.unit, figure.unit_zh) + (f"（{'，'.join(remarks)}）" if remarks else "")


def _gap_notes(data: ReportData, codes: Sequence[str]) -> list[Block]:
    """Who did not send the forms that the section's figures come from."""
    forms = {data.figures[code].form for code in codes}
    by_form: dict[str, list[Gap]] = {}
    for gap in data.gaps:
        if gap.form in forms:
            by_form.setdefault(gap.form, []).append(gap)
    by_units: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for form, gaps in by_form.items():
        by_units.setdefault(tuple((gap.unit_name, gap.months) for gap in gaps), []).append(form)
    if not by_units:
        return []
    said = [f"{_sheets(names)}另有{len(units)}个单位未报送{_who(data, units)}" for units, names in by_units.items()]
    return [Note("说明：" + "；".join(said) + "。缺报的流量未计入，期末数沿用上期。")]


def _who(data: ReportData, units: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    if len(units) > _NAMED_UNITS:
        return "（见附录报送情况）"
    is_year = data.period.month is None
    return "（" + "、".join(name + (months_text(months) if is_year else "") for name, months in units) + "）"


def _sheets(forms: Sequence[str]) -> str:
    return "".join(f"“{form_label(form)}”" for form in forms)


def form_label(form: str) -> str:
    """Chinese name of a form; its code where today's contracts no longer know it."""
    found = load_forms().get(form)
    return found.sheet if found else form
