"""A document from a template and what a release says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from union_warehouse.contracts import load_forms
from union_warehouse.reporting.report.clauses import told
from union_warehouse.reporting.report.document import Block, Chart, Document, Heading, Note, Paragraph, Section, Table
from union_warehouse.reporting.report.exhibits import chart_of, indicator_table, table_blocks
from union_warehouse.reporting.report.release_data import Gap, ReportData
from union_warehouse.reporting.report.template import SectionTemplate, Summary, Template
from union_warehouse.reporting.report.wording import day_text, months_text, release_text
from union_warehouse.working_days import SHANGHAI

_NAMED_UNITS = 4


def compose(data: ReportData, template: Template, facts: Mapping[str, str], appendices: Iterable[Section]) -> Document:
    """The document: the first page, the template's sections, whatever the template does not name, and the appendices.

    Args:
        data: what the release says.
        template: the words.
        facts: sentences of the first page by their names in the template; empty where there is nothing to say.
        appendices: the second volume.
    """
    sections = [_section(data, section) for section in template.sections]
    named = {code for section in template.sections for code in section.indicators}
    if others := [code for code in data.figures if code not in named]:
        sections.append(Section("other", "其他指标", (indicator_table(data, "其他指标", others),)))
    known_at = data.release.known_at_utc
    provisional = f"，{months_text([*data.provisional_months])}为初步数" if data.provisional_months else ""
    structure = f"，按{day_text(data.structure_on)}的单位建制" if data.structure_on else ""
    return Document(
        title="".join(paragraph.text for paragraph in told(data, [_title(data, template)])),
        subtitle=f"{release_text(data.release.release_id)}，数据截至{local_time(known_at)}{provisional}{structure}",
        summary=_summary(data, template.summary, facts) if template.summary else None,
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


def _title(data: ReportData, template: Template) -> str:
    return template.title.month if data.period.month else template.title.year


def _summary(data: ReportData, template: Summary, facts: Mapping[str, str]) -> Section:
    blocks: list[Block] = []
    for part in template.parts:
        said = [
            *told(data, part.paragraphs, is_whole=False),
            *(Paragraph(((facts[name], None),)) for name in part.facts if facts[name]),
        ]
        if said:
            blocks += [Heading(part.title), *said]
    return Section("summary", template.title, tuple(blocks))


def local_time(instant: datetime) -> str:
    """An instant as a clock in Shanghai shows it."""
    local = instant.astimezone(SHANGHAI)
    return f"{day_text(local.date())}{local:%H:%M}"


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
    blocks: list[Block] = [*told(data, template.paragraphs)]
    blocks += _gap_notes(data, template.indicators)
    blocks += [chart for exhibit in template.charts if (chart := chart_of(data, exhibit))]
    for exhibit in template.tables:
        blocks += table_blocks(data, exhibit)
    return Section(template.key, template.title, tuple(blocks))


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
