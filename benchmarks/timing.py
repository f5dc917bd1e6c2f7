"""What the benchmarks of a close share: reference submissions collected, and steps timed."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from reference_data import ReferenceYear, write_reference_year
from union_warehouse.paths import Home
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox

FIRST_YEAR = 2010
"""Ten years from here end before 2021, when the reference departments were merged (federation/reporting_units.csv)."""


class Clock:
    """Seconds by name."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measuring(self, name: str) -> Iterator[None]:
        """Add what the block takes to ``name``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


@contextmanager
def copies_measured(clock: Clock) -> Iterator[None]:
    """Time the copying of whole files (the build, the release), which follows the size of the warehouse."""
    copyfile = shutil.copyfile

    def measured(*arguments: str, **options: bool) -> str:
        with clock.measuring("copies"):
            return copyfile(*arguments, **options)

    shutil.copyfile = measured  # type: ignore[assignment]
    try:
        yield
    finally:
        shutil.copyfile = copyfile


def collected_years(folder: Path, years: int) -> tuple[Home, dict[str, datetime]]:
    """A home with ``years`` reference years collected, and the closing instant of each month.

    ``BENCHMARK_KEEP`` names a folder that keeps what was collected: a later run collects only the years it lacks.
    """
    folder = Path(os.environ.get("BENCHMARK_KEEP") or folder / "collected")
    home = Home(folder / "home")
    closings: dict[str, datetime] = {}
    for year in range(FIRST_YEAR, FIRST_YEAR + years):
        written = folder / str(year)
        collected = written / "collected"
        if not collected.exists():
            reference = write_reference_year(written, year=year, first_year=FIRST_YEAR)
            place_in_inbox(home, list(reference.submissions), _instants(reference))
            for item in scan_inbox(home):
                collect_file(home, item)
            collected.touch()
            print(f"  collected {year}", flush=True)
        closings |= read_instants(written / "closings.csv", "month", "known_at")
    return home, closings


def home_until(root: Path, collected: Home, last_month: str) -> Home:
    """A home to close in: what was ``collected`` of the months up to ``last_month``, and no later manifest to list."""
    home = Home(root)
    home.landing.mkdir(parents=True)
    for path in collected.landing.iterdir():
        if path.name.startswith("month=") and path.name <= f"month={last_month}":
            (home.landing / path.name).symlink_to(path)
    return home


def _instants(reference: ReferenceYear) -> dict[str, datetime]:
    return {Path(file).name: instant for file, instant in read_instants(reference.arrivals, "file", "received_at").items()}


def read_instants(path: Path, key: str, value: str) -> dict[str, datetime]:
    """Two columns of a CSV as a mapping to times."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row[key]: datetime.fromisoformat(row[value]) for row in csv.DictReader(file)}
