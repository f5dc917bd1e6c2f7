"""The inbox: what has arrived, when, and what of it waits to be collected.

A file that ``uw submit`` placed states its arrival in its path. Any other was dropped by hand: it arrived when the file
system says, and it waits while somebody may still be writing it.
A collected file leaves a marker with its outcome; a listed one that waits is named in ``landing/.pending`` so that a
collect finds the department's earlier files without walking through all that ever arrived. A marker's name tells the file's path
and its size and times: where these have changed, its bytes are compared with those that were taken, and only other bytes are a new
arrival. So a copied or restored home collects nothing again. A zip archive of workbooks is unpacked beside itself. Whatever a
file is, it is opened in a child process only, after the attempt was noted.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from union_warehouse.files import read_derived, write_json
from union_warehouse.landing.instants import to_name, to_text
from union_warehouse.landing.locks import scan_lock
from union_warehouse.paths import Home
from union_warehouse.submissions.apart import Identified, identify_apart
from union_warehouse.submissions.archives import left_in_archive, unpack, unpacked_folder, unpacked_paths
from union_warehouse.submissions.attempts import attempt, attempts_folder, clear_attempts
from union_warehouse.submissions.file_walk import files_below
from union_warehouse.submissions.original import Original, readable_name
from union_warehouse.submissions.outcome import Outcome
from union_warehouse.submissions.places import Place, place_of

SETTLE_SECONDS = 5
"""A file dropped by hand is left alone until it has not been written to for so long."""

_UNKNOWN = "-"


@dataclass(frozen=True)
class InboxItem:
    """One file that waits to be collected, JSON-able.

    Attributes:
        path: relative to the inbox, readable.
        received_at: instants.to_text.
        door: the unit through whose folder it came; None: the office's.
        folders: those in which somebody laid it, within the door.
        department: as its cover or name states; None if not identifiable, or if it may not come through its door.
        month: likewise.
        forms: that it declares.
        label: for people.
        sha256: of its bytes.
        marker: name of the marker that it will leave.
        raw_path: bytes of the path, as hexadecimal digits, where they are not those of ``path``; else None.
    """

    path: str
    received_at: str
    door: str | None
    folders: tuple[str, ...]
    department: str | None
    month: str | None
    forms: tuple[str, ...]
    label: str
    sha256: str
    marker: str
    raw_path: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "forms": list(self.forms), "folders": list(self.folders)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> InboxItem:
        """From the values of :meth:`to_dict`."""
        return cls(**{**values, "forms": tuple(values["forms"]), "folders": tuple(values["folders"])})

    def file(self, home: Home) -> Path:
        """Where it lies."""
        return home.inbox / (self.path if self.raw_path is None else os.fsdecode(bytes.fromhex(self.raw_path)))


@dataclass(frozen=True)
class _Ready:
    """A file that is complete.

    Attributes:
        path: relative to the inbox, as the file system has it.
        marker: hash of the path, and hash of what tells that the file has changed.
        received_at: its arrival.
        changed_at: when the file system says that it last changed: the arrival of other bytes at the same path.
        place: what the path says.
    """

    path: str
    marker: str
    received_at: str
    changed_at: str
    place: Place


@dataclass(frozen=True)
class _Note:
    """What was noted of a file under an earlier marker: where, and of which bytes."""

    file: Path
    sha256: str
    received_at: str


def scan_inbox(home: Home) -> list[InboxItem]:
    """Files that are complete and not collected yet, by arrival and path; each is identified once.

    A file's cost is one look at its name, size and times unless they are new: then its bytes are, and its cover if they are others.
    """
    with scan_lock(home):
        return _scan(home)


def _scan(home: Home) -> list[InboxItem]:
    done = _markers(_collected_folder(home)) | _markers(unpacked_folder(home))
    pending = {marker: path for path, marker in _pending(home)}
    noted = _noted(home, pending)
    for marker in _names(attempts_folder(home)) & done:  # killed when the outcome was written
        clear_attempts(home, marker)
    items = []
    ready = deque(_ready_files(home))
    while ready:
        one = ready.popleft()
        if one.marker in done:
            continue
        done.add(one.marker)
        item = _listed(pending.pop(one.marker, None))
        if item is None:
            item = _new_item(home, one, ready, noted.get(_path_part(one.marker), ()))
        if item is not None:
            items.append(item)
    for leftover in pending.values():  # collected, changed or gone since it was listed
        leftover.unlink(missing_ok=True)
    return sorted(items, key=lambda item: (item.received_at, item.path))


def _listed(path: Path | None) -> InboxItem | None:
    """An item listed before; None if it is not, or its note is torn."""
    if path is None:
        return None
    try:
        return InboxItem.from_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        path.unlink(missing_ok=True)
        return None


def _new_item(home: Home, one: _Ready, ready: deque[_Ready], noted: Iterable[Path]) -> InboxItem | None:
    """List a file whose bytes are new; of an archive, put the files in it into ``ready`` instead."""
    before = _last_note(noted)
    try:
        with attempt(home, one.marker, home.inbox / one.path) as original:
            if before is not None and before.sha256 == original.sha256:
                return _noted_anew(home, one, before)
            if before is not None:
                one = replace(one, received_at=one.changed_at)
            # an archive within an archive stays packed
            unpacked = () if one.place.is_unpacked else unpack(home, one.marker, one.received_at, one.place.door, original)
            if unpacked:
                ready.extend(_ready_file(home, path, time.time()) for path in unpacked)
                return None
            identified = identify_apart(original, home.federation)
    except FileNotFoundError:  # taken away meanwhile
        return None
    item = _item(home, one, original, identified)
    write_json(_pending_folder(home) / _pending_name(item), item.to_dict())
    return item


def _noted(home: Home, pending: Mapping[str, Path]) -> dict[str, list[Path]]:
    """The notes of all files that were seen before, by their path's part of the marker."""
    noted: dict[str, list[Path]] = {}
    for folder in (_collected_folder(home), unpacked_folder(home)):
        for marker in _names(folder):
            noted.setdefault(_path_part(marker), []).append(folder / marker)
    for marker, file in pending.items():
        noted.setdefault(_path_part(marker), []).append(file)
    return noted


def _last_note(noted: Iterable[Path]) -> _Note | None:
    """The note of the bytes that arrived last at a path; None of those that were never noted whole."""
    notes = []
    for file in noted:
        try:
            values = json.loads(file.read_bytes())
            notes.append(_Note(file, values["sha256"], values["received_at"]))
        except (OSError, ValueError, TypeError, KeyError):  # torn, or collected meanwhile
            continue
    return max(notes, key=lambda note: note.received_at, default=None)


def _noted_anew(home: Home, one: _Ready, note: _Note) -> InboxItem | None:
    """Note the same bytes under the marker that their file has now, with their first arrival; listed if they still wait."""
    if note.file.parent != _pending_folder(home):
        note.file.rename(note.file.with_name(one.marker))
        return None
    item = replace(InboxItem.from_dict(json.loads(note.file.read_bytes())), marker=one.marker)
    write_json(_pending_folder(home) / _pending_name(item), item.to_dict())
    return item


def _item(home: Home, one: _Ready, original: Original, identified: Identified) -> InboxItem:
    path, door, department = readable_name(one.path), one.place.door, identified.department
    if door and department and not home.federation.may_send_for(door, department):
        department = None  # so that it keeps no file of that unit waiting, and ties with none
    raw = None if path == one.path else os.fsencode(one.path).hex()
    label = " ".join(part for part in (identified.month, department, original.name) if part)
    return InboxItem(
        path=path,
        received_at=one.received_at,
        door=door,
        folders=one.place.folders,
        department=department,
        month=identified.month,
        forms=identified.forms,
        label=label,
        sha256=original.sha256,
        marker=one.marker,
        raw_path=raw,
    )


def waiting_files(home: Home) -> list[str]:
    """Paths, relative to the inbox, of the files that :func:`scan_inbox` would list; none of them is opened."""
    done = _markers(_collected_folder(home)) | _markers(unpacked_folder(home))
    return [readable_name(one.path) for one in _ready_files(home) if one.marker not in done]


def _ready_files(home: Home) -> Iterator[_Ready]:
    if not home.inbox.is_dir():
        return
    now = time.time()
    for path in files_below(home.inbox):
        try:
            yield _ready_file(home, path, now)
        except (FileNotFoundError, _StillWritten):
            continue


class _StillWritten(Exception):
    """Somebody may still be writing the file."""


def _ready_file(home: Home, path: Path, now: float) -> _Ready:
    status = path.stat(follow_symlinks=False)
    relative = path.relative_to(home.inbox).as_posix()
    place = place_of(home, readable_name(relative))
    if place.received_at is None and now - _written_at(status, now) < SETTLE_SECONDS:
        raise _StillWritten
    # Its owner may set the time of the content, but not that of the change.
    known = f"{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}"
    if not os.access(path, os.R_OK):
        known += "\0unreadable"  # once it may be read it is another file
    seen_at = to_text(datetime.now(UTC))  # nothing arrived later: a clock may have been set back since
    changed_at = min(to_text(datetime.fromtimestamp(status.st_ctime, UTC)), seen_at)
    received_at = min(place.received_at or changed_at, seen_at)
    return _Ready(relative, f"{_digest(relative)}-{_digest(known)[:16]}", received_at, changed_at, place)


def _digest(text: str) -> str:
    return hashlib.sha1(os.fsencode(text), usedforsecurity=False).hexdigest()


def _path_part(marker: str) -> str:
    return marker.partition("-")[0]


def _written_at(status: os.stat_result, now: float) -> float:
    """When it was last written to: its own time, unless that is still to come (another clock, an unpacked archive)."""
    return next((time for time in (status.st_mtime, status.st_ctime) if time <= now), 0.0)


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
        received_at, department = (*name.split("_"), "")[:2]
        if department == item.department and received_at <= latest:
            other = _listed(folder / name)
            if other is not None:  # else collected meanwhile
                items.append(other)
    return sorted(items, key=lambda other: (other.received_at, other.path))


def read_marker(home: Home, item: InboxItem) -> Outcome | None:
    """The outcome of a collected file; None if it is not collected yet."""
    return _read_marker(home, item.marker)


def read_outcome(home: Home, path: str) -> Outcome | None:
    """The outcome of the file at ``path``, relative to the inbox; None if it is not collected yet.

    Raises:
        FileNotFoundError: the inbox has no such file.
    """
    return _read_marker(home, _marker_of(home, path))


def read_outcomes(home: Home, path: str) -> list[Outcome] | None:
    """The outcome of a placed file, of an archive those of its files and of what was left in it; None if one is not collected yet.

    Raises:
        FileNotFoundError: the inbox has no such file.
    """
    marker = _marker_of(home, path)
    unpacked = unpacked_paths(home, marker)
    paths = [path] if unpacked is None else unpacked
    outcomes = [outcome for one in paths if (outcome := read_outcome(home, one)) is not None]
    if len(outcomes) < len(paths):
        return None
    left = left_in_archive(home, marker)
    return outcomes if left is None else [*outcomes, left]


def _marker_of(home: Home, path: str) -> str:
    return _ready_file(home, home.inbox / path, float("inf")).marker


def _read_marker(home: Home, marker: str) -> Outcome | None:
    path = _collected_folder(home) / marker
    note = read_derived(path)
    if note is None:
        path.unlink(missing_ok=True)  # torn: it is collected again, which changes nothing
        return None
    return Outcome.from_dict(note["outcome"])


def write_marker(home: Home, item: InboxItem, outcome: Outcome) -> None:
    """Say that ``item``, with the bytes that it had when it was read, is collected; from here on it is skipped."""
    note = {"sha256": item.sha256, "received_at": item.received_at, "outcome": outcome.to_dict()}
    write_json(_collected_folder(home) / item.marker, note, is_durable=True)
    (_pending_folder(home) / _pending_name(item)).unlink(missing_ok=True)


def _collected_folder(home: Home) -> Path:
    return home.landing / ".collected"


def _pending_folder(home: Home) -> Path:
    return home.landing / ".pending"


def _pending_name(item: InboxItem) -> str:
    return f"{to_name(item.received_at)}_{item.department or _UNKNOWN}_{item.month or _UNKNOWN}_{item.marker}.json"


def _pending(home: Home) -> list[tuple[Path, str]]:
    folder = _pending_folder(home)
    return [(folder / name, name.removesuffix(".json").rpartition("_")[2]) for name in _names(folder)]


def _markers(folder: Path) -> set[str]:
    """Markers that say something: of one that is empty, the file waits."""
    return (
        {entry.name for entry in os.scandir(folder) if entry.stat().st_size and entry.name[0] != "."}
        if folder.is_dir()
        else set()
    )


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in os.scandir(folder) if not entry.name.startswith(".")} if folder.is_dir() else set()
