"""The files below a folder that somebody else fills: nothing is followed, nothing is waited for, and no folder is too deep."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

_LOGGER = logging.getLogger(__name__)
MAX_DEPTH = 32
"""Folders within folders that are looked into; deeper ones can hardly be named any more."""


_OF_SYSTEMS = frozenset({"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "__macosx"})


def is_clutter(name: str) -> bool:
    """Whether a file or folder is what systems and programs leave beside those of people: hidden, a lock file, a cache of pictures."""
    return name.startswith((".", "~$")) or name.lower() in _OF_SYSTEMS


def files_below(folder: Path) -> Iterator[Path]:
    """Regular files below ``folder``, by path; what systems leave, links and special files are left out.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    yield from sorted(_walk(folder), key=lambda path: path.parts)


def _walk(folder: Path) -> Iterator[Path]:
    waiting = [(os.fspath(folder), 0)]
    while waiting:
        path, depth = waiting.pop()
        try:
            entries = list(os.scandir(path))
        except OSError as error:
            if not depth:
                raise
            _LOGGER.warning("a folder of the inbox cannot be listed: %s", error.strerror)
            continue
        for entry in entries:
            if is_clutter(entry.name):
                continue
            if entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    waiting.append((entry.path, depth + 1))
                else:
                    _LOGGER.warning("folders are nested more than %d deep; what lies below is not collected", MAX_DEPTH)
