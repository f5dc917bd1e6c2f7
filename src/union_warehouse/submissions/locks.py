"""A lock between processes, one per department: its submissions land one after another."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from union_warehouse.paths import Home


@contextmanager
def department_lock(home: Home, department: str | None) -> Iterator[None]:
    """Hold the department's lock until the block ends; the system frees it when the process dies.

    Files without a department have one lock of their own.
    """
    folder = home.landing / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{department or 'unknown'}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
