"""What of a close a person has to approve before it is published: the one place that decides (decision 11).

A close is reviewed for what *it* brings, not for all of history again: a form of a month that it closes for the first time,
a version that arrived since the release before, a row that was not in quarantine then, a figure that it moves.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from union_warehouse.landing.instants import shanghai_day_sql
from union_warehouse.paths import BUILD_FILE, MARTS_FILE, PREVIOUS_FILE, Home
from union_warehouse.releases.read import Release, read_release
from union_warehouse.warehouse.plan_file import built_files, load_plan

Reasons = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Review:
    """Why a close needs approval.

    Attributes:
        close_id: the release that it would become.
        month: the month that is closed.
        known_at: submissions that had arrived by then count; UTC ISO-8601.
        previous_release_id: the release that it would replace as the current one, or None.
        missing: month, department, name, forms (comma-separated) that no accepted version counts of.
        late: the same, and due_on and arrived_on (Shanghai dates) of first versions that came after their day.
        after_closing: as ``missing``: later versions that came after the closing of their month, and no exception unlocked it.
        quarantined: month, department, name, form, rule and rows that wait.
        moved: indicator, name, month, department, department_name, tolerance, and old and new value of the month and of
            the year to date (null where there is none) of published figures that moved by more than their tolerance.
    """

    close_id: str
    month: str
    known_at: str
    previous_release_id: str | None
    missing: Reasons
    late: Reasons
    after_closing: Reasons
    quarantined: Reasons
    moved: Reasons

    @property
    def needs_approval(self) -> bool:
        """Whether anything is wrong."""
        return any(self.reasons.values())

    @property
    def reasons(self) -> dict[str, Reasons]:
        """What is wrong, by kind."""
        return {kind: getattr(self, kind) for kind in _STATEMENTS}

    @property
    def digest(self) -> str:
        """Fingerprint of the reasons: an approval counts for these and no others."""
        return hashlib.sha256(json.dumps(self.reasons, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values, with the digest."""
        return asdict(self) | {"digest": self.digest}


def review_close(home: Home, close_id: str) -> Review:
    """Review the build of a close, before it is published.

    Args:
        home: the warehouse's state.
        close_id: the close, planned and built.

    Returns:
        Its review; the lists are ordered and hold no personal data.

    Raises:
        BuildIncomplete: the working files of the close cannot be read.
    """
    plan = load_plan(home, close_id)
    with built_files(home, close_id) as folder, duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, file in (("build", BUILD_FILE), ("marts", MARTS_FILE), ("previous", PREVIOUS_FILE)):
            path = os.fspath(folder / file).replace("'", "''")
            connection.execute(f"attach '{path}' as {name} (read_only)")
        _create_views(connection, _previous_release(home, plan))
        found = {kind: _rows(connection, statement) for kind, statement in _STATEMENTS.items()}
    return Review(close_id, plan["month"], plan["known_at"], plan["previous_release_id"], **found)


def _previous_release(home: Home, plan: dict[str, Any]) -> Release | None:
    release_id = plan["previous_release_id"]
    return read_release(home, release_id) if release_id else None


def _create_views(connection: duckdb.DuckDBPyConnection, previous: Release | None) -> None:
    """``before`` (the release before: known_at and closed_months), and its marts, empty where there was none."""
    connection.execute(
        "create table before as select cast($known_at as timestamp) as known_at, cast($closed_months as varchar[]) as closed_months",
        {
            "known_at": previous.known_at_utc.replace(tzinfo=None) if previous else None,
            "closed_months": list(previous.closed_months) if previous else [],
        },
    )
    for mart in ("fct_submissions", "fct_row_problems"):
        source = f"from previous.main.{mart}" if previous else f"from marts.main.{mart} where false"
        connection.execute(f"create view {mart}_before as {source}")
    connection.execute(_MACROS)
    connection.execute(_DUE_FORMS)


def _rows(connection: duckdb.DuckDBPyConnection, statement: str) -> Reasons:
    cursor = connection.execute(statement)
    columns = [column[0] for column in cursor.description or ()]
    return tuple(dict(zip(columns, row, strict=True)) for row in cursor.fetchall())


_MACROS = """
    create macro unit_name(code, in_month) as (
        select any_value(units.unit_name)
        from marts.main.dim_reporting_unit as units
        where units.reporting_unit_code = code
            and units.valid_from <= last_day(cast(in_month || '-01' as date))
            and (units.valid_to > last_day(cast(in_month || '-01' as date)) or units.valid_to is null)
    );
    -- a figure that was null is no published one; one that becomes null has moved
    create macro has_moved(old_value, new_value, tolerance) as
        old_value is not null and (new_value is null or abs(new_value - old_value) > tolerance * abs(old_value));
"""

# Whether a form is missing or late, or came after its month's closing, fct_expected_reports says, exceptions included.
_DUE_FORMS = """
    create view due_forms as
    select
        month, reporting_unit_code as department, form, due_on, submission_id, is_changed_after_closing,
        not list_contains((select closed_months from before), month) as is_month_new,
        submission_id is not null as is_counted,
        first_received_at as arrived_at,
        is_received and not is_received_on_time as is_late
    from marts.main.fct_expected_reports
    where not is_excused
"""

_STATEMENTS = {
    "missing": """
        select month, department, unit_name(department, month) as name, string_agg(form, ', ' order by form) as forms
        from due_forms
        where not is_counted
            and (is_month_new or (month, department, form) in (
                select (submission_month, submitted_by_code, form) from fct_submissions_before where is_effective))
        group by month, department
        order by all
    """,
    "late": f"""
        select
            month, department, unit_name(department, month) as name, string_agg(form, ', ' order by form) as forms,
            cast(due_on as varchar) as due_on,
            cast({shanghai_day_sql("arrived_at")} as varchar) as arrived_on
        from due_forms
        where is_late and (is_month_new or arrived_at > (select known_at from before))
        group by month, department, due_on, arrived_on
        order by all
    """,
    "after_closing": """
        select month, department, unit_name(department, month) as name, string_agg(form, ', ' order by form) as forms
        from due_forms
        semi join (select form, submission_id from build.plan.changed_since_release where counts_now) using (form, submission_id)
        where is_changed_after_closing and not is_late
        group by month, department
        order by all
    """,
    # frozen verdicts of versions that began to count, and rows that began to wait for a parent
    "quarantined": """
        with
            began as (select form, submission_id, true as is_new from build.plan.changed_since_release where counts_now),
            waiting as (
                select problems.*
                from marts.main.fct_row_problems as problems
                left join began using (form, submission_id)
                where severity = 'error' and (is_made_at_close or is_new)
            )
        select
            submission_month as month, submitted_by_code as department,
            unit_name(submitted_by_code, submission_month) as name,
            form, rule_code as "rule", count(distinct (submission_id, source_sheet, source_row)) as "rows"
        from waiting
        anti join fct_row_problems_before using (submission_id, form, source_sheet, source_row, rule_code)
        group by submission_month, submitted_by_code, form, rule_code
        order by all
    """,
    "moved": """
        select
            indicator_code as indicator, name_zh as name, month, reporting_unit_code as department,
            unit_name(reporting_unit_code, month) as department_name, cast(restatement_tolerance as double) as tolerance,
            cast(old_value_month as double) as old_month, cast(new_value_month as double) as new_month,
            cast(old_value_year_to_date as double) as old_year_to_date,
            cast(new_value_year_to_date as double) as new_year_to_date
        from marts.main.rpt_restatements
        inner join marts.main.dim_indicator using (indicator_code)
        where release_id = (select release_id from build.plan.close) and is_published
            and (
                has_moved(old_value_month, new_value_month, restatement_tolerance)
                or has_moved(old_value_year_to_date, new_value_year_to_date, restatement_tolerance)
            )
        order by all
    """,
}
