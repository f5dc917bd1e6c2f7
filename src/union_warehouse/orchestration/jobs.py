"""What ``uw submit`` and ``uw close`` ask of Airflow, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from union_warehouse.orchestration.errors import NotCollected
from union_warehouse.orchestration.records import Observer
from union_warehouse.orchestration.runner import Runner, results_of
from union_warehouse.paths import Home

if TYPE_CHECKING:
    from union_warehouse.submissions import Outcome


@dataclass(frozen=True)
class Close:
    """What a close came to.

    Attributes:
        month: the month.
        known_at: submissions that had arrived by then count; UTC ISO-8601.
        release_id: the release that holds the month now.
        is_new: False if nothing had changed since that release.
        report: what ``report_close`` returned: the restated figures and more; empty if not new.
    """

    month: str
    known_at: str
    release_id: str
    is_new: bool
    report: Mapping[str, Any]


def submit(
    home: Home,
    runner: Runner,
    paths: Sequence[Path],
    received_at: datetime | Mapping[str, datetime],
    observer: Observer,
) -> list[Outcome]:
    """Take files into the inbox and collect them.

    Args:
        home: the warehouse's state.
        runner: where the DAG runs.
        paths: files or folders.
        received_at: one time of arrival for all, or a time per file name; aware.
        observer: sees each step.

    Returns:
        One outcome per file, in the order of the files.

    Raises:
        NotCollected: a run ended well and left files of ours without an outcome.
    """
    from union_warehouse.submissions import place_in_inbox, read_outcome

    placed = [path.relative_to(home.inbox).as_posix() for path in place_in_inbox(home, paths, received_at)]
    waiting = list(placed)
    while waiting:
        results_of(home, runner.run("collect_submissions", {}, observer))
        left = [path for path in waiting if read_outcome(home, path) is None]
        # One run maps at most [core] max_map_length files, so several runs may be needed; each must get on.
        if len(left) == len(waiting):
            raise NotCollected(files=", ".join(left))
        waiting = left
    return [outcome for path in placed if (outcome := read_outcome(home, path)) is not None]


def close(home: Home, runner: Runner, month: str, known_at: datetime, observer: Observer) -> Close:
    """Close ``month`` as known at ``known_at``.

    Args:
        home: the warehouse's state.
        runner: where the DAG runs.
        month: ``YYYY-MM``.
        known_at: submissions that had arrived by then count; aware.
        observer: sees each step.

    Raises:
        StepStopped: a step refused: an earlier month is open, an audit failed …
        RunFailed: a task failed otherwise.
    """
    conf = {"month": month, "known_at": known_at.isoformat()}
    results = results_of(home, runner.run("close_month", conf, observer))
    plan = results["plan_close"]
    is_new = bool(plan["is_needed"])
    release_id = plan["close_id"] if is_new else plan["release_id"]
    return Close(month, plan["known_at"], release_id, is_new, results["report_close"] if is_new else {})
