"""States of a submission."""

from __future__ import annotations

ACCEPTED, QUARANTINED, REJECTED, UNCHANGED = "accepted", "accepted_with_quarantine", "rejected", "unchanged"
ACCEPTED_STATES = frozenset({ACCEPTED, QUARANTINED})
