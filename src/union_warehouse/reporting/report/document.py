"""A report as values: what both writers write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from union_warehouse.reporting.report.wording import ordinal


@dataclass(frozen=True)
class Paragraph:
    """Running text in parts: words, and the indicator whose number they say, if any."""

    parts: tuple[tuple[str, str | None], ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(words for words, _ in self.parts)


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True)
class Note:
    """A remark under what it is about, in small print."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: with its number.
        header: one text a column.
        rows: cells, as many as the header has.
        numeric: columns of numbers, aligned right.
        wide: columns of running text, which take the room that the others leave.
        has_total: whether the first row is that of the whole, set apart.
        anchors: one a row, empty where nothing refers to them.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    has_total: bool = False
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """Values of one indicator, one a label of its chart; None where there is none.

    Attributes:
        last_year: of the same months a year before; empty where the release does not reach back.
        year_to_date: from January to each month; empty for what does not add up over a year.
    """

    name: str
    unit: str
    unit_zh: str
    values: tuple[float | None, ...]
    last_year: tuple[float | None, ...] = ()
    year_to_date: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A chart, not drawn yet.

    Attributes:
        caption: with its number.
        kind: as of a template's chart.
        labels: of the points or bars.
        series: one panel each.
        description: what a reader without the picture reads.
    """

    caption: str
    kind: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    description: str


Block = Paragraph | Heading | Note | Table | Chart


@dataclass(frozen=True)
class Section:
    """A numbered part of the report; ``key`` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Volume:
    """One file of the report.

    Attributes:
        title: of the first page.
        subtitle: the line under it: release and time.
        summary: what fills the first page after them, None without one.
        sections: what follows, each under its number.
        numbering: what stands before that number.
        properties: facts of the release, for the file's own properties.
    """

    title: str
    subtitle: str
    summary: Section | None
    sections: tuple[Section, ...]
    numbering: str
    properties: Mapping[str, str]

    def number(self, place: int) -> str:
        """What stands before the title of a section, the first of which is 1: ``一、`` or ``附录一　``."""
        return f"{self.numbering}{ordinal(place)}{'　' if self.numbering else '、'}"

    @property
    def parts(self) -> tuple[Section, ...]:
        """Summary and sections, in order."""
        return (self.summary, *self.sections) if self.summary else self.sections


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes:
        title: of the first page.
        subtitle: the line under it: release and time.
        summary: the first page.
        sections: the report itself.
        appendices: what it rests on, a file of their own.
        properties: facts of the release, for the files' own properties: release_id, known_at, code_version, period,
            structure_on (empty for the units as they stood).
    """

    title: str
    subtitle: str
    summary: Section | None
    sections: tuple[Section, ...]
    appendices: tuple[Section, ...]
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def volumes(self) -> tuple[Volume, Volume]:
        """The report and its appendices."""
        return (
            Volume(self.title, self.subtitle, self.summary, self.sections, "", self.properties),
            Volume(f"{self.title}附录", self.subtitle, None, self.appendices, "附录", self.properties),
        )

    @property
    def parts(self) -> tuple[Section, ...]:
        """Sections of both volumes, in order."""
        return tuple(part for volume in self.volumes for part in volume.parts)
