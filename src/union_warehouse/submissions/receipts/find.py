"""Find the landed submission whose receipt somebody asks for."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from union_warehouse.landing.folders import department_folder, read_manifests, unplaced_folder, unplaced_folders
from union_warehouse.landing.manifests import MANIFEST, AnyManifest, read_manifest
from union_warehouse.paths import Home
from union_warehouse.submissions.problems import ReceiptNotFound

_SUBMISSION_ID = re.compile(r"(?P<month>\d{4}-\d{2})/(?P<department>[A-Z]{2,8})/(?P<version>v\d{4,}(?:-r\d{2,})?)")
_REJECTED_ID = re.compile(r"rejected/(?P<name>[0-9a-f]{64}(?:-[A-Z]{2,8})?)")


def find_landed(home: Home, wanted: str) -> AnyManifest:
    """The manifest of a landed submission.

    Args:
        home: the warehouse's state.
        wanted: its id, ``rejected/<sha256>`` (with ``-<unit>``, of one that came through its door), or the path of a file with the bytes that were sent: of several arrivals
            of the same bytes the last one.

    Raises:
        ReceiptNotFound: nothing such has landed.
    """
    placed, rejected = _SUBMISSION_ID.fullmatch(wanted), _REJECTED_ID.fullmatch(wanted)
    if placed:
        folder = department_folder(home, placed["month"], placed["department"]) / placed["version"]
    elif rejected:
        folder = unplaced_folder(home, rejected["name"])
    elif Path(wanted).is_file():
        return _with_bytes_of(home, Path(wanted))
    else:
        raise ReceiptNotFound(wanted=wanted)
    if not (folder / MANIFEST).is_file():
        raise ReceiptNotFound(wanted=wanted)
    return read_manifest(folder)


def _with_bytes_of(home: Home, file: Path) -> AnyManifest:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    refused = map(read_manifest, unplaced_folders(home, sha256))
    equal = [*refused, *(manifest for manifest in read_manifests(home) if manifest["sha256"] == sha256)]
    if not equal:
        raise ReceiptNotFound(wanted=str(file))
    return max(equal, key=lambda manifest: (manifest["received_at"], manifest["submission_number"] or 0, manifest["reading"]))
