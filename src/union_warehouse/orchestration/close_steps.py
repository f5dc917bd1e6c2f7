"""The steps of a close, in their order: what each is called, what it says and what it does.

The DAG makes its tasks of them, the command its progress. It imports nothing heavy: a DAG file is parsed again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from union_warehouse.orchestration.errors import ReleaseNotCurrent
from union_warehouse.paths import Home


@dataclass(frozen=True)
class CloseStep:
    """A step of a close after its plan.

    Attributes:
        task_id: its task in the DAG ``close_month``.
        label: what a terminal shows while it runs.
        purpose: what it does, for the documentation of its task.
        run: does it, of a home and a close, and gives what its record keeps; None of what an operator of its own does.
        is_quiet: whether it is too short for a line of its own.
    """

    task_id: str
    label: str
    purpose: str
    run: Callable[[Home, str], Any] | None = None
    is_quiet: bool = False


def _build_warehouse(home: Home, close_id: str) -> dict[str, Any]:
    """Dbt builds in a process of its own, and this one judges the landed rows meanwhile. Either failure ends the close."""
    from union_warehouse.quality.audit import audit_landed_forms
    from union_warehouse.warehouse import run_dbt
    from union_warehouse.warehouse.definitions import check_project_unchanged

    builds: list[Future[Any]] = []
    with ThreadPoolExecutor(1) as pool:
        audited = audit_landed_forms(home, close_id, lambda: builds.append(pool.submit(run_dbt, home, close_id)))
    built = [build.result() for build in builds]
    check_project_unchanged(home, close_id)
    return {"landed_forms": audited, "build": built}


def _audit_warehouse(home: Home, close_id: str) -> Any:
    from union_warehouse.quality.audit import audit_warehouse

    return audit_warehouse(home, close_id)


def _publish_release(home: Home, close_id: str) -> Any:
    from union_warehouse.warehouse import publish_release

    return publish_release(home, close_id)


def _list_restatements(home: Home, close_id: str) -> Any:
    from union_warehouse.warehouse import list_restatements

    return list_restatements(home, close_id)


def _confirm_release(home: Home, close_id: str) -> Any:
    from union_warehouse.releases.database import open_release
    from union_warehouse.releases.read import current_release

    current = current_release(home)
    if current is None or current.release_id != close_id:
        raise ReleaseNotCurrent(expected=close_id, current=current.release_id if current else None)
    with open_release(home, close_id) as connection:
        connection.execute("select count(*) from rpt_indicators").fetchone()
    return {"release_id": close_id}


APPROVAL_STEP = "approve_release"
"""Asks and waits, in an operator of its own (``plugins/release_approval.py``)."""

CLOSE_STEPS = (
    CloseStep(
        "build_warehouse",
        "build the warehouse, audit the landed forms",
        "Runs `dbt build` on the private working files; meanwhile holds every landed row against its contract, "
        "and quarantine against what fails there.",
        _build_warehouse,
    ),
    CloseStep(
        "audit_warehouse",
        "audit the warehouse",
        "Holds the built marts against the suites; what is of severity `stop` ends the run here.",
        _audit_warehouse,
    ),
    CloseStep(
        "list_restatements",
        "list what it restates",
        "Lists what it restates, by cause; a rehearsal ends here, and so does a rebuild whose figures differ for no known cause.",
        _list_restatements,
        is_quiet=True,
    ),
    CloseStep(
        APPROVAL_STEP,
        "see whether it needs approval",
        "Asks a person, where anything needs approval; a rejection ends the run here.",
    ),
    CloseStep("publish_release", "publish the release", "Makes the release folder and points `current` at it.", _publish_release),
    CloseStep(
        "confirm_release",
        "confirm the release",
        "The gate: fails unless the release can be read and is the current one.",
        _confirm_release,
        is_quiet=True,
    ),
)
