"""Months and their states, and who has reported what, read from the landing zone and the current release."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from union_warehouse.contracts import forms_owed, load_units
from union_warehouse.months import month_range, parse_month
from union_warehouse.paths import Home
from union_warehouse.warehouse.releases import current_release
from union_warehouse.working_days import due_at, due_on

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


def month_status(home: Home, month: str | None = None) -> dict[str, Any]:
    """States of months and reporting of departments, as of now.

    Args:
        home: the warehouse's state.
        month: one month; None for every month from the first submitted or closed one to the last.

    Returns:
        ``months``: month, state (open, published, reopened), release_id, due_on and the sums below; ``departments`` (of
        ``month`` only): department, unit_name and, counted in forms, expected, received (accepted), on_time, late,
        missing, rejected (no accepted version); quarantined counts rows.

    Raises:
        InvalidMonth: ``month`` is not ``YYYY-MM``.
    """
    release = current_release(home)
    closed = release.closed_months if release else ()
    known = [parse_month(month)] if month else sorted({*submitted_months(home), *closed})
    months = month_range(known[0], known[-1]) if known else []
    with opened_manifests(home, months) as connection:
        rows = connection.execute("from reporting_of_departments").df()
        late_arrivals = _months_touched_since(connection, release.known_at if release else None)
    departments = json.loads(rows.drop(columns="first_accepted_at").to_json(orient="records"))
    totals = rows.drop(columns=["department", "unit_name", "first_accepted_at"]).groupby("month").sum().to_dict("index")
    return {
        "months": [
            {
                "month": one,
                "state": ("reopened" if one in late_arrivals else "published") if one in closed else "open",
                "release_id": release.release_id if release and one in closed else None,
                "due_on": due_on(one).isoformat(),
                **totals[one],
            }
            for one in months
        ],
        "departments": departments if month else [],
    }


def submitted_months(home: Home) -> set[str]:
    """Months for which anything has landed."""
    return {path.name.removeprefix("month=") for path in home.landing.glob("month=*")}


@contextmanager
def opened_manifests(home: Home, months: Sequence[str], as_of: datetime | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection (session in UTC) to what landed for ``months``, read from the manifests.

    Tables: ``manifests``, one row a reading of a submission; ``expected`` (month, department, unit_name, form, due_at, position) lists what is owed; ``by_form`` what came of
    it; ``readings`` the newest reading of each submission; ``reporting_of_departments`` the counts of a month's department.

    Args:
        home: the warehouse's state.
        months: months to look at.
        as_of: leave out what arrived later.
    """
    folders = [home.landing / f"month={month}" for month in months]
    paths = sorted(os.fspath(path) for folder in folders for path in folder.glob("department=*/v*/manifest.json"))
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        _load(connection, paths, months)
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
            select readings.* exclude (forms, form), form.form, form.quarantined,
                state in ('accepted', 'accepted_with_quarantine') and submission_id not in (from tied) as is_accepted
            from (select *, unnest(forms) as form from readings) as readings
        )
    select department, month, form,
        bool_or(is_accepted) as is_received,
        min(received_at) filter (where is_accepted) as first_accepted_at,
        max(received_at) filter (where is_accepted) as last_accepted_at,
        arg_max(submission_id, received_at) filter (where is_accepted) as submission_id,
        arg_max(quarantined, received_at) filter (where is_accepted) as quarantined
    from forms
    group by all;

    create view reporting_of_departments as
    select expected.month, expected.department, any_value(unit_name) as unit_name,
        count(*) as expected,
        count(*) filter (where is_received) as received,
        count(*) filter (where is_received and first_accepted_at < due_at) as on_time,
        count(*) filter (where is_received and first_accepted_at >= due_at) as late,
        count(*) filter (where is_received is not true) as missing,
        count(*) filter (where is_received is false) as rejected,
        cast(coalesce(sum(quarantined), 0) as bigint) as quarantined,
        max(first_accepted_at) as first_accepted_at
    from expected
    left join by_form using (department, month, form)
    group by expected.month, expected.department
    order by expected.month, min(expected.position);
"""


def _load(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], months: Sequence[str]) -> None:
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _MANIFEST_COLUMNS.items())
    connection.execute(f"create table manifests ({columns})")
    if paths:
        connection.execute(
            "insert into manifests by name from read_json(?, columns = ?, format = 'auto')", [paths, _MANIFEST_COLUMNS]
        )
    expected = pa.table(
        dict(
            zip(
                ("month", "department", "unit_name", "form", "due_at", "position"),
                zip(
                    *(
                        (one, unit.code, unit.name, form.name, due_at(one).replace(tzinfo=None), position)
                        for one in months
                        for position, unit in enumerate(load_units(one).values())
                        for form in forms_owed(unit)
                    ),
                    strict=True,
                )
                if months
                else ((),) * 6,
                strict=True,
            )
        )
    )
    connection.register("expected", expected)


def _months_touched_since(connection: duckdb.DuckDBPyConnection, known_at: str | None) -> set[str]:
    """Months with an accepted submission that the current release does not know."""
    if known_at is None:
        return set()
    rows = connection.execute(
        "select distinct month from manifests where received_at > cast(? as timestamp) and state in ('accepted', 'accepted_with_quarantine')",
        [known_at],
    ).fetchall()
    return {row[0] for row in rows}
