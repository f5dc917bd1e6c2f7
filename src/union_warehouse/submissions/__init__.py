"""Submissions: identify, version and land what departments send, and answer them.

The public doors: :func:`place_in_inbox`, :func:`scan_inbox`, :func:`collect_file`, :func:`check_file`,
:func:`reread_month` and :func:`remake_receipt`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from union_warehouse.submissions.collect import check_file, collect_file, remake_receipt, reread_month
    from union_warehouse.submissions.inbox import InboxItem, read_marker, read_outcome, read_outcomes, scan_inbox, waiting_files
    from union_warehouse.submissions.outcome import Outcome
    from union_warehouse.submissions.placing import place_in_inbox

_DOORS = {
    "collect": ("check_file", "collect_file", "remake_receipt", "reread_month"),
    "inbox": ("InboxItem", "read_marker", "read_outcome", "read_outcomes", "scan_inbox", "waiting_files"),
    "outcome": ("Outcome",),
    "placing": ("place_in_inbox",),
}

__all__ = [
    "InboxItem",
    "Outcome",
    "check_file",
    "collect_file",
    "place_in_inbox",
    "read_marker",
    "read_outcome",
    "read_outcomes",
    "remake_receipt",
    "reread_month",
    "scan_inbox",
    "waiting_files",
]


def __getattr__(name: str) -> Any:
    # A child process that reads a file imports the reader only: it is started for every task of a server.
    for module, names in _DOORS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
