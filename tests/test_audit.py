"""The auditor of what dbt built."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.audited_year import MONTH, build_two_months
from union_warehouse.alerts.run import find_events
from union_warehouse.paths import Home
from union_warehouse.quality.audit import AuditFailed, audit_landed_forms, audit_warehouse
from union_warehouse.quality.suites import cross_form_checks, marts_checks
from union_warehouse.warehouse.dbt_worker import run_dbt_command

CLOSE = f"{MONTH}-r1"
CHECKS = [*cross_form_checks(), *marts_checks()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("built"))
    build_two_months(home)
    return home


@pytest.fixture
def copy(built: Home, tmp_path: Path) -> Iterator[Home]:
    """The build, to be broken."""
    home = Home(tmp_path / "home")
    shutil.copytree(built.landing, home.landing)
    shutil.copytree(built.build / CLOSE, home.build / CLOSE)
    yield home


def break_build(home: Home, *statements: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home.build / CLOSE / 'build.duckdb'}' as build")
        connection.execute(f"attach '{home.build / CLOSE / 'marts.duckdb'}' as marts")
        for statement in statements:
            connection.execute(statement)


def test_a_sound_build_passes(built: Home) -> None:
    audit_landed_forms(built, CLOSE)
    outcome = audit_warehouse(built, CLOSE)
    assert outcome["expectations"] == len(CHECKS)
    assert outcome["warnings"] == []
    with duckdb.connect(str(built.build / CLOSE / "marts.duckdb")) as connection:
        waiting = connection.execute("select rule_code from fct_row_problems where is_made_at_close").fetchall()
    assert waiting == [("unknown_inspection",)], "a row that waits is not lost"
    pages = sorted(path.name for path in (built.audits / CLOSE / "data_docs").iterdir())
    assert {"index.html", "hazards.html", "marts.html", "cross_form.html"} <= set(pages)
    everything = "".join((built.audits / CLOSE / "data_docs" / page).read_text("utf-8") for page in pages)
    assert not re.search(r"<script|(src|href)=.?https?:|url\(", everything), "usable on a closed network"


BREAKS = {
    "cross_form.hazard_names_known_inspection": "update marts.fct_hazards set inspection_no = 'J77'",
    "cross_form.hazard_found_at_inspection": """insert into marts.fct_hazards
        select * replace ('other' as hazard_key, 'J3' as inspection_no, date '2014-01-04' as found_on) from marts.fct_hazards""",
    "cross_form.union_registered_on_day": "update marts.fct_membership_changes set changed_on = date '2009-01-01' where change_no = 'C1'",
    "cross_form.union_not_dissolved_on_day": """insert into marts.fct_union_events
        select * replace ('other' as union_event_key, 'dissolved' as union_event, date '2013-12-31' as event_on)
        from marts.fct_union_events where union_code = 'U1'""",
    "cross_form.join_after_leaving": """update marts.fct_membership_changes
        set person_key = 'same', changed_on = changed_on + cast(right(change_no, 1) as integer) where change_no in ('C2', 'C3')""",
    "marts.closing_identity": "update marts.fct_membership_monthly set closing_count = closing_count + 1 where union_code = 'U1'",
    "marts.stocks_within_closing": "update marts.fct_membership_monthly set women_count = 999 where union_code = 'U2'",
    "marts.unique_grain": "insert into marts.fct_training_activities from marts.fct_training_activities where activity_no = 'A1'",
    "marts.union_counted_once": """insert into marts.fct_membership_monthly
        select * replace ('other' as membership_monthly_key) from marts.fct_membership_monthly where union_code = 'U3'""",
    "marts.indicator_grain": """insert into marts.rpt_indicators
        from marts.rpt_indicators where indicator_code = 'training.lectures.women' and reporting_unit_code = 'CQ'""",
    "marts.additive_indicators_sum": """update marts.rpt_indicators set value_month = value_month + 1
        where indicator_code = 'safety.inspections' and reporting_unit_code = 'XC'""",
    "marts.values_are_their_contributions": """delete from marts.fct_indicator_contributions
        where indicator_code = 'training.lectures.women' and reporting_unit_code = 'CQ'""",
    "marts.nothing_known_is_never_nil": """update marts.rpt_indicators set value_month = 0
        where indicator_code = 'outreach.seminars' and reporting_unit_code = 'TS'""",
    "marts.indicators_complete": "delete from marts.rpt_indicators where indicator_code = 'member.joined'",
    "marts.landed_rows_staged": "delete from build.staging.stg_safety_inspections",
    "marts.staging_complete": "delete from build.staging.stg_member_counts where submission_month = '2013-12'",
    "marts.staged_rows_landed": "update build.staging.stg_training_activities set source_row = 99",
    "marts.no_row_lost": "delete from marts.fct_qualification_promotions",
    "marts.latest_row_counts": "update marts.fct_collective_contracts set submission_month = '2013-12' where contract_no = 'K2'",
    "marts.only_effective_rows_count": "update marts.fct_programme_enrolments set submission_id = 'withdrawn'",
    "marts.references_resolve": "update marts.fct_programme_enrolments set reporting_unit_code = 'ZZZ'",
    "marts.submissions_recorded": "delete from marts.fct_submissions where form = 'hazards'",
    "marts.nothing_after_last_month": "update marts.fct_union_coverage set event_month = '2014-02' where union_code = 'U3'",
}
"""One fault of the build per expectation that stops a close."""


def test_every_fault_of_the_build_stops_the_close(copy: Home) -> None:
    stopping = {check.id for check in CHECKS if check.severity == "stop"}
    assert set(BREAKS) == stopping, "every expectation that stops has a case here"
    break_build(copy, *BREAKS.values())
    with pytest.raises(AuditFailed) as raised:
        audit_warehouse(copy, CLOSE)
    assert set(raised.value.facts["expectations"]) == stopping
    assert all(raised.value.facts["samples"][expectation] for expectation in stopping), "sample rows say where"
    where = "[marts.submissions_recorded x1] 本次关账采用的报送没有记入报送事实表 <form=hazards, submission_id=2014-01/CQ/v0001>"
    assert where in raised.value.message_zh


def test_one_fault_stops_the_close_by_its_own_name(copy: Home) -> None:
    break_build(copy, BREAKS["marts.no_row_lost"])
    with pytest.raises(AuditFailed) as raised:
        audit_warehouse(copy, CLOSE)
    assert raised.value.facts["expectations"] == ["marts.no_row_lost"]
    (event,) = [event for event in find_events(copy, datetime.now(UTC)) if event.kind == "failed_audit"]
    assert (event.id, event.facts["checks"]) == (f"failed_audit:{CLOSE}", "marts.no_row_lost"), "the data engineers are told"
    assert (copy.root / event.facts["report"]).is_file()


def twice(fact: str, form: str, key: str, number: str, **columns: str) -> str:
    """The same thing under two numbers, in two departments."""
    shared = ", ".join(f"{value} as {column}" for column, value in columns.items())
    month = "'2014-01' as submission_month, '2014-01' as event_month"
    return f"""insert into marts.{fact} by name
        select department as {key}, department || '1' as {number}, department as submitted_by_code, department as reporting_unit_code,
            's' as submission_id, '表' as source_sheet, 2 as source_row, {shared}, {month}
        from (values ('CQ'), ('WL')) as departments (department);
        insert into build.intermediate.int_affected_entities values ('{form}', 'CQ'), ('{form}', 'WL')"""


WARNINGS = {
    "cross_form.opening_is_last_closing": "update marts.fct_membership_monthly set closing_count = 11 where union_code = 'U1' and month = '2013-12'",
    "cross_form.snapshot_agrees_with_movements": "update marts.fct_membership_changes set union_code = 'U3' where change_no = 'C1'",
    "cross_form.transfer_out_arrives": """update marts.fct_membership_changes
        set membership_change = 'transfer_out', changed_on = date '2013-11-08' where change_no = 'C2'""",
    "cross_form.member_of_one_union": """update marts.fct_membership_changes
        set person_key = 'same person' where change_no in ('C3', 'C4')""",
    "cross_form.inspection_hazards_agree": "update marts.fct_safety_inspections set hazards_found_count = 2 where inspection_no = 'J1'",
    "cross_form.renewal_follows_contract": "update marts.fct_collective_contracts set party = '别家' where signing = 'renewed'",
    "cross_form.enterprise_in_one_union": "update marts.fct_union_coverage set uscc = 'same' where union_code in ('U1', 'U2')",
    "cross_form.training_activity_reported_once": "update marts.fct_training_activities set title = '同一活动'",
    "cross_form.inspection_reported_once": "update marts.fct_safety_inspections set uscc = 'same'",
    "cross_form.contract_reported_once": """update marts.fct_collective_contracts
        set signed_on = date '2014-01-15', party = if(signing = 'renewed', 'Ａ厂', 'A厂')""",
    "cross_form.assistance_reported_once": twice(
        "fct_assistance",
        "assistance",
        "assistance_key",
        "record_no",
        programme="'spring_card'",
        person_key="'p'",
        granted_on="date '2014-01-05'",
    ),
    "cross_form.honour_reported_once": twice(
        "fct_honours",
        "honours",
        "honour_key",
        "honour_no",
        honour="'innovation'",
        recipient_key="'r'",
        awarded_on="date '2014-01-09'",
    ),
    "cross_form.employment_event_reported_once": twice(
        "fct_employment_services",
        "employment_services",
        "employment_service_key",
        "event_no",
        service_kind="'recruitment_fair'",
        title="'招聘会'",
        held_on="date '2014-01-06'",
        service_role="'host'",
    ),
    "cross_form.cultural_event_reported_once": twice(
        "fct_cultural_activities",
        "cultural_activities",
        "cultural_activity_key",
        "event_no",
        activity_kind="'film'",
        title="'电影'",
        held_from_on="date '2014-01-07'",
    ),
    "cross_form.visit_reported_once": twice(
        "fct_visits",
        "visits",
        "visit_key",
        "visit_no",
        visit_kind="'leader_outreach'",
        visitor_code="'L1'",
        uscc="'u'",
        visited_on="date '2014-01-08'",
    ),
    "cross_form.commitment_names_indicator": twice(
        "fct_commitments",
        "commitments",
        "commitment_key",
        "commitment_no",
        commitment_month_key="department",
        commitment_year="2014",
        indicator_code="'no.such.indicator'",
    ),
    "cross_form.union_counted_by_one": """insert into build.intermediate.int_member_counts_judged
        select * replace ('WL' as submitted_by_code) from build.intermediate.int_member_counts_judged where union_code = 'U3'""",
    "cross_form.union_event_reported_once": "update marts.fct_union_events set union_code = 'U1' where union_code = 'U2'",
    "cross_form.member_change_reported_once": twice(
        "fct_membership_changes",
        "member_changes",
        "membership_change_key",
        "change_no",
        person_key="'p'",
        union_code="'U1'",
        membership_change="'leave'",
        changed_on="date '2014-01-09'",
    ),
    "cross_form.promotion_reported_once": "update marts.fct_qualification_promotions set person_key = 'same person'",
    "cross_form.record_number_reported_once": "update marts.fct_programme_enrolments set uscc = 'same'",
    "marts.distinct_indicators_bounded": """update marts.rpt_indicators set value_month = 99
        where indicator_code = 'member.joined' and reporting_unit_code = 'XC'""",
    "marts.ratios_not_summed": """update marts.rpt_indicators set value_month = 2
        where indicator_code = 'harmony.coverage_rate' and reporting_unit_code = 'XC'""",
}


def judge_again(home: Home) -> None:
    """Find the warnings of a broken build."""
    arguments = ["run", "--full-refresh", "--select", "int_checked_subjects", "int_cross_checks", "1+int_cross_checks"]
    list(run_dbt_command(arguments, home.build / CLOSE, home.root / "target", home.root / ".lock"))


def test_warnings_are_kept_with_their_rows(copy: Home) -> None:
    expected = {check.id for check in CHECKS if check.severity == "warning"}
    assert set(WARNINGS) == expected
    break_build(copy, *WARNINGS.values())
    judge_again(copy)
    # so many changes by hand may also break what must hold; only the warnings are looked at here
    with suppress(AuditFailed):
        audit_warehouse(copy, CLOSE)
    summary = json.loads((copy.audits / CLOSE / "summary.json").read_text("utf-8"))["warehouse"]
    failed = {item["expectation"] for items in summary.values() for item in items if not item["success"]}
    assert expected <= failed
    one = next(item for item in summary["cross_form"] if item["expectation"] == "cross_form.inspection_hazards_agree")
    assert (one["severity"], one["unexpected_count"]) == ("warning", 1)
    (sample,) = one["sample_rows"]
    assert (sample["reporting_unit_code"], sample["month"], sample["record_key"]) == ("CQ", MONTH, "J1")
    assert json.loads(sample["evidence"]) == {"hazards_found_count": 2, "hazard_rows": 1}
    twins = next(item for item in summary["cross_form"] if item["expectation"] == "cross_form.assistance_reported_once")
    assert {(row["record_key"], row["other_place"]) for row in twins["sample_rows"]} == {("CQ1", "WL WL1"), ("WL1", "CQ CQ1")}
    assert "same person" not in json.dumps(summary), "whose the rows are stays in the build"


FINDING = """insert into build.intermediate.int_cross_checks by name
    select 'inspection_hazards_agree' as rule_code, subject_key from build.intermediate.int_checked_subjects limit 1"""


def test_a_warning_alone_does_not_stop(copy: Home) -> None:
    break_build(copy, FINDING)
    outcome = audit_warehouse(copy, CLOSE)
    assert [(warning["id"], warning["count"]) for warning in outcome["warnings"]] == [("cross_form.inspection_hazards_agree", 1)]


def test_a_warning_of_an_earlier_close_is_not_told_again(copy: Home) -> None:
    break_build(copy, FINDING, "delete from build.intermediate.int_checked_subjects")
    assert audit_warehouse(copy, CLOSE)["warnings"] == []


def test_an_expectation_that_cannot_be_evaluated_stops_the_close(copy: Home) -> None:
    break_build(copy, "alter table build.intermediate.int_cross_checks drop column rule_code")
    with pytest.raises(AuditFailed, match=r"cross_form\.inspection_hazards_agree.*rule_code"):
        audit_warehouse(copy, CLOSE)
