"""Whether a release still is what was published: its files by the fingerprints in its ``release.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from union_warehouse.files import sha256_of
from union_warehouse.paths import Home
from union_warehouse.releases.errors import ReleaseFileChanged
from union_warehouse.releases.read import DATABASE_FILE, MANIFEST_FILE, Release, current_release


def release_sha256(home: Home, release_id: str) -> str:
    """The fingerprint of a release and of all releases before it: of its ``release.json``, which holds that of the one before."""
    return sha256_of(home.releases / release_id / MANIFEST_FILE)


def fingerprints(folder: Path, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The sha256 of each file in ``folder``, by its path in it, in order; those that are ``known`` are not read."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name: known.get(name) or sha256_of(folder / name) for name in names}


def check_release_file(home: Home, release: Release, name: str) -> Path:
    """See that a file of a release is what was published, before something is built on it.

    Raises:
        ReleaseFileChanged: it is not.
    """
    path = home.releases / release.release_id / name
    if not path.is_file() or sha256_of(path) != release.files.get(name):
        raise ReleaseFileChanged(path=path, release_id=release.release_id)
    return path


def changed_files(home: Home, release: Release) -> Iterator[Path]:
    """The files of a release that are not as its ``release.json`` says: changed, gone, or not in it.

    An older release holds its DuckDB file no more (:func:`~union_warehouse.releases.database.retire_databases`).
    """
    folder = home.releases / release.release_id
    found = fingerprints(folder)
    found.pop(MANIFEST_FILE, None)
    current = current_release(home)
    if DATABASE_FILE not in found and current and release.sequence < current.sequence:
        found[DATABASE_FILE] = release.files[DATABASE_FILE]
    for name in sorted(found.keys() | release.files.keys()):
        if found.get(name) != release.files.get(name):
            yield folder / name
