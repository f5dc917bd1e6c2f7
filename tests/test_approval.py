"""What of a close needs a person's approval, and what becomes of the question and its answer."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.audited_year import MONTH, activity, land_two_months
from tests.landings import land
from union_warehouse.orchestration.airflow_home import ASKS_BY_COMMAND
from union_warehouse.orchestration.approval import Asking, ask, question, take_answer
from union_warehouse.orchestration.jobs import close
from union_warehouse.orchestration.records import Observer
from union_warehouse.orchestration.runner import RunResult
from union_warehouse.paths import Home
from union_warehouse.releases import current_release
from union_warehouse.reporting.status import month_status
from union_warehouse.warehouse import plan_close, publish_release, run_dbt
from union_warehouse.warehouse.approvals import APPROVED, REQUESTED, decide_on_request, latest_event, pending_request
from union_warehouse.warehouse.errors import (
    ApprovalMissing,
    ApprovalRejected,
    ApprovalTimedOut,
    ApproverMissing,
    AwaitingApproval,
    CommentMissing,
    NotAnApprover,
    NothingAwaitsApproval,
)
from union_warehouse.warehouse.review import review_close

CLOSE, NEXT_CLOSE, NEXT_MONTH = f"{MONTH}-r1", "2014-02-r1", "2014-02"
BY_HAND = Asking("manual__1", "zhang", None)
DECISION = {"by": "王主席", "comment": "已核实"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """January built: two departments in time, one late, the others missing; rows in quarantine and waiting."""
    home = Home(tmp_path_factory.mktemp("approval") / "home")
    land_two_months(home)
    land(home, MONTH, "FW", {"training_activities": [activity(9)]}, received_at="2014-02-20T08:00:00Z")
    plan_close(home, MONTH, datetime(2014, 3, 1, 10, tzinfo=UTC))
    run_dbt(home, CLOSE)
    return home


@pytest.fixture(scope="module")
def built_again(tmp_path_factory: pytest.TempPathFactory, built: Home) -> Home:
    """January published and February built: nobody reported for February, and one department, late, for January."""
    home = copy_of(built, tmp_path_factory.mktemp("again"))
    ask(home, CLOSE, replace(BY_HAND, approval=DECISION))
    publish_release(home, CLOSE)
    land(home, MONTH, "XJ", {"training_activities": [activity(8)]}, received_at="2014-03-10T08:00:00Z")
    plan_close(home, NEXT_MONTH, datetime(2014, 3, 20, 10, tzinfo=UTC))
    run_dbt(home, NEXT_CLOSE)
    return home


@pytest.fixture
def january(built: Home, tmp_path: Path) -> Home:
    """A home of its own with January built."""
    return copy_of(built, tmp_path)


@pytest.fixture(autouse=True)
def on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test that ran Airflow in this process has left."""
    monkeypatch.delenv(ASKS_BY_COMMAND, raising=False)


@pytest.fixture
def by_command(monkeypatch: pytest.MonkeyPatch, on_a_server: None) -> None:
    """As in a process where no page can be answered."""
    monkeypatch.setenv(ASKS_BY_COMMAND, "1")


def copy_of(home: Home, folder: Path) -> Home:
    return Home(shutil.copytree(home.root, folder / "home", symlinks=True))


def change_build(home: Home, close_id: str, statement: str) -> None:
    with duckdb.connect(str(home.build / close_id / "marts.duckdb")) as connection:
        connection.execute(statement)


def answer(option: str | None, comment: str | None = "已核实") -> dict[str, Any]:
    """What Airflow hands on: nobody answered where there is no option."""
    user = {"id": "zhang", "name": "Zhang"} if option else None
    return {"chosen_options": [option or "Reject"], "params_input": {"comment": comment}, "responded_by_user": user}


def test_a_value_that_is_gone_or_new_in_a_published_month_is_restated(january: Home) -> None:
    change_build(
        january,
        CLOSE,
        """
        insert into rpt_indicators select * replace ('gone' as reporting_unit_code, 'gone' as indicator_value_key, 7 as value_month)
        from rpt_indicators where indicator_code = 'training.free_courses' and is_federation;
        delete from rpt_indicators where indicator_code = 'member.joined' and reporting_unit_code = 'CQ'
        """,
    )
    ask(january, CLOSE, replace(BY_HAND, approval=DECISION))
    publish_release(january, CLOSE)
    land(january, MONTH, "XJ", {"training_activities": [activity(8)]}, received_at="2014-03-10T08:00:00Z")
    plan_close(january, NEXT_MONTH, datetime(2014, 3, 20, 10, tzinfo=UTC))
    run_dbt(january, NEXT_CLOSE)
    with duckdb.connect(str(january.build / NEXT_CLOSE / "marts.duckdb"), read_only=True) as connection:
        restated = connection.execute(
            """
            select indicator_code, reporting_unit_code, old_value_month, new_value_month from rpt_restatements
            where old_value_month is null or new_value_month is null
            """
        ).fetchall()
    assert ("training.free_courses", "gone", 7, None) in restated
    assert ("member.joined", "CQ", None, 3) in restated


def test_a_review_lists_what_is_missing_late_and_in_quarantine(built: Home) -> None:
    review = review_close(built, CLOSE)
    missing = {row["department"]: row["forms"].split(", ") for row in review.missing}
    assert missing["XJ"] == ["cultural_activities", "qualification_promotions", "training_activities", "visits"]
    assert "training_activities" not in missing["FW"], "late is not missing"
    assert "hazards" not in missing["CQ"]
    assert review.late == (
        {
            "month": MONTH,
            "department": "FW",
            "name": "职工服务中心",
            "forms": "training_activities",
            "due_on": "2014-02-12",
            "arrived_on": "2014-02-20",
        },
    )
    rows = {(row["department"], row["form"], row["rule"]): row["rows"] for row in review.quarantined}
    assert rows["CQ", "qualification_promotions", "outside_enum"] == 1, "frozen with the submission"
    assert rows["CQ", "hazards", "unknown_inspection"] == 1, "waits for its inspection"
    assert sum(rows.values()) == 2
    assert review.moved == ()


def test_the_next_close_asks_only_about_what_it_brings(built_again: Home) -> None:
    review = review_close(built_again, NEXT_CLOSE)
    assert {row["month"] for row in review.missing} == {NEXT_MONTH}
    assert [(row["month"], row["department"]) for row in review.late] == [(MONTH, "XJ")]
    assert review.quarantined == ()


@pytest.mark.parametrize("period", ["month", "year_to_date"])
def test_a_published_figure_moves_beyond_its_own_tolerance(january: Home, period: str) -> None:
    cases = {
        "CQ": ("safety.inspections", 100, 105, False),
        "WL": ("safety.inspections", 100, 106, True),
        "TS": ("safety.inspections", 100, 94, True),
        "CM": ("safety.inspections", 0, 1, True),
        "ZH": ("safety.inspections", "null", 5, False),
        "WH": ("safety.inspections", 5, "null", True),
        "DX": ("org.enterprises_with_union", 1000, 1010, False),
        "SQ": ("org.enterprises_with_union", 1000, 1011, True),
        "JY": ("congress.public_institutions", 100, 200, False),
    }
    restated = [f"('{unit}', '{indicator}', {old}, {new})" for unit, (indicator, old, new, _) in cases.items()]
    change_build(
        january,
        CLOSE,
        f"""insert into rpt_restatements by name
        select '{CLOSE}' as release_id, '{MONTH}' as month, *
        from (values {", ".join(restated)})
            as restated (reporting_unit_code, indicator_code, old_value_{period}, new_value_{period})""",
    )
    moved = review_close(january, CLOSE).moved
    assert {row["department"] for row in moved} == {unit for unit, (*_, has_moved) in cases.items() if has_moved}
    assert {(row["old_month"] is None, row["old_year_to_date"] is None) for row in moved} == {
        (period != "month", period == "month")
    }


@pytest.mark.usefixtures("by_command")
def test_nothing_is_published_before_somebody_approved_it(january: Home) -> None:
    with pytest.raises(ApprovalMissing):
        publish_release(january, CLOSE)
    with pytest.raises(AwaitingApproval, match=f"uw approve {MONTH} --by"):
        ask(january, CLOSE, BY_HAND)
    with pytest.raises(ApprovalMissing):
        publish_release(january, CLOSE)
    assert current_release(january) is None
    assert not january.releases.exists()
    assert state(january) == "closed"


def decided(home: Home, decision: str = APPROVED, **words: str) -> dict[str, Any] | None:
    """As `uw approve`: keep the decision on what waits, and go on with that very close if it is yes; the release."""
    decide_on_request(home, pending_request(home, MONTH), decision, **{**DECISION, **words})
    if decision != APPROVED:
        return None
    ask(home, CLOSE, BY_HAND)
    return publish_release(home, CLOSE)


def state(home: Home) -> str:
    return str(month_status(home, MONTH)["months"][0]["state"])


@pytest.mark.usefixtures("by_command")
def test_an_approval_publishes_that_very_close_and_is_kept(january: Home) -> None:
    with pytest.raises(AwaitingApproval):
        ask(january, CLOSE, BY_HAND)
    decided(january)
    release = current_release(january)
    assert release is not None and release.approval is not None
    assert {name: release.approval[name] for name in ("state", "by", "comment", "approved_in_advance", "close_id", "digest")} == {
        "state": APPROVED,
        **DECISION,
        "approved_in_advance": False,
        "close_id": CLOSE,
        "digest": latest_event(january, CLOSE).digest,
    }
    assert release.approval["reasons"]["late"][0]["department"] == "FW"
    assert [path.name for path in sorted((january.approvals / CLOSE).iterdir())] == ["0001.json", "0002.json"]
    assert (month_status(january, MONTH)["months"][0]["approval"]["by"], state(january)) == (DECISION["by"], "published")
    with pytest.raises(NothingAwaitsApproval):
        decided(january)


@pytest.mark.usefixtures("by_command")
def test_an_approval_counts_for_the_same_reasons_only(january: Home) -> None:
    with pytest.raises(AwaitingApproval):
        ask(january, CLOSE, BY_HAND)
    change_build(january, CLOSE, "update fct_row_problems set rule_code = 'another_rule' where form = 'hazards'")
    with pytest.raises(AwaitingApproval):
        decided(january)
    assert current_release(january) is None
    asked = latest_event(january, CLOSE)
    assert asked is not None and asked.state == REQUESTED
    assert "another_rule" in str(asked.reasons)
    assert decided(january)["release_id"] == CLOSE


@pytest.mark.usefixtures("by_command")
def test_a_rejection_publishes_nothing_and_the_next_close_asks_again(january: Home) -> None:
    with pytest.raises(AwaitingApproval):
        ask(january, CLOSE, BY_HAND)
    assert decided(january, "rejected") is None
    assert (current_release(january), state(january)) == (None, "open")
    with pytest.raises(NothingAwaitsApproval):
        decided(january)
    with pytest.raises(AwaitingApproval):
        ask(january, CLOSE, BY_HAND)


@pytest.mark.usefixtures("by_command")
def test_who_decides_is_an_approver_and_says_why(january: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AwaitingApproval):
        ask(january, CLOSE, BY_HAND)
    with pytest.raises(CommentMissing):
        decided(january, comment=" ")
    with pytest.raises(ApproverMissing):
        decided(january, by="  ")
    monkeypatch.setenv("UW_APPROVERS", "zhang, li")
    with pytest.raises(NotAnApprover, match="zhang, li"):
        decided(january)
    with pytest.raises(NotAnApprover):
        ask(january, CLOSE, replace(BY_HAND, approval=DECISION))
    assert latest_event(january, CLOSE).state == REQUESTED
    assert decided(january, by="li")["approval"]["by"] == "li"


@pytest.mark.usefixtures("by_command")
def test_an_approval_in_advance_is_recorded_as_such_and_once(january: Home) -> None:
    for _ in range(2):
        found = ask(january, CLOSE, replace(BY_HAND, approval=DECISION))
        assert found is not None
        assert (found.state, found.by, found.approved_in_advance) == (APPROVED, DECISION["by"], True)
    assert publish_release(january, CLOSE)["approval"]["approved_in_advance"] is True
    assert len(list((january.approvals / CLOSE).iterdir())) == 1


def test_on_a_server_the_signed_in_user_approves_in_advance_whatever_name_is_decided(
    january: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UW_APPROVERS", "li")
    with pytest.raises(NotAnApprover):
        ask(january, CLOSE, replace(BY_HAND, approval={"by": "li", "comment": "无误"}))
    found = ask(january, CLOSE, replace(BY_HAND, triggered_by="li", approval=DECISION))
    assert found is not None and found.by == "li"


def test_on_a_server_the_question_says_what_is_wrong_and_the_answer_counts(
    january: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UW_APPROVERS", "zhang,li")
    request = ask(january, CLOSE, BY_HAND)
    assert request is not None and request.run_id == BY_HAND.run_id
    shown = question(january, request)
    assert [user["id"] for user in shown["assigned_users"]] == ["zhang", "li"]
    assert "| 2014-01 | 职工服务中心 FW | 2014-02-12 | 2014-02-20 | 培训竞赛 |" in shown["body"]
    approved = take_answer(january, CLOSE, BY_HAND.run_id, answer("Approve"))
    assert (approved.by, approved.comment) == ("zhang", "已核实")
    assert publish_release(january, CLOSE)["approval"] == approved.to_dict()


@pytest.mark.parametrize(
    ("option", "stopped", "kept"),
    [("Reject", ApprovalRejected, ("rejected", "zhang", "不行")), (None, ApprovalTimedOut, ("timed_out", None, None))],
)
def test_without_a_yes_nothing_is_published(
    january: Home, option: str | None, stopped: type[Exception], kept: tuple[str | None, ...]
) -> None:
    ask(january, CLOSE, BY_HAND)
    with pytest.raises(stopped, match="the current release stands"):
        take_answer(january, CLOSE, BY_HAND.run_id, answer(option, "不行"))
    last = latest_event(january, CLOSE)
    assert last is not None and (last.state, last.by, last.comment) == kept
    with pytest.raises(ApprovalMissing):
        publish_release(january, CLOSE)
    assert state(january) == "open"


def test_an_answer_on_a_server_is_about_what_was_asked_not_about_a_later_build(january: Home) -> None:
    ask(january, CLOSE, BY_HAND)
    change_build(january, CLOSE, "update fct_row_problems set rule_code = 'another_rule' where form = 'hazards'")
    approved = take_answer(january, CLOSE, BY_HAND.run_id, answer("Approve"))
    assert "another_rule" not in str(approved.reasons)
    with pytest.raises(ApprovalMissing):
        publish_release(january, CLOSE)


class Waited:
    """A runner that waited for another ``uw``, and tells what it is asked to run."""

    def __init__(self, since: datetime | None) -> None:
        self.waited_since = since

    def run(self, dag_id: str, conf: Mapping[str, Any], observer: Observer) -> RunResult:  # noqa: ARG002
        raise LookupError(f"{dag_id} runs")


@pytest.mark.parametrize(
    ("waited", "later", "arrives", "finds"),
    [
        (True, timedelta(seconds=5), None, True),
        (False, timedelta(seconds=5), None, False),
        (True, timedelta(seconds=-5), None, False),
        (True, timedelta(seconds=5), timedelta(seconds=3), False),
        (True, timedelta(seconds=5), timedelta(seconds=9), True),
    ],
    ids=["just built", "did not wait", "as known before", "something arrived between", "something arrives afterwards"],
)
def test_a_close_that_waited_finds_what_the_other_built(
    january: Home, by_command: None, waited: bool, later: timedelta, arrives: timedelta | None, finds: bool
) -> None:
    since = datetime.now(UTC)
    with pytest.raises(AwaitingApproval):
        ask(january, CLOSE, BY_HAND)
    known_at = datetime.fromisoformat(pending_request(january, MONTH).known_at)
    if arrives is not None:
        arrived = f"{known_at + arrives:%Y-%m-%dT%H:%M:%SZ}"
        land(january, MONTH, "XJ", {"training_activities": [activity(8)]}, received_at=arrived)
    with pytest.raises(AwaitingApproval if finds else LookupError):
        close(january, Waited(since if waited else None), MONTH, known_at + later, lambda _: None)
