"""The audit's views of a build: what this close touched, and every fact's rows in one shape."""

from __future__ import annotations

from typing import Any

import yaml

from union_warehouse.contracts import load_forms
from union_warehouse.paths import Home
from union_warehouse.quality.gx_duckdb import Workbench, quoted
from union_warehouse.quality.suites import MARTS_CHECKS

SCOPE = "audited_scope"
_DAYS_OF_UNIONS = {
    "union_register": ("fct_union_events", "event_on"),
    "union_coverage": ("fct_union_coverage", "covered_from"),
    "member_changes": ("fct_membership_changes", "changed_on"),
    "member_counts": ("fct_membership_monthly", "month_end_on"),
    "qualification_promotions": ("fct_qualification_promotions", "certified_on"),
}
"""Facts that name a union, and the day on which it must be registered."""
_NO_KEY = "cast(null as varchar)"


def create_scope(workbench: Workbench, home: Home) -> str:
    """Create what the suites of the marts query, in the audit's own DuckDB; returns the table that is the GX batch.

    ``audited_scope``: one row: first_changed_month (earliest month of a submission that began or ceased to count),
    from_month (first month whose snapshots and indicators were rebuilt), last_month, opening_month. Views: ``fact_rows``
    (form, fact, entity_key and provenance of every fact row), ``union_rows`` (form, union_code, day_on and provenance of
    every fact row that names a union), ``staged_submissions`` (form, submission_id, staged_count). Tables: ``staged_rows``
    and ``landed_rows`` of the submissions that began to count, ``touched_unions`` and ``touched_inspections`` of those
    that began or ceased to count.
    """
    workbench.execute(
        f"""create table {SCOPE} as
        select coalesce(first_changed_month, month) as first_changed_month, from_month, last_closed_month as last_month, opening_month
        from build.plan.close
        cross join build.intermediate.int_earliest_change
        cross join (
            select min(month) as first_changed_month
            from build.plan.submissions
            semi join build.plan.changed_submissions using (form, submission_id)
        )"""
    )
    for form, column, table in (
        ("union_register", "union_code", "unions"),
        ("safety_inspections", "inspection_no", "inspections"),
    ):
        workbench.execute(
            f"""create table touched_{table} as
            select distinct {column} from build.staging.stg_{form}
            semi join (select submission_id from build.plan.changed_submissions where form = '{form}') using (submission_id)"""
        )
    facts = yaml.load(MARTS_CHECKS.read_text("utf-8"), yaml.CSafeLoader)["facts"]
    workbench.execute("create view fact_rows as " + " union all ".join(map(_fact_rows, facts)))
    workbench.execute("create view union_rows as " + " union all ".join(_union_rows(*item) for item in _DAYS_OF_UNIONS.items()))
    workbench.execute(
        """create table began_to_count as
        select * from build.plan.effective_submissions
        semi join (select form, submission_id from build.plan.changed_submissions where counts_now) using (form, submission_id)"""
    )
    with_fact = {item["form"] for item in facts}
    # A form that feeds no mart yet is only staged: it has no entities to look for in a fact.
    staged = [
        *facts,
        *({"form": form, "staging": f"stg_{form}", "key": _NO_KEY} for form in load_forms() if form not in with_fact),
    ]
    workbench.execute("create view staged_submissions as " + " union all ".join(map(_staged_submissions, staged)))
    workbench.execute("create table staged_rows as " + " union all ".join(map(_staged_rows, staged)))
    _create_landed_rows(workbench, home)
    return SCOPE


def _fact_rows(item: dict[str, Any]) -> str:
    is_monthly = item["fact"] == "fct_membership_monthly"
    # a carried-forward row repeats its last submission: it carries no row of its own
    return f"""select '{item["form"]}' as form, '{item["fact"]}' as fact, {item["key"]} as entity_key, submitted_by_code,
        reporting_unit_code, submission_month, {"month" if is_monthly else "event_month"} as event_month, submission_id,
        source_sheet, source_row
        from marts.{item["fact"]} {"where not is_carried_forward" if is_monthly else ""}"""


def _union_rows(form: str, place: tuple[str, str]) -> str:
    fact, day = place
    where = "where not is_carried_forward" if fact == "fct_membership_monthly" else ""
    return f"""select '{form}' as form, union_code, {day} as day_on, submission_month, submission_id, source_row
        from marts.{fact} {where}"""


def _staged_submissions(item: dict[str, Any]) -> str:
    return f"""select '{item["form"]}' as form, submission_id, count(*) as staged_count
        from build.staging.{item["staging"]} group by submission_id"""


def _staged_rows(item: dict[str, Any]) -> str:
    return f"""select '{item["form"]}' as form, {item.get("staging_key", item["key"])} as entity_key,
        {item.get("waiting_key", item["key"])} as waiting_key, submission_month, submission_id, source_sheet, source_row
        from build.staging.{item["staging"]}
        semi join (select submission_id from began_to_count where form = '{item["form"]}') using (submission_id)"""


def _create_landed_rows(workbench: Workbench, home: Home) -> None:
    workbench.execute(
        """create table landed_rows (
            form varchar, submission_id varchar, source_sheet varchar, source_row integer, is_accepted boolean)"""
    )
    for form, files in workbench.execute(
        "select form, list(path || '/' || parquet_file) from began_to_count where parquet_file is not null group by form"
    ):
        names = ", ".join(f"'{quoted(home.landing / file)}'" for file in files)
        workbench.execute(
            f"""insert into landed_rows select '{form}', _submission_id, _sheet, _row, _is_accepted
            from read_parquet([{names}], hive_partitioning = false)"""
        )
