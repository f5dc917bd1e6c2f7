"""The schemas ``plan`` and ``landing`` of a build: what a close tells dbt, as tables and views."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import csv

from union_warehouse.contracts import expected_reports, load_forms
from union_warehouse.contracts.landed import landed_columns, personal_columns_table
from union_warehouse.files import sha256_of
from union_warehouse.landing.effective import KNOWN, choose_effective, read_new_manifests, show_accepted
from union_warehouse.landing.integrity import check_landed
from union_warehouse.landing.manifests import MANIFEST
from union_warehouse.landing.row_problems import ROW_PROBLEM_COLUMNS, ROW_PROBLEMS
from union_warehouse.landing.rows import landed_rows_sql
from union_warehouse.paths import BUILD_FILE, PREVIOUS_FILE, Home
from union_warehouse.quality.rules import rules_table
from union_warehouse.releases.database import STORAGE
from union_warehouse.warehouse.acknowledgements import read_acknowledgements
from union_warehouse.warehouse.definitions import (
    INDICATOR,
    Definitions,
)
from union_warehouse.warehouse.definitions_changelog import ExplainedChange
from union_warehouse.warehouse.federation_tables import federation_tables
from union_warehouse.working_days import HOLIDAYS_FILE, SHANGHAI

_CHANGE_COLUMNS = (
    "indicator_code",
    "definition",
    "definition_kind",
    "former_version",
    "present_version",
    "reason",
    "decided_by",
    "holds_since",
)


def write_plan_and_landing(
    home: Home,
    folder: Path,
    close: Mapping[str, Any],
    definitions: Definitions,
    explained: Sequence[ExplainedChange] = (),
    *,
    is_rebuild: bool = False,
) -> dict[str, Any]:
    """Write the schemas ``plan`` and ``landing`` into the build of ``folder``.

    Args:
        home: the warehouse's state, whose landing zone is read.
        folder: holds ``previous.duckdb``, and ``build.duckdb``, a copy of the last audited one or none yet.
        close: close_id, month, known_at, beginning_month, closed_months, previous_release_id, previous_known_at.
        definitions: what the figures are made by.
        explained: the definitions that changed since the previous release.
        is_rebuild: whether the submissions count that counted in the previous release, whatever arrived since with an earlier time.

    Returns:
        changed_submissions: form, submission_id and ``counts`` of what began or ceased to count since the previous release;
        hash_keys: fingerprints of the keys that hashed the personal data of what counts; manifests: sha256 of the manifest
        of each submission that is read for the first time, by its folder below ``landing/``.

    Raises:
        LandedFileChanged: a file to be read is not what was landed.
        UnreadableManifest: a submission has none that can be read.
    """
    is_from_nothing = not (folder / BUILD_FILE).is_file()
    with duckdb.connect(os.fspath(folder / BUILD_FILE), config=STORAGE) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("pragma disable_checkpoint_on_shutdown")  # dbt opens it next: once a close is enough
        connection.execute("create schema if not exists plan; create schema if not exists landing")
        read_new_manifests(connection, home.landing)
        choose_effective(connection, datetime.fromisoformat(close["known_at"]), close["closed_months"][-1])
        with _attached(
            connection, folder / PREVIOUS_FILE if is_from_nothing and close["previous_release_id"] else None
        ) as previous:
            if is_rebuild:
                _count_as_released(connection)
            _compare_with_release(connection, has_previous=previous)
        manifests = _write_plan_tables(connection, home, close, has_audited=not is_from_nothing)
        _write_definitions(connection, definitions, explained)
        changed = connection.execute(
            "select form, submission_id, counts_now from plan.changed_since_release order by all"
        ).fetchall()
        keys = connection.execute("select distinct hash_key_fingerprint from plan.effective_submissions order by 1").fetchall()
    return {
        "changed_submissions": [{"form": form, "submission_id": key, "counts": counts} for form, key, counts in changed],
        "hash_keys": [key for (key,) in keys if key],
        "manifests": manifests,
    }


def _write_plan_tables(
    connection: duckdb.DuckDBPyConnection, home: Home, plan: Mapping[str, Any], *, has_audited: bool
) -> dict[str, str]:
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
    connection.execute("drop table if exists plan.starts_from_nothing")
    if not has_audited:
        connection.execute("create table plan.starts_from_nothing as select true as is_so")  # asked for by its name
    show_accepted(connection)
    known_at = datetime.fromisoformat(plan["known_at"])
    opening_month, last_month = connection.execute("select opening_month, last_closed_month from plan.close").fetchone() or ()
    tables = {
        "issue_acknowledgements": read_acknowledgements(home, known_at),
        "rules": rules_table(),
        "personal_columns": personal_columns_table(load_forms().values()),
        "official_holidays": csv.read_csv(HOLIDAYS_FILE),
        **federation_tables(home.federation, opening_month, last_month),
    }
    for name, table in tables.items():
        with _registered(connection, "given", table):
            connection.execute(f"create or replace table plan.{name} as from given")
    known_on = known_at.astimezone(SHANGHAI).date()
    _write_expected_reports(connection, expected_reports(home.federation, plan["closed_months"], known_on))
    # of a build from nothing nobody can say what else was expected before
    connection.execute(f"create or replace table plan.changed_expectations as from changed_expectations where {has_audited}")
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


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, previous: Path | None) -> Iterator[bool]:
    """The database of the previous release as ``before``, if there is one to compare with; gives whether there is."""
    if previous is None:
        yield False
        return
    path = os.fspath(previous).replace("'", "''")
    connection.execute(f"attach '{path}' as before (read_only)")
    connection.execute(
        "create or replace temp view counted_before as select form, submission_id from before.main.fct_submissions where is_effective"
    )
    try:
        yield True
    finally:
        connection.execute("drop view counted_before; detach before")


def _count_as_released(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring ``plan.effective_submissions`` to what counted in the previous release; what arrived since is the next close's."""
    connection.execute(
        """
        create or replace table plan.effective_submissions as
        select * from plan.submissions semi join counted_before using (form, submission_id);
        create or replace table plan.changed_submissions as
        select form, submission_id, true as counts_now from plan.effective_submissions;
        """
    )


def _compare_with_release(connection: duckdb.DuckDBPyConnection, *, has_previous: bool) -> None:
    """Write ``plan.changed_since_release``: what began or ceased to count since the previous release.

    That is what changed since the last audited build, unless the build starts from nothing: then it is what the release says
    otherwise.
    """
    if not has_previous:
        connection.execute("create or replace table plan.changed_since_release as from plan.changed_submissions")
        return
    connection.execute(
        """
        create or replace table plan.changed_since_release as
        select form, submission_id, true as counts_now
        from plan.effective_submissions anti join counted_before using (form, submission_id)
        union all
        select form, submission_id, false from counted_before anti join plan.effective_submissions using (form, submission_id)
        """
    )


def _write_definitions(
    connection: duckdb.DuckDBPyConnection, definitions: Definitions, explained: Sequence[ExplainedChange]
) -> None:
    """Write ``plan.indicator_definitions``, and ``plan.definition_changes``: of each indicator, the changed definitions that feed it."""
    changes = [
        {
            "indicator_code": code,
            "definition": item.change.definition,
            "definition_kind": item.change.kind,
            "former_version": item.change.before,
            "present_version": item.change.now,
            "reason": item.explanation and item.explanation.why,
            "decided_by": item.explanation and item.explanation.by,
            "holds_since": item.explanation and item.explanation.since,
        }
        for item in explained
        for code in item.change.indicators
    ]
    defined = [{"indicator_code": code, "definition_version": version} for code, version in definitions.of(INDICATOR).items()]
    for name, rows, columns in (
        ("definition_changes", changes, _CHANGE_COLUMNS),
        ("indicator_definitions", defined, ("indicator_code", "definition_version")),
    ):
        table = pa.Table.from_pylist(rows, pa.schema([(column, pa.string()) for column in columns]))
        with _registered(connection, "given", table):
            connection.execute(f"create or replace table plan.{name} as from given")


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
    statement = landed_rows_sql(columns, files)
    connection.execute(f'create or replace view landing."{name}" as {statement}')
