"""What a disk holds after the power failed: what was flushed, and of everything else what chance left.

A file holds its content of the last fsync, that of the moment, or pages of both; a folder its names of the last fsync or of
the moment. A file that was never flushed may have its name and no content, as on ext4 and XFS.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

_PAGE = 4096
_KINDS = {"directory": "d", "symbolic link": "l"}

Key = str
"""Of a file or folder: its number and birth, since numbers are given again; as ``shim.c`` writes it."""


@dataclass(frozen=True)
class Name:
    """An entry of a folder: of what; whether that is a folder, a link or a file (d, l, f); where a link points."""

    key: Key
    kind: str
    target: str


@dataclass(frozen=True)
class Disk:
    """What a disk holds: its root, the names in each folder, where the content of each file can be read."""

    root: Key
    folders: dict[Key, dict[str, Name]]
    files: dict[Key, Path]


def disk_of(folder: Path) -> Disk:
    """What ``folder`` holds now."""
    paths = [folder, *(Path(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files))]
    command = ["xargs", "-0", "stat", "--printf", "%i.%.9W\t%F\n"]
    listed = subprocess.run(command, input=b"\0".join(map(os.fsencode, paths)), check=True, capture_output=True)
    names = {path: _name(path, line) for path, line in zip(paths, listed.stdout.decode().splitlines(), strict=True)}
    folders: dict[Key, dict[str, Name]] = {name.key: {} for name in names.values() if name.kind == "d"}
    for path in paths[1:]:
        folders[names[path.parent].key][path.name] = names[path]
    return Disk(names[folder].key, folders, {name.key: path for path, name in names.items() if name.kind == "f"})


def _name(path: Path, line: str) -> Name:
    key, _, kind = line.partition("\t")
    return Name(key, _KINDS.get(kind, "f"), os.fspath(path.readlink()) if kind == "symbolic link" else "")


def copy_of_disk(home: Path, copy: Path) -> Disk:
    """What ``home`` holds before a run, all of it durable; the content is kept in ``copy``."""
    before = disk_of(home)
    shutil.copytree(home, copy, symlinks=True)
    return Disk(before.root, before.folders, {key: copy / path.relative_to(home) for key, path in before.files.items()})


def cut_power(home: Path, before: Disk, synced: Path, chance: Callable[[], float], random: Random) -> None:
    """Make of ``home``, as killed processes left it, what a disk holds when the power failed at that moment.

    Args:
        home: the folder; it is replaced.
        before: of :func:`copy_of_disk`.
        synced: what was flushed since, of ``shim.c``.
        chance: how likely it is, for each file and folder in turn, that what was not flushed is there all the same.
        random: decides.
    """
    after = disk_of(home)
    if after.root != before.root:
        raise ValueError(f"{home} is another folder than before")
    remains = home.with_name(f"{home.name}.remains")
    _Restored(before, after, synced, chance, random).restore_folder(before.root, remains)
    shutil.rmtree(home)
    remains.rename(home)


class _Restored:
    def __init__(self, before: Disk, after: Disk, synced: Path, chance: Callable[[], float], random: Random) -> None:
        self._before, self._after, self._synced, self._chance, self._random = before, after, synced, chance, random
        self._written: dict[Key, Path] = {}

    def restore_folder(self, key: Key, target: Path) -> None:
        target.mkdir(mode=0o700)
        for name, entry in sorted(self._names(key).items()):
            path = target / name
            if entry.kind == "d":
                self.restore_folder(entry.key, path)
            elif entry.kind == "l":
                path.symlink_to(entry.target)
            elif entry.key in self._written:
                os.link(self._written[entry.key], path)
            else:
                path.write_bytes(self._content(entry.key))
                self._written[entry.key] = path

    def _names(self, key: Key) -> dict[str, Name]:
        now = self._after.folders.get(key)
        if now is not None and self._is_there():
            return now
        flushed = self._synced / key
        if flushed.is_file():
            lines = flushed.read_text("utf-8", "surrogateescape").splitlines()
            return {name: Name(own, kind, target) for own, kind, name, target in (line.split("\t") for line in lines)}
        return self._before.folders.get(key, {})

    def _content(self, key: Key) -> bytes:
        flushed = next((path for path in (self._synced / key, self._before.files.get(key)) if path and path.is_file()), None)
        durable = flushed.read_bytes() if flushed else b""
        now = self._after.files[key].read_bytes() if key in self._after.files else durable
        if now == durable or not self._is_there():
            return durable
        return now if self._random.random() < 0.5 else self._pages_of_both(durable, now)

    def _pages_of_both(self, durable: bytes, now: bytes) -> bytes:
        """Each page as it was or as it is; the file may end anywhere between."""
        length = self._random.choice([len(durable), len(now), self._random.randint(0, len(now))])
        pages = [
            self._random.choice([durable, now])[start : start + _PAGE].ljust(_PAGE, b"\0") for start in range(0, length, _PAGE)
        ]
        return b"".join(pages)[:length]

    def _is_there(self) -> bool:
        return self._random.random() < self._chance()
