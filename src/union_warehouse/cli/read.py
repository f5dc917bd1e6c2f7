"""``uw status`` and ``uw query``: who has reported, and whatever else can be asked of a release."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from union_warehouse.cli.console import print_json, print_table
from union_warehouse.cli.options import chosen_release, release_options
from union_warehouse.cli.values import Month
from union_warehouse.display import csv_cell, number_text
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import write_text
from union_warehouse.paths import Home

# A table on a terminal is for reading; csv and json give every row.
_TABLE_ROWS = 1000
_BYTE_ORDER_MARK = "\ufeff"
_STATUS_COUNTS = ("expected", "received", "on_time", "late", "missing", "rejected", "excused", "quarantined")
_STATUS_RATES = {"complete": "completeness_rate", "timely": "on_time_of_expected_rate"}


class QueryFailed(UnionWarehouseError):
    """A statement that the release refused."""

    code = "query_failed"
    message_zh = '查询失败：{reason}。发布版本只读；表清单可用 uw query "show tables" 查看。'
    message_en = 'the query failed: {reason}; a release is read-only, and `uw query "show tables"` lists its tables.'


@click.command()
@click.option("--month", type=Month(), help="One month, with a row per department.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def status(month: str | None, as_json: bool) -> None:
    """Show months and their states, and with --month who has reported what (counted in forms; quarantined: in rows).

    complete: received of expected; timely: received on time of expected. The rates of every closed month, also by form, are in
    rpt_reporting_rates (uw query).
    """
    from union_warehouse.reporting.status import month_status

    found = month_status(Home.from_environment(), month)
    if as_json:
        print_json(found)
        return
    counts = tuple((name.replace("_", " "), True) for name in (*_STATUS_COUNTS, *_STATUS_RATES))
    print_table(
        "",
        (("month", False), ("state", False), ("release", False), ("due on", False), *counts, ("approval", False)),
        [
            (
                *(item[name] for name in ("month", "state", "release_id", "due_on")),
                *_status_values(item),
                _approval(item["approval"]),
            )
            for item in found["months"]
        ],
    )
    if month:
        print_table(
            month,
            (("unit", False), ("name", False), *counts),
            [(item["department"], item["unit_name"], *_status_values(item)) for item in found["departments"]],
        )


def _status_values(item: Mapping[str, Any]) -> list[Any]:
    rates = [None if item[name] is None else f"{item[name]:.1%}" for name in _STATUS_RATES.values()]
    return [*(item[name] for name in _STATUS_COUNTS), *rates]


@click.command()
@click.argument("sql")
@release_options
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a CSV that Excel opens here instead."
)
def query(sql: str, release_id: str | None, as_of: datetime | None, form: str, output: Path | None) -> None:
    """Run read-only SQL (DuckDB) on a release, for example: uw query "show tables".

    In CSV a text that Excel would take for a formula begins with an apostrophe; a file begins with a byte order mark, so that Excel
    reads Chinese, and standard output does not. JSON gives every value as it is.
    """
    import duckdb

    from union_warehouse.releases.database import open_release, scratch_folder

    if output is not None and form == "json":
        raise click.UsageError("--output writes CSV. --output 只输出 CSV。")
    home = Home.from_environment()
    release = chosen_release(home, release_id, as_of)
    with scratch_folder(home) as scratch, open_release(home, release, threads=None, scratch=scratch) as connection:
        try:
            cursor = connection.execute(sql)
            columns = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall() if columns else []
        except duckdb.Error as error:
            raise QueryFailed(reason=str(error)) from error
    if output is not None:
        write_text(output, f"{_BYTE_ORDER_MARK}{_csv(columns, rows)}")
        click.echo(f"{output}: {len(rows)} rows", err=True)
    else:
        _print_rows(columns, rows, form)


def as_number(value: Any) -> Any:
    """A whole number without fraction as int, a decimal as float; anything else as it is."""
    if isinstance(value, Decimal):
        value = float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_text(value: Any) -> str:
    """A number as a person writes it: thousands apart, at most four decimals; empty for null."""
    if value is None:
        return ""
    return number_text(as_number(value), 4)


def _approval(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    return f"{found['state'].replace('_', ' ')} {found['by'] or ''}".strip()


def _print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> None:
    if form == "json":
        print_json([{column: as_number(cell) for column, cell in zip(columns, row, strict=True)} for row in rows])
    elif form == "csv":
        sys.stdout.write(_csv(columns, rows))
    else:
        shown = rows[:_TABLE_ROWS]
        kinds = (int, float, Decimal, type(None))
        headings = [(name, all(isinstance(row[index], kinds) for row in shown)) for index, name in enumerate(columns)]
        print_table("", headings, shown)
        if len(rows) > len(shown):
            click.echo(f"{len(shown)} of {len(rows)} rows; --format csv or json gives all.", err=True)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([csv_cell(cell) for cell in row] for row in (columns, *rows))
    return text.getvalue()
