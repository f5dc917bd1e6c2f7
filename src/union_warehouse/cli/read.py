"""``uw status`` and ``uw query``: who has reported, and whatever else can be asked of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from union_warehouse.cli.console import print_table
from union_warehouse.cli.options import chosen_release, release_options
from union_warehouse.cli.output import Output, output_options
from union_warehouse.cli.values import Month
from union_warehouse.display import as_number, number_text
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.paths import Home

if TYPE_CHECKING:
    import duckdb

    from union_warehouse.reporting.table_files import Table

# A table on a terminal is for reading; the other formats give every row.
_TABLE_ROWS = 1000
_STATUS_COUNTS = ("expected", "received", "on_time", "late", "missing", "rejected", "excused", "quarantined")
_STATUS_RATES = {"complete": "completeness_rate", "timely": "on_time_of_expected_rate"}


class QueryFailed(UnionWarehouseError):
    """A statement that the release refused."""

    code = "query_failed"
    message_zh = '查询失败：{reason}。发布版本只读；表清单可用 uw query "show tables" 查看。'
    message_en = 'the query failed: {reason}; a release is read-only, and `uw query "show tables"` lists its tables.'


@click.command()
@click.option("--month", type=Month(), help="One month, with a row per department.")
@output_options()
def status(month: str | None, output: Output) -> None:
    """Show months and their states, and with --month who has reported what (counted in forms; quarantined: in rows).

    complete: received of expected; timely: received on time of expected. The rates of every closed month, also by form, are in
    rpt_reporting_rates (uw query). A workbook has both tables, a CSV with --month the row per department, JSON an object
    of months and departments.
    """
    from union_warehouse.reporting.status import month_status, status_tables

    found = month_status(Home.from_environment(), month)
    if output.file_format is not None:
        output.write(status_tables(found), found)
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
@output_options(is_for_programs=True)
def query(sql: str, release_id: str | None, as_of: datetime | None, output: Output) -> None:
    """Run read-only SQL (DuckDB) on a release, for example: uw query "show tables".

    In CSV a text that Excel would take for a formula, or make another number or a day of, begins with an apostrophe; a file
    begins with a byte order mark, so that Excel reads Chinese, and standard output does not. JSON gives every value as it is.
    """
    import duckdb

    from union_warehouse.releases.database import open_release, scratch_folder

    home = Home.from_environment()
    release = chosen_release(home, release_id, as_of)
    with scratch_folder(home) as scratch, open_release(home, release, threads=None, scratch=scratch) as connection:
        try:
            cursor = connection.execute(sql)
            if output.file_format is None:
                columns = [column[0] for column in cursor.description or ()]
                _print_rows(columns, cursor.fetchall() if columns else [])
            else:
                output.write([_found(cursor)])
        except duckdb.Error as error:
            raise QueryFailed(reason=str(error)) from error


def _found(cursor: duckdb.DuckDBPyConnection) -> Table:
    from union_warehouse.reporting.table_files import Table, unique_names

    rows = cursor.to_arrow_table()
    names = unique_names(rows.column_names)
    return Table("rows", "查询结果", rows.rename_columns(names), dict(zip(names, names, strict=True)))


def as_text(value: Any) -> str:
    """A number as a person writes it: thousands apart, at most four decimals; empty for null."""
    if value is None:
        return ""
    return number_text(as_number(value), 4)


def _approval(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    return f"{found['state'].replace('_', ' ')} {found['by'] or ''}".strip()


def _print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    shown = rows[:_TABLE_ROWS]
    kinds = (int, float, Decimal, type(None))
    headings = [(name, all(isinstance(row[index], kinds) for row in shown)) for index, name in enumerate(columns)]
    print_table("", headings, shown)
    if len(rows) > len(shown):
        click.echo(f"{len(shown)} of {len(rows)} rows; --output FILE gives all.", err=True)
