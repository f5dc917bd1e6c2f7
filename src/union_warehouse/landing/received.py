"""What is expected of months, what landed for them, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb

from union_warehouse.contracts import expected_reports
from union_warehouse.landing.effective import KNOWN, newest_readings, versions
from union_warehouse.landing.instants import shanghai_day_sql
from union_warehouse.landing.manifests import by_form, load_manifests, manifest_files
from union_warehouse.paths import Home
from union_warehouse.working_days import SHANGHAI


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
    known_at = as_of or datetime.now(UTC)
    with duckdb.connect(config={"threads": 1}) as connection:  # threads that wait for small files cost more than they save
        connection.execute("set timezone = 'UTC'")
        load_manifests(connection, "manifests", home.landing, manifest_files(home.landing, months))
        connection.register("expected", expected_reports(home.federation, months, known_at.astimezone(SHANGHAI).date()))
        if as_of is not None:
            known = {"known_at": as_of.astimezone(UTC).replace(tzinfo=None)}
            connection.execute(f"delete from manifests where not ({KNOWN})", known)
        connection.execute(_VIEWS)
        yield connection


_VIEWS = f"""
    create view readings as {newest_readings("manifests")};

    create view landed_forms as {by_form("manifests")};

    create view landed_versions as {versions("landed_forms")};

    create view by_form as
    select department, month, form,
        bool_or(is_accepted) as is_received,
        min(received_at) filter (where is_accepted) as first_accepted_at,
        any_value(received_at) filter (where counts) as last_accepted_at,
        any_value(submission_id) filter (where counts) as submission_id,
        {shanghai_day_sql("min(received_at) filter (where is_accepted)")} as received_on,
        any_value(return_kind) filter (where counts) = 'nil' as is_nil,
        any_value(quarantined_count) filter (where counts) as quarantined
    from landed_versions
    where form is not null
    group by all;

    create view unread as  -- what could not be read names no form: it may have been any
    select distinct department, month, true as is_unread from landed_versions where form is null;

    create view reporting_of_departments as
    select expected.month, expected.department, any_value(unit_name) as unit_name,
        count(*) filter (where not is_excused) as expected,
        count(*) filter (where is_received and not is_excused) as received,
        count(*) filter (where is_received and received_on <= due_on and not is_excused) as on_time,
        count(*) filter (where is_received and received_on > due_on and not is_excused) as late,
        count(*) filter (where is_received is not true and not is_excused) as missing,
        count(*) filter (where is_received is not true and (is_received is false or is_unread) and not is_excused) as rejected,
        count(*) filter (where is_excused) as excused,
        count(*) filter (where is_nil and not is_excused) as nil_returns,
        cast(coalesce(sum(quarantined), 0) as bigint) as quarantined,
        max(first_accepted_at) as first_accepted_at,
        max(due_on) as due_on
    from expected
    left join by_form using (department, month, form)
    left join unread using (department, month)
    group by expected.month, expected.department
    order by expected.month, min(expected.position);
"""
