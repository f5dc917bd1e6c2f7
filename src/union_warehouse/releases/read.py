"""Published releases: list them, open one, know the current one (docs/architecture.md, Releases)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from union_warehouse.paths import Home
from union_warehouse.releases.errors import NoRelease, NoReleaseAsOf, UnknownRelease, UnreadableRelease

DATABASE_FILE = "warehouse.duckdb"
MANIFEST_FILE = "release.json"
DEFINITIONS_FILE = "definitions.json"


@dataclass(frozen=True)
class Release:
    """One published release.

    Attributes:
        release_id: closed month and its release number, such as ``2014-03-r1``.
        sequence: 1 for the first release ever, then counting up.
        month: the month whose close made it.
        known_at: the instant as of which submissions were used, UTC ISO-8601.
        beginning_month: first month ever closed.
        closed_months: every month it holds.
        previous_release_id: the release before it, or None.
        hash_key_fingerprint: fingerprint of the key of the personal hashes, or None when no submission was used.
        code_version: version of union-warehouse that built it.
        contract_versions: contract version of each form.
        changed_submissions: submissions that began or ceased to count since the previous release.
        restated_count: figures of earlier closed months that differ from the previous release.
        tables: rows of every mart, and the fingerprint of each of its partitions.
        files: sha256 of each of its files but ``release.json``, by path in its folder.
        previous_release_sha256: of the ``release.json`` of the release before it, or None: a chain that holds them all.
        build_sha256: of the working file that it was built in, from which the next close starts.
        manifests: sha256 of the manifest of each submission that was read for it, by folder below ``landing/``.
        rebuilt: of a release that a changed definition made: comment (why), at (when) and changes, each with definition, before, now (its
            fingerprints), indicators and marts that it feeds, what, why, by, since; None of one that a close made.
        approval: who approved it, when, why and for which reasons (see ``ApprovalEvent``); None where nothing was wrong.
    """

    release_id: str
    sequence: int
    month: str
    known_at: str
    beginning_month: str
    closed_months: tuple[str, ...]
    previous_release_id: str | None
    hash_key_fingerprint: str | None
    code_version: str
    contract_versions: dict[str, str]
    changed_submissions: tuple[dict[str, Any], ...]
    restated_count: int
    tables: dict[str, dict[str, Any]]
    files: dict[str, str]
    previous_release_sha256: str | None
    build_sha256: str
    manifests: dict[str, str]
    rebuilt: dict[str, Any] | None = None
    approval: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return dict(vars(self))

    @classmethod
    def from_file(cls, path: Path) -> Release:
        """Read from a ``release.json``.

        Raises:
            UnreadableRelease: it is torn or gone.
        """
        try:
            values = json.loads(path.read_text("utf-8"))
            values["closed_months"] = tuple(values["closed_months"])
            values["changed_submissions"] = tuple(values["changed_submissions"])
            return cls(**values)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UnreadableRelease(path=path) from error

    @property
    def known_at_utc(self) -> datetime:
        """``known_at`` as an aware time."""
        return datetime.fromisoformat(self.known_at)

    @property
    def stands_since(self) -> datetime:
        """When it took the place of the one before: as known then; of one that was rebuilt later, when that was done."""
        return datetime.fromisoformat(self.rebuilt["at"]) if self.rebuilt else self.known_at_utc


def list_releases(home: Home, month: str | None = None) -> list[Release]:
    """All releases, or those of closes of ``month``, newest first; a folder that a kill left before ``current`` moved to it is none."""
    current = current_release(home)
    if current is None:
        return []
    folders = f"{month}-r*" if month else "[!.]*"
    found = [Release.from_file(path) for path in home.releases.glob(f"{folders}/{MANIFEST_FILE}") if not path.parent.is_symlink()]
    published = [release for release in found if release.sequence <= current.sequence]
    return sorted(published, key=lambda release: release.sequence, reverse=True)


def current_release(home: Home) -> Release | None:
    """The release that ``current`` points at, or None before the first close.

    Raises:
        UnreadableRelease: it cannot be read.
    """
    link = home.releases / "current"
    return Release.from_file(link.resolve() / MANIFEST_FILE) if link.is_symlink() else None


def read_release(home: Home, release_id: str | None) -> Release:
    """The release of that id; of None the current one.

    Raises:
        NoRelease: nothing has been published yet.
        UnknownRelease: there is none.
        UnreadableRelease: it cannot be read.
    """
    return Release.from_file(release_folder(home, release_id) / MANIFEST_FILE)


def release_folder(home: Home, release_id: str | None = None) -> Path:
    """Folder of a release, by default the current one, resolved so that a reader keeps it while the next is published.

    Raises:
        NoRelease: nothing has been published yet.
        UnknownRelease: there is no release of that id.
    """
    if release_id is None:
        link = home.releases / "current"
        if not link.is_symlink():
            raise NoRelease
        return link.resolve()
    folder = home.releases / release_id
    if "/" in release_id or not (folder / MANIFEST_FILE).is_file():
        raise UnknownRelease(release_id=release_id)
    return folder.resolve()


def release_as_of(home: Home, instant: datetime) -> str:
    """Id of the release that stood at ``instant`` (aware): the last one made of what was known by then.

    Raises:
        NoReleaseAsOf: nothing had been published by then.
    """
    found = next((release for release in list_releases(home) if release.stands_since <= instant), None)
    if found is None:
        raise NoReleaseAsOf(instant=instant.isoformat())
    return found.release_id
