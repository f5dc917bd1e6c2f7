"""States of a submission, and of each form that it brings."""

from __future__ import annotations

ACCEPTED, QUARANTINED, REJECTED, UNCHANGED = "accepted", "accepted_with_quarantine", "rejected", "unchanged"
ACCEPTED_STATES = frozenset({ACCEPTED, QUARANTINED})
