"""The landing zone is the registry: what has landed, read from its manifests.

Nothing here keeps a database in step. The one derived file, a department's first accepted submission, spares every
collect a walk through the department's history and can be made again from the manifests at any time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from union_warehouse.files import read_derived, write_json
from union_warehouse.landing.manifests import ORIGINAL, AnyManifest, Manifest, is_placed, read_manifest
from union_warehouse.landing.states import ACCEPTED_STATES
from union_warehouse.paths import Home

_VERSION_FOLDER = re.compile(r"v(\d{4,})(?:-r(\d{2,}))?")


def department_folder(home: Home, month: str, department: str) -> Path:
    """Where the submissions of one department and month land."""
    return home.landing / f"month={month}" / f"department={department}"


def version_name(number: int, reading: int = 1) -> str:
    """Folder of a submission: ``v0001``; of its second reading ``v0001-r02``."""
    return f"v{number:04d}" if reading == 1 else f"v{number:04d}-r{reading:02d}"


def unplaced_name(sha256: str, door: str | None) -> str:
    """Name of what a file that cannot be placed leaves behind: of the same bytes, each door has its own."""
    return f"{sha256}-{door}" if door else sha256


def unplaced_folder(home: Home, name: str) -> Path:
    """Where a file lands that names no known department or month."""
    return home.landing / "rejected" / name


def unplaced_folders(home: Home, sha256: str) -> list[Path]:
    """Where files of these bytes landed that could not be placed, through whatever door."""
    return sorted(home.landing.glob(f"rejected/{sha256}*"))


def submission_folder(home: Home, manifest: AnyManifest) -> Path:
    """Where the file of ``manifest`` landed: with its department and month, or by its bytes and door if it names none."""
    if not is_placed(manifest):
        return unplaced_folder(home, unplaced_name(manifest["sha256"], manifest["door"]))
    name = version_name(manifest["submission_number"], manifest["reading"])
    return department_folder(home, manifest["month"], manifest["department"]) / name


def form_file(home: Home, manifest: Manifest, form: str) -> Path | None:
    """The Parquet file with the rows of a form that a submission brought; None without rows."""
    file = next(entry["file"] for entry in manifest["forms"] if entry["form"] == form)
    return None if file is None else submission_folder(home, manifest) / file


def original_of(folder: Path) -> Path | None:
    """The file as it was sent, in the folder where it landed; None of one that was not read: none of its bytes are there."""
    return next(folder.glob(f"{ORIGINAL}.*"), None)


def landed_months(home: Home, department: str) -> list[str]:
    """Months for which ``department`` has landed anything, in order."""
    if not home.landing.is_dir():
        return []
    names = sorted(entry.name for entry in os.scandir(home.landing) if entry.name.startswith("month="))
    return [name[6:] for name in names if (home.landing / name / f"department={department}").is_dir()]


def month_manifests(home: Home, month: str, department: str) -> list[Manifest]:
    """Manifests of one department and month, by number and reading."""
    folder = department_folder(home, month, department)
    if not folder.is_dir():
        return []
    found = []
    for entry in os.scandir(folder):
        match = _VERSION_FOLDER.fullmatch(entry.name)
        if match:
            found.append((int(match[1]), int(match[2] or 1), entry.path))
    landed = (read_manifest(Path(path)) for _, _, path in sorted(found))
    return [manifest for manifest in landed if is_placed(manifest)]


def read_manifests(home: Home, months: Iterable[str] | None = None) -> list[Manifest]:
    """Manifests of every placed submission and reading, of all months or the given ones, by month and department."""
    wanted = None if months is None else set(months)
    found = []
    for folder in sorted(home.landing.glob("month=*/department=*")):
        month = folder.parent.name.removeprefix("month=")
        if wanted is None or month in wanted:
            found += month_manifests(home, month, folder.name.removeprefix("department="))
    return found


def newest_readings(manifests: Iterable[Manifest]) -> list[Manifest]:
    """The last reading of each submission, by number."""
    newest: dict[int, Manifest] = {}
    for manifest in manifests:
        number = manifest["submission_number"]
        if number not in newest or newest[number]["reading"] < manifest["reading"]:
            newest[number] = manifest
    return [newest[number] for number in sorted(newest)]


def is_opening(home: Home, department: str, month: str, received_at: str) -> bool:
    """Whether a submission belongs to its department's opening: the month of the first accepted one, by arrival.

    What a department goes on with after a merger or split was opened by the departments before it.
    """
    known = [
        first for unit in home.federation.units_sharing_records(department) if (first := _first_accepted(home, unit)) is not None
    ]
    first = min(known, key=lambda item: item["received_at"], default=None)
    if first is None or received_at < first["received_at"]:
        return True
    return bool(first["month"] == month)


def note_accepted(home: Home, manifest: AnyManifest) -> None:
    """Keep the department's first accepted submission up to date; to be called under the department's lock."""
    if not is_placed(manifest) or manifest["state"] not in ACCEPTED_STATES:
        return
    first = _first_accepted(home, manifest["department"])
    path = _first_accepted_path(home, manifest["department"])
    candidates = [manifest] if first is None else [manifest, first]
    earliest = min(candidates, key=lambda item: item["received_at"])
    noted = {"month": earliest["month"], "received_at": earliest["received_at"]}
    if read_derived(path) != noted:
        write_json(path, noted, is_durable=True)


def _first_accepted(home: Home, department: str) -> dict[str, str] | None:
    known: dict[str, str] | None = read_derived(_first_accepted_path(home, department))
    if known is not None:
        return known
    accepted = [
        manifest
        for month in landed_months(home, department)
        for manifest in month_manifests(home, month, department)
        if manifest["state"] in ACCEPTED_STATES
    ]
    first = min(accepted, key=lambda manifest: manifest["received_at"], default=None)
    return None if first is None else {"month": first["month"], "received_at": first["received_at"]}


def _first_accepted_path(home: Home, department: str) -> Path:
    return home.landing / ".first_accepted" / f"{department}.json"
