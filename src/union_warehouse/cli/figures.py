"""``uw figures``, ``uw trace`` and ``uw diff``: figures, the rows behind them, and what changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from union_warehouse.cli.console import print_table
from union_warehouse.cli.options import (
    audience_option,
    chosen_period,
    chosen_release,
    period_options,
    release_options,
    structure_option,
)
from union_warehouse.cli.output import Output, output_options
from union_warehouse.cli.read import as_text
from union_warehouse.display import as_number, estimate_text, number_text
from union_warehouse.paths import Home

# Rows of a trace on a terminal; the other formats give all of them.
_TRACED_ROWS = 50
_SHARES = frozenset({"ratio", "milestone"})
_HIDDEN = "×"


@click.command()
@period_options
@click.option("--department", metavar="CODE", help="A reporting unit, such as CQ; without it the whole federation.")
@release_options
@structure_option
@audience_option
@output_options("An object indicator -> number; --format json gives a row per indicator with everything that is known of it.")
def figures(
    year: int | None,
    month: str | None,
    department: str | None,
    release_id: str | None,
    as_of: datetime | None,
    structure_on: date | None,
    audience: str | None,
    output: Output,
) -> None:
    """Show indicator values of a release: of a month, or of a year (stocks: at its last closed month).

    With them the year to date, the same month a year before, the change, and the share of the year's commitment. × stands for
    a value that is not shown to that audience.
    """
    from union_warehouse.reporting.figures import figures as read_figures
    from union_warehouse.reporting.figures import figures_table

    home = Home.from_environment()
    release = chosen_release(home, release_id, as_of)
    hides_below = None
    if department or audience:  # the federation's own values are shown to everybody
        from union_warehouse.reporting.disclosure.policy import audience_of

        _, hides_below = audience_of(home, "figures", audience)
    found = read_figures(home, chosen_period(year, month), month, department, release, structure_on, hides_below)
    rows = [{key: as_number(value) for key, value in row.items()} for row in found.to_pylist()]
    if output.file_format is not None:
        numbers = {row["indicator_code"]: row["value"] for row in rows} if output.is_flag else None
        output.write([figures_table(found)], numbers)
        return
    of_period = "is_month_hidden" if month else "is_year_to_date_hidden"
    values = {
        "value_month": ["is_month_hidden"],
        "value_year_to_date": ["is_year_to_date_hidden"],
        "value_last_year": ["is_last_year_hidden"],
        "change": [of_period, "is_last_year_hidden"],
    }
    headings = ("month", "year to date", "month, last year" if month else "year to date, last year", "change")
    print_table(
        f"{rows[0]['release_id']}, {'' if month else 'year to '}{rows[0]['month']}, {rows[0]['reporting_unit_code']}"
        + (f", units of {structure_on}" if structure_on else "")
        + (f", provisional until {rows[0]['final_with_month']} is closed 初步数" if rows[0]["is_provisional"] else ""),
        (
            ("indicator", False),
            ("name", False),
            *((heading, True) for heading in headings),
            ("unit", False),
            ("commitment", True),
            ("note", False),
        ),
        [
            (
                row["indicator_code"],
                row["name_zh"],
                *(_HIDDEN if any(row[flag] for flag in hides) else _number(row, key) for key, hides in values.items()),
                row["unit_zh"],
                _share(row),
                _note(row),
            )
            for row in rows
        ],
    )


@click.command()
@click.argument("indicator")
@period_options
@click.option("--department", metavar="CODE", help="A reporting unit, such as CQ; without it the whole federation.")
@release_options
@structure_option
@output_options()
def trace(
    indicator: str,
    year: int | None,
    month: str | None,
    department: str | None,
    release_id: str | None,
    as_of: datetime | None,
    structure_on: date | None,
    output: Output,
) -> None:
    """List the submitted rows behind a figure: file, version, sheet and row, and what each contributes.

    The contributions add up to the figure; if they do not, the command says so and ends with 1. A distinct count counts
    on the first of its rows, the others contribute 0; a ratio lists the rows of its numerator and of its denominator.
    Personal data is not shown. A workbook has the figure on its first sheet and the rows on its second; a CSV has the rows.
    """
    from union_warehouse.reporting.trace import TRACE_COLUMNS, trace_document, trace_tables
    from union_warehouse.reporting.trace import trace as trace_figure

    home = Home.from_environment()
    release = chosen_release(home, release_id, as_of)
    found = trace_figure(home, indicator, chosen_period(year, month), month, department, release, structure_on)
    tables = trace_tables(found)
    if output.file_format is not None:
        output.write(tables, trace_document(tables))
        found.check()
        return
    rows = tables[-1].records()
    columns = [
        column for column in TRACE_COLUMNS if column != "submission_id" and any(row[column] not in {None, ""} for row in rows)
    ]
    print_table(
        f"{found.indicator} {found.name_zh}, {found.period}, {found.reporting_unit}, {found.release_id}: {as_text(found.value)}",
        [(column.replace("_", " "), column in {"row", "version", "contribution"}) for column in columns],
        [[row[column] for column in columns] for row in rows[:_TRACED_ROWS]],
    )
    click.echo(f"口径：{found.definition_zh}；{found.counts_for_zh}统计")
    if found.series_breaks:
        click.echo(f"the series has a break: defined otherwise before {found.series_breaks} 口径变更月份：{found.series_breaks}")
    click.echo(f"{len(rows)} rows, contributions add up to {as_text(found.total) or 'nothing'}")
    if len(rows) > _TRACED_ROWS:
        click.echo(f"{_TRACED_ROWS} rows shown; --output FILE gives all.", err=True)
    found.check()


@click.command()
@click.argument("before", metavar="RELEASE")
@click.argument("after", metavar="RELEASE")
@output_options()
def diff(before: str, after: str, output: Output) -> None:
    """Show every figure that two releases both hold and give differently, and which submissions caused it."""
    from union_warehouse.reporting.comparison import compare_releases, differences_table

    found = differences_table(compare_releases(Home.from_environment(), before, after))
    if output.file_format is not None:
        output.write([found])
        return
    rows = found.records()
    values = ("old_value_month", "new_value_month", "old_value_year_to_date", "new_value_year_to_date")
    print_table(
        f"{before} and {after}: {len(rows)} figures differ",
        (
            ("month", False),
            ("indicator", False),
            ("name", False),
            ("unit", False),
            ("month: was", True),
            ("is", True),
            ("year to date: was", True),
            ("is", True),
            ("caused by", False),
        ),
        [
            (
                row["month"],
                row["indicator_code"],
                row["name_zh"],
                row["reporting_unit_code"],
                *(as_text(row[key]) for key in values),
                row["caused_by"],
            )
            for row in rows
        ],
    )


def _number(row: dict[str, Any], key: str) -> str:
    """A value; of a share in percent, and its change in 百分点: +2% would be a growth by a fiftieth."""
    if row[key] is None or row["unit"] not in _SHARES:
        return as_text(row[key])
    return f"{number_text(row[key] * 100)}{'个百分点' if key == 'change' else '%'}"


def _share(row: dict[str, Any]) -> str:
    if row["commitment_rate"] is None:
        return ""
    said = f"{row['commitment_rate']:.1%} of {as_text(row['commitment_target'])}, {row['commitment_status'].replace('_', ' ')}"
    if row["commitment_status"] in {"done", "missed", "unknown"}:
        return said
    forecast = (row[f"commitment_forecast{end}"] for end in ("", "_low", "_high"))
    return f"{said}, forecast {estimate_text(*forecast)}"


def _note(row: dict[str, Any]) -> str:
    notes = []
    if row["is_missing"]:
        notes.append("nobody reported")
    elif row["is_incomplete"]:
        notes.append(f"{row['missing_unit_count']} units missing")
    if row["is_carried_forward"]:
        notes.append("carried forward")
    if row["series_breaks"]:
        notes.append(f"defined otherwise before {row['series_breaks']}")
    return ", ".join(notes)
