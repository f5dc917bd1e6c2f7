"""(c) One month's close after 12, 60 and 120 months of history; the copying of whole files apart."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.timing import Clock, collected_years, copies_measured, home_until
from union_warehouse.paths import Home
from union_warehouse.quality.audit import audit_landed_forms, audit_warehouse
from union_warehouse.warehouse import list_restatements, plan_close, publish_release, run_dbt
from union_warehouse.warehouse.approvals import APPROVED, record_event
from union_warehouse.warehouse.plan import plan_from_landing
from union_warehouse.warehouse.review import review_close

HISTORIES = tuple(int(months) for months in os.environ.get("BENCHMARK_HISTORIES", "12,60,120").split(","))
"""Months of history before the close that is timed; fewer or shorter ones by ``BENCHMARK_HISTORIES=12,60``."""
REPEATS = 5


def measure(folder: Path) -> dict[str, Any]:
    """Seconds of a close after each history, and their ratio to the shortest."""
    home, closings = collected_years(folder, max(HISTORIES) // 12)
    months = list(closings)
    homes = {}
    for history in HISTORIES:
        homes[history] = here = home_until(folder / f"after-{history}", home, months[history - 1])
        _make_history(here, months[: history - 1], closings)
        # imports and dbt's first parse are not measured
        _close_and_take_back(here, months[history - 1], closings[months[history - 1]])
    clocks: dict[int, list[Clock]] = {history: [] for history in HISTORIES}
    for _ in range(REPEATS):  # in turn, so that a slow minute of the machine strikes every history
        for history in HISTORIES:
            last = months[history - 1]
            clocks[history].append(_close_and_take_back(homes[history], last, closings[last]))
    result: dict[str, Any] = {}
    for history, runs in clocks.items():
        for step in runs[0].seconds:
            result[f"{history} months: {step}, s"] = statistics.median(run.seconds.get(step, 0.0) for run in runs)
    for history in HISTORIES[1:]:
        result[f"{history} months / {HISTORIES[0]} months, without copies (target <= 1.2)"] = _without_copies(
            result, history
        ) / _without_copies(result, HISTORIES[0])
    return result


def _without_copies(result: dict[str, Any], months: int) -> float:
    seconds: float = result[f"{months} months: close, s"] - result[f"{months} months: copies, s"]
    return seconds


def _make_history(home: Home, months: Sequence[str], closings: Mapping[str, datetime]) -> None:
    """Releases of ``months``: all but the last in one build (the same content as one a month), the last as any other close.

    The close that is timed follows an ordinary one, as it does in a warehouse that grew month by month: rows of one big
    build lie by indicator, not by month, and every fault of the history is one day old.
    """
    *earlier, last = months
    close_id = f"{earlier[-1]}-r1"
    plan_from_landing(home, close_id, earlier, closings[earlier[-1]])
    run_dbt(home, close_id)
    _approve(home, close_id)
    publish_release(home, close_id)
    _close(home, last, closings[last], Clock())


def _close_and_take_back(home: Home, month: str, known_at: datetime) -> Clock:
    """One close of ``month``, timed, then taken back so that it can be repeated."""
    before = (home.releases / "current").readlink()
    kept = home.build / before
    saved = home.root / "saved-build"
    shutil.copytree(kept, saved)
    clock = Clock()
    close_id = _close(home, month, known_at, clock)
    (home.releases / "current").unlink()
    (home.releases / "current").symlink_to(before)
    shutil.rmtree(home.releases / close_id)
    shutil.rmtree(home.build / close_id)
    saved.rename(kept)
    print(f"  {month}: {clock.seconds}", flush=True)
    return clock


def _close(home: Home, month: str, known_at: datetime, clock: Clock) -> str:
    with copies_measured(clock), clock.measuring("close"):
        with clock.measuring("plan"):
            close_id: str = plan_close(home, month, known_at)["close_id"]
        with clock.measuring("audits"):
            audit_landed_forms(home, close_id)
        with clock.measuring("dbt"):
            run_dbt(home, close_id)
        with clock.measuring("audits"):
            audit_warehouse(home, close_id)
        with clock.measuring("approval"):
            _approve(home, close_id)
        with clock.measuring("publish"):
            publish_release(home, close_id)
            list_restatements(home, close_id)
    return close_id


def _approve(home: Home, close_id: str) -> None:
    """The reference years have late and quarantined rows, and nobody waits at a benchmark to approve them."""
    record_event(home, review_close(home, close_id), APPROVED, by="benchmark", comment="reference data", in_advance=True)
