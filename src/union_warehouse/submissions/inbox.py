"""The inbox: what has arrived, when, and what of it waits to be collected.

``inbox/received_at=<instant>/[n/]<file>`` was placed by ``uw submit``; the path states its arrival. Any other file was
dropped by hand: it arrived when the file system says, and it waits while somebody may still be writing it.
A collected file leaves a marker with its outcome; a listed one that waits is named in ``landing/.pending`` so that a
collect finds the department's earlier files without walking through all that ever arrived.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from union_warehouse.files import write_json
from union_warehouse.landing.instants import from_name, to_name, to_text
from union_warehouse.landing.locks import scan_lock
from union_warehouse.paths import Home
from union_warehouse.submissions.identify import identify
from union_warehouse.submissions.outcome import Outcome
from union_warehouse.submissions.problems import PathNotFound, UnknownArrival

SETTLE_SECONDS = 5
"""A file dropped by hand is left alone until it has not been written to for so long."""

_ARRIVAL_FOLDER = re.compile(r"received_at=(?P<instant>\d{8}T\d{6}\.\d{6}Z)")
_UNKNOWN = "-"


@dataclass(frozen=True)
class InboxItem:
    """One file that waits to be collected, JSON-able.

    Attributes:
        path: relative to the inbox.
        received_at: instants.to_text.
        department: as its cover or name states; None if not identifiable.
        month: likewise.
        forms: that it declares.
        label: for people.
        sha256: of its bytes.
        marker: name of the marker that it will leave.
    """

    path: str
    received_at: str
    department: str | None
    month: str | None
    forms: tuple[str, ...]
    label: str
    sha256: str
    marker: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "forms": list(self.forms)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> InboxItem:
        """From the values of :meth:`to_dict`."""
        return cls(**{**values, "forms": tuple(values["forms"])})


def place_in_inbox(home: Home, paths: Iterable[Path | str], received_at: datetime | Mapping[str, datetime]) -> list[Path]:
    """Copy files, and all files in folders, into the inbox.

    A file is complete as soon as it has its name. Equal names with other bytes go to numbered folders; equal bytes
    at the same instant are the same arrival.

    Args:
        home: the warehouse's state.
        paths: files and folders.
        received_at: aware; one instant for all, or one per file by its path as given, its path within the given
            folder, or its name.

    Returns:
        The files' places in the inbox, in the order of ``paths``, a folder's by name.

    Raises:
        PathNotFound: a path does not exist; nothing was placed.
        UnknownArrival: the table has no line for a file; nothing was placed.
    """
    arrivals = [(file, _arrival(file, names, received_at)) for file, names in _expand(paths)]
    return [_place(home, file, arrival) for file, arrival in arrivals]


def _expand(paths: Iterable[Path | str]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for path in map(Path, paths):
        if path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.is_file() and not _is_ignored(file.relative_to(path))):
                yield file, (os.fspath(file), file.relative_to(path).as_posix(), file.name)
        elif path.is_file():
            yield path, (os.fspath(path), path.name)
        else:
            raise PathNotFound(path=os.fspath(path))


def _arrival(file: Path, names: tuple[str, ...], received_at: datetime | Mapping[str, datetime]) -> str:
    if isinstance(received_at, datetime):
        return to_text(received_at)
    name = next((name for name in names if name in received_at), None)
    if name is None:
        raise UnknownArrival(path=os.fspath(file))
    return to_text(received_at[name])


def _place(home: Home, file: Path, received_at: str) -> Path:
    folder = home.inbox / f"received_at={to_name(received_at)}"
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid.uuid4().hex}"
    shutil.copyfile(file, temporary)
    try:
        for number in range(10_000):
            target = (folder / str(number) if number else folder) / file.name
            target.parent.mkdir(exist_ok=True)
            try:
                os.link(temporary, target)  # unlike a rename, never overwrites
            except FileExistsError:
                if target.read_bytes() != temporary.read_bytes():
                    continue
            return target
    finally:
        temporary.unlink()
    raise FileExistsError(folder / file.name)


def scan_inbox(home: Home) -> list[InboxItem]:
    """Files that are complete and not collected yet, by arrival and path; each is identified once.

    A file's cost is one look at its name and size unless it is new: then its cover is read.
    """
    with scan_lock(home):
        return _scan(home)


def _scan(home: Home) -> list[InboxItem]:
    collected = _names(_collected_folder(home))
    pending = {marker: path for path, marker in _pending(home)}
    items = []
    for path, marker, received_at in _ready_files(home):
        if marker in collected:
            continue
        if marker in pending:
            items.append(InboxItem.from_dict(json.loads(pending.pop(marker).read_bytes())))
            continue
        item = _identified(home, path, marker, received_at)
        write_json(_pending_folder(home) / _pending_name(item), item.to_dict())
        items.append(item)
    for leftover in pending.values():  # collected, changed or gone since it was listed
        leftover.unlink(missing_ok=True)
    return sorted(items, key=lambda item: (item.received_at, item.path))


def waiting_files(home: Home) -> list[str]:
    """Paths, relative to the inbox, of the files that :func:`scan_inbox` would list; none of them is opened."""
    collected = _names(_collected_folder(home))
    return [path for path, marker, _ in _ready_files(home) if marker not in collected]


def _ready_files(home: Home) -> Iterator[tuple[str, str, str]]:
    now = time.time()
    for path in sorted(home.inbox.rglob("*")):
        relative = path.relative_to(home.inbox)
        if _is_ignored(relative) or not path.is_file():
            continue
        status = path.stat()
        placed = _ARRIVAL_FOLDER.fullmatch(relative.parts[0])
        if placed:
            received_at = from_name(placed["instant"])
        elif now - status.st_mtime < SETTLE_SECONDS:
            continue
        else:
            received_at = to_text(datetime.fromtimestamp(status.st_ctime, UTC))
        yield relative.as_posix(), _marker_name(relative.as_posix(), status), received_at


def _marker_name(path: str, status: os.stat_result) -> str:
    name = f"{path}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def _is_ignored(relative: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in relative.parts)


def _identified(home: Home, path: str, marker: str, received_at: str) -> InboxItem:
    file = home.inbox / path
    data = file.read_bytes()
    identity = identify(data, file.name)
    department, month = (identity.department, identity.month) if identity.is_placed else (None, None)
    label = " ".join(part for part in (month, department, file.name) if part)
    return InboxItem(
        path, received_at, department, month, tuple(identity.declared), label, hashlib.sha256(data).hexdigest(), marker
    )


def earlier_items(home: Home, item: InboxItem) -> list[InboxItem]:
    """Listed files of the same department that arrived before ``item`` and are not collected yet, in order."""
    return [other for other in _department_items(home, item) if (other.received_at, other.path) < (item.received_at, item.path)]


def tied_items(home: Home, item: InboxItem) -> list[InboxItem]:
    """Other listed files of the same department, month and instant that share a form with ``item`` but not its bytes."""
    return [
        other
        for other in _department_items(home, item)
        if other.sha256 != item.sha256
        and (other.received_at, other.month) == (item.received_at, item.month)
        and set(other.forms) & set(item.forms)
    ]


def _department_items(home: Home, item: InboxItem) -> list[InboxItem]:
    if item.department is None:
        return []
    latest, folder = to_name(item.received_at), _pending_folder(home)
    items = []
    for name in _names(folder):
        received_at, department, *_ = name.split("_")
        if department == item.department and received_at <= latest:
            try:
                items.append(InboxItem.from_dict(json.loads((folder / name).read_bytes())))
            except FileNotFoundError:  # collected meanwhile
                continue
    return sorted(items, key=lambda other: (other.received_at, other.path))


def read_marker(home: Home, item: InboxItem) -> Outcome | None:
    """The outcome of a collected file; None if it is not collected yet."""
    return _read_marker(home, item.marker)


def read_outcome(home: Home, path: str) -> Outcome | None:
    """The outcome of the file at ``path``, relative to the inbox; None if it is not collected yet.

    Raises:
        FileNotFoundError: the inbox has no such file.
    """
    return _read_marker(home, _marker_name(path, (home.inbox / path).stat()))


def _read_marker(home: Home, marker: str) -> Outcome | None:
    path = _collected_folder(home) / marker
    return Outcome.from_dict(json.loads(path.read_bytes())) if path.exists() else None


def write_marker(home: Home, item: InboxItem, outcome: Outcome) -> None:
    """Say that ``item`` is collected; from here on it is skipped."""
    write_json(_collected_folder(home) / item.marker, outcome.to_dict())
    (_pending_folder(home) / _pending_name(item)).unlink(missing_ok=True)


def _collected_folder(home: Home) -> Path:
    return home.landing / ".collected"


def _pending_folder(home: Home) -> Path:
    return home.landing / ".pending"


def _pending_name(item: InboxItem) -> str:
    return f"{to_name(item.received_at)}_{item.department or _UNKNOWN}_{item.month or _UNKNOWN}_{item.marker}.json"


def _pending(home: Home) -> list[tuple[Path, str]]:
    folder = _pending_folder(home)
    return [(folder / name, name.removesuffix(".json").rsplit("_", 1)[1]) for name in _names(folder)]


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in os.scandir(folder) if not entry.name.startswith(".")} if folder.is_dir() else set()
