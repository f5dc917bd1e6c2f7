"""Submissions: identify, version and land what departments send, and answer them.

The public doors: :func:`place_in_inbox`, :func:`scan_inbox`, :func:`collect_file`, :func:`check_file`,
:func:`reread_month` and :func:`remake_receipt`.
"""

from union_warehouse.submissions.collect import check_file, collect_file, remake_receipt, reread_month
from union_warehouse.submissions.inbox import InboxItem, place_in_inbox, read_outcome, scan_inbox, waiting_files
from union_warehouse.submissions.outcome import Outcome

__all__ = [
    "InboxItem",
    "Outcome",
    "check_file",
    "collect_file",
    "place_in_inbox",
    "read_outcome",
    "remake_receipt",
    "reread_month",
    "scan_inbox",
    "waiting_files",
]
