"""What ``uw submit`` and ``uw close`` ask of Airflow, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from union_warehouse.orchestration.errors import NotCollected, StepStopped, WaitsInAirflow
from union_warehouse.orchestration.records import Observer
from union_warehouse.orchestration.runner import Runner, RunResult, results_of
from union_warehouse.paths import Home

if TYPE_CHECKING:
    from union_warehouse.orchestration.rest import RestRunner
    from union_warehouse.submissions import Outcome
    from union_warehouse.warehouse.approvals import ApprovalEvent
    from union_warehouse.warehouse.errors import AwaitingApproval


@dataclass(frozen=True)
class Close:
    """What a close came to.

    Attributes:
        month: the month.
        known_at: submissions that had arrived by then count; UTC ISO-8601.
        release_id: the release that holds the month now.
        is_new: False if nothing had changed since that release.
        report: what ``list_restatements`` returned: the restated figures and more; empty if not new.
        approval: who approved it, why and for which reasons, as in the release; None where nothing was wrong.
        is_rehearsal: whether it published nothing on purpose; ``release_id`` is what it would have become.
    """

    month: str
    known_at: str
    release_id: str
    is_new: bool
    report: Mapping[str, Any]
    approval: Mapping[str, Any] | None
    is_rehearsal: bool = False


def submit(
    home: Home,
    runner: Runner,
    paths: Sequence[Path],
    received_at: datetime | Mapping[str, datetime],
    observer: Observer,
    door: str | None = None,
) -> list[Outcome]:
    """Take files into the inbox and collect them.

    Args:
        home: the warehouse's state.
        runner: where the DAG runs.
        paths: files or folders.
        received_at: one time of arrival for all, or a time per file name; aware.
        observer: sees each step.
        door: the unit that sends them; None: the office, which may send for all.

    Returns:
        One outcome per file, in the order of the files; one per file in an archive.

    Raises:
        UnknownDoor: there is no such unit.
        NotCollected: a run ended well and left files of ours without an outcome.
    """
    from union_warehouse.submissions import place_in_inbox, read_outcomes

    placed = [path.relative_to(home.inbox).as_posix() for path in place_in_inbox(home, paths, received_at, door)]
    waiting = list(placed)
    while waiting:
        results_of(home, runner.run("collect_submissions", {}, observer))
        left = [path for path in waiting if read_outcomes(home, path) is None]
        # One run maps at most [core] max_map_length files, so several runs may be needed; each must get on.
        if len(left) == len(waiting):
            raise NotCollected(files=", ".join(left))
        waiting = left
    return [outcome for path in placed for outcome in read_outcomes(home, path) or ()]


def close(
    home: Home,
    runner: Runner,
    month: str,
    known_at: datetime,
    observer: Observer,
    approval: Mapping[str, str] | None = None,
    *,
    is_rehearsal: bool = False,
) -> Close:
    """Close ``month`` as known at ``known_at``.

    Args:
        home: the warehouse's state.
        runner: where the DAG runs.
        month: ``YYYY-MM``.
        known_at: submissions that had arrived by then count; aware.
        observer: sees each step.
        approval: by and comment of an approval in advance, whatever the review will find; None to ask if need be.
        is_rehearsal: whether nothing is to be published.

    Raises:
        AwaitingApproval: it is built and audited, and waits for a person; also where another ``uw``, for which this one
            waited, has just built it.
        StepStopped: a step refused: an earlier month is open, an audit failed, the approval was rejected …
        RunFailed: a task failed otherwise.
    """
    if approval is None and (asked := _asked_while_waiting(home, runner, month, known_at)):
        raise asked
    conf = {"month": month, "known_at": known_at.isoformat(), "approval": approval, "is_rehearsal": is_rehearsal}
    return _outcome(home, month, runner.run("close_month", conf, observer))


def rebuild(
    home: Home,
    runner: Runner,
    comment: str | None,
    observer: Observer,
    approval: Mapping[str, str] | None = None,
    *,
    is_rehearsal: bool = False,
) -> Close:
    """Make the months of the current release again, by today's definitions.

    Args:
        home: the warehouse's state.
        runner: where the DAG runs.
        comment: why; None in a rehearsal.
        observer: sees each step.
        approval: by and comment of an approval in advance, whatever the review will find; None to ask if need be.
        is_rehearsal: whether nothing is to be published.

    Raises:
        NoRelease: nothing has been published yet.
        AwaitingApproval: it is built and audited, and waits for a person.
        StepStopped: a step refused: a changed definition is unexplained, a figure differs for no known cause, an audit failed …
        RunFailed: a task failed otherwise.
    """
    from union_warehouse.releases.read import read_release

    month = read_release(home, None).month
    conf = {"rebuild": {"comment": comment}, "approval": approval, "is_rehearsal": is_rehearsal}
    return _outcome(home, month, runner.run("close_month", conf, observer))


def decide(home: Home, month: str, state: str, by: str, comment: str) -> ApprovalEvent:
    """Keep the decision on the close of ``month`` that waits for a command.

    Args:
        home: the warehouse's state.
        month: ``YYYY-MM``.
        state: approved or rejected.
        by: who decides.
        comment: why.

    Returns:
        What was decided on: that very close, or rebuild, is to go on, if it was approved.

    Raises:
        NothingAwaitsApproval: no close of the month waits.
        WaitsInAirflow: it waits in a run on a server.
        NotAnApprover: approvers are named, and ``by`` is none of them.
        CommentMissing: the comment is empty.
    """
    from union_warehouse.warehouse.approvals import decide_on_request, pending_request

    request = pending_request(home, month)
    if request.run_id:
        raise WaitsInAirflow(close_id=request.close_id, run_id=request.run_id)
    return decide_on_request(home, request, state, by, comment)


def answer(home: Home, runner: RestRunner, month: str, state: str, comment: str, observer: Observer) -> Close | None:
    """Answer the run on a server that waits for approval of ``month``, as the signed-in user.

    Returns:
        The close, or None if it was rejected.

    Raises:
        NothingAwaitsApproval: no run waits.
        NotAssigned: the signed-in user is no approver.
        CommentMissing: the comment is empty.
    """
    from union_warehouse.orchestration.approval import ANSWERS
    from union_warehouse.orchestration.close_steps import APPROVAL_STEP
    from union_warehouse.warehouse.approvals import REJECTED, pending_request
    from union_warehouse.warehouse.errors import CommentMissing, NothingAwaitsApproval

    request = pending_request(home, month)
    if not request.run_id:
        raise NothingAwaitsApproval(month=month)
    if not comment.strip():
        raise CommentMissing
    given = {"chosen_options": [ANSWERS[state]], "params_input": {"comment": comment}}
    run = runner.answer("close_month", request.run_id, APPROVAL_STEP, given, observer)
    try:
        return _outcome(home, month, run)
    except StepStopped as stopped:
        if state == REJECTED and stopped.code == "approval_rejected":
            return None
        raise


def _outcome(home: Home, month: str, run: RunResult) -> Close:
    from union_warehouse.orchestration.approval import awaiting
    from union_warehouse.releases.read import read_release
    from union_warehouse.warehouse.approvals import pending_request
    from union_warehouse.warehouse.errors import AwaitingApproval

    if run.is_awaiting_input:
        raise awaiting(pending_request(home, month))
    try:
        results = results_of(home, run)
    except StepStopped as stopped:
        if stopped.code == AwaitingApproval.code:
            raise awaiting(pending_request(home, month)) from stopped
        raise
    plan = results["plan_close"]
    is_new = bool(plan["is_needed"])
    if is_new and plan["is_rehearsal"]:
        return Close(
            plan["month"], plan["known_at"], plan["close_id"], False, results["list_restatements"], None, is_rehearsal=True
        )
    release_id = plan["close_id"] if is_new else plan["release_id"]
    approval = read_release(home, release_id).approval
    return Close(month, plan["known_at"], release_id, is_new, results["list_restatements"] if is_new else {}, approval)


def _asked_while_waiting(home: Home, runner: Runner, month: str, known_at: datetime) -> AwaitingApproval | None:
    """What another ``uw`` built and asked about while this one waited for it, if nothing else would come of building it again."""
    from union_warehouse.landing.effective import has_become_known
    from union_warehouse.orchestration.approval import awaiting
    from union_warehouse.warehouse.approvals import REQUESTED, awaiting_close

    if runner.waited_since is None:
        return None
    request = awaiting_close(home, month)
    if request is None or request.state != REQUESTED or request.run_id:
        return None
    asked_at, asked_of = datetime.fromisoformat(request.at), datetime.fromisoformat(request.known_at)
    if asked_at < runner.waited_since.replace(microsecond=0) or known_at < asked_of:
        return None
    return None if has_become_known(home, asked_of, known_at) else awaiting(request)
