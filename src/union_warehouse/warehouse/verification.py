"""Hold what is kept against the fingerprints that were taken when it was written (docs/integrity.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import broken_entries, sha256_of
from union_warehouse.landing.errors import UnreadableManifest
from union_warehouse.landing.integrity import changed_files as changed_landed_files
from union_warehouse.landing.manifests import MANIFEST, manifest_files, unplaced_manifest_files
from union_warehouse.paths import Home
from union_warehouse.releases.errors import NoRelease, UnreadableRelease
from union_warehouse.releases.integrity import changed_files as changed_release_files
from union_warehouse.releases.integrity import release_sha256
from union_warehouse.releases.read import MANIFEST_FILE, Release, current_release, read_release


class VerificationFailed(UnionWarehouseError):
    """Something is not what was written."""

    code = "verification_failed"
    message_zh = "有 {count} 处与当初写入的内容不一致（见上）：请从备份恢复所列文件后重新检查；恢复之前不要引用相关数字。"
    message_en = (
        "{count} places are not what was written (see above): restore the files listed from a backup and verify again; do not quote the "
        "figures concerned before."
    )


@dataclass(frozen=True)
class Difference:
    """What is not as it was written.

    Attributes:
        path: the file or folder, below ``UW_HOME``.
        kind: changed (also gone, or not listed); unreadable; chain (it does not follow from what was before).
    """

    path: str
    kind: str


def verify_releases(home: Home, release_id: str | None, *, is_all: bool) -> Iterator[tuple[str, list[Difference]]]:
    """One release, by default the current one, or that one and all before it.

    Yields:
        The id of each release, newest first, and what of it differs.

    Raises:
        NoRelease: nothing has been published yet.
        UnknownRelease: there is no release of that id.
        UnreadableRelease: it cannot be read.
    """
    release = read_release(home, release_id) if release_id else current_release(home)
    if release is None:
        raise NoRelease
    while True:
        before, differences = _before(home, release)
        differences += [Difference(_below(home, path), "changed") for path in changed_release_files(home, release)]
        differences += _manifests_of(home, release)
        yield release.release_id, differences
        if before is None or not is_all:
            return
        release = before


def verify_landing(home: Home) -> Iterator[tuple[str, list[Difference]]]:
    """Every landed submission and its original, month by month; what could not be placed under ``rejected``."""
    months: dict[str, list[Path]] = {}
    for path in manifest_files(home.landing):
        months.setdefault(path.parents[2].name, []).append(path.parent)
    months["rejected"] = [path.parent for path in unplaced_manifest_files(home.landing)]
    for month, folders in months.items():
        yield f"landing {month}", [difference for folder in folders for difference in _of_landed(home, folder)]


def verify_ledgers(home: Home) -> Iterator[tuple[str, list[Difference]]]:
    """Approvals, and acknowledgements of quality issues."""
    for name, folders in (("approvals", sorted(home.approvals.glob("*"))), ("acknowledgements", [home.acknowledgements])):
        yield name, [Difference(_below(home, path), "chain") for folder in folders for path in broken_entries(folder)]


def _before(home: Home, release: Release) -> tuple[Release | None, list[Difference]]:
    """The release before, if it can be read, and whether it is the one that ``release`` was built on."""
    if release.previous_release_id is None:
        return None, []
    path = home.releases / release.previous_release_id / MANIFEST_FILE
    try:
        before = Release.from_file(path)
        follows = release_sha256(home, before.release_id) == release.previous_release_sha256
    except UnreadableRelease:
        return None, [Difference(_below(home, path), "unreadable")]
    return before, [] if follows else [Difference(_below(home, path), "chain")]


def _manifests_of(home: Home, release: Release) -> Iterator[Difference]:
    """The manifests of the submissions that were read for a release."""
    for folder, sha256 in release.manifests.items():
        path = home.landing / folder / MANIFEST
        if not path.is_file() or sha256_of(path) != sha256:
            yield Difference(_below(home, path), "changed")


def _of_landed(home: Home, folder: Path) -> list[Difference]:
    try:
        return [Difference(_below(home, path), "changed") for path in changed_landed_files(folder, with_original=True)]
    except UnreadableManifest:
        return [Difference(_below(home, folder / MANIFEST), "unreadable")]


def _below(home: Home, path: Path) -> str:
    return path.relative_to(home.root).as_posix()
