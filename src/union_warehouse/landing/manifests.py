"""Manifests: what each landed submission says of itself, as a type and as columns for DuckDB."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict, TypeGuard

import duckdb

from union_warehouse.contracts import Edition
from union_warehouse.landing.errors import UnreadableManifest
from union_warehouse.landing.states import ACCEPTED_STATES

MANIFEST = "manifest.json"
ORIGINAL = "original"
"""The file as it was sent, with the extension that its content has."""


class Changes(TypedDict):
    """What a form's version changes of the one that it replaces: rows that are new, gone, and of the same key but changed."""

    replaces: str
    new: int
    gone: int
    changed: int


FormEntry = TypedDict(
    "FormEntry",
    {
        "form": str,
        "version": int,
        "state": str,
        "return": str | None,
        "rows": int,
        "quarantined": int,
        "warnings": int,
        "file": str | None,
        "layout": str | None,
        "contract": str,
        "changes": Changes | None,
    },
)
"""One form of a submission: its version, counted per department, month and form; its state, accepted, accepted_with_quarantine or
rejected, which alone decides whether it counts; how it was returned (rows, nil; None: the cover does not say); rows read, rows
with an error, warnings; its Parquet file, None without rows; the layout by which its sheet was read, None without one; the fingerprint
of the contract that judged it;
what it changes of the version that counted before, None if there was none or it is rejected."""


class Step(TypedDict):
    """What became of one step of a submission."""

    step: str
    outcome: str
    detail: str


class ManifestProblem(TypedDict):
    """A problem of the file, its cover or a sheet."""

    form: str | None
    sheet: str | None
    row: int | None
    rule: str
    severity: str
    message_zh: str
    message_en: str


class Received(TypedDict):
    """Of every file that was received.

    ``sha256`` and ``bytes`` are the original's; ``received_at`` and ``read_at`` are
    :func:`~union_warehouse.landing.instants.to_text`; ``door`` is the unit through whose folder of the inbox it came, None of the
    office's; ``kind`` is workbook or csv; ``files`` holds the sha256 of each other file of
    its folder by name; ``ties_with`` names accepted submissions of the same instant; ``cover`` is the layout of the
    cover, None of a CSV.
    """

    reading: int
    file_name: str
    sha256: str
    bytes: int
    received_at: str
    door: str | None
    read_at: str
    kind: str
    contract_version: str | None
    cover: str | None
    state: str
    is_opening: bool
    hash_key_fingerprint: str
    ties_with: list[str]
    files: dict[str, str]
    forms: list[FormEntry]
    steps: list[Step]
    problems: list[ManifestProblem]


class Manifest(Received):
    """Of a submission that landed with its department and month: ``submission_id`` is ``2014-03/CQ/v0001``."""

    submission_id: str
    department: str
    month: str
    submission_number: int


class UnplacedManifest(Received):
    """Of a file that names no known department or month."""

    submission_id: None
    department: str | None
    month: str | None
    submission_number: None


AnyManifest = Manifest | UnplacedManifest

MANIFEST_COLUMNS = {
    "submission_id": "VARCHAR",
    "department": "VARCHAR",
    "month": "VARCHAR",
    "submission_number": "INTEGER",
    "reading": "INTEGER",
    "file_name": "VARCHAR",
    "sha256": "VARCHAR",
    "received_at": "TIMESTAMP",
    "door": "VARCHAR",
    "read_at": "TIMESTAMP",
    "kind": "VARCHAR",
    "contract_version": "VARCHAR",
    "cover": "VARCHAR",
    "state": "VARCHAR",
    "is_opening": "BOOLEAN",
    "hash_key_fingerprint": "VARCHAR",
    "ties_with": "VARCHAR[]",
    "forms": (
        'STRUCT(form VARCHAR, version INTEGER, state VARCHAR, "return" VARCHAR, "rows" INTEGER, quarantined INTEGER, '
        "warnings INTEGER, file VARCHAR, layout VARCHAR, contract VARCHAR, "
        'changes STRUCT(replaces VARCHAR, "new" INTEGER, gone INTEGER, changed INTEGER))[]'
    ),
    "problems": "STRUCT(rule VARCHAR, severity VARCHAR)[]",
}
"""What is read of a manifest, name to DuckDB type."""


def is_placed(manifest: AnyManifest) -> TypeGuard[Manifest]:
    """Whether a submission landed with its department and month."""
    return manifest["submission_id"] is not None


def edition_of(manifest: AnyManifest) -> Edition:
    """By what the layouts of a submission's sheets are told."""
    return Edition(None if manifest["kind"] == "csv" else manifest["contract_version"], manifest["month"])


def brought_forms(manifest: Manifest) -> set[str]:
    """Forms of which a submission brought a return, taken or not."""
    return {form["form"] for form in manifest["forms"] if form["return"] is not None}


def taken_forms(manifest: Received) -> frozenset[str]:
    """The forms of a submission that are not rejected: they replace what was reported before."""
    return frozenset(form["form"] for form in manifest["forms"] if form["state"] in ACCEPTED_STATES)


def manifest_files(landing: Path, months: Iterable[str] = ("*",)) -> list[Path]:
    """The manifests of all placed submissions of ``months``, also where a damaged folder lacks it."""
    return sorted(folder / MANIFEST for month in months for folder in landing.glob(f"month={month}/department=*/v*"))


def unplaced_manifest_files(landing: Path) -> list[Path]:
    """The manifests of the files that could not be placed."""
    return sorted(folder / MANIFEST for folder in landing.glob("rejected/[!.]*"))


def read_manifest(folder: Path) -> AnyManifest:
    """The manifest of one landed file.

    Raises:
        UnreadableManifest: it is torn or gone, or says of no arrival.
    """
    path = folder / MANIFEST
    try:
        manifest: AnyManifest = json.loads(path.read_bytes())
        is_whole = bool(manifest["received_at"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UnreadableManifest(path=path) from error
    if not is_whole:
        raise UnreadableManifest(path=path)
    return manifest


def load_manifests(connection: duckdb.DuckDBPyConnection, table: str, landing: Path, files: Iterable[Path | str]) -> None:
    """Create ``table`` (temporary) of the manifests in ``files``: ``MANIFEST_COLUMNS``, and ``path``, the folder below ``landing``.

    What could not be placed is known by that folder: it is its ``submission_id``.

    Raises:
        UnreadableManifest: one of them is torn or gone.
    """
    columns = ", ".join(f'"{name}" {kind}' for name, kind in MANIFEST_COLUMNS.items())
    connection.execute(f"create or replace temp table {table} ({columns}, path VARCHAR)")
    paths = [os.fspath(file) for file in files]
    if not paths:
        return
    try:
        connection.execute(
            f"""insert into {table} by name
            select * replace (coalesce(submission_id, path) as submission_id)
            from (
                select * exclude (filename), replace(parse_dirpath(filename), ? || '/', '') as path
                from read_json(?, columns = ?, format = 'auto', filename = true)
            )""",
            [os.fspath(landing), paths, MANIFEST_COLUMNS],
        )
    except duckdb.Error as error:
        raise (_first_unreadable(paths) or UnreadableManifest(path=paths[0])) from error
    # of several files, DuckDB passes over an empty one without a word
    read = connection.execute(f"select count(*) from {table} where received_at is not null").fetchone()
    if read != (len(paths),):
        raise _first_unreadable(paths) or UnreadableManifest(path=paths[0])


def _first_unreadable(paths: Iterable[str]) -> UnreadableManifest | None:
    for path in paths:
        try:
            read_manifest(Path(path).parent)
        except UnreadableManifest as error:
            return error
    return None


def by_form(manifests: str) -> str:
    """SQL: the rows of the relation ``manifests`` by form; one of a submission without forms has null ``form``.

    ``forms`` gives way to form, version, form_state (of a submission without forms, its own), return_kind, row_count,
    quarantined_count, warning_count, parquet_file, layout and contract (fingerprint).
    """
    return f"""
        select {manifests}.* exclude (forms), f.form, f.version, coalesce(f.state, {manifests}.state) as form_state,
            f."return" as return_kind, f."rows" as row_count, f.quarantined as quarantined_count,
            f.warnings as warning_count, f.file as parquet_file, f.layout, f.contract
        from {manifests}
        left join lateral (select unnest({manifests}.forms, recursive := true)) as f on true"""
