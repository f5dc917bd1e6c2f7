"""Which versions count, as known at a point in time: one rule, for the plan, the status, the audit and the intake."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from union_warehouse.in_memory import in_memory_database
from union_warehouse.landing.folders import form_file
from union_warehouse.landing.manifests import MANIFEST, Manifest, by_form, load_manifests, manifest_files, unplaced_manifest_files
from union_warehouse.landing.states import ACCEPTED_STATES
from union_warehouse.paths import Home

_KNOWN = "received_at <= {0} and read_at <= {0}"
KNOWN = _KNOWN.format("$known_at")
"""SQL: what is known at ``$known_at``: it had arrived, and was read."""

_ACCEPTED = ", ".join(f"'{state}'" for state in sorted(ACCEPTED_STATES))
_FORMS_SCHEMA = pa.schema(
    [
        ("department", pa.string()),
        ("month", pa.string()),
        ("submission_number", pa.int32()),
        ("reading", pa.int32()),
        ("submission_id", pa.string()),
        ("received_at", pa.string()),
        ("form_state", pa.string()),
        ("ties_with", pa.list_(pa.string())),
        ("position", pa.int32()),
        ("form", pa.string()),
    ]
)


def newest_readings(submissions: str, per: Sequence[str] = ()) -> str:
    """SQL: the rows of the relation ``submissions`` that belong to the newest reading of their submission; ``per`` as in :func:`versions`."""
    key = ", ".join([*per, "department", "month", "submission_number"])
    return f"from {submissions} qualify rank() over (partition by {key} order by reading desc) = 1"


def versions(submissions: str, per: Sequence[str] = ()) -> str:
    """SQL: the newest readings of the relation ``submissions``, by form, and which of them count.

    Per department, month and form the version that arrived last among those whose form was not rejected counts, in its newest
    reading; two versions that arrived at the same instant have no order, so neither is accepted (domain: Submission).

    Args:
        submissions: rows of :func:`~union_warehouse.landing.manifests.by_form` as known at the time in question: the caller
            leaves out what arrived or was read later.
        per: columns that part the rows known at several such times from one another.

    Returns:
        Its columns, ``is_accepted`` and ``counts``.
    """
    times = "".join(f"{column}, " for column in per)
    same_time = " and ".join(["tied.submission_id = newest.submission_id", *(f"tied.{name} = newest.{name}" for name in per)])
    return f"""
        with
            newest as ({newest_readings(submissions, per)}),
            tied as (select distinct {times} unnest(ties_with) as submission_id from newest),
            judged as (
                select newest.*,
                    form is not null and form_state in ({_ACCEPTED}) and not exists (from tied where {same_time}) as is_accepted
                from newest
            )
        select *,
            is_accepted and row_number() over (
                partition by {times} department, month, form, is_accepted order by received_at desc, submission_number desc
            ) = 1 as counts
        from judged"""


def read_new_manifests(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """Add to ``plan.submissions`` every landed submission, by form, that it does not hold yet."""
    load_manifests(connection, "no_manifests", landing, [])
    connection.execute(
        f"create table if not exists plan.submissions as select * exclude (problems) from ({by_form('no_manifests')}) limit 0"
    )
    held = connection.execute("select distinct path from plan.submissions").fetchall()
    known = {f"{landing}/{path}/{MANIFEST}" for (path,) in held}  # as text: there are tens of thousands
    files = {os.fspath(path) for path in chain(manifest_files(landing), unplaced_manifest_files(landing))}
    load_manifests(connection, "new_manifests", landing, sorted(files - known))
    connection.execute(f"insert into plan.submissions by name select * exclude (problems) from ({by_form('new_manifests')})")


def choose_effective(connection: duckdb.DuckDBPyConnection, known_at: datetime, last_month: str) -> None:
    """Bring ``plan.effective_submissions`` to what counts as known at ``known_at``; ``plan.changed_submissions`` says what changed."""
    connection.execute(
        f"""
        create table if not exists plan.effective_submissions as from plan.submissions limit 0;
        create or replace temp table effective_now as
        with known as (from plan.submissions where {KNOWN} and month <= $last_month)
        select form, submission_id from ({versions("known")}) where counts
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


def show_accepted(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the view ``plan.accepted_submissions``: what is accepted as known at the time of ``plan.close``, whether it counts or not."""
    connection.execute(
        f"""
        create or replace view plan.accepted_submissions as
        with known as (
            select submissions.* from plan.submissions as submissions
            inner join (select known_at from plan.close) on {_KNOWN.format("known_at")}
        )
        select form, submission_id, department, month, received_at, submission_number from ({versions("known")}) where is_accepted
        """
    )


def has_become_known(home: Home, after: datetime, until: datetime) -> bool:
    """Whether any submission arrived, or was read, later than ``after`` and by ``until``; both aware."""
    if after >= until:
        return False
    with duckdb.connect() as connection:
        load_manifests(
            connection, "manifests", home.landing, chain(manifest_files(home.landing), unplaced_manifest_files(home.landing))
        )
        between = {"after": after.astimezone(UTC).replace(tzinfo=None), "until": until.astimezone(UTC).replace(tzinfo=None)}
        found = connection.execute(
            "from manifests where greatest(received_at, read_at) > $after and greatest(received_at, read_at) <= $until limit 1",
            between,
        ).fetchone()
    return found is not None


def effective_manifests(
    manifests: Iterable[Manifest], *, received_before: str | None = None, read_until: str | None = None
) -> dict[tuple[str, str, str], Manifest]:
    """What counts of ``manifests``, as known now or to a submission that arrives at an instant.

    Args:
        manifests: of all that landed for the months and departments in question.
        received_before: instants.to_text; what arrived at this instant or later is not known yet.
        read_until: likewise; readings after it are not known yet.

    Returns:
        The submission by (month, department, form).
    """
    known = [
        item
        for item in manifests
        if (received_before is None or item["received_at"] < received_before)
        and (read_until is None or item["read_at"] <= read_until)
    ]
    forms: list[dict[str, Any]] = []
    for position, item in enumerate(known):
        submission: dict[str, Any] = {**item, "position": position}
        forms += [submission | {"form": form["form"], "form_state": form["state"]} for form in item["forms"]] or [submission]
    if not forms:
        return {}
    connection = in_memory_database()
    connection.register("landed", pa.Table.from_pylist(forms, schema=_FORMS_SCHEMA))
    try:
        rows = connection.execute(f"select position, form from ({versions('landed')}) where counts").fetchall()
    finally:
        connection.unregister("landed")
    return {(known[position]["month"], known[position]["department"], form): known[position] for position, form in rows}


def effective_files(
    home: Home, manifests: Iterable[Manifest], *, received_before: str, read_until: str
) -> dict[tuple[str, str, str], Path | None]:
    """The Parquet files of :func:`effective_manifests`, by (month, department, form); None of a form without rows."""
    counting = effective_manifests(manifests, received_before=received_before, read_until=read_until)
    return {key: form_file(home, manifest, key[2]) for key, manifest in counting.items()}
