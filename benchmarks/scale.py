"""(f) Scale: the second month of a federation of 1, 10 and 100 times the size, collected, closed and rebuilt."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.timing import FIRST_YEAR
from reference_data import write_reference_year
from union_warehouse.orchestration.connect import connect
from union_warehouse.orchestration.jobs import close, rebuild
from union_warehouse.orchestration.records import StepRecord
from union_warehouse.paths import Home
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox

SCALES = tuple(int(scale) for scale in os.environ.get("BENCHMARK_SCALES", "1,10,100").split(","))
"""Times the size of the reference federation; fewer or smaller ones by ``BENCHMARK_SCALES=1,10``."""
MONTHS = (f"{FIRST_YEAR}-01", f"{FIRST_YEAR}-02")
ARRIVAL, KNOWN_AT = datetime(FIRST_YEAR, 3, 3, tzinfo=UTC), datetime(FIRST_YEAR, 3, 20, tzinfo=UTC)
APPROVAL = {"by": "benchmark", "comment": "reference data"}


class _EnoughWrittenError(Exception):
    """The months that are wanted are written."""


def measure(folder: Path) -> dict[str, Any]:
    """Rows, seconds by step and peak memory at each scale, in a process of its own; and what grows faster than the rows."""
    result: dict[str, Any] = {}
    found: dict[int, dict[str, float]] = {}
    for scale in SCALES:
        _write_months(folder / str(scale), scale)
        command = [sys.executable, "-m", "benchmarks.scale", os.fspath(folder / str(scale))]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found[scale] = json.loads(done.stdout.splitlines()[-1])
        result |= {f"scale {scale}: {name}": value for name, value in found[scale].items()}
    first, last = found[SCALES[0]], found[SCALES[-1]]
    growth = last["rows of the month"] / first["rows of the month"]
    result |= {
        f"{name}: growth / growth of the rows (target <= 1)": value / first[name] / growth
        for name, value in last.items()
        if name.endswith(", s") and first[name] > 0
    }
    return result


def _measure_one(folder: Path) -> dict[str, float]:
    home = Home(folder / "home")
    files = sorted((folder / "submissions").iterdir())
    for month in ("", *MONTHS):  # what is before the first is the opening month
        _, seconds = _collect(home, [path for path in files if (path.name[:7] == month if month else path.name[:7] < MONTHS[0])])
    records: list[StepRecord] = []
    with connect(home) as runner:
        close(home, runner, MONTHS[0], KNOWN_AT, lambda _: None, APPROVAL)
        clock = time.perf_counter()
        close(home, runner, MONTHS[1], KNOWN_AT, records.append, APPROVAL)
        closed = time.perf_counter() - clock
        clock = time.perf_counter()
        rebuild(home, runner, None, lambda _: None, is_rehearsal=True)
        rebuilt = time.perf_counter() - clock
    kilobytes = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "rows of the month": _rows(home, MONTHS[1]),
        "collect the month, s": seconds,
        "close, s": closed,
        **{f"close: {record.task_id}, s": record.seconds for record in records if record.state == "success"},
        "rebuild of both months, s": rebuilt,
        "memory of the largest process, MB": kilobytes / 1024,
    }


def _write_months(folder: Path, scale: int) -> None:
    def stop_after(month: str) -> None:
        if month >= MONTHS[-1]:
            raise _EnoughWrittenError

    with contextlib.suppress(_EnoughWrittenError):
        write_reference_year(folder, year=FIRST_YEAR, scale=scale, on_progress=stop_after)


def _collect(home: Home, files: list[Path]) -> tuple[int, float]:
    place_in_inbox(home, files, ARRIVAL)
    clock = time.perf_counter()
    items = scan_inbox(home)
    for item in items:
        collect_file(home, item)
    return len(items), time.perf_counter() - clock


def _rows(home: Home, month: str) -> float:
    with duckdb.connect() as connection:
        files = f"{home.landing}/month={month}/department=*/v*/*.parquet"
        (count,) = connection.execute(
            "select count(*) from read_parquet(?, union_by_name = true, filename = true) where filename not like '%row_problems%'",
            [files],
        ).fetchone() or (0,)
    return float(count)


if __name__ == "__main__":
    print(json.dumps(_measure_one(Path(sys.argv[1]))))
