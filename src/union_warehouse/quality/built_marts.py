"""The audit's views of a build: what this close touched, and every fact's rows in one shape."""

from __future__ import annotations

from union_warehouse.contracts import load_forms
from union_warehouse.contracts.facts import Fact, load_facts
from union_warehouse.paths import Home
from union_warehouse.quality.gx_duckdb import Workbench, quoted

SCOPE = "audited_scope"
_UNIONS = "union_register"


def create_scope(workbench: Workbench, home: Home) -> str:
    """Create what the suites of the marts query, in the audit's own DuckDB; returns the table that is the GX batch.

    ``audited_scope``: one row: first_changed_month (earliest month of a submission that began or ceased to count),
    from_month (first month whose snapshots and indicators were rebuilt), last_month, opening_month. Views: ``fact_rows``
    (form, fact, entity_key and provenance of every fact row), ``union_rows`` (form, union_code, union_key, day_on and provenance of
    every fact row that names a union), ``staged_submissions`` (form, submission_id, staged_count). Tables: ``staged_rows``
    and ``landed_rows`` of the submissions that began to count; ``touched_<form>`` of each form that rows of others wait
    for: what its submissions that began or ceased to count name (unions, inspections).
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
    facts = load_facts()
    for form, column in sorted({(fact.waits_for.form, fact.waits_for.column) for fact in facts if fact.waits_for}):
        workbench.execute(
            f"""create table touched_{form} as
            select distinct {column} from build.staging.stg_{form}
            semi join (select submission_id from build.plan.changed_submissions where form = '{form}') using (submission_id)"""
        )
    workbench.execute("create view fact_rows as " + " union all ".join(map(_fact_rows, facts)))
    of_unions = [(fact, fact.waits_for.day) for fact in facts if fact.waits_for and fact.waits_for.form == _UNIONS]
    workbench.execute("create view union_rows as " + " union all ".join(_union_rows(*item) for item in of_unions))
    workbench.execute(
        """create table began_to_count as
        select * from build.plan.effective_submissions
        semi join (select form, submission_id from build.plan.changed_submissions where counts_now) using (form, submission_id)"""
    )
    # A form that feeds no mart yet is only staged: it has no entities to look for in a fact.
    facts_of = {form: next((fact for fact in facts if fact.form == form), None) for form in load_forms()}
    workbench.execute("create view staged_submissions as " + " union all ".join(map(_staged_submissions, facts_of)))
    workbench.execute("create table staged_rows as " + " union all ".join(_staged_rows(*item) for item in facts_of.items()))
    _create_landed_rows(workbench, home)
    return SCOPE


def _fact_rows(fact: Fact) -> str:
    # a carried-forward row repeats its last submission: it carries no row of its own
    return f"""select '{fact.form}' as form, '{fact.name}' as fact, {fact.row_key or fact.entity_key} as entity_key, submitted_by_code,
        reporting_unit_code, reporting_unit_key, submission_month, {"month" if fact.is_snapshot else "event_month"} as event_month, submission_id,
        source_sheet, source_row
        from marts.{fact.name} {"where not is_carried_forward" if fact.is_snapshot else ""}"""


def _union_rows(fact: Fact, day: str) -> str:
    return f"""select '{fact.form}' as form, union_code, union_key, {day} as day_on, submission_month, submission_id, source_row
        from marts.{fact.name} {"where not is_carried_forward" if fact.is_snapshot else ""}"""


def _staged_submissions(form: str) -> str:
    return f"""select '{form}' as form, submission_id, count(*) as staged_count
        from build.staging.stg_{form} group by submission_id"""


def _staged_rows(form: str, fact: Fact | None) -> str:
    waiting_key = fact.entity_key if fact else "cast(null as varchar)"
    entity_key = f"md5(concat_ws('|', {', '.join(fact.row_key_of)}))" if fact and fact.row_key_of else waiting_key
    return f"""select '{form}' as form, {entity_key} as entity_key, {waiting_key} as waiting_key, submission_month, submission_id,
        source_sheet, source_row
        from build.staging.stg_{form}
        semi join (select submission_id from began_to_count where form = '{form}') using (submission_id)"""


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
