"""The registry of submissions: the manifests of the landing zone, read once each, and which versions count.

There is no other register: the landing zone is it (docs/architecture.md).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb

_MANIFEST_FILE = "manifest.json"
_MANIFEST_COLUMNS = {
    "submission_id": "VARCHAR",
    "department": "VARCHAR",
    "month": "VARCHAR",
    "submission_number": "INTEGER",
    "reading": "INTEGER",
    "file_name": "VARCHAR",
    "sha256": "VARCHAR",
    "received_at": "TIMESTAMP",
    "read_at": "TIMESTAMP",
    "kind": "VARCHAR",
    "contract_version": "VARCHAR",
    "state": "VARCHAR",
    "is_opening": "BOOLEAN",
    "hash_key_fingerprint": "VARCHAR",
    "ties_with": "VARCHAR[]",
    "forms": 'STRUCT(form VARCHAR, version INTEGER, "return" VARCHAR, "rows" INTEGER, quarantined INTEGER, warnings INTEGER, file VARCHAR)[]',
}


def read_new_manifests(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """Add to ``plan.submissions`` every landed submission, by form, that it does not hold yet."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _MANIFEST_COLUMNS.items() if name != "forms")
    connection.execute(
        f"""create table if not exists plan.submissions (
            {columns}, form VARCHAR, version INTEGER, return_kind VARCHAR, row_count INTEGER,
            quarantined_count INTEGER, warning_count INTEGER, parquet_file VARCHAR, path VARCHAR)"""
    )
    held = connection.execute("select distinct path from plan.submissions").fetchall()
    known = {f"{landing}/{path}/{_MANIFEST_FILE}" for (path,) in held}  # as text: there are tens of thousands
    new = sorted({os.fspath(path) for path in _manifest_paths(landing)} - known)
    if not new:
        return
    schema = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in _MANIFEST_COLUMNS.items()) + "}"
    names = ", ".join(f'm."{name}"' for name in _MANIFEST_COLUMNS if name != "forms")
    connection.execute(
        f"""insert into plan.submissions
            select {names}, f.form, f.version, f."return", f."rows", f.quarantined, f.warnings, f.file,
                replace(parse_dirpath(m.filename), ? || '/', '')
            from read_json(?, columns = {schema}, format = 'auto', filename = true) as m
            left join lateral (select unnest(m.forms, recursive := true)) as f on true""",
        [os.fspath(landing), new],
    )


def _manifest_paths(landing: Path) -> Iterator[Path]:
    yield from landing.glob(f"month=*/department=*/v*/{_MANIFEST_FILE}")
    yield from landing.glob(f"rejected/*/{_MANIFEST_FILE}")


def choose_effective(connection: duckdb.DuckDBPyConnection, known_at: datetime, last_month: str) -> None:
    """Bring ``plan.effective_submissions`` to what was known at ``known_at``; ``plan.changed_submissions`` says what changed.

    Per department, month and form the accepted version that arrived last counts, in its newest reading; two versions
    that arrived at the same instant have no order, so neither counts (domain: Submission).
    """
    connection.execute(
        """
        create table if not exists plan.effective_submissions as from plan.submissions limit 0;
        create or replace temp table effective_now as
        with
            known as (
                select * from plan.submissions
                where form is not null and received_at <= $known_at and read_at <= $known_at and month <= $last_month
            ),
            tied as (select distinct unnest(ties_with) as submission_id from known),
            newest_reading as (
                select * from known
                qualify row_number() over (partition by department, month, form, submission_number order by reading desc) = 1
            )
        select form, submission_id from newest_reading
        where state in ('accepted', 'accepted_with_quarantine') and submission_id not in (select submission_id from tied)
        qualify row_number() over (partition by department, month, form order by received_at desc) = 1
        """,
        {"known_at": known_at.replace(tzinfo=None), "last_month": last_month},
    )
    # only what changed is written: the rest of a long history stays as it is
    connection.execute(
        """
        create or replace table plan.changed_submissions as
        select form, submission_id, true as counts_now
        from (from effective_now except select form, submission_id from plan.effective_submissions)
        union all
        select form, submission_id, false
        from (select form, submission_id from plan.effective_submissions except from effective_now);
        delete from plan.effective_submissions
        where (form, submission_id) in (select (form, submission_id) from plan.changed_submissions where not counts_now);
        insert into plan.effective_submissions
        select * from plan.submissions
        semi join (from plan.changed_submissions where counts_now) using (form, submission_id);
        """
    )
