"""Files and folders that are either whole or not there: the one way to write the state.

Each is written under a temporary name beside its own, the same every time, and then renamed: what a killed process left is
written anew. What nobody could make again is durable: file, then folder, are flushed to disk before the function returns.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from union_warehouse.errors import UnionWarehouseError

_ANYBODY, _OWNER_ONLY = 0o666, 0o600
_GROUP_READS, _GROUP_ENTERS = 0o040, 0o050
_FLUSHED_AT_ONCE = 8
_PREVIOUS = "previous_sha256"
"""In each entry of a ledger: of the entry before; null in the first."""


class UnreadableEntry(UnionWarehouseError):
    """An entry of a ledger cannot be read."""

    code = "unreadable_entry"
    message_zh = "{path} 无法读取：请从备份恢复该文件后重试；uw verify --all 检查全部内容。"
    message_en = "{path} cannot be read: restore it from a backup, then run this again; `uw verify --all` checks everything."


def write_bytes(path: Path, data: bytes, *, is_durable: bool = False, is_private: bool = False) -> None:
    """Write a file whole, or leave what was there; of two writers at once the second waits for the first.

    Args:
        path: of the file; its folder is made if need be.
        data: its content.
        is_durable: whether it must survive a power cut from here on.
        is_private: whether only its owner may read it, and not the group either that its folder is shared with.
    """
    with _written(path, data, is_durable=is_durable, is_private=is_private) as temporary:
        temporary.replace(path)
    if is_durable:
        _flush(path.parent)


def write_text(path: Path, text: str, *, is_durable: bool = False, is_private: bool = False) -> None:
    """:func:`write_bytes` of a text, in UTF-8."""
    write_bytes(path, text.encode(), is_durable=is_durable, is_private=is_private)


def write_json(path: Path, content: Any, *, indent: int | None = 1, is_durable: bool = False, is_private: bool = False) -> None:
    """:func:`write_bytes` of JSON, in the same bytes for the same content."""
    text = json.dumps(content, ensure_ascii=False, indent=indent) + "\n"
    write_text(path, text, is_durable=is_durable, is_private=is_private)


def write_new(path: Path, data: bytes, *, is_private: bool = False) -> None:
    """Write a durable file, never in the place of another.

    Raises:
        FileExistsError: there is one.
    """
    with _written(path, data, is_durable=True, is_private=is_private) as temporary:
        try:
            os.link(temporary, path)
        finally:
            temporary.unlink()
    _flush(path.parent)


def read_derived(path: Path) -> Any:
    """The JSON of a file that can be made again; None where it is gone, torn or empty, so that it is."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def append_json(folder: Path, content: dict[str, Any]) -> Path:
    """Write the next entry of a ledger, ``<folder>/0001.json`` and so on: durable, and never in the place of another.

    It holds the sha256 of the entry before: an entry that is changed or taken away later shows (:func:`broken_entries`).
    """
    while True:
        entries = _entries(folder)
        before = {_PREVIOUS: sha256_of(entries[-1]) if entries else None}
        path = folder / f"{1 + (int(entries[-1].stem) if entries else 0):04d}.json"
        with suppress(FileExistsError):
            write_new(path, (json.dumps(content | before, ensure_ascii=False, indent=1) + "\n").encode())
            return path


def read_entries(folder: Path) -> list[dict[str, Any]]:
    """The entries of a ledger, in order, as they were given to :func:`append_json`.

    Raises:
        UnreadableEntry: one of them is torn: it is no entry, and nobody could make it again.
    """
    return [_read_entry(path) for path in _entries(folder)]


def _read_entry(path: Path) -> dict[str, Any]:
    try:
        return {name: value for name, value in json.loads(path.read_bytes()).items() if name != _PREVIOUS}
    except (ValueError, AttributeError) as error:
        raise UnreadableEntry(path=path) from error


def broken_entries(folder: Path) -> list[Path]:
    """The entries of a ledger that do not follow from the one before: it was changed or taken away, or they cannot be read."""
    broken, before, number = [], None, 0
    for path in _entries(folder):
        number += 1
        try:
            follows = json.loads(path.read_bytes()).get(_PREVIOUS, "") == before
        except (ValueError, AttributeError):
            follows = False
        if not follows or int(path.stem) != number:
            broken.append(path)
        before, number = sha256_of(path), int(path.stem)
    return broken


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.json"), key=lambda path: int(path.stem))


def sha256_of(path: Path) -> str:
    """The fingerprint of a file's content, as it is told in manifests and releases."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def give_name(written: Path, path: Path) -> None:
    """Give a file that is complete a name of the same file system, beside the one that it has; durable.

    Raises:
        FileExistsError: there is such a file.
    """
    with suppress(PermissionError):  # nobody may read it, so it was made without content
        _flush(written)
    os.link(written, path)  # unlike a rename, never overwrites
    _flush(path.parent)


def point_at(link: Path, target: str, *, is_durable: bool = False) -> None:
    """Make ``link`` a symbolic link to ``target``, in one step; to be called by one at a time."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)
    if is_durable:
        _flush(link.parent)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which has its name and is durable when the block has ended well, and is gone if it has not.

    To be called by one at a time. A hard link to a file of another such folder is durable already.

    Args:
        folder: must not exist.

    Yields:
        Its temporary place.
    """
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    make_folder(temporary)
    try:
        yield temporary
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _flush_all(temporary)
    temporary.rename(folder)
    _flush(folder.parent)


def make_durable(folder: Path) -> None:
    """Flush a folder that was filled by others, all that is in it and its name to disk."""
    _flush_all(folder)
    _flush(folder.parent)


def move_into_place(written: Path, path: Path) -> None:
    """Give a file that is complete another name of the same file system, whatever had it before; durable."""
    _flush(written)
    written.replace(path)
    _flush(path.parent)


def _flush_all(folder: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    inner = [Path(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files)]
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:  # the file system then commits many at once
        list(pool.map(_flush, (path for path in (folder, *inner) if path.is_dir() or path.stat().st_nlink == 1)))


@contextmanager
def _written(path: Path, data: bytes, *, is_durable: bool, is_private: bool) -> Iterator[Path]:
    """The file under its temporary name; nobody else writes that in the block."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}")
    with os.fdopen(_claim(temporary, _OWNER_ONLY if is_private else _ANYBODY), "wb") as file:
        if is_private:
            os.fchmod(file.fileno(), _OWNER_ONLY)
        elif is_shared(path.parent):
            os.fchmod(file.fileno(), os.fstat(file.fileno()).st_mode | _GROUP_READS)
        file.write(data)
        file.flush()
        if is_durable:
            os.fsync(file.fileno())
        yield temporary


def _claim(temporary: Path, mode: int) -> int:
    """The descriptor of an empty file that this writer alone has locked."""
    while True:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT, mode)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        status = os.fstat(descriptor)
        with suppress(FileNotFoundError):
            if os.path.samestat(status, temporary.stat()):
                if status.st_size == 0 and status.st_nlink == 1:
                    return descriptor
                temporary.unlink()  # a killed process left it, perhaps as a second name of the file itself
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, if need be, and those above it; durable, since a file is lost with its folder."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    if is_shared(folder.parent):
        folder.chmod(folder.stat().st_mode | _GROUP_ENTERS)
    _flush(folder.parent)


def is_shared(folder: Path) -> bool:
    """Whether a folder is shared with its group (setgid): what is made in it belongs to that group, which may read it."""
    return bool(folder.stat().st_mode & stat.S_ISGID)


def _flush(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
