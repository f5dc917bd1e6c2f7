"""Locks between processes: a department's submissions land one after another, and the inbox is scanned by one at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from union_warehouse.paths import Home


def department_lock(home: Home, department: str | None) -> AbstractContextManager[None]:
    """The lock of a department; files without one share a lock of their own."""
    return _exclusive(home.landing / ".locks" / f"department-{department or 'unknown'}.lock")


def scan_lock(home: Home) -> AbstractContextManager[None]:
    """The lock of whoever scans the inbox."""
    return _exclusive(home.landing / ".locks" / "scan.lock")


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock until the block ends; the system frees it when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
