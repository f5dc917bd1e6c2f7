"""Requests for approval and the decisions on them: ``UW_HOME/approvals/<close>/<number>.json``, append only."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from union_warehouse.files import append_json, make_durable, read_entries
from union_warehouse.paths import Home
from union_warehouse.releases.integrity import release_sha256
from union_warehouse.releases.read import current_release
from union_warehouse.warehouse.errors import (
    ApprovalMissing,
    ApproverMissing,
    CommentMissing,
    NotAnApprover,
    NothingAwaitsApproval,
)
from union_warehouse.warehouse.operator import operator
from union_warehouse.warehouse.plan_file import load_plan
from union_warehouse.warehouse.review import Review, review_close

REQUESTED, APPROVED, REJECTED, TIMED_OUT = "requested", "approved", "rejected", "timed_out"


@dataclass(frozen=True)
class ApprovalEvent:
    """A request for approval, or the decision on one.

    Attributes:
        state: requested, approved, rejected or timed_out.
        close_id: the release that waits, or was decided on.
        month: its month.
        at: when; UTC ISO-8601.
        by: who decided; None for a request and for a time-out.
        comment: what that person wrote.
        approved_in_advance: whether the approval was given with the close, before its review was known.
        known_at: submissions that had arrived by then count in the close.
        previous_release_id: the release that was current then.
        digest: fingerprint of the reasons, see :attr:`Review.digest`.
        reasons: what was wrong, see :class:`Review`.
        previous_release_sha256: of the ``release.json`` of that release, the head of the chain; None before the first.
        os_user: account of the operating system that wrote this.
        host: the machine on which.
        run_id: Airflow's run that waits for the answer; None where a command asks.
        rebuild_comment: of a rebuild why it is made; None of a close.
    """

    state: str
    close_id: str
    month: str
    at: str
    by: str | None
    comment: str | None
    approved_in_advance: bool
    known_at: str
    previous_release_id: str | None
    digest: str
    reasons: dict[str, list[dict[str, Any]]]
    previous_release_sha256: str | None
    os_user: str
    host: str
    run_id: str | None = None
    rebuild_comment: str | None = None

    @property
    def review(self) -> Review:
        """What was asked about, or decided on."""
        reasons = {kind: tuple(found) for kind, found in self.reasons.items()}
        return Review(self.close_id, self.month, self.known_at, self.previous_release_id, **reasons)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)


def named_approvers() -> list[str]:
    """Who may approve, by ``UW_APPROVERS`` (comma-separated ids of Airflow's users); empty: whoever has access."""
    return [name.strip() for name in os.environ.get("UW_APPROVERS", "").split(",") if name.strip()]


def check_approver(by: str, comment: str) -> None:
    """See that ``by`` may approve and says why.

    Raises:
        ApproverMissing: ``by`` is empty.
        NotAnApprover: approvers are named, and ``by`` is none of them.
        CommentMissing: the comment is empty.
    """
    if not by.strip():
        raise ApproverMissing
    approvers = named_approvers()
    if approvers and by not in approvers:
        raise NotAnApprover(by=by, approvers=", ".join(approvers))
    if not comment.strip():
        raise CommentMissing


def request_approval(home: Home, review: Review, run_id: str | None = None) -> ApprovalEvent:
    """Keep that a close waits for approval, unless that is the last word on it already."""
    latest = latest_event(home, review.close_id)
    asked = (REQUESTED, review.digest, review.known_at, run_id)
    if latest and (latest.state, latest.digest, latest.known_at, latest.run_id) == asked:
        return latest
    return record_event(home, review, REQUESTED, run_id=run_id)


def record_event(
    home: Home,
    review: Review,
    state: str,
    *,
    by: str | None = None,
    comment: str | None = None,
    in_advance: bool = False,
    run_id: str | None = None,
) -> ApprovalEvent:
    """Keep a request or a decision, and the build that it is about; see :class:`ApprovalEvent`."""
    make_durable(home.build / review.close_id)
    event = ApprovalEvent(
        state=state,
        close_id=review.close_id,
        month=review.month,
        at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        by=by,
        comment=comment,
        approved_in_advance=in_advance,
        known_at=review.known_at,
        previous_release_id=review.previous_release_id,
        digest=review.digest,
        reasons={kind: list(found) for kind, found in review.reasons.items()},
        previous_release_sha256=release_sha256(home, review.previous_release_id) if review.previous_release_id else None,
        **operator(),
        run_id=run_id,
        rebuild_comment=(load_plan(home, review.close_id)["rebuilt"] or {}).get("comment"),
    )
    append_json(home.approvals / review.close_id, event.to_dict())
    return event


def decide_on_request(home: Home, request: ApprovalEvent, state: str, by: str, comment: str) -> ApprovalEvent:
    """Keep the decision on a close that waits.

    Raises:
        NotAnApprover: approvers are named, and ``by`` is none of them.
        CommentMissing: the comment is empty.
    """
    check_approver(by, comment)
    return record_event(home, request.review, state, by=by, comment=comment)


def awaiting_close(home: Home, month: str) -> ApprovalEvent | None:
    """The last word on a close of ``month`` that is built and audited, and neither published, rejected nor overtaken."""
    found, current = latest_event_of_month(home, month), current_release(home)
    if found is None or found.state not in {REQUESTED, APPROVED}:
        return None
    return found if found.previous_release_id == (current.release_id if current else None) else None


def pending_request(home: Home, month: str) -> ApprovalEvent:
    """As :func:`awaiting_close`.

    Raises:
        NothingAwaitsApproval: there is none.
    """
    found = awaiting_close(home, month)
    if found is None:
        raise NothingAwaitsApproval(month=month)
    return found


def approval_of(home: Home, close_id: str) -> ApprovalEvent | None:
    """The approval that lets a close be published; None where nothing needs one.

    Raises:
        ApprovalMissing: something needs approval, and the last word on these very reasons is not an approval.
    """
    review = review_close(home, close_id)
    if not review.needs_approval:
        return None
    found = standing_approval(home, review)
    if found is None:
        raise ApprovalMissing(close_id=close_id)
    return found


def standing_approval(home: Home, review: Review) -> ApprovalEvent | None:
    """The approval of these very reasons, if it is the last word on the close."""
    latest = latest_event(home, review.close_id)
    return latest if latest and latest.state == APPROVED and latest.digest == review.digest else None


def request_of_run(home: Home, close_id: str, run_id: str) -> ApprovalEvent:
    """What a run on a server asked last about a close.

    Raises:
        ApprovalMissing: it asked nothing.
    """
    asked = [event for event in _events(home, close_id) if event.state == REQUESTED and event.run_id == run_id]
    if not asked:
        raise ApprovalMissing(close_id=close_id)
    return asked[-1]


def latest_event(home: Home, close_id: str) -> ApprovalEvent | None:
    """The last word on a close."""
    return next(iter(_events(home, close_id)[::-1]), None)


def latest_event_of_month(home: Home, month: str) -> ApprovalEvent | None:
    """The last word on the last close of ``month`` that anything is known of."""
    closes = sorted(home.approvals.glob(f"{month}-r*"), key=lambda path: int(path.name.rpartition("-r")[2]))
    return latest_event(home, closes[-1].name) if closes else None


def _events(home: Home, close_id: str) -> list[ApprovalEvent]:
    return [ApprovalEvent(**entry) for entry in read_entries(home.approvals / close_id)]
