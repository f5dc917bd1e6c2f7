"""Locks between processes: a department's submissions land one after another, and the inbox is scanned by one at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager

from union_warehouse.locks import exclusive
from union_warehouse.paths import Home


def department_lock(home: Home, department: str | None) -> AbstractContextManager[int]:
    """The lock of a department; files without one share a lock of their own."""
    return exclusive(home.landing / ".locks" / f"department-{department or 'unknown'}.lock")


def scan_lock(home: Home) -> AbstractContextManager[int]:
    """The lock of whoever scans the inbox."""
    return exclusive(home.landing / ".locks" / "scan.lock")
