"""``uw close`` and ``uw releases``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from union_warehouse.cli.console import print_error, print_json, print_table, progress
from union_warehouse.cli.reasons import print_reasons
from union_warehouse.cli.values import Moment, MonthRange
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.paths import Home

if TYPE_CHECKING:
    from union_warehouse.orchestration.jobs import Close
    from union_warehouse.releases.read import Release

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
@click.option("--approve-by", metavar="NAME", help="Approve in advance whatever needs approval: migrated history, a demo.")
@click.option("--comment", metavar="TEXT", help="Why --approve-by approves; kept with the release.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def close(
    months: tuple[list[str], ...], known_at: datetime | None, approve_by: str | None, comment: str | None, as_json: bool
) -> None:
    """Close months in order: build, audit and publish a release each.

    MONTH is 2014-03, or a range such as 2014-01..2014-12. Exit code 1, and no release of that month, if an audit stops
    it or an earlier month is open. Exit code 3 if it is built and audited, and waits for approval: something is missing,
    late or in quarantine, or a published figure moved beyond its tolerance; `uw approve` goes on.
    """
    if bool(approve_by) != bool(comment):
        raise click.UsageError("--approve-by and --comment go together. --approve-by 与 --comment 须同时给出。")
    approval = {"by": approve_by, "comment": comment} if approve_by and comment else None
    from union_warehouse.orchestration.connect import connect
    from union_warehouse.orchestration.jobs import close as close_month

    home = Home.from_environment()
    moment = known_at or datetime.now(UTC)
    wanted = sorted({month for group in months for month in group})
    done: list[Close] = []
    failure: UnionWarehouseError | None = None
    with progress() as shown:
        shown.begin("close")
        with connect(home, shown.wait) as runner:
            try:
                for month in wanted:
                    shown.begin(f"close {month}")
                    done.append(close_month(home, runner, month, moment, shown.observer, approval))
                    shown.say(f"{month}: {headline(done[-1])}")
            except UnionWarehouseError as error:
                failure = error
    reasons = _awaited_reasons(home, wanted, done, failure)
    if as_json:
        print_json([as_dict(one) for one in done] + _failed(wanted, done, failure, reasons))
    else:
        for one in done:
            print_close(one)
        print_reasons(home, reasons)
    if failure is not None:
        print_error(failure)
        raise SystemExit(failure.exit_code)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def releases(as_json: bool) -> None:
    """List the releases, newest first."""
    from union_warehouse.releases.read import current_release, list_releases

    home = Home.from_environment()
    current = current_release(home)
    found = list_releases(home)
    if as_json:
        print_json([_release_in_short(home, release) for release in found])
        return
    rows = [
        (
            release.release_id,
            "current" if current and release.release_id == current.release_id else "",
            release.known_at,
            f"{release.closed_months[0]}..{release.closed_months[-1]}",
            len(release.changed_submissions),
            release.restated_count,
            approval_in_words(release.approval),
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
        ("approved", False),
    )
    print_table("", headings, rows)


def _release_in_short(home: Home, release: Release) -> dict[str, Any]:
    """A release without the fingerprints of its parts, which serve the next publish and `uw verify`, with its own."""
    from union_warehouse.releases.integrity import release_sha256

    left_out = {"tables", "files", "manifests"}
    return {name: value for name, value in release.to_dict().items() if name not in left_out} | {
        "sha256": release_sha256(home, release.release_id)
    }


def as_dict(one: Close) -> dict[str, Any]:
    """A close as JSON-able values."""
    return {
        "month": one.month,
        "release": one.release_id,
        "is_new": one.is_new,
        "known_at": one.known_at,
        "restated": list(one.report.get("restated", [])),
        "approval": dict(one.approval) if one.approval else None,
    }


def print_close(one: Close) -> None:
    """The release of a close, and what it restated."""
    restated: Sequence[Mapping[str, Any]] = one.report.get("restated", [])
    release = one.release_id if one.is_new else f"{one.release_id} (nothing had changed)"
    print_table(
        "",
        (("month", False), ("release", False), ("known at (UTC)", False), ("restated", True), ("approved", False)),
        [(one.month, release, one.known_at, len(restated), approval_in_words(one.approval))],
    )
    if restated:
        rows = [[item[key] for _, key, _ in _RESTATED_COLUMNS] for item in restated]
        print_table(f"{one.release_id} restated", [(heading, is_number) for heading, _, is_number in _RESTATED_COLUMNS], rows)


def approval_in_words(approval: Mapping[str, Any] | None) -> str:
    """Who approved, when and why; empty where nobody had to."""
    if approval is None:
        return ""
    when = f"{approval['at']}, in advance" if approval["approved_in_advance"] else approval["at"]
    return f"{approval['by']} ({when}): {approval['comment']}"


def headline(one: Close) -> str:
    """A close in half a line."""
    if not one.is_new:
        return f"nothing changed, {one.release_id} stays"
    return f"release {one.release_id}, {len(one.report.get('restated', []))} figures restated"


def _awaited_reasons(
    home: Home, wanted: Sequence[str], done: Sequence[Close], failure: UnionWarehouseError | None
) -> dict[str, Any]:
    """What is wrong with the close that waits for approval; nothing if none does."""
    from union_warehouse.warehouse.approvals import pending_request
    from union_warehouse.warehouse.errors import AwaitingApproval

    return pending_request(home, wanted[len(done)]).reasons if isinstance(failure, AwaitingApproval) else {}


def _failed(
    wanted: Sequence[str], done: Sequence[Close], failure: UnionWarehouseError | None, reasons: Mapping[str, Any]
) -> list[dict[str, Any]]:
    if failure is None:
        return []
    error = {"rule": failure.code, "message": failure.message_zh, "message_en": failure.message_en}
    return [{"month": wanted[len(done)], "release": None, "error": error} | ({"reasons": reasons} if reasons else {})]
