"""The report's words, which are data: sections of text, tables and charts that name indicators."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from union_warehouse.reporting.report.errors import MalformedTemplate, NumberWithoutIndicator, UnknownPlaceholder
from union_warehouse.reporting.report.wording import spelled_number

TEMPLATE_FILE = Path(__file__).with_name("annual_report.yml")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
GIVEN_NAMES = ("federation", "period")
"""Placeholders that the program fills from the release and the period; every other one is an indicator."""

TABLE_KINDS = ("departments", "indicators", "commitments")
CHART_KINDS = ("months", "departments", "indicators", "commitments")
_PERIOD_KINDS = ("year", "month")


@dataclass(frozen=True)
class Exhibit:
    """A table or a chart.

    Attributes:
        title: above or below it.
        kind: one of TABLE_KINDS or CHART_KINDS: what its rows, bars or points are.
        indicators: columns, rows or series; none where the rows are commitments.
    """

    title: str
    kind: str
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class SectionTemplate:
    """A section: ``key`` is its anchor; paragraphs hold placeholders."""

    key: str
    title: str
    paragraphs: tuple[str, ...]
    tables: tuple[Exhibit, ...]
    charts: tuple[Exhibit, ...]

    @property
    def indicators(self) -> tuple[str, ...]:
        """Every indicator that the section names, in order of appearance."""
        in_text = [name for text in self.paragraphs for name in PLACEHOLDER.findall(text) if name not in GIVEN_NAMES]
        in_exhibits = [code for exhibit in (*self.tables, *self.charts) for code in exhibit.indicators]
        return tuple(dict.fromkeys(in_text + in_exhibits))


@dataclass(frozen=True)
class Template:
    """A report: its title by kind of period (``year``, ``month``), and its sections."""

    title: Mapping[str, str]
    sections: tuple[SectionTemplate, ...]


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
    try:
        template = _read(path)
    except _Wrong as wrong:
        raise MalformedTemplate(path=path, **wrong.facts) from wrong
    for place, text in _texts(template):
        _check_text(path, place, text)
        for name in PLACEHOLDER.findall(text):
            if name not in GIVEN_NAMES and name not in indicators:
                raise UnknownPlaceholder(path=path, place=place, name=name, release_id=release_id)
    for section in template.sections:
        for code in section.indicators:
            if code not in indicators:
                raise UnknownPlaceholder(path=path, place=section.title, name=code, release_id=release_id)
    return template


def _texts(template: Template) -> Iterator[tuple[str, str]]:
    """Every text a reader will see, with its place."""
    for kind, title in template.title.items():
        yield f"title_zh.{kind}", title
    for section in template.sections:
        yield section.key, section.title
        for text in (*section.paragraphs, *(exhibit.title for exhibit in (*section.tables, *section.charts))):
            yield section.title, text


def _check_text(path: Path, place: str, text: str) -> None:
    words = PLACEHOLDER.sub("|", text)
    if "{" in words or "}" in words:
        raise MalformedTemplate(path=path, place=place, reason_zh="花括号不成对", reason_en="braces do not match")
    if number := spelled_number(words):
        raise NumberWithoutIndicator(path=path, place=place, number=number, text=text)


class _Wrong(Exception):
    """A complaint about a place of the file being read."""

    def __init__(self, place: str, reason_zh: str, reason_en: str) -> None:
        super().__init__(place, reason_zh, reason_en)
        self.facts = {"place": place, "reason_zh": reason_zh, "reason_en": reason_en}


def _read(path: Path) -> Template:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _Wrong("-", f"无法读取（{error}）", f"it cannot be read ({error})") from error
    found = _mapping(document, "-", required=("title_zh", "sections"))
    title = _mapping(found["title_zh"], "title_zh", required=_PERIOD_KINDS)
    sections = tuple(_section(item) for item in _list(found["sections"], "sections"))
    if len({section.key for section in sections}) < len(sections):
        raise _Wrong("sections", "key 重复", "a key is used twice")
    return Template({kind: _text(title[kind], f"title_zh.{kind}") for kind in _PERIOD_KINDS}, sections)


def _section(item: Any) -> SectionTemplate:
    found = _mapping(item, "sections", required=("key", "title_zh"), optional=("paragraphs", "tables", "charts"))
    key = _text(found["key"], "key")
    return SectionTemplate(
        key=key,
        title=_text(found["title_zh"], key),
        paragraphs=tuple(_text(text, key) for text in _list(found.get("paragraphs", []), key)),
        tables=tuple(_exhibit(table, key, TABLE_KINDS) for table in _list(found.get("tables", []), key)),
        charts=tuple(_exhibit(chart, key, CHART_KINDS) for chart in _list(found.get("charts", []), key)),
    )


def _exhibit(item: Any, place: str, kinds: Collection[str]) -> Exhibit:
    found = _mapping(item, place, required=("title_zh", "by"), optional=("indicators",))
    codes = tuple(_text(code, place) for code in _list(found.get("indicators", []), place))
    if found["by"] not in kinds:
        choices = ", ".join(kinds)
        raise _Wrong(place, f"by 应为 {choices} 之一", f"`by` must be one of {choices}")
    if bool(codes) == (found["by"] == "commitments"):
        raise _Wrong(place, "indicators 缺失或多余", "`indicators` is missing or not wanted")
    return Exhibit(_text(found["title_zh"], place), found["by"], codes)


def _mapping(value: Any, place: str, required: Collection[str], optional: Collection[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(place, "应为键值表", "a mapping is wanted")
    if missing := [name for name in required if name not in value]:
        raise _Wrong(place, f"缺少 {', '.join(missing)}", f"{', '.join(missing)} is missing")
    if unknown := [str(name) for name in value if name not in (*required, *optional)]:
        raise _Wrong(place, f"未知项 {', '.join(unknown)}", f"{', '.join(unknown)} is not known")
    return value


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong(place, "应为列表", "a list is wanted")
    return value


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(place, f"应为文字，现为 {value!r}", f"text is wanted, not {value!r}")
    return value.strip()
