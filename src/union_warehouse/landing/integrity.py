"""Whether a landed submission still is what was landed: its files by the fingerprints in its manifest."""

from __future__ import annotations

from pathlib import Path

from union_warehouse.files import sha256_of
from union_warehouse.landing.errors import LandedFileChanged
from union_warehouse.landing.folders import original_of
from union_warehouse.landing.manifests import MANIFEST, read_manifest


def changed_files(folder: Path, *, with_original: bool) -> list[Path]:
    """The files of a landed submission that are not as its manifest says: changed, gone, or not in it.

    Args:
        folder: of the submission, or of a file that could not be placed.
        with_original: whether the file as it was sent is read too; a build does not use it.

    Raises:
        UnreadableManifest: there is nothing to hold the files against.
    """
    manifest = read_manifest(folder)
    original = original_of(folder)
    expected = {folder / name: sha256 for name, sha256 in manifest["files"].items()}
    present = {path for path in folder.iterdir() if not path.name.startswith(".")} - {folder / MANIFEST, original}
    changed = [path for path, sha256 in expected.items() if not path.is_file() or sha256_of(path) != sha256]
    if with_original and original is not None and sha256_of(original) != manifest["sha256"]:
        changed.append(original)
    return sorted([*changed, *(present - expected.keys())])


def check_landed(folder: Path, *, with_original: bool = False) -> None:
    """See that a landed submission is what was landed.

    Raises:
        LandedFileChanged: a file of it is not.
        UnreadableManifest: there is nothing to hold the files against.
    """
    for path in changed_files(folder, with_original=with_original):
        raise LandedFileChanged(path=path)
