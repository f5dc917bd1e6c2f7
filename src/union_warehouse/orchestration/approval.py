"""The step between the audit and the publishing of a close: ask a person, or find that nobody has to be asked.

On a server the question is a human-in-the-loop task (plugin ``release_approval``). In this process nobody can answer while
a run goes on, so the run stops with :class:`AwaitingApproval`, and ``uw approve`` records the answer and closes again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from union_warehouse.orchestration.airflow_home import ASKS_BY_COMMAND
from union_warehouse.paths import Home
from union_warehouse.warehouse.approvals import (
    APPROVED,
    REJECTED,
    TIMED_OUT,
    ApprovalEvent,
    check_approver,
    named_approvers,
    record_event,
    request_approval,
    request_of_run,
    standing_approval,
)
from union_warehouse.warehouse.errors import ApprovalRejected, ApprovalTimedOut, AwaitingApproval
from union_warehouse.warehouse.review import review_close
from union_warehouse.warehouse.review_text import markdown, summary

ANSWERS = {APPROVED: "Approve", REJECTED: "Reject"}
"""Decision -> the option of Airflow's approval."""


@dataclass(frozen=True)
class Asking:
    """The run that asks.

    Attributes:
        run_id: of the run.
        triggered_by: id of the signed-in user who triggered it; None for a schedule.
        approval: by and comment of an approval given in advance, or None.
    """

    run_id: str
    triggered_by: str | None
    approval: Mapping[str, str] | None


def ask(home: Home, close_id: str, asking: Asking) -> ApprovalEvent | None:
    """See whether a close may be published.

    Returns:
        The approval that it has, or the request that waits for an answer; None where nothing needs approval.

    Raises:
        AwaitingApproval: the request waits, and the answer comes by command.
        NotAnApprover: approval in advance by somebody who is no approver.
        CommentMissing: approval in advance without a comment.
    """
    review = review_close(home, close_id)
    if not review.needs_approval:
        return None
    if found := standing_approval(home, review):
        return found
    by_command = ASKS_BY_COMMAND in os.environ
    if asking.approval:
        # On a server only the signed-in user is certain, whatever name the run was given.
        by = asking.approval["by"] if by_command else asking.triggered_by or ""
        check_approver(by, asking.approval["comment"])
        return record_event(home, review, APPROVED, by=by, comment=asking.approval["comment"], in_advance=True)
    request = request_approval(home, review, run_id=None if by_command else asking.run_id)
    if by_command:
        raise awaiting(request)
    return request


def take_answer(home: Home, close_id: str, run_id: str, answer: Mapping[str, Any]) -> ApprovalEvent:
    """Keep the answer that a human-in-the-loop task got: it is about what was asked, whatever was built since.

    Args:
        home: the warehouse's state.
        close_id: the close that was asked about.
        run_id: the run that asked.
        answer: chosen_options, params_input (comment), responded_by_user (id, name; None when the time ran out).

    Raises:
        ApprovalRejected: the answer is no.
        ApprovalTimedOut: nobody answered.
        ApproverMissing: the answer has no name.
        NotAnApprover: approvers are named, and who answered is none of them.
        CommentMissing: it does not say why.
    """
    review = request_of_run(home, close_id, run_id).review
    user = answer["responded_by_user"]
    comment = answer["params_input"].get("comment") or ""
    if user is None:
        record_event(home, review, TIMED_OUT)
        raise ApprovalTimedOut(close_id=close_id, month=review.month)
    check_approver(user["id"], comment)
    if answer["chosen_options"] != [ANSWERS[APPROVED]]:
        record_event(home, review, REJECTED, by=user["id"], comment=comment)
        raise ApprovalRejected(close_id=close_id, month=review.month, by=user["id"], comment=comment)
    return record_event(home, review, APPROVED, by=user["id"], comment=comment)


def question(home: Home, request: ApprovalEvent) -> dict[str, Any]:
    """What Airflow's page shows of a request: subject, body (Markdown) and assigned_users (None: whoever has access)."""
    zh, en = summary(request.reasons)
    intro = (
        f"{zh}。数据截至 {request.known_at}（UTC）。批准则发布 {request.close_id}；不批准则当前版本不变。\n\n"
        f"{en}; known at {request.known_at}. Approve: {request.close_id} is published. Reject: the current release stands."
    )
    return {
        "subject": f"{request.close_id} 待批准发布 / awaits approval",
        "body": f"{intro}\n\n{markdown(request.reasons, home.federation)}",
        "assigned_users": [{"id": name, "name": name} for name in named_approvers()] or None,
    }


def awaiting(request: ApprovalEvent) -> AwaitingApproval:
    """The error that says what waits, and how to go on."""
    zh, en = summary(request.reasons)
    return AwaitingApproval(close_id=request.close_id, month=request.month, reasons_zh=zh, reasons_en=en)
