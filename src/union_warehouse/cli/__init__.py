"""The command ``uw``. Every command imports what it needs when it runs, so that ``uw --help`` is immediate."""

from __future__ import annotations

from typing import Any

import click

import union_warehouse
from union_warehouse.cli.alerts import alerts
from union_warehouse.cli.approve import approve
from union_warehouse.cli.close import close, releases
from union_warehouse.cli.console import print_error
from union_warehouse.cli.demo import demo, demo_data
from union_warehouse.cli.figures import diff, figures, trace
from union_warehouse.cli.issues import issues
from union_warehouse.cli.read import query, status
from union_warehouse.cli.report import report
from union_warehouse.cli.submit import check, receipt, reread, submit
from union_warehouse.cli.template import template
from union_warehouse.errors import UnionWarehouseError


class Commands(click.Group):
    """A group that turns the project's errors into words, in one place."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a named error is printed without traceback and ends with its exit code."""
        try:
            return super().invoke(ctx)
        except UnionWarehouseError as error:
            print_error(error)
            raise SystemExit(error.exit_code) from error

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Commands in the order of the work, not of the alphabet."""
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(union_warehouse.__version__, prog_name="uw")
def main() -> None:
    """Monthly submissions of a trade-union federation: collect, close, publish, read.

    All state lives under UW_HOME (default: var/ in the project). With AIRFLOW_API_URL set, `submit`, `close` and
    `approve` run on that Airflow; otherwise inside this process. Exit codes: 0 done, 1 something was refused or failed,
    2 usage, 3 a close waits for approval.
    """


for command in (
    template,
    submit,
    check,
    receipt,
    close,
    approve,
    reread,
    status,
    issues,
    figures,
    trace,
    report,
    query,
    releases,
    diff,
    alerts,
    demo,
    demo_data,
):
    main.add_command(command)
