"""``uw report``: the annual and the monthly report."""

from __future__ import annotations

from pathlib import Path

import click

from union_warehouse.cli.console import print_json
from union_warehouse.cli.values import Month
from union_warehouse.paths import Home


@click.command()
@click.option("--year", type=click.IntRange(1900, 9999), help="The year, up to its last closed month.")
@click.option("--month", type=Month(), help="One month, instead of a year.")
@click.option("--release", "release_id", metavar="ID", help="A release (default: the current one).")
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
    year: int | None, month: str | None, release_id: str | None, out: Path | None, template: Path | None, as_json: bool
) -> None:
    """Write the report of a year or a month as Word and HTML, in Chinese; every number in it is an indicator's."""
    if month and year not in {None, int(month[:4])}:
        raise click.UsageError(f"--month {month} is not in --year {year}. 月份不在该年度内。")
    if not month and year is None:
        raise click.UsageError("give --year or --month. 请给出 --year 或 --month。")
    from union_warehouse.reporting.report import write_report
    from union_warehouse.reporting.report.template import TEMPLATE_FILE

    files = write_report(Home.from_environment(), year or int(str(month)[:4]), month, release_id, out, template or TEMPLATE_FILE)
    if as_json:
        print_json({"files": [str(path) for path in files]})
        return
    for path in files:
        click.echo(path)
