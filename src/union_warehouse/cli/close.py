"""``uw close`` and ``uw releases``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from union_warehouse.cli.console import print_error, print_json, print_table, progress
from union_warehouse.cli.values import Moment, MonthRange
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.paths import Home

if TYPE_CHECKING:
    from union_warehouse.orchestration.jobs import Close

_RESTATED_COLUMNS = (
    ("month", "month", False),
    ("indicator", "indicator_code", False),
    ("unit", "reporting_unit_code", False),
    ("month: was", "old_value_month", True),
    ("is", "new_value_month", True),
    ("year to date: was", "old_value_year_to_date", True),
    ("is", "new_value_year_to_date", True),
    ("caused by", "caused_by", False),
)


@click.command()
@click.argument("months", metavar="MONTH...", nargs=-1, required=True, type=MonthRange())
@click.option(
    "--known-at",
    type=Moment(is_date_its_end=True),
    help="Use what had arrived until then (default: now), such as 2014-04-15T18:00; a date means the end of that day, Shanghai.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def close(months: tuple[list[str], ...], known_at: datetime | None, as_json: bool) -> None:
    """Close months in order: build, audit and publish a release each.

    MONTH is 2014-03, or a range such as 2014-01..2014-12. Exit code 1, and no release of that month, if an audit stops
    it or an earlier month is open.
    """
    from union_warehouse.orchestration.jobs import close as close_month
    from union_warehouse.orchestration.runner import connect

    home = Home.from_environment()
    moment = known_at or datetime.now(UTC)
    wanted = sorted({month for group in months for month in group})
    done: list[Close] = []
    failure: UnionWarehouseError | None = None
    with progress() as shown:
        shown.begin("close")
        with connect(home) as runner:
            try:
                for month in wanted:
                    shown.begin(f"close {month}")
                    done.append(close_month(home, runner, month, moment, shown.observer))
                    shown.say(f"{month}: {headline(done[-1])}")
            except UnionWarehouseError as error:
                failure = error
    if as_json:
        print_json([as_dict(one) for one in done] + _failed(wanted, done, failure))
    else:
        for one in done:
            print_close(one)
    if failure is not None:
        print_error(failure)
        raise SystemExit(1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def releases(as_json: bool) -> None:
    """List the releases, newest first."""
    from union_warehouse.warehouse.releases import current_release, list_releases

    home = Home.from_environment()
    current = current_release(home)
    found = list_releases(home)
    if as_json:
        # The fingerprints of every partition serve the next publish only.
        print_json([{key: value for key, value in release.to_dict().items() if key != "tables"} for release in found])
        return
    rows = [
        (
            release.release_id,
            "current" if current and release.release_id == current.release_id else "",
            release.known_at,
            f"{release.closed_months[0]}..{release.closed_months[-1]}",
            len(release.changed_submissions),
            release.restated_count,
        )
        for release in found
    ]
    headings = (
        ("release", False),
        ("", False),
        ("known at (UTC)", False),
        ("months", False),
        ("changed", True),
        ("restated", True),
    )
    print_table("", headings, rows)


def as_dict(one: Close) -> dict[str, Any]:
    """A close as JSON-able values."""
    return {
        "month": one.month,
        "release": one.release_id,
        "is_new": one.is_new,
        "known_at": one.known_at,
        "restated": list(one.report.get("restated", [])),
    }


def print_close(one: Close) -> None:
    """The release of a close, and what it restated."""
    restated: Sequence[Mapping[str, Any]] = one.report.get("restated", [])
    print_table(
        "",
        (("month", False), ("release", False), ("known at (UTC)", False), ("restated", True)),
        [(one.month, one.release_id if one.is_new else f"{one.release_id} (nothing had changed)", one.known_at, len(restated))],
    )
    if restated:
        rows = [[item[key] for _, key, _ in _RESTATED_COLUMNS] for item in restated]
        print_table(f"{one.release_id} restated", [(heading, is_number) for heading, _, is_number in _RESTATED_COLUMNS], rows)


def headline(one: Close) -> str:
    """A close in half a line."""
    if not one.is_new:
        return f"nothing changed, {one.release_id} stays"
    return f"release {one.release_id}, {len(one.report.get('restated', []))} figures restated"


def _failed(wanted: Sequence[str], done: Sequence[Close], failure: UnionWarehouseError | None) -> list[dict[str, Any]]:
    if failure is None:
        return []
    error = {"rule": failure.code, "message": failure.message_zh, "message_en": failure.message_en}
    return [{"month": wanted[len(done)], "release": None, "error": error}]
