"""The bytes of a file as sent: asked for its kind and size before anything of it is read."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from union_warehouse.workbooks.limits import MAX_FILE_BYTES
from union_warehouse.workbooks.problems import FileTooLarge, NotReadable, SubmissionProblem

_MANY_BYTES = 254
"""Of the 255 that a file system takes, one is left for the point before a temporary name."""
_ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True)
class Original:
    """One file as sent.

    Attributes:
        name: readable, whatever encoding its sender's system wrote it in.
        data: all of it; None if it may not or must not be read.
        size: in bytes.
        sha256: of its bytes; of a file that is not read, of its name, size and time.
        problem: why it is not read.
    """

    name: str
    data: bytes | None
    size: int
    sha256: str
    problem: SubmissionProblem | None = None


def read_original(path: Path) -> Original:
    """A plain file, not through a link.

    Raises:
        FileNotFoundError: it is not there.
    """
    name = readable_name(path.name)
    try:
        # Without waiting: nobody may ever write to a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        return unread_original(path, NotReadable(file=name, detail=error.strerror))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return unread_original(path, NotReadable(file=name, detail="不是普通文件 not a regular file"))
        if status.st_size > MAX_FILE_BYTES:
            return unread_original(path, FileTooLarge(file=name, size_mb=status.st_size >> 20, limit_mb=MAX_FILE_BYTES >> 20))
        data = file.read(MAX_FILE_BYTES)
    return Original(name, data, len(data), hashlib.sha256(data).hexdigest())


def unread_original(path: Path, problem: SubmissionProblem) -> Original:
    """A file that must not be read, told apart by its name, size and time.

    Raises:
        FileNotFoundError: it is not there.
    """
    name = readable_name(path.name)
    status = path.lstat()
    known = f"{name}\0{status.st_size}\0{status.st_mtime_ns}"
    return Original(name, None, status.st_size, hashlib.sha256(known.encode()).hexdigest(), problem)


def readable_name(name: str) -> str:
    """A file's name as text: a name that is not UTF-8 is read as GB18030, which Windows and zip archives write here."""
    raw = os.fsencode(name)
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode(errors="replace")


def storable_name(name: str, mark: str = "") -> str:
    """A readable name that a file system takes: without folders, not too long, ``mark`` before its extension, both kept."""
    name = readable_name(name).replace("\0", "").replace("\\", "/").rpartition("/")[2] or "_"
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    while len(f"{stem}{mark}{dot}{extension}".encode()) > _MANY_BYTES:
        stem, extension = (stem[:-1], extension) if len(stem) > 1 else (stem, extension[:-1])
    return f"{stem}{mark}{dot}{extension}"
