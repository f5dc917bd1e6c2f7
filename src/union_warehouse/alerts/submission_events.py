"""What the landing zone gives cause for: missing, late, rejected and replaced submissions, rows in quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb

from union_warehouse.alerts.events import Event
from union_warehouse.contracts import load_forms
from union_warehouse.landing.instants import shanghai_day_sql
from union_warehouse.landing.manifests import load_manifests, unplaced_manifest_files
from union_warehouse.landing.received import opened_manifests, submitted_months
from union_warehouse.months import WINDOW_MONTHS, add_months, last_day, month_range
from union_warehouse.paths import Home
from union_warehouse.working_days import SHANGHAI

_WATCHED_MONTHS = WINDOW_MONTHS + 1
"""What is older cannot be sent any more."""


def submission_events(home: Home, as_of: datetime) -> list[Event]:
    """Events of the last months' submissions, as far as they had arrived by ``as_of``."""
    this_month = f"{as_of.astimezone(SHANGHAI):%Y-%m}"
    known = sorted(month for month in submitted_months(home) if month <= this_month)
    if not known:
        return list(_unplaced(home, as_of))
    months = month_range(max(known[0], add_months(this_month, -_WATCHED_MONTHS)), this_month)
    with opened_manifests(home, months, as_of) as connection:
        return [
            *_missing(connection, known[0]),
            *_late(connection),
            *_rejected(connection),
            *_quarantined(connection),
            *_replaced(connection),
            *_unplaced(home, as_of),
        ]


def _missing(connection: duckdb.DuckDBPyConnection, first_month: str) -> Iterator[Event]:
    # The first month of all is expected from the day its first submission arrived.
    rows = connection.execute(
        """
        select month, department, expected, missing, forms_missing, missing_due_on
        from reporting_of_departments
        inner join (
            select month, department, string_agg(form, ' ' order by form) as forms_missing, min(due_on) as missing_due_on
            from expected anti join (from by_form where is_received) using (month, department, form)
            where not is_excused
            group by all
        ) using (month, department)
        where month > $first_month or exists (from manifests)
        """,
        {"first_month": first_month},
    ).fetchall()
    for month, unit, expected, missing, forms, due in rows:
        names = "全部" if missing == expected else "、".join(load_forms()[form].sheet for form in forms.split())
        facts = {"month": month, "due_on": due.isoformat(), "expected": expected, "missing": missing, "forms": names}
        yield Event("missing_submission", unit, month, due, facts)


def _late(connection: duckdb.DuckDBPyConnection) -> Iterator[Event]:
    rows = connection.execute(
        f"select month, department, late, {shanghai_day_sql('first_accepted_at')}, due_on from reporting_of_departments where late > 0"
    ).fetchall()
    for month, unit, late, day, due in rows:
        facts = {"month": month, "due_on": due.isoformat(), "late": late, "arrived_on": day.isoformat()}
        yield Event("late_submission", unit, month, day, facts, mark=str(late))


def _rejected(connection: duckdb.DuckDBPyConnection) -> Iterator[Event]:
    """The last submission of a department and month with a form that was rejected, where nothing was accepted of that form after it.

    What could not be read names no form: it is over once anything is accepted.
    """
    rows = connection.execute(
        f"""
        with
            last_versions as (
                select *, count(*) over (partition by submission_id) as form_count
                from landed_versions
                qualify row_number() over (
                    partition by month, department, form order by received_at desc, submission_number desc
                ) = 1
            ),
            last_accepted as (
                select month, department, max(received_at) as received_at from landed_versions where is_accepted group by all
            ),
            rejected as (
                select last_versions.*
                from last_versions
                left join last_accepted using (month, department)
                where form_state = 'rejected'
                    and (form is not null or last_versions.received_at > coalesce(last_accepted.received_at, '-infinity'))
            )
        select month, department, submission_id, {shanghai_day_sql("received_at")}, {_rules("problems")},
            case when count(*) < form_count then list(form order by form) end
        from rejected
        group by month, department, submission_id, received_at, submission_number, problems, form_count
        qualify row_number() over (partition by month, department order by received_at desc, submission_number desc) = 1
        """
    ).fetchall()
    for month, unit, submission_id, day, rules, forms in rows:
        facts = {
            "month": month,
            "arrived_on": day.isoformat(),
            "rules": rules,
            "forms": "、".join(load_forms()[form].sheet for form in forms) if forms else "整份",
            "forms_en": ", ".join(forms) if forms else "the whole file",
            "receipt": f"receipts/{submission_id}.xlsx",
        }
        yield Event("rejected_submission", unit, month, day, facts, mark=submission_id, until=_last_watched(month))


def _quarantined(connection: duckdb.DuckDBPyConnection) -> Iterator[Event]:
    rows = connection.execute(
        f"""
        select month, department, cast(sum(quarantined) as bigint), max({shanghai_day_sql("last_accepted_at")}),
            string_agg(distinct submission_id, ' ' order by submission_id)
        from by_form
        where quarantined > 0
        group by all
        """
    ).fetchall()
    for month, unit, count, day, submissions in rows:
        receipts = "、".join(f"receipts/{submission_id}.xlsx" for submission_id in submissions.split())
        facts = {"month": month, "rows": count, "receipt": receipts}
        yield Event("quarantined_rows", unit, month, day, facts, mark=submissions, until=_last_watched(month))


def _replaced(connection: duckdb.DuckDBPyConnection) -> Iterator[Event]:
    """The last submission of a department and month that changed rows of an earlier one: its unit should know who sent it."""
    rows = connection.execute(
        f"""
        select month, department, submission_id, submission_number, {shanghai_day_sql("received_at")},
            list_filter(forms, lambda form: form.changes."new" + form.changes.gone + form.changes.changed > 0) as unlike
        from readings
        where len(unlike) > 0
        qualify row_number() over (partition by month, department order by received_at desc, submission_number desc) = 1
        """
    ).fetchall()
    for month, unit, submission_id, number, day, forms in rows:
        counts = {form["form"]: form["changes"] for form in forms}
        facts = {
            "month": month,
            "arrived_on": day.isoformat(),
            "changes": "；".join(
                f"{load_forms()[form].sheet} 新增 {made['new']} 行、减少 {made['gone']} 行、改动 {made['changed']} 行"
                for form, made in counts.items()
            ),
            "changes_en": "; ".join(
                f"{form}: {made['new']} rows new, {made['gone']} gone, {made['changed']} changed" for form, made in counts.items()
            ),
            "receipt": f"receipts/{submission_id}.xlsx",
        }
        yield Event("replaced_submission", unit, month, day, facts, mark=str(number))


def _last_watched(month: str) -> date:
    """The last day on which the submissions of ``month`` are looked at: after it an event is not over, but dropped."""
    return last_day(add_months(month, _WATCHED_MONTHS))


def _unplaced(home: Home, as_of: datetime) -> Iterator[Event]:
    """Files that could not be taken for any department and month; their names and contents are left out, a person may be named there."""
    files = unplaced_manifest_files(home.landing)
    if not files:
        return
    with duckdb.connect() as connection:
        load_manifests(connection, "manifests", home.landing, files)
        rows = connection.execute(
            f"select submission_id, sha256, door, {shanghai_day_sql('received_at')}, {_rules('problems')} from manifests where received_at <= ?",
            [as_of.astimezone(UTC).replace(tzinfo=None)],
        ).fetchall()
    for submission_id, digest, door, day, rules in rows:
        facts = {"arrived_on": day.isoformat(), "rules": rules, "receipt": f"receipts/{submission_id}.xlsx"}
        yield Event("refused_in_folder" if door else "unplaced_submission", door, digest[:12], day, facts)


def _rules(problems: str) -> str:
    """SQL: the distinct rules that rejected, which are codes of ours."""
    errors = f"list_filter({problems}, lambda problem: problem.severity = 'error')"
    return f"array_to_string(list_sort(list_distinct(list_transform({errors}, lambda problem: problem.rule))), ', ')"
