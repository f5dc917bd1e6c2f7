"""Write a report's files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from union_warehouse.files import write_bytes
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.reporting.disclosure.policy import audience_of
from union_warehouse.reporting.report.appendix import appendices
from union_warehouse.reporting.report.charts import draw
from union_warehouse.reporting.report.compose import compose
from union_warehouse.reporting.report.document import Chart, Document
from union_warehouse.reporting.report.docx_writer import docx_bytes
from union_warehouse.reporting.report.html_writer import html_text
from union_warehouse.reporting.report.release_data import read_report_data
from union_warehouse.reporting.report.summary import facts
from union_warehouse.reporting.report.template import TEMPLATE_FILE, load_template

_INTERNAL = "内部"
"""Stands in the name of a report that shows everything."""
_NAMES = {"year": "年报", "month": "月报"}


def write_report(
    home: Home,
    year: int,
    month: str | None = None,
    release_id: str | None = None,
    out: Path | None = None,
    template: Path = TEMPLATE_FILE,
    structure_on: date | None = None,
    audience: str | None = None,
) -> list[Path]:
    """Write the report of a year, or of a month, as Word and HTML.

    Everything in it comes from the release, so the same release gives the same files.

    Args:
        home: the warehouse's state.
        year: calendar year.
        month: ``YYYY-MM`` of that year; None for the year up to its last closed month.
        release_id: None for the current release.
        out: folder of the files; by default ``reports/<release>`` of the home.
        template: the report's words (docs/report.md).
        structure_on: history restated to the units as they stand on that day; None as they stood.
        audience: whom it is for; None for whom the federation's policy says (docs/disclosure.md).

    Returns:
        The files: the report as Word and as HTML, and its appendices as Word and as HTML.

    Raises:
        NoRelease: nothing has been published yet.
        UnknownRelease: there is no release of that id.
        NoFigures: the release does not hold that period.
        MalformedTemplate: the template cannot be read.
        UnknownPlaceholder: the template names an indicator that the release does not define.
        NumberWithoutIndicator: the template's own words hold a number.
        UnknownAudience: the policy does not name the audience.
        StructureNotPublic: the audience does not see values by the units of another day.
        HiddenValueTold: a hidden value could be worked out from what is shown.
    """
    _, hides_below = audience_of(home, "report", audience)
    document = build_document(home, year, month, release_id, template, structure_on, hides_below)
    pictures = {block.caption: draw(block) for part in document.parts for block in part.blocks if isinstance(block, Chart)}
    folder = out or home.reports / document.properties["release_id"]
    stem = f"{document.properties['period']}_{_NAMES['month' if month else 'year']}"
    if structure_on:
        stem += f"_{structure_on}建制"
    if hides_below is None:
        stem += f"_{_INTERNAL}"
    report, appendices = document.volumes
    files = {
        folder / f"{stem}.docx": docx_bytes(report, pictures),
        folder / f"{stem}.html": html_text(report, pictures, definitions=(appendices, f"{stem}_附录.html")).encode(),
        folder / f"{stem}_附录.docx": docx_bytes(appendices, pictures),
        folder / f"{stem}_附录.html": html_text(appendices, pictures).encode(),
    }
    for path, content in files.items():
        write_bytes(path, content)
    return list(files)


def build_document(
    home: Home,
    year: int,
    month: str | None = None,
    release_id: str | None = None,
    template: Path = TEMPLATE_FILE,
    structure_on: date | None = None,
    hides_below: int | None = None,
) -> Document:
    """The report as values; arguments and errors are those of :func:`write_report`."""
    data = read_report_data(home, year, month, release_id, structure_on, hides_below)
    words = load_template(template, data.figures.keys(), data.release.release_id)
    # indicators in the order of the report everywhere
    named = dict.fromkeys(code for section in words.sections for code in section.indicators)
    data = replace(data, figures={code: data.figures[code] for code in (*named, *sorted(data.figures.keys() - named.keys()))})
    with open_release(home, data.release.release_id) as connection:
        return compose(data, words, facts(connection, data), appendices(connection, data))
