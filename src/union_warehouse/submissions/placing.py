"""Put files into the inbox, each with the instant of its arrival in its path."""

from __future__ import annotations

import filecmp
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from union_warehouse.files import give_name, make_folder
from union_warehouse.landing.instants import to_text
from union_warehouse.paths import Home
from union_warehouse.submissions.file_walk import files_below, is_clutter
from union_warehouse.submissions.original import readable_name, storable_name
from union_warehouse.submissions.places import UNPACKED, arrival_folder, check_door
from union_warehouse.submissions.problems import PathNotFound, UnknownArrival
from union_warehouse.workbooks.limits import MAX_FILE_BYTES


def place_in_inbox(
    home: Home, paths: Iterable[Path | str], received_at: datetime | Mapping[str, datetime], door: str | None = None
) -> list[Path]:
    """Copy files, and all files in folders, into the inbox.

    A file is complete as soon as it has its name. Equal names with other bytes go to numbered folders; equal bytes
    at the same instant are the same arrival.

    Args:
        home: the warehouse's state.
        paths: files and folders.
        received_at: aware; one instant for all, or one per file by its path as given, its path within the given
            folder, or its name.
        door: the unit that sends them; None: the office, which may send for all.

    Returns:
        The files' places in the inbox, in the order of ``paths``, a folder's by name.

    Raises:
        PathNotFound: a path does not exist; nothing was placed.
        UnknownArrival: the table has no line for a file; nothing was placed.
        FutureArrival: a time of arrival is still to come; nothing was placed.
        UnknownDoor: there is no such unit; nothing was placed.
    """
    check_door(home.federation, door)
    folders = [(file, arrival_folder(home, _arrival(file, names, received_at), door)) for file, names in _expand(paths)]
    return [_place(folder, file.name, partial(_copy, file)) for file, folder in folders]


def _expand(paths: Iterable[Path | str]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for path in map(Path, paths):
        if path.is_dir():
            for file in files_below(path):
                yield file, (os.fspath(file), file.relative_to(path).as_posix(), file.name)
        elif not path.is_file():
            raise PathNotFound(path=os.fspath(path))
        elif not is_clutter(path.name):  # a shell's * names the lock files of open workbooks too
            yield path, (os.fspath(path), path.name)


def _arrival(file: Path, names: tuple[str, ...], received_at: datetime | Mapping[str, datetime]) -> str:
    if isinstance(received_at, datetime):
        return to_text(received_at)
    name = next((name for name in names if name in received_at), None)
    if name is None:
        raise UnknownArrival(path=readable_name(os.fspath(file)))
    return to_text(received_at[name])


def _copy(file: Path, target: Path) -> None:
    size = file.stat().st_size
    if size > MAX_FILE_BYTES:  # refused by its size alone: a file of that size that takes no room stands for it
        with target.open("wb") as hole:
            hole.truncate(size)
        return
    try:
        shutil.copyfile(file, target)
    except PermissionError:  # an empty file that nobody may read tells it as well as the original
        target.touch(mode=0o000)


def _place(folder: Path, name: str, write: Callable[[Path], None]) -> Path:
    make_folder(folder)
    temporary = folder / f".{uuid.uuid4().hex}"
    write(temporary)
    name = storable_name(name)
    try:
        for number in range(10_000):
            target = (folder / str(number) if number else folder) / name
            make_folder(target.parent)
            try:
                give_name(temporary, target)
            except FileExistsError:
                if not _is_equal(target, temporary):
                    continue
            return target
    finally:
        temporary.unlink()
    raise FileExistsError(folder / name)


def _is_equal(one: Path, other: Path) -> bool:
    size = one.stat().st_size
    if size != other.stat().st_size or size > MAX_FILE_BYTES:
        return size == other.stat().st_size
    return filecmp.cmp(one, other, shallow=False)


def place_unpacked(home: Home, received_at: str, door: str | None, sha256: str, files: Iterable[tuple[str, bytes]]) -> list[Path]:
    """Place the files of an archive that came through ``door``; done again, it places the same files at the same places."""
    folder = arrival_folder(home, received_at, door) / f"{UNPACKED}{sha256[:12]}"
    return [_place(folder, name, partial(_write, data)) for name, data in files]


def _write(data: bytes, target: Path) -> None:
    target.write_bytes(data)
