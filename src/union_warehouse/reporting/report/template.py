"""The report's words, which are data: sections of text, tables and charts that name indicators."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from union_warehouse.reporting.report.errors import MalformedTemplate, NumberWithoutIndicator, UnknownPlaceholder
from union_warehouse.reporting.report.wording import spelled_number
from union_warehouse.yaml_files import YamlEntry, fault, read_yaml

TEMPLATE_FILE = Path(__file__).with_name("annual_report.yml")
PLACEHOLDER = re.compile(r"\{([^{}|]*)(?:\|([^{}|]*))?\}")
"""A name, and what the measure word of its number counts: ``{honour.pioneer_teams|班组}`` becomes 24个班组."""
GIVEN_NAMES = ("federation", "period")
"""Placeholders that the program fills from the release and the period; every other one is an indicator."""


def names_in(text: str) -> list[str]:
    """Names of the placeholders of a text, in order."""
    return [found[1] for found in PLACEHOLDER.finditer(text)]


class Exhibit(YamlEntry):
    """A table or a chart.

    Attributes:
        title: above or below it.
        kind: what its rows, bars or points are.
        indicators: columns, rows or series; none where the rows are commitments.
    """

    title: Annotated[str, Field(alias="title_zh")]
    kind: Annotated[str, Field(alias="by")]
    indicators: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_indicators_unless_of_commitments(self) -> Self:
        if bool(self.indicators) == (self.kind == "commitments"):
            fault("indicators 缺失或多余", "`indicators` is missing or not wanted")
        return self


class TableExhibit(Exhibit):
    """A table."""

    kind: Annotated[Literal["departments", "indicators", "commitments"], Field(alias="by")]


class ChartExhibit(Exhibit):
    """A chart."""

    kind: Annotated[Literal["months", "departments", "indicators", "commitments"], Field(alias="by")]


class SectionTemplate(YamlEntry):
    """A section: ``key`` is its anchor; paragraphs hold placeholders."""

    key: str
    title: Annotated[str, Field(alias="title_zh")]
    paragraphs: tuple[str, ...] = ()
    tables: tuple[TableExhibit, ...] = ()
    charts: tuple[ChartExhibit, ...] = ()

    @property
    def indicators(self) -> tuple[str, ...]:
        """Every indicator that the section names, in order of appearance."""
        in_text = [name for text in self.paragraphs for name in names_in(text) if name not in GIVEN_NAMES]
        in_exhibits = [code for exhibit in (*self.tables, *self.charts) for code in exhibit.indicators]
        return tuple(dict.fromkeys(in_text + in_exhibits))


Fact = Literal[
    "changes",
    "commitments",
    "late_commitments",
    "reports",
    "waiting_rows",
    "overdue_hazards",
    "restatements",
    "remaining_commitments",
    "next_commitments",
    "open_issues",
]
"""What the program says of the release by itself (summary.py)."""


class SummaryPart(YamlEntry):
    """A heading of the first page, and under it what a person writes and what the program finds."""

    title: Annotated[str, Field(alias="title_zh")]
    paragraphs: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


class Summary(YamlEntry):
    """The first page."""

    title: Annotated[str, Field(alias="title_zh")]
    parts: tuple[SummaryPart, ...]


class Title(YamlEntry):
    """The report's title, by kind of period."""

    year: str
    month: str


class Template(YamlEntry):
    """A report: its title, its first page, and its sections."""

    title: Annotated[Title, Field(alias="title_zh")]
    summary: Summary | None = None
    sections: tuple[SectionTemplate, ...]

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        keys = [section.key for section in self.sections]
        for key in keys:
            if keys.count(key) > 1:
                fault(f"key {key} 重复", f"the key {key} is used twice", "sections")
        return self


def load_template(path: Path, indicators: Collection[str], release_id: str) -> Template:
    """The template in ``path``, checked.

    Args:
        path: YAML; docs/report.md describes it.
        indicators: codes of the published indicators of the release.
        release_id: the release, for messages.

    Raises:
        MalformedTemplate: it cannot be read, lacks something, or holds what nobody reads.
        UnknownPlaceholder: it names an indicator that the release does not define.
        NumberWithoutIndicator: its own words hold a number.
    """
    template = read_yaml(path, Template, MalformedTemplate)
    for place, text in _texts(template):
        _check_text(path, place, text)
        for name in names_in(text):
            if name not in GIVEN_NAMES and name not in indicators:
                raise UnknownPlaceholder(path=path, place=place, name=name, release_id=release_id)
    for section in template.sections:
        for code in section.indicators:
            if code not in indicators:
                raise UnknownPlaceholder(path=path, place=section.title, name=code, release_id=release_id)
    return template


def _texts(template: Template) -> Iterator[tuple[str, str]]:
    """Every text a reader will see, with its place."""
    yield "title_zh.year", template.title.year
    yield "title_zh.month", template.title.month
    for part in template.summary.parts if template.summary else ():
        yield "summary", part.title
        yield from ((part.title, text) for text in part.paragraphs)
    for section in template.sections:
        yield section.key, section.title
        for text in (*section.paragraphs, *(exhibit.title for exhibit in (*section.tables, *section.charts))):
            yield section.title, text


def _check_text(path: Path, place: str, text: str) -> None:
    words = PLACEHOLDER.sub(lambda found: f"|{found[2] or ''}|", text)
    if "{" in words or "}" in words:
        raise MalformedTemplate(path=path, place=place, reason_zh="花括号不成对", reason_en="braces do not match")
    if number := spelled_number(words):
        raise NumberWithoutIndicator(path=path, place=place, number=number, text=text)
