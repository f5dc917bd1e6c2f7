"""``uw submit``, ``uw check``, ``uw receipt`` and ``uw reread``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from union_warehouse.cli.console import print_json, print_table, progress
from union_warehouse.cli.values import Arrival, MonthRange
from union_warehouse.landing.states import REJECTED
from union_warehouse.paths import Home

if TYPE_CHECKING:
    from union_warehouse.contracts import Form
    from union_warehouse.submissions import Outcome

_PATHS = click.Path(exists=True, path_type=Path)
_UNIT = click.option(
    "--unit", metavar="CODE", help="Send as this unit, for which alone it then may report (default: as the office, for all)."
)
_ROW_KEYS = ("file", "department", "month", "version", "state", "rows", "quarantined", "warnings", "receipt")
_REJECTED_FORMS = "rejected forms"
# Problems shown per file in the table form; the receipt and --json hold all of them.
_PROBLEMS_SHOWN = 20


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=_PATHS)
@click.option(
    "--received-at",
    type=Arrival(),
    help="When the files arrived (default: now): a time such as 2014-04-03T10:11 (Shanghai unless it says otherwise), "
    "or a CSV with the columns file and received_at.",
)
@_UNIT
@click.option("--json", "as_json", is_flag=True, help="Print JSON only, with every problem.")
def submit(
    paths: tuple[Path, ...], received_at: datetime | Mapping[str, datetime] | None, unit: str | None, as_json: bool
) -> None:
    """Take files or folders into the inbox and collect them.

    Exit code 0: all accepted; 1: a file, a form or a row was not taken; 2: usage.
    """
    from union_warehouse.orchestration.connect import connect
    from union_warehouse.orchestration.jobs import submit as submit_files

    home = Home.from_environment()
    with progress() as shown:
        shown.begin("submit")
        with connect(home, shown.wait) as runner:
            outcomes = submit_files(home, runner, paths, received_at or datetime.now(UTC), shown.observer, unit)
    _finish(outcomes, as_json)


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=_PATHS)
@_UNIT
@click.option("--json", "as_json", is_flag=True, help="Print JSON only, with every problem.")
def check(paths: tuple[Path, ...], unit: str | None, as_json: bool) -> None:
    """Say what `uw submit` would say; store nothing."""
    from union_warehouse.submissions import check_file

    home = Home.from_environment()
    with progress() as shown:
        shown.begin("check")
        outcomes = [check_file(home, path, door=unit) for path in _files(paths)]
    _finish(outcomes, as_json)


@click.command()
@click.argument("submission", metavar="SUBMISSION_ID|FILE")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the workbook here instead.")
def receipt(submission: str, output: Path | None) -> None:
    """Make the receipt of a submission again and print its path.

    SUBMISSION_ID is 2014-03/CQ/v0001, or rejected/SHA256 (rejected/SHA256-CQ of what lay in CQ's folder); FILE is the very file that was sent.
    """
    from union_warehouse.submissions import remake_receipt

    click.echo(remake_receipt(Home.from_environment(), submission, output))


@click.command()
@click.argument("months", metavar="MONTH...", nargs=-1, required=True, type=MonthRange())
@click.option("--json", "as_json", is_flag=True, help="Print JSON only, with every problem.")
def reread(months: tuple[list[str], ...], as_json: bool) -> None:
    """Read the originals of a month again, after a reader or a contract was improved.

    MONTH is 2014-03, or a range such as 2014-01..2014-12. The next close uses the new readings.
    """
    from union_warehouse.submissions import reread_month

    home = Home.from_environment()
    read_at = datetime.now(UTC)
    outcomes: list[Outcome] = []
    with progress() as shown:
        for month in sorted({month for group in months for month in group}):
            shown.begin(f"reread {month}")
            outcomes += reread_month(home, month, read_at)
    _finish(outcomes, as_json)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Files in the order given; a folder's files by name, what systems leave there left out as the inbox does."""
    from union_warehouse.submissions.file_walk import is_clutter

    found: list[Path] = []
    for path in paths:
        candidates = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [file for file in candidates if file.is_file() and not is_clutter(file.name)]
    return found


def _finish(outcomes: Sequence[Outcome], as_json: bool) -> None:
    if as_json:
        print_json([_as_row(outcome, with_problems=True) for outcome in outcomes])
    else:
        rows = [[*_as_row(outcome).values(), _rejected_forms(outcome)] for outcome in outcomes]
        headings = [(key, key in {"rows", "quarantined", "warnings"}) for key in (*_ROW_KEYS, _REJECTED_FORMS)]
        shown = None if any(row[-1] for row in rows) else -1
        print_table("", headings[:shown], [row[:shown] for row in rows])
        for outcome in outcomes:
            _print_problems(outcome)
    raise SystemExit(0 if all(outcome.is_clean for outcome in outcomes) else 1)


def _rejected_forms(outcome: Outcome) -> str | None:
    """The sheets that were not taken of a submission of which others were."""
    from union_warehouse.contracts import load_forms

    if outcome.state == REJECTED:
        return None
    return "、".join(load_forms()[name].sheet for name in outcome.rejected_forms)


def _as_row(outcome: Outcome, *, with_problems: bool = False) -> dict[str, Any]:
    values = outcome.to_dict()
    row = {key: values[key] for key in _ROW_KEYS}
    return {**row, **{key: value for key, value in values.items() if key not in row}} if with_problems else row


def _print_problems(outcome: Outcome) -> None:
    if not outcome.problems:
        return
    from union_warehouse.contracts import forms_as_read

    forms = forms_as_read({item["form"]: item["layout"] for item in outcome.forms})
    rows = [
        (item["sheet"], item["row"], _label(item, forms.get(item["form"])), item["rule"], item["severity"], item["message"])
        for item in outcome.problems[:_PROBLEMS_SHOWN]
    ]
    left = outcome.problem_count - len(rows)
    title = f"{outcome.file}" + (
        f"  ({outcome.problem_count} problems; {left} more in the receipt and with --json)" if left > 0 else ""
    )
    headings = ("sheet", "row", "column", "rule", "severity", "message")
    print_table(title, [(heading, heading == "row") for heading in headings], rows)


def _label(problem: Mapping[str, Any], form: Form | None) -> str | None:
    """The header of a problem's column, as the sender's sheet has it."""
    column: str | None = problem["column"]
    return form.field(column).label if form and column else column
