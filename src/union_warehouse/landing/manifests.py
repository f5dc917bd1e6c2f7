"""The manifests of the landing zone, read by DuckDB: what landed, what was expected, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb

from union_warehouse.contracts import expected_reports
from union_warehouse.paths import Home
from union_warehouse.working_days import SHANGHAI

MANIFEST = "manifest.json"
_MANIFEST_COLUMNS = {
    "submission_id": "VARCHAR",
    "department": "VARCHAR",
    "month": "VARCHAR",
    "submission_number": "INTEGER",
    "reading": "INTEGER",
    "sha256": "VARCHAR",
    "received_at": "TIMESTAMP",
    "state": "VARCHAR",
    "ties_with": "VARCHAR[]",
    "forms": 'STRUCT(form VARCHAR, "return" VARCHAR, "rows" INTEGER, quarantined INTEGER, warnings INTEGER)[]',
    "problems": "STRUCT(rule VARCHAR, severity VARCHAR)[]",
}


def submitted_months(home: Home) -> set[str]:
    """Months for which anything has landed."""
    return {path.name.removeprefix("month=") for path in home.landing.glob("month=*")}


@contextmanager
def opened_manifests(home: Home, months: Sequence[str], as_of: datetime | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection (session in UTC) to what landed for ``months``, read from the manifests.

    Tables: ``manifests``, one row a reading of a submission; ``expected`` lists what is owed (columns of
    :func:`~union_warehouse.contracts.expected_reports`); ``by_form`` what came of it; ``readings`` the newest reading of each
    submission; ``reporting_of_departments`` the counts of a month's department.

    Args:
        home: the warehouse's state.
        months: months to look at.
        as_of: leave out what arrived, and exceptions that were given, later; None for now.
    """
    folders = [home.landing / f"month={month}" for month in months]
    paths = sorted(os.fspath(path) for folder in folders for path in folder.glob("department=*/v*/manifest.json"))
    known_on = (as_of or datetime.now(UTC)).astimezone(SHANGHAI).date()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        _load(connection, paths)
        connection.register("expected", expected_reports(months, known_on))
        if as_of is not None:
            connection.execute("delete from manifests where received_at > ?", [as_of.astimezone(UTC).replace(tzinfo=None)])
        connection.execute(_VIEWS)
        yield connection


_VIEWS = """
    create view readings as
    from manifests
    qualify row_number() over (partition by department, month, submission_number order by reading desc) = 1;

    create view by_form as
    with
        tied as (select unnest(ties_with) as submission_id from readings),
        forms as (
            select readings.* exclude (forms, form), form.form, form.quarantined, form.return,
                state in ('accepted', 'accepted_with_quarantine') and submission_id not in (from tied) as is_accepted
            from (select *, unnest(forms) as form from readings) as readings
        )
    select department, month, form,
        bool_or(is_accepted) as is_received,
        min(received_at) filter (where is_accepted) as first_accepted_at,
        max(received_at) filter (where is_accepted) as last_accepted_at,
        arg_max(submission_id, received_at) filter (where is_accepted) as submission_id,
        cast(min(received_at) filter (where is_accepted) at time zone 'UTC' at time zone 'Asia/Shanghai' as date) as received_on,
        arg_max("return", received_at) filter (where is_accepted) = 'nil' as is_nil,
        arg_max(quarantined, received_at) filter (where is_accepted) as quarantined
    from forms
    group by all;

    create view reporting_of_departments as
    select expected.month, expected.department, any_value(unit_name) as unit_name,
        count(*) filter (where not is_excused) as expected,
        count(*) filter (where is_received) as received,
        count(*) filter (where is_received and received_on <= due_on) as on_time,
        count(*) filter (where is_received and received_on > due_on) as late,
        count(*) filter (where is_received is not true and not is_excused) as missing,
        count(*) filter (where is_received is false and not is_excused) as rejected,
        count(*) filter (where is_excused) as excused,
        count(*) filter (where is_nil) as nil_returns,
        cast(coalesce(sum(quarantined), 0) as bigint) as quarantined,
        max(first_accepted_at) as first_accepted_at,
        max(due_on) as due_on
    from expected
    left join by_form using (department, month, form)
    group by expected.month, expected.department
    order by expected.month, min(expected.position);
"""


def _load(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> None:
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _MANIFEST_COLUMNS.items())
    connection.execute(f"create table manifests ({columns})")
    if paths:
        connection.execute(
            "insert into manifests by name from read_json(?, columns = ?, format = 'auto')", [paths, _MANIFEST_COLUMNS]
        )
