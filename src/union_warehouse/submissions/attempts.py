"""Attempts to read a file, noted before it is opened: what ends the process again and again is not tried for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from union_warehouse.files import write_json
from union_warehouse.paths import Home
from union_warehouse.submissions.original import Original, read_original, readable_name, unread_original
from union_warehouse.workbooks.problems import ReadingStopped

MAX_ATTEMPTS = 3
"""So many may be cut off by something else: a restart, a full disk."""


@contextmanager
def attempt(home: Home, marker: str, file: Path) -> Iterator[Original]:
    """Open a file of the inbox, or not any more if too many attempts came to no end.

    The note of this attempt is gone when the block has ended well; what ends the process, or the block with an exception,
    leaves it. To be called under a lock, by one at a time.

    Args:
        home: the warehouse's state.
        marker: of the file.
        file: where it lies.

    Raises:
        FileNotFoundError: it is not there.
    """
    note = attempts_folder(home) / marker
    count = _count(note)
    if count >= MAX_ATTEMPTS:
        zh, en = f"{count} 次尝试均未完成", f"{count} attempts did not come to an end"
        stopped = ReadingStopped(file=readable_name(file.name), detail_zh=zh, detail_en=en)
        yield unread_original(file, stopped)
        return
    write_json(note, count + 1)
    try:
        yield read_original(file)
    except FileNotFoundError:
        clear_attempts(home, marker)
        raise
    clear_attempts(home, marker)


def clear_attempts(home: Home, marker: str) -> None:
    """Forget the attempts on a file: it has its outcome, or is gone."""
    (attempts_folder(home) / marker).unlink(missing_ok=True)


def attempts_folder(home: Home) -> Path:
    """Where they are noted, by the file's marker."""
    return home.landing / ".attempts"


def _count(note: Path) -> int:
    try:
        return int(json.loads(note.read_bytes()))
    except FileNotFoundError:
        return 0
    except (ValueError, TypeError):  # torn: there was one
        return 1
