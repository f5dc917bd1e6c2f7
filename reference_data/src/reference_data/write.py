"""Write a reference year: the files of all departments, when each arrived, when each month closes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reference_data.files import SYNTHETIC, write_submission
from reference_data.situations import describe_situations, plan_submissions
from reference_data.stray_rows import with_stray_rows
from reference_data.targets import load_targets
from reference_data.world import Truth, simulate_years
from union_warehouse.contracts import Federation
from union_warehouse.working_days import closing_at

_MONTHS = 12
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class ReferenceYear:
    """What was written.

    Attributes:
        folder: the folder of everything below.
        submissions: the files that departments send, in order of months and departments.
        arrivals: CSV of file (relative to ``folder``) and received_at (UTC).
        closings: CSV of month and known_at (UTC), in order.
        rows: true rows of each form.
    """

    folder: Path
    submissions: tuple[Path, ...]
    arrivals: Path
    closings: Path
    rows: dict[str, int]


def write_reference_year(
    out: Path,
    year: int = 2014,
    scale: int = 1,
    seed: int = 2014,
    on_progress: Callable[[str], None] | None = None,
    first_year: int | None = None,
    months_after: int = 0,
) -> ReferenceYear:
    """Write a year of synthetic submissions whose totals are the published figures of 2014.

    The same arguments give the same bytes. At the closing instant of the year's last month, and at every later one, the
    figures of the year are exactly those of ``targets.yaml``.

    Args:
        out: folder to write into; made if missing.
        year: reporting year.
        scale: multiplies unions, enterprises, persons and most activities; figures that count them grow as much.
        seed: of everything drawn.
        on_progress: called with the month whose files were written.
        first_year: year whose opening month carries the opening stock, by default ``year``. An earlier one writes a
            following year: no opening month, and its unions, enterprises and members go on from those years' files.
        months_after: also write so many of the next year's first months, as the following year would have them.

    Raises:
        ValueError: ``first_year`` is after ``year``, ``scale`` below 1, ``months_after`` not from 0 to 12, or the
            departments of the reference were merged or split before the last month.
    """
    first_year = year if first_year is None else first_year
    if scale < 1 or first_year > year:
        message = f"scale must be at least 1 and first_year at most {year}: got {scale} and {first_year}"
        raise ValueError(message)
    if not 0 <= months_after <= _MONTHS:
        message = f"months_after must be from 0 to {_MONTHS}: got {months_after}"
        raise ValueError(message)
    _check_departments(f"{year + 1}-{months_after:02}" if months_after else f"{year}-12")
    truths = simulate_years(year, year + (months_after > 0), load_targets(scale), seed, first_year)
    parts = [with_stray_rows(truths[0]), *(with_stray_rows(following).until(months_after) for following in truths[1:])]
    folder = out / "submissions"
    folder.mkdir(parents=True, exist_ok=True)
    planned = [submission for truth in parts for submission in plan_submissions(truth)]
    paths = []
    for submission, following in zip(planned, [*planned[1:], None], strict=True):
        paths.append(write_submission(submission, truths[0].plan.units[submission.department], folder))
        if on_progress is not None and (following is None or following.month != submission.month):
            on_progress(submission.month)
    arrivals = _write_table(
        out / "arrivals.csv",
        ("file", "received_at"),
        [(str(path.relative_to(out)), item.received_at.strftime(_INSTANT)) for path, item in zip(paths, planned, strict=True)],
    )
    closings = _write_table(
        out / "closings.csv",
        ("month", "known_at"),
        [
            (month, closing_at(month).strftime(_INSTANT))
            for truth in parts
            for month in truth.plan.months[1 : truth.last_month + 1]
        ],
    )
    _write_readme(out / "README.md", parts)
    rows = {form: sum(len(truth.tables[form]) for truth in parts) for form in parts[0].tables}
    return ReferenceYear(out, tuple(paths), arrivals, closings, rows)


def _check_departments(last_month: str) -> None:
    ended = sorted(load_targets().opening_unions.keys() - Federation.load().units(last_month).keys())
    if ended:
        message = (
            f"the reference departments {', '.join(ended)} do not report for {last_month}: they were merged into others before"
        )
        raise ValueError(message)


def _write_table(path: Path, header: tuple[str, str], rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _write_readme(path: Path, parts: Sequence[Truth]) -> None:
    months = [truth.plan.months[number] for truth in parts for number in truth.months]
    planted = [item for truth in parts for item in describe_situations(truth)]
    lines = [
        f"# Reference submissions, {months[0]} to {months[-1]}",
        "",
        f"{SYNTHETIC} Everything here is synthetic: no real person, firm or union; only the totals of 2014 were published.",
        "",
        "`submissions/` holds the files of the departments, `arrivals.csv` when each arrived (UTC), `closings.csv` the instant",
        "at which each month is closed.",
        "",
        "| month | department | what is out of the ordinary |",
        "|---|---|---|",
        *(f"| {month} | {code} | {what} |" for month, code, what in planted),
        "",
        "All year: rows dated up to three months back; persons helped several times, by several departments; the same inspection,",
        "insurance, honour, visit and film reported by two departments.",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
