"""``uw alerts``: who is written to about what."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import click

from union_warehouse.cli.console import print_json, print_table
from union_warehouse.cli.values import Moment
from union_warehouse.paths import Home

_as_of = click.option(
    "--as-of",
    type=Moment(is_date_its_end=True),
    help="As if it were then (default: now), such as 2014-02-13T07:00; a date means the end of that day, Shanghai.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON only.")


@click.group()
def alerts() -> None:
    """Tell departments, analysts, data engineers and leaders what needs them, once (docs/alerts.md)."""


@alerts.command()
@_as_of
@_json
def preview(as_of: datetime | None, as_json: bool) -> None:
    """Show the messages that `send` would send now; nothing is sent or remembered."""
    from union_warehouse.alerts import plan_messages

    due = [delivery.to_dict() for delivery in plan_messages(Home.from_environment(), as_of or datetime.now(UTC))]
    if as_json:
        print_json(due)
        return
    for item in due:
        click.echo(f"→ {item['channel']}\n{item['title']}\n\n{item['body']}\n")
    click.echo(f"{len(due)} messages", err=True)


@alerts.command()
@_as_of
@_json
def send(as_of: datetime | None, as_json: bool) -> None:
    """Send what has not been sent yet. Exit code 1 if a server did not take its message; the next run tries again.

    An audience without target is no failure: its message is kept under UW_HOME/alerts/ and marked as not sent.
    """
    from union_warehouse.alerts import send_alerts

    result = send_alerts(Home.from_environment(), as_of or datetime.now(UTC))
    if as_json:
        print_json(result)
    else:
        print_table("", (("messages", True), ("outcome", False)), [(count, name) for name, count in result["outcomes"].items()])
        for channel in result["failed"]:
            click.echo(f"not delivered: {channel}", err=True)
    if result["failed"]:
        raise SystemExit(1)


@alerts.command("list")
@_json
def list_events(as_json: bool) -> None:
    """List the alerts that are open since the last `send`, with their ids."""
    from union_warehouse.alerts import standing_events

    found = standing_events(Home.from_environment())
    if as_json:
        print_json(found)
        return
    columns = (("id", False), ("severity", False), ("phase", False), ("since", False), ("told", True), ("acknowledged by", False))
    rows: list[tuple[Any, ...]] = [
        (item["id"], item["severity"], item["phase"], item["since"], len(item["told"]), item["acknowledged_by"]) for item in found
    ]
    print_table("", columns, rows)


@alerts.command()
@click.argument("event_id", metavar="ID")
@click.option("--by", required=True, metavar="NAME", help="Who takes care of it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of silence (default: for good).")
def acknowledge(event_id: str, by: str, until: datetime | None) -> None:
    """Silence the alert ID; its end is reported all the same. `list` shows the ids."""
    from union_warehouse.alerts import acknowledge as acknowledge_event

    last: date | None = until.date() if until else None
    acknowledge_event(Home.from_environment(), event_id, by, last)
    click.echo(f"{event_id}: silent{f' until {last.isoformat()}' if last else ''}")
