"""Zip archives of workbooks: their files are taken out and placed in the inbox, each as an arrival of its own."""

from __future__ import annotations

import io
import logging
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from union_warehouse.child_process import ChildStopped
from union_warehouse.files import read_derived, write_json
from union_warehouse.landing.states import UNCHANGED
from union_warehouse.paths import Home
from union_warehouse.submissions.apart import call_apart
from union_warehouse.submissions.file_walk import is_clutter
from union_warehouse.submissions.original import Original, readable_name
from union_warehouse.submissions.outcome import Outcome, describe_manifest_problems, describe_problem
from union_warehouse.submissions.placing import place_unpacked
from union_warehouse.submissions.problems import LeftInArchive
from union_warehouse.workbooks.limits import MAX_ARCHIVE_BYTES, MAX_ARCHIVE_FILES
from union_warehouse.workbooks.package import ZIP_ERRORS

_LOGGER = logging.getLogger(__name__)
_SUBMITTED = (".xlsx", ".xls", ".ods", ".csv", ".xlsm", ".xlsb", ".et")
_ABOUT_THE_OTHERS = re.compile(
    r"(?:(?:read[ ._-]?me|.*(?:说明|须知|必读|license|changelog)).*\.(?:txt|md|html?|pdf|docx?)|.*\.(?:lnk|url|ini|tmp|db|log))",
    re.IGNORECASE | re.DOTALL,
)
"""Names of files that say something of the others, or are links and settings: nobody reports with them."""
_UTF8_NAME = 0x800


@dataclass(frozen=True)
class Contents:
    """What is in an archive: names and bytes of its files, and names of those that nobody reports with."""

    files: tuple[tuple[str, bytes], ...] = ()
    left: tuple[str, ...] = ()


def unpacked_folder(home: Home) -> Path:
    """Where it is noted, by the archive's marker, what was taken out of it."""
    return home.landing / ".unpacked"


def unpack(home: Home, marker: str, received_at: str, door: str | None, original: Original) -> list[Path]:
    """Place the files of an archive of workbooks in the inbox.

    Args:
        home: the warehouse's state.
        marker: of the archive.
        received_at: its arrival, which is theirs.
        door: through which it came.
        original: the archive.

    Returns:
        Their places; none of what is no such archive: read as a file, it is told what it is.
    """
    if original.data is None or not original.name.lower().endswith(".zip"):
        return []
    try:
        contents = call_apart(original.size, files_in_archive, original.data)
    except ChildStopped:
        return []
    places = place_unpacked(home, received_at, door, original.sha256, contents.files)
    if places:
        paths = [path.relative_to(home.inbox).as_posix() for path in places]
        left = list(contents.left)
        if left:
            _LOGGER.warning(
                "%d files of an archive of %d are no reports; they were left in it", len(left), len(left) + len(paths)
            )
        note = {"sha256": original.sha256, "received_at": received_at, "name": original.name, "paths": paths, "left": left}
        write_json(unpacked_folder(home) / marker, note, is_durable=True)
    return places


def unpacked_paths(home: Home, marker: str) -> list[str] | None:
    """Paths, relative to the inbox, of the files of an archive; None of a file that was not unpacked."""
    note = _note(home, marker)
    return None if note is None else list(note["paths"])


def left_in_archive(home: Home, marker: str) -> Outcome | None:
    """The answer to the files that were left in an archive, in one line; None without any."""
    note = _note(home, marker)
    if note is None or not note["left"]:
        return None
    problem = LeftInArchive(file=note["name"], names="、".join(note["left"]))
    return Outcome(
        file=note["name"],
        department=None,
        month=None,
        version=None,
        state=UNCHANGED,
        rejected_forms=(),
        rows=0,
        quarantined=0,
        warnings=1,
        receipt=None,
        submission_id=None,
        forms=(),
        problems=tuple(describe_manifest_problems([describe_problem(problem)])),
        problem_count=1,
    )


def _note(home: Home, marker: str) -> dict[str, Any] | None:
    path = unpacked_folder(home) / marker
    note: dict[str, Any] | None = read_derived(path)
    if note is None:
        path.unlink(missing_ok=True)  # torn: it is unpacked again, to the same places
    return note


def files_in_archive(data: bytes) -> Contents:
    """What is in a zip archive of workbooks; nothing of any other, of an encrypted or damaged one, of one that holds too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_clutter(entry)]
            if not any(entry.filename.lower().endswith(_SUBMITTED) for entry in entries):
                return Contents()
            if len(entries) > MAX_ARCHIVE_FILES or sum(entry.file_size for entry in entries) > MAX_ARCHIVE_BYTES:
                return Contents()
            left = [entry for entry in entries if _ABOUT_THE_OTHERS.fullmatch(PurePosixPath(_name(entry)).name)]
            files = [(_name(entry), archive.read(entry)) for entry in entries if entry not in left]
            return Contents(tuple(files), tuple(map(_name, left)))
    except ZIP_ERRORS:
        return Contents()


def _is_clutter(entry: zipfile.ZipInfo) -> bool:
    return any(is_clutter(part) and part != ".." for part in PurePosixPath(entry.filename).parts)


def _name(entry: zipfile.ZipInfo) -> str:
    """The entry's name; without the flag for UTF-8 it is in the packer's own encoding, which zipfile took for that of DOS."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    return readable_name(os.fsdecode(entry.filename.encode("cp437", "replace")))
