"""The library that makes the faults (``shim.c``): built with the machine's compiler, and the environment that says what it does."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).with_name("shim.c")
_COUNTERS = struct.Struct("5Q")


def missing_compiler() -> str | None:
    """Why the library cannot be built here; None where it can."""
    return None if shutil.which("gcc") else "needs gcc (Debian: apt install gcc libc6-dev), which builds tests/faults/shim.c"


def build_library(folder: Path) -> Path:
    """The library, built into ``folder``."""
    library = folder / "faults.so"
    subprocess.run(["gcc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Fault:
    """What happens to a process and all that it starts; by default nothing, it is only counted.

    Attributes:
        kill_at: number of the change to a file before which it is killed.
        kill_after: end of a path: it is killed when something was renamed to it.
        kills_one: only the process of that change, not all of them.
        cuts_power: what was not flushed is gone.
        full_after: bytes that there is room for.
        is_read_only: nothing can be changed.
        clock_ahead: seconds.
    """

    kill_at: int | None = None
    kill_after: str | None = None
    kills_one: bool = False
    cuts_power: bool = False
    full_after: int | None = None
    is_read_only: bool = False
    clock_ahead: int = 0

    def environment(self, library: Path, root: Path, notes: Path) -> dict[str, str]:
        """For a process that works in ``root``; ``notes`` gets the counters, the log and what is flushed."""
        notes.mkdir(parents=True)
        given = {
            "LD_PRELOAD": os.fspath(library),
            "FAULTS_ROOT": os.fspath(root),
            "FAULTS_STATE": os.fspath(notes / "counters"),
            "FAULTS_LOG": os.fspath(notes / "log"),
            "FAULTS_KILL": "self" if self.kills_one else "group",
            "FAULTS_KILL_AT": self.kill_at,
            "FAULTS_KILL_AFTER": self.kill_after,
            "FAULTS_FULL_AFTER": self.full_after,
            "FAULTS_READ_ONLY": self.is_read_only or None,
            "FAULTS_CLOCK": self.clock_ahead,
        }
        if self.cuts_power:
            (notes / "synced").mkdir()
            given["FAULTS_SYNCED"] = os.fspath(notes / "synced")
        return {name: str(value) for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Counters:
    """What a run did to its files: changes, bytes, files and folders flushed, and whether it was killed."""

    changes: int
    written: int
    file_syncs: int
    folder_syncs: int
    kills: int

    @classmethod
    def of(cls, notes: Path) -> Counters:
        """Of a run with these notes."""
        return cls(*_COUNTERS.unpack((notes / "counters").read_bytes()))


def logged(notes: Path) -> list[tuple[str, str, str]]:
    """The changes of a run in order: operation, path, and second path or what was flushed."""
    lines = (notes / "log").read_text("utf-8", "surrogateescape").splitlines()
    return [(operation, path, other) for _, operation, path, other in (line.split("\t") for line in lines)]
