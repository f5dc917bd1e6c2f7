"""``uw close``, ``uw rebuild`` and ``uw releases``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
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
    ("cause", "cause", False),
    ("caused by", "caused_by", False),
)
_REHEARSED = ("causes", "reasons", "unexplained")


@click.command()
@click.argument("months", metavar="MONTH...", nargs=-1, required=True, type=MonthRange())
@click.option(
    "--known-at",
    type=Moment(is_date_its_end=True),
    help="Use what had arrived until then (default: now), such as 2014-04-15T18:00; a date means the end of that day, Shanghai.",
)
@click.option("--approve-by", metavar="NAME", help="Approve in advance whatever needs approval: migrated history, a demo.")
@click.option("--comment", metavar="TEXT", help="Why --approve-by approves; kept with the release.")
@click.option(
    "--dry-run", "is_rehearsal", is_flag=True, help="Build and audit one month, print what it would restate, publish nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def close(
    months: tuple[list[str], ...],
    known_at: datetime | None,
    approve_by: str | None,
    comment: str | None,
    is_rehearsal: bool,
    as_json: bool,
) -> None:
    """Close months in order: build, audit and publish a release each.

    MONTH is 2014-03, or a range such as 2014-01..2014-12. Exit code 1, and no release of that month, if an audit stops
    it or an earlier month is open. Exit code 3 if it is built and audited, and waits for approval: something is missing,
    late or in quarantine, or a published figure moved beyond its tolerance; `uw approve` goes on. A close stops if what the
    figures are made by has changed since the last release: see `uw rebuild`.
    """
    if bool(approve_by) != bool(comment):
        raise click.UsageError("--approve-by and --comment go together. --approve-by 与 --comment 须同时给出。")
    approval = {"by": approve_by, "comment": comment} if approve_by and comment else None
    from union_warehouse.orchestration.connect import connect
    from union_warehouse.orchestration.jobs import close as close_month

    home = Home.from_environment()
    moment = known_at or datetime.now(UTC)
    wanted = sorted({month for group in months for month in group})
    if is_rehearsal and len(wanted) > 1:
        raise click.UsageError("--dry-run takes one month: the next one would start from a release. --dry-run 一次只能一个月。")
    done: list[Close] = []
    failure: UnionWarehouseError | None = None
    clock = time.monotonic()
    with progress() as shown:
        shown.begin("close")
        with connect(home, shown.wait) as runner:
            try:
                for number, month in enumerate(wanted):
                    shown.begin(f"close {month}{_time_left(number, len(wanted), clock)}")
                    one = close_month(home, runner, month, moment, shown.observer, approval, is_rehearsal=is_rehearsal)
                    done.append(one)
                    shown.say(f"{month}: {headline(done[-1])}")
            except UnionWarehouseError as error:
                failure = error
    _report(home, wanted, done, failure, as_json=as_json)


@click.command()
@click.option("--comment", metavar="TEXT", help="Why; kept with the release.")
@click.option(
    "--dry-run", "is_rehearsal", is_flag=True, help="Print what it would restate, and the entry that the changelog lacks."
)
@click.option("--approve-by", metavar="NAME", help="Approve in advance whatever needs approval, with the same comment.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def rebuild(comment: str | None, is_rehearsal: bool, approve_by: str | None, as_json: bool) -> None:
    """Make the months of the current release again, by today's definitions, and publish them as its next release.

    Needed where `uw close` says that a definition changed. The same submissions count, so whatever it restates has a definition
    (or the units) as its cause; definitions_changelog.yml must say why. Without any changed definition it shows that the figures
    can be made again, and publishes nothing. Exit code 1 if a figure differs that no changed definition feeds, an entry of
    the changelog is missing or an audit fails; 3 if it waits for approval.
    """
    if not is_rehearsal and not (comment or "").strip():
        raise click.UsageError(
            "say why with --comment, or try it with --dry-run. 请用 --comment 写明理由，或先用 --dry-run 试算。"
        )
    approval = {"by": approve_by, "comment": comment} if approve_by and comment else None
    from union_warehouse.orchestration.connect import connect
    from union_warehouse.orchestration.jobs import rebuild as rebuild_release
    from union_warehouse.releases.read import read_release

    home = Home.from_environment()
    month = read_release(home, None).month
    done: list[Close] = []
    failure: UnionWarehouseError | None = None
    with progress() as shown:
        shown.begin("rebuild")
        with connect(home, shown.wait) as runner:
            try:
                done.append(rebuild_release(home, runner, comment, shown.observer, approval, is_rehearsal=is_rehearsal))
                shown.say(headline(done[-1]))
            except UnionWarehouseError as error:
                failure = error
    _report(home, [month], done, failure, as_json=as_json)


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
            ", ".join(
                said
                for said, holds in (
                    ("current", release == current),
                    (f"rebuilt: {(release.rebuilt or {}).get('comment')}", release.rebuilt),
                )
                if holds
            ),
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
    } | ({"is_rehearsal": True} | {name: one.report[name] for name in _REHEARSED} if one.is_rehearsal else {})


def print_close(home: Home, one: Close) -> None:
    """The release of a close, and what it restated; of a rehearsal what both would be."""
    restated: Sequence[Mapping[str, Any]] = one.report.get("restated", [])
    release = (
        one.release_id if one.is_new else f"{one.release_id} ({'not published' if one.is_rehearsal else 'nothing had changed'})"
    )
    print_table(
        "",
        (("month", False), ("release", False), ("known at (UTC)", False), ("restated", True), ("approved", False)),
        [(one.month, release, one.known_at, len(restated), approval_in_words(one.approval))],
    )
    if restated:
        rows = [[item[key] for _, key, _ in _RESTATED_COLUMNS] for item in restated]
        causes = ", ".join(f"{cause or 'unknown'} {count}" for cause, count in one.report["causes"].items())
        title = f"{one.release_id} {'would restate' if one.is_rehearsal else 'restated'}, by cause: {causes}"
        print_table(title, [(heading, is_number) for heading, _, is_number in _RESTATED_COLUMNS], rows)
    if one.is_rehearsal:
        print_reasons(home, one.report["reasons"])
    if unexplained := one.report.get("unexplained"):
        click.echo(f"definitions_changelog.yml lacks 尚未登记:\n{unexplained}")


def approval_in_words(approval: Mapping[str, Any] | None) -> str:
    """Who approved, when and why; empty where nobody had to."""
    if approval is None:
        return ""
    when = f"{approval['at']}, in advance" if approval["approved_in_advance"] else approval["at"]
    return f"{approval['by']} ({when}): {approval['comment']}"


def headline(one: Close) -> str:
    """A close in half a line."""
    if one.is_rehearsal:
        return f"rehearsed, {len(one.report['restated'])} figures would be restated; nothing was published"
    if not one.is_new:
        return f"nothing changed, {one.release_id} stays"
    return f"release {one.release_id}, {len(one.report.get('restated', []))} figures restated"


def _time_left(done: int, count: int, clock: float) -> str:
    """How many of several months are done since ``clock``, and how long the others will take by that."""
    if count == 1:
        return ""
    left = f", about {timedelta(seconds=round((time.monotonic() - clock) / done * (count - done)))} left" if done else ""
    return f" ({done + 1} of {count}{left})"


def _report(
    home: Home, wanted: Sequence[str], done: Sequence[Close], failure: UnionWarehouseError | None, *, as_json: bool
) -> None:
    """Print what came of the months ``wanted``, and end with the exit code of what stopped them."""
    reasons = _awaited_reasons(home, wanted, done, failure)
    if as_json:
        print_json([as_dict(one) for one in done] + _failed(wanted, done, failure, reasons))
    else:
        for one in done:
            print_close(home, one)
        print_reasons(home, reasons)
    if failure is not None:
        print_error(failure)
        raise SystemExit(failure.exit_code)


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
