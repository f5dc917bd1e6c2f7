"""``uw approve``."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

import click

from union_warehouse.cli.console import print_json, progress
from union_warehouse.cli.reasons import print_reasons
from union_warehouse.cli.values import Month
from union_warehouse.paths import Home

if TYPE_CHECKING:
    from union_warehouse.cli.console import Progress
    from union_warehouse.orchestration.jobs import Close


@click.command()
@click.argument("month", type=Month())
@click.option("--by", metavar="NAME", help="Who decides; on a server it is the signed-in user.")
@click.option("--comment", metavar="TEXT", required=True, help="Why; kept with the release.")
@click.option("--reject", is_flag=True, help="Do not publish it: the current release stands.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def approve(month: str, by: str | None, comment: str, reject: bool, as_json: bool) -> None:
    """Approve the close of MONTH that waits, and publish that very close.

    The approval counts for what `uw close` said was wrong. If something else is wrong by now, it is asked again (exit
    code 3).
    """
    from union_warehouse.cli.close import as_dict, print_close
    from union_warehouse.warehouse.approvals import pending_request
    from union_warehouse.warehouse.errors import AwaitingApproval

    home = Home.from_environment()
    with progress() as shown:
        shown.begin(f"approve {month}")
        try:
            one = _decide(home, month, "rejected" if reject else "approved", by, comment, shown)
        except AwaitingApproval:
            print_reasons(home, pending_request(home, month).reasons)
            raise
    if as_json:
        print_json(as_dict(one) if one else {"month": month, "release": None, "state": "rejected"})
    elif one:
        print_close(home, one)
    else:
        click.echo(f"{month}: rejected, nothing was published; the current release stands")


def _decide(home: Home, month: str, state: str, by: str | None, comment: str, shown: Progress) -> Close | None:
    from union_warehouse.orchestration.jobs import answer, close, decide, rebuild
    from union_warehouse.warehouse.errors import NothingAwaitsApproval

    if url := os.environ.get("AIRFLOW_API_URL"):
        from union_warehouse.orchestration.rest import rest_runner

        with rest_runner(home, url) as server:
            return answer(home, server, month, state, comment, shown.observer)
    if not by:
        raise click.UsageError("give --by NAME. 请用 --by 写明审批人。")
    event = decide(home, month, state, by, comment)
    if state == "rejected":
        return None
    from union_warehouse.orchestration.in_process import in_process_runner

    with in_process_runner(home, shown.wait) as runner:
        if event.rebuild_comment:
            rebuilt = rebuild(home, runner, event.rebuild_comment, shown.observer)
            if rebuilt.is_rehearsal:  # the definition was changed back since
                raise NothingAwaitsApproval(month=month)
            return rebuilt
        return close(home, runner, month, datetime.fromisoformat(event.known_at), shown.observer)
