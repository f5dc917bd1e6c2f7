"""Plan a close: which submissions count, which changed, and the private working files of the build.

The landing zone is the registry (docs/architecture.md). A plan reads the manifests that the last audited build has not
seen, picks the effective version per department, month and form as known at T, and writes that as the ``plan`` schema
of a copy of the last audited build, where dbt finds it as a source.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from union_warehouse.contracts import expected_reports, load_forms
from union_warehouse.contracts.landed import landed_columns, personal_columns_table
from union_warehouse.files import read_derived, sha256_of, write_json
from union_warehouse.landing.effective import KNOWN, choose_effective, read_new_manifests, show_accepted
from union_warehouse.landing.integrity import check_landed
from union_warehouse.landing.manifests import MANIFEST
from union_warehouse.landing.row_problems import ROW_PROBLEM_COLUMNS, ROW_PROBLEMS
from union_warehouse.locks import exclusive
from union_warehouse.months import next_month, parse_month
from union_warehouse.paths import BUILD_FILE, MARTS_FILE, PLAN_FILE, PREVIOUS_FILE, Home
from union_warehouse.quality.rules import rules_table
from union_warehouse.releases.database import STORAGE
from union_warehouse.releases.integrity import check_release_file
from union_warehouse.releases.read import DATABASE_FILE, Release, current_release, list_releases
from union_warehouse.warehouse.acknowledgements import read_acknowledgements
from union_warehouse.warehouse.build import writer_lock
from union_warehouse.warehouse.errors import (
    BuildChanged,
    EarlierMonthOpen,
    HashKeyChanged,
    KnownAtTooEarly,
    MonthNotOver,
    NothingSubmitted,
)
from union_warehouse.warehouse.federation_tables import federation_tables
from union_warehouse.working_days import SHANGHAI


def plan_close(home: Home, month: str, known_at: datetime) -> dict[str, Any]:
    """Prepare the close of ``month`` as known at ``known_at``.

    Args:
        home: the warehouse's state.
        month: ``YYYY-MM``: the next month to close, or a closed one to close again.
        known_at: versions that arrived until then count; aware.

    Returns:
        The plan, also written to ``build/<close_id>/plan.json``: close_id (the release it will become), month,
        known_at, is_needed (False when a closed month has not changed), release_id (of the current release when not
        needed), closed_months, beginning_month, previous_release_id, changed_submissions, hash_key_fingerprint.

    Raises:
        EarlierMonthOpen: a month before it is not closed yet.
        MonthNotOver: the month had not ended at ``known_at``.
        KnownAtTooEarly: the current release already knows later submissions.
        NothingSubmitted: no department's submission for the month counts.
        HashKeyChanged: submissions were hashed with another key than the releases before.
        ReleaseFileChanged: the current release is not what was published.
        BuildChanged: the build that it came from is not.
        LandedFileChanged: a file to be read is not what was landed.
        UnreadableManifest: a submission has none that can be read.
    """
    month = parse_month(month)
    known_at = known_at.astimezone(UTC)
    current = current_release(home)
    _check_order(month, known_at, current)
    closed_months = tuple(sorted({*(current.closed_months if current else ()), month}))
    close_id = _next_release_id(home, month)
    folder = home.build / close_id
    with exclusive(writer_lock(home)):
        _copy_last_audited(home, current, folder)
    close = {
        "close_id": close_id,
        "month": month,
        "known_at": known_at.isoformat().replace("+00:00", "Z"),
        "beginning_month": closed_months[0],
        "closed_months": list(closed_months),
        "previous_release_id": current.release_id if current else None,
        "previous_known_at": current.known_at if current else None,
    }
    changed, fingerprints, manifests = write_plan_and_landing(home, folder, close)
    if current is None and not changed:
        raise NothingSubmitted(month=month, known_at=close["known_at"])
    is_needed = current is None or bool(changed) or month not in current.closed_months
    plan = close | {
        "is_needed": is_needed,
        "release_id": None if is_needed or current is None else current.release_id,
        "hash_key_fingerprint": _one_hash_key(fingerprints, current),
        "structure_fingerprint": home.federation.structure_fingerprint,
        "changed_submissions": changed,
        "manifests": manifests,
    }
    write_json(folder / PLAN_FILE, plan)
    if not is_needed:
        shutil.rmtree(folder)
    return plan


def plan_from_landing(home: Home, close_id: str, closed_months: Sequence[str], known_at: datetime) -> dict[str, Any]:
    """Prepare a build of several months at once from the landing zone alone, whatever was built or published before.

    Any past state can be built so: the versions that had arrived by ``known_at`` count, and no others.

    Args:
        home: the warehouse's state.
        close_id: name of the build, ``build/<close_id>/``.
        closed_months: every month it holds, in order.
        known_at: versions that arrived until then count; aware.

    Returns:
        As :func:`plan_close`.
    """
    folder = home.build / close_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (PREVIOUS_FILE, MARTS_FILE):
        _create_empty(folder / name)
    close = {
        "close_id": close_id,
        "month": closed_months[-1],
        "known_at": known_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "beginning_month": closed_months[0],
        "closed_months": list(closed_months),
        "previous_release_id": None,
        "previous_known_at": None,
    }
    changed, fingerprints, manifests = write_plan_and_landing(home, folder, close)
    plan = close | {
        "is_needed": True,
        "release_id": None,
        "hash_key_fingerprint": _one_hash_key(fingerprints, None),
        "structure_fingerprint": home.federation.structure_fingerprint,
        "changed_submissions": changed,
        "manifests": manifests,
    }
    write_json(folder / PLAN_FILE, plan)
    return plan


def write_plan_and_landing(
    home: Home, folder: Path, close: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[str], dict[str, str]]:
    """Write the schemas ``plan`` and ``landing`` into the build of ``folder``.

    Args:
        home: the warehouse's state, whose landing zone is read.
        folder: holds ``build.duckdb``, a copy of the last audited one or none yet.
        close: close_id, month, known_at, beginning_month, closed_months, previous_release_id, previous_known_at.

    Returns:
        The submissions that began (``counts``) or ceased to count since the last audited build; the fingerprints of
        the keys that hashed the personal data of those that count; and the sha256 of the manifest of each submission that
        is read for the first time, by its folder below ``landing/``.

    Raises:
        LandedFileChanged: a file to be read is not what was landed.
        UnreadableManifest: a submission has none that can be read.
    """
    with duckdb.connect(os.fspath(folder / BUILD_FILE), config=STORAGE) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("pragma disable_checkpoint_on_shutdown")  # dbt opens it next: once a close is enough
        connection.execute("create schema if not exists plan; create schema if not exists landing")
        read_new_manifests(connection, home.landing)
        choose_effective(connection, datetime.fromisoformat(close["known_at"]), close["closed_months"][-1])
        manifests = _write_plan_tables(connection, home, close)
        changed = connection.execute(
            "select form, submission_id, counts_now from plan.changed_submissions order by all"
        ).fetchall()
        keys = connection.execute("select distinct hash_key_fingerprint from plan.effective_submissions order by 1").fetchall()
    submissions = [{"form": form, "submission_id": key, "counts": counts} for form, key, counts in changed]
    return submissions, [key for (key,) in keys if key], manifests


def _check_order(month: str, known_at: datetime, current: Release | None) -> None:
    month_end = datetime.combine(date.fromisoformat(f"{next_month(month)}-01"), datetime.min.time(), SHANGHAI)
    if known_at < month_end.astimezone(UTC):
        raise MonthNotOver(month=month, known_at=known_at.isoformat())
    if current is None:
        return
    if known_at < current.known_at_utc:
        raise KnownAtTooEarly(known_at=known_at.isoformat(), release_id=current.release_id, release_known_at=current.known_at)
    if month < current.beginning_month:
        raise EarlierMonthOpen(month=month, open_month=None, beginning_month=current.beginning_month)
    open_month = next_month(current.closed_months[-1])
    if month > open_month:
        raise EarlierMonthOpen(month=month, open_month=open_month, beginning_month=current.beginning_month)


def _next_release_id(home: Home, month: str) -> str:
    return f"{month}-r{1 + len(list_releases(home, month))}"


def _copy_last_audited(home: Home, current: Release | None, folder: Path) -> None:
    """Fill ``folder`` with a copy of the last audited build; without one that knew today's units, it starts empty and reads all landing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if current is None:
        _create_empty(folder / PREVIOUS_FILE)
    else:
        check_release_file(home, current, DATABASE_FILE)
        os.link(home.releases / current.release_id / DATABASE_FILE, folder / PREVIOUS_FILE)
    audited = home.build / current.release_id if current else folder
    if (audited / BUILD_FILE).is_file() and (audited / MARTS_FILE).is_file() and _has_todays_structure(home, audited):
        if current:
            _check_audited(audited, current)
        shutil.copyfile(audited / BUILD_FILE, folder / BUILD_FILE)
        shutil.copyfile(audited / MARTS_FILE, folder / MARTS_FILE)
    else:
        _create_empty(folder / MARTS_FILE)


def _check_audited(audited: Path, release: Release) -> None:
    for name, sha256 in ((BUILD_FILE, release.build_sha256), (MARTS_FILE, release.files[DATABASE_FILE])):
        if sha256_of(audited / name) != sha256:
            raise BuildChanged(path=audited / name, folder=audited, release_id=release.release_id)


def _create_empty(file: Path) -> None:
    duckdb.connect(os.fspath(file), config=STORAGE).close()


def _has_todays_structure(home: Home, audited: Path) -> bool:
    """Whether a build knew the units as they are known now; with others its facts would stand for the wrong units."""
    plan = read_derived(audited / PLAN_FILE) or {}
    return bool(plan.get("structure_fingerprint") == home.federation.structure_fingerprint)


def _one_hash_key(fingerprints: Collection[str], current: Release | None) -> str | None:
    before = current.hash_key_fingerprint if current else None
    found = {*fingerprints, before} - {None}
    if len(found) > 1:
        raise HashKeyChanged(fingerprints=", ".join(sorted(str(fingerprint) for fingerprint in found)))
    return next(iter(found), None)


def _write_plan_tables(connection: duckdb.DuckDBPyConnection, home: Home, plan: Mapping[str, Any]) -> dict[str, str]:
    connection.execute(
        """
        create or replace table plan.close as
        select $close_id as release_id, $month as month, cast($known_at as timestamp) as known_at,
            $beginning as beginning_month, $last as last_closed_month,
            cast($previous_release_id as varchar) as previous_release_id,
            cast($previous_known_at as timestamp) as previous_known_at,
            least($beginning, (select min(month) from plan.effective_submissions)) as opening_month
        """,
        {
            "close_id": plan["close_id"],
            "month": plan["month"],
            "known_at": _in_utc(plan["known_at"]),
            "previous_release_id": plan["previous_release_id"],
            "previous_known_at": _in_utc(plan["previous_known_at"]),
            "beginning": plan["beginning_month"],
            "last": plan["closed_months"][-1],
        },
    )
    show_accepted(connection)
    known_at = datetime.fromisoformat(plan["known_at"])
    opening_month, last_month = connection.execute("select opening_month, last_closed_month from plan.close").fetchone() or ()
    tables = {
        "issue_acknowledgements": read_acknowledgements(home, known_at),
        "rules": rules_table(),
        "personal_columns": personal_columns_table(load_forms().values()),
        **federation_tables(home.federation, opening_month, last_month),
    }
    for name, table in tables.items():
        with _registered(connection, "given", table):
            connection.execute(f"create or replace table plan.{name} as from given")
    known_on = known_at.astimezone(SHANGHAI).date()
    _write_expected_reports(connection, expected_reports(home.federation, plan["closed_months"], known_on))
    _write_report_months(connection, _in_utc(plan["known_at"]))
    connection.execute(
        """
        create table if not exists plan.loaded_submissions (form varchar, submission_id varchar);
        create or replace table plan.new_submissions as
        select form, submission_id, path, parquet_file from plan.effective_submissions
        anti join plan.loaded_submissions using (form, submission_id);
        insert into plan.loaded_submissions select form, submission_id from plan.new_submissions;
        """
    )
    for form in load_forms().values():
        rows = connection.execute(
            "select path, parquet_file from plan.new_submissions where form = ? and parquet_file is not null order by all",
            [form.name],
        ).fetchall()
        _create_landing_view(connection, form.name, landed_columns(form), [home.landing / path / file for path, file in rows])
    folders = [path for (path,) in connection.execute("select distinct path from plan.new_submissions order by all").fetchall()]
    _create_landing_view(
        connection, "row_problems", ROW_PROBLEM_COLUMNS, [home.landing / path / ROW_PROBLEMS for path in folders]
    )
    for path in folders:
        check_landed(home.landing / path)
    return {path: sha256_of(home.landing / path / MANIFEST) for path in folders}


def _write_expected_reports(connection: duckdb.DuckDBPyConnection, expected: pa.Table) -> None:
    """Write ``plan.expected_submissions``; of a long history only the months that differ from the last audited build."""
    with _registered(connection, "given", expected):
        held = connection.execute(
            """select list(column_name order by column_index) from duckdb_columns()
            where schema_name = 'plan' and table_name = 'expected_submissions'"""
        ).fetchone()
        if not held or held[0] != expected.column_names:
            connection.execute("create or replace table plan.expected_submissions as from given limit 0")
        connection.execute(
            """
            create or replace temp table changed_expectations as
            select distinct month
            from ((from given except from plan.expected_submissions) union all (from plan.expected_submissions except from given));
            delete from plan.expected_submissions where month in (from changed_expectations);
            insert into plan.expected_submissions from given where month in (from changed_expectations);
            """
        )


def _write_report_months(connection: duckdb.DuckDBPyConnection, known_at: datetime | None) -> None:
    """Write ``plan.report_months``: the months whose facts of submissions and expected reports are rebuilt."""
    connection.execute("create table if not exists plan.known_submissions (path varchar)")
    connection.execute(
        f"""
        create or replace temp table newly_known as
        select distinct path, month from plan.submissions anti join plan.known_submissions using (path)
        where {KNOWN}
        """,
        {"known_at": known_at},
    )
    connection.execute(
        """
        insert into plan.known_submissions select path from newly_known;
        create or replace table plan.report_months as
        select coalesce(month, '') as month from newly_known
        union
        from changed_expectations
        union
        select month from plan.submissions semi join plan.changed_submissions using (form, submission_id);
        """
    )


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> Iterator[None]:
    connection.register(name, table)
    try:
        yield
    finally:
        connection.unregister(name)


def _in_utc(instant: str | None) -> datetime | None:
    return None if instant is None else datetime.fromisoformat(instant).astimezone(UTC).replace(tzinfo=None)


def _create_landing_view(
    connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], files: Sequence[Path]
) -> None:
    """A view of the landed files, with the contract's columns even where there is no file."""
    shape = ", ".join(f'cast(null as {kind}) as "{column}"' for column, kind in columns.items())
    statement = f"select {shape} where false"
    if files:
        paths = ", ".join("'" + os.fspath(path).replace("'", "''") + "'" for path in files)
        statement += f" union all by name select * from read_parquet([{paths}], union_by_name = true, hive_partitioning = false)"
    connection.execute(f'create or replace view landing."{name}" as {statement}')
