"""``uw issues``: the ledger of faults, and who has taken one on."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from union_warehouse.cli.console import print_table
from union_warehouse.cli.options import chosen_release, release_options
from union_warehouse.cli.output import Output, output_options
from union_warehouse.paths import Home
from union_warehouse.reporting.issue_statuses import STANDING, STATUSES

_ROWS_SHOWN = 100
_COLUMNS = {
    "key": "quality_issue_key",
    "unit": "reporting_unit_code",
    "form": "form",
    "record": "record_key",
    "column": "column_name",
    "rule": "rule_code",
    "severity": "severity",
    "status": "issue_status",
    "due on": "due_on",
    "message": "message_zh",
}


@click.group(invoke_without_command=True)
@release_options
@click.option("--department", metavar="CODE", help="Issues that this reporting unit can correct.")
@click.option("--rule", metavar="CODE", help="Issues that one rule found.")
@click.option(
    "--status",
    "statuses",
    type=click.Choice([*STATUSES, "all"]),
    multiple=True,
    help="May be given several times (default: what stands: open, acknowledged, reopened).",
)
@output_options()
@click.pass_context
def issues(
    context: click.Context,
    release_id: str | None,
    as_of: datetime | None,
    department: str | None,
    rule: str | None,
    statuses: tuple[str, ...],
    output: Output,
) -> None:
    """List the faults that stand in a release: what is wrong, whose it is, and until when to correct it.

    A fault is waived by a line of federation/quality_waivers.csv; waivers that are no longer needed are in
    rpt_stale_waivers, counts per release, department and rule in rpt_quality_trends (uw query).
    """
    if context.invoked_subcommand:
        return
    from union_warehouse.reporting.issues import issues_table, quality_issues

    home = Home.from_environment()
    wanted = STATUSES if "all" in statuses else statuses or STANDING
    found = quality_issues(home, chosen_release(home, release_id, as_of), department, rule, wanted)
    if output.file_format is not None:
        output.write([issues_table(found)])
        return
    rows = found.to_pylist()
    shown = [row | {"quality_issue_key": row["quality_issue_key"][:8]} for row in rows[:_ROWS_SHOWN]]
    left = len(rows) - len(shown)
    print_table(
        f"{len(rows)} issues" + (f"; {left} more with --output FILE" if left else ""),
        [(heading, False) for heading in _COLUMNS],
        [[row[name] for name in _COLUMNS.values()] for row in shown],
    )


@issues.command()
@click.argument("key")
@click.option("--by", required=True, metavar="NAME", help="Who takes it on.")
@click.option("--comment", default="", help="What is being done.")
def acknowledge(key: str, by: str, comment: str) -> None:
    """Say that somebody has taken an issue on: KEY as `uw issues` shows it. The next close shows it as acknowledged."""
    from union_warehouse.warehouse.acknowledgements import acknowledge_issue

    whole = acknowledge_issue(Home.from_environment(), key, by, comment, datetime.now(UTC))
    click.echo(f"{whole}: acknowledged by {by}; the next close records it.")
