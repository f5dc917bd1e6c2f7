"""``uw report``: the annual and the monthly report."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from union_warehouse.cli.console import print_json
from union_warehouse.cli.options import (
    audience_option,
    chosen_period,
    chosen_release,
    period_options,
    release_options,
    structure_option,
)
from union_warehouse.paths import Home


@click.command()
@period_options
@release_options
@structure_option
@audience_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the files (default: reports/<release>/ under UW_HOME).",
)
@click.option(
    "--template",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other words for the report, as docs/report.md describes them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def report(
    year: int | None,
    month: str | None,
    release_id: str | None,
    as_of: datetime | None,
    structure_on: date | None,
    audience: str | None,
    out: Path | None,
    template: Path | None,
    as_json: bool,
) -> None:
    """Write the report of a year or a month, and its appendices, as Word and HTML, in Chinese.

    The first page is a summary; every number is an indicator's, or counted in the release.
    """
    from union_warehouse.reporting.report import write_report
    from union_warehouse.reporting.report.template import TEMPLATE_FILE

    home = Home.from_environment()
    release = chosen_release(home, release_id, as_of)
    files = write_report(home, chosen_period(year, month), month, release, out, template or TEMPLATE_FILE, structure_on, audience)
    if as_json:
        print_json({"files": [str(path) for path in files]})
        return
    for path in files:
        click.echo(path)
