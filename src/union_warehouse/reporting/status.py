"""Months and their states, and who has reported what, read from the landing zone and the current release."""

from __future__ import annotations

import json
import os
from typing import Any

import duckdb
import pyarrow as pa

from union_warehouse.contracts import forms_owed, load_units
from union_warehouse.months import month_range, parse_month
from union_warehouse.paths import Home
from union_warehouse.warehouse.approvals import awaiting_close, latest_event_of_month
from union_warehouse.warehouse.releases import current_release
from union_warehouse.working_days import due_at, due_on

_MANIFEST = """{submission_id: 'VARCHAR', department: 'VARCHAR', month: 'VARCHAR', submission_number: 'INTEGER', reading: 'INTEGER',
    received_at: 'TIMESTAMP', state: 'VARCHAR', ties_with: 'VARCHAR[]',
    forms: 'STRUCT(form VARCHAR, "return" VARCHAR, "rows" INTEGER, quarantined INTEGER, warnings INTEGER)[]'}"""


def month_status(home: Home, month: str | None = None) -> dict[str, Any]:
    """States of months and reporting of departments, as of now.

    Args:
        home: the warehouse's state.
        month: one month; None for every month from the first submitted or closed one to the last.

    Returns:
        ``months``: month, state (open, closed: built, audited and awaiting approval, published, reopened), release_id,
        due_on, approval (the last request or decision: state, close_id, by, at, comment, approved_in_advance; None where
        nothing needed one) and the sums below; ``departments`` (of
        ``month`` only): department, unit_name and, counted in forms, expected, received (accepted), on_time, late,
        missing, rejected (no accepted version); quarantined counts rows.

    Raises:
        InvalidMonth: ``month`` is not ``YYYY-MM``.
    """
    pattern = f"month={parse_month(month) if month else '*'}"
    paths = sorted(os.fspath(path) for path in home.landing.glob(f"{pattern}/department=*/v*/manifest.json"))
    release = current_release(home)
    closed = release.closed_months if release else ()
    submitted = {path.split("month=", 1)[1][:7] for path in paths}
    known = sorted({*submitted, *closed})
    months = [month] if month else (month_range(known[0], known[-1]) if known else [])
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        _load(connection, paths, months)
        rows = connection.execute(_DEPARTMENTS).df()
        late_arrivals = _months_touched_since(connection, release.known_at if release else None)
    departments = json.loads(rows.to_json(orient="records"))
    totals = rows.drop(columns=["department", "unit_name"]).groupby("month").sum().to_dict("index")
    return {
        "months": [
            {
                "month": one,
                "state": _state(home, one, one in closed, one in late_arrivals),
                "release_id": release.release_id if release and one in closed else None,
                "due_on": due_on(one).isoformat(),
                "approval": _approval(home, one),
                **totals[one],
            }
            for one in months
        ],
        "departments": departments if month else [],
    }


def _state(home: Home, month: str, is_released: bool, is_touched: bool) -> str:
    if awaiting_close(home, month):
        return "closed"
    if not is_released:
        return "open"
    return "reopened" if is_touched else "published"


def _approval(home: Home, month: str) -> dict[str, Any] | None:
    found = latest_event_of_month(home, month)
    names = ("state", "close_id", "by", "at", "comment", "approved_in_advance")
    return {name: getattr(found, name) for name in names} if found else None


_DEPARTMENTS = """
    with
        readings as (
            select * from manifests
            qualify row_number() over (partition by department, month, submission_number order by reading desc) = 1
        ),
        tied as (select unnest(ties_with) as submission_id from readings),
        forms as (
            select readings.* exclude (forms, form), form.form, form.quarantined,
                state in ('accepted', 'accepted_with_quarantine') and submission_id not in (from tied) as is_accepted
            from (select *, unnest(forms) as form from readings) as readings
        ),
        by_form as (
            select department, month, form,
                bool_or(is_accepted) as is_received,
                min(received_at) filter (where is_accepted) as first_accepted_at,
                arg_max(quarantined, received_at) filter (where is_accepted) as quarantined
            from forms
            group by all
        )
    select expected.month, expected.department, any_value(unit_name) as unit_name,
        count(*) as expected,
        count(*) filter (where is_received) as received,
        count(*) filter (where is_received and first_accepted_at < due_at) as on_time,
        count(*) filter (where is_received and first_accepted_at >= due_at) as late,
        count(*) filter (where is_received is not true) as missing,
        count(*) filter (where is_received is false) as rejected,
        cast(coalesce(sum(quarantined), 0) as bigint) as quarantined
    from expected
    left join by_form using (department, month, form)
    group by expected.month, expected.department
    order by expected.month, min(expected.position)
"""


def _load(connection: duckdb.DuckDBPyConnection, paths: list[str], months: list[str]) -> None:
    if paths:
        connection.execute(
            f"create table manifests as select * from read_json(?, columns = {_MANIFEST}, format = 'auto')", [paths]
        )
    else:
        names = "submission_id VARCHAR, department VARCHAR, month VARCHAR, submission_number INTEGER, reading INTEGER"
        form = 'STRUCT(form VARCHAR, "return" VARCHAR, "rows" INTEGER, quarantined INTEGER, warnings INTEGER)[]'
        connection.execute(
            f"create table manifests ({names}, received_at TIMESTAMP, state VARCHAR, ties_with VARCHAR[], forms {form})"
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
