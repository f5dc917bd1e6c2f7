"""A report as values: what both writers write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Paragraph:
    """Running text in parts: words, and the indicator whose number they say, if any."""

    parts: tuple[tuple[str, str | None], ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(words for words, _ in self.parts)


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


Block = Paragraph | Note | Table | Chart


@dataclass(frozen=True)
class Section:
    """A numbered part of the report; ``key`` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes:
        title: of the first page.
        subtitle: the line under it: release and time.
        sections: the report itself.
        appendices: what it rests on.
        properties: facts of the release, for the files' own properties: release_id, known_at, code_version, period,
            structure_on (empty for the units as they stood).
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    appendices: tuple[Section, ...]
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Section, ...]:
        """Sections and appendices, in order."""
        return (*self.sections, *self.appendices)
