"""The ledger of faults and the reporting rates, from landed submissions through closes to the commands."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.audited_year import MONTH, activity, hazard, inspection, land_two_months, promotion
from tests.collecting import collect_one, hazards
from tests.landings import land
from tests.releases import publish_approved
from union_warehouse.cli import main
from union_warehouse.paths import Home
from union_warehouse.releases import open_release
from union_warehouse.warehouse.build import run_dbt
from union_warehouse.warehouse.plan import plan_close

# Two ways to type one title, with a character that nobody sees; and another title.
TITLES = {
    11: "2014年女职工健康知识讲座(第1场)",
    12: "２０１４年女职工健康知识\u200b讲座（第１场）",
    13: "2014年女职工健康知识讲座(第2场)",
}


def close(home: Home, known_at: datetime) -> None:
    close_id = plan_close(home, MONTH, known_at)["close_id"]
    run_dbt(home, close_id)
    publish_approved(home, close_id)


def uw(home: Home, *arguments: str, exit_code: int = 0) -> Any:
    done = CliRunner(env={"UW_HOME": str(home.root)}).invoke(main, list(arguments))
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def issues(home: Home, *arguments: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = uw(home, "issues", "--json", *arguments)
    return {(item["rule_code"], item["form"], item["record_key"]): item for item in found}


def refuse(home: Home, folder: Path, received_at: datetime) -> None:
    """Two files of the month that are refused at a unit's door: their covers name others."""
    for unit in ("CQ", "TS"):
        rows: list[dict[str, object]] = [{}] * received_at.day  # other bytes each time
        path = hazards(folder / f"{unit}.xlsx", *rows, month=MONTH, department=unit)
        assert collect_one(home, path, received_at, "WL").department is None


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """January closed twice: the second time with what one department corrected, and what it got wrong anew."""
    home = Home(tmp_path_factory.mktemp("issues") / "home")
    land_two_months(home)
    refuse(home, tmp_path_factory.mktemp("refused"), datetime(2014, 2, 3, tzinfo=UTC))
    close(home, datetime(2014, 3, 1, 10, tzinfo=UTC))
    waiting = issues(home)["unknown_inspection", "hazards", "H2"]
    acknowledged = uw(home, "issues", "acknowledge", waiting["quality_issue_key"][:10], "--by", "周", "--comment", "已联系")
    assert waiting["quality_issue_key"] in acknowledged
    corrected = {
        "qualification_promotions": [promotion(1, "U1"), promotion(2, "U1")],
        "safety_inspections": [inspection(1, hazards_found=1), inspection(3)],
        "hazards": [hazard(1, "J1"), hazard(2, "J99"), hazard(3, "J98")],
        "training_activities": [activity(1), *(activity(number, title) for number, title in TITLES.items())],
    }
    land(home, MONTH, "CQ", corrected, number=2, received_at="2014-03-05T08:00:00Z")
    refuse(home, tmp_path_factory.mktemp("refused"), datetime(2014, 3, 4, tzinfo=UTC))
    close(home, datetime(2030, 3, 10, 10, tzinfo=UTC))
    return home


def test_what_was_refused_is_listed_file_by_file(closed: Home) -> None:
    with open_release(closed) as connection:
        found = connection.execute("select submission_id from fct_submissions where submitted_by_code is null").fetchall()
    refused = {f"rejected/{folder.name}" for folder in closed.landing.glob("rejected/*-WL")}
    assert len(found) == 4 and {submission_id for (submission_id,) in found} == refused


def test_a_fault_is_found_acknowledged_and_corrected(closed: Home) -> None:
    found = issues(closed, "--status", "all")
    waits = found["unknown_inspection", "hazards", "H2"]
    assert (waits["issue_status"], waits["acknowledged_by"], waits["reporting_unit_code"]) == ("acknowledged", "周", "CQ")
    assert (waits["first_seen_release_id"], waits["last_seen_release_id"]) == ("2014-01-r1", None), "it stands"
    assert waits["is_overdue"], "due two weeks after the first close"
    assert waits["due_on"][:10] == "2014-03-15"
    assert "请在安全检查表报送该次检查" in waits["message_zh"]
    right = found["outside_enum", "qualification_promotions", "2014-01 表 3"]
    assert (right["issue_status"], right["corrected_at"][:10], right["occurrence_count"]) == ("corrected", "2030-03-10", 0)
    assert (right["first_seen_release_id"], right["last_seen_release_id"]) == ("2014-01-r1", "2014-01-r1")
    new = found["unknown_inspection", "hazards", "H3"]
    assert (new["issue_status"], new["first_seen_release_id"], new["is_overdue"]) == ("open", "2014-01-r2", False)


def test_people_read_of_a_fault_the_form_and_the_column_as_the_department_knows_them(closed: Home) -> None:
    (row,) = csv.DictReader(uw(closed, "issues", "--rule", "outside_enum", "--status", "all", "--format", "csv").splitlines())
    assert row["责任单位"] == "长庆街道总工会"
    assert (row["报表"], row["字段"], row["状态"], row["严重程度"]) == ("技能晋级", "晋升等级", "已更正", "错误")
    assert row["首次发现时间"] == "2014-03-01 18:00:00", "in Shanghai"


def test_a_title_typed_otherwise_is_the_same_title(closed: Home) -> None:
    twice = issues(closed, "--rule", "training_activity_reported_once")
    assert {record for _, _, record in twice} == {"A11", "A12"}


def test_what_stands_is_listed_first_of_all(closed: Home) -> None:
    assert ("outside_enum", "qualification_promotions", "2014-01 表 3") not in issues(closed)
    assert {item["reporting_unit_code"] for item in issues(closed, "--department", "WL").values()} == {"WL"}
    assert set(issues(closed, "--rule", "unknown_inspection")) == {
        ("unknown_inspection", "hazards", "H2"),
        ("unknown_inspection", "hazards", "H3"),
    }
    missing = issues(closed, "--rule", "missing_report")
    assert missing["missing_report", "visits", MONTH]["issue_status"] == "open"
    shown = uw(closed, "issues", "--rule", "unknown_inspection")
    assert "2 issues" in shown


def test_trends_count_what_each_release_found(closed: Home) -> None:
    rows = uw(
        closed,
        "query",
        "select release_id, open_count, new_count, corrected_count from rpt_quality_trends "
        "where rule_code in ('unknown_inspection', 'outside_enum') and reporting_unit_code = 'CQ' order by release_id, rule_code",
        "--format",
        "csv",
    )
    assert rows.splitlines()[1:] == ["2014-01-r1,1,1,0", "2014-01-r1,1,1,0", "2014-01-r2,0,0,1", "2014-01-r2,2,1,0"]


def test_an_issue_that_is_not_there_cannot_be_acknowledged(closed: Home) -> None:
    assert "0 quality issues" in CliRunner(env={"UW_HOME": str(closed.root)}).invoke(
        main, ["issues", "acknowledge", "nothing", "--by", "周"]
    ).output.replace("\n", " ")


def test_the_release_and_the_live_status_agree_on_the_rates(closed: Home) -> None:
    live = {item["department"]: item for item in uw(closed, "status", "--month", MONTH, "--json")["departments"]}
    rows = json.loads(uw(closed, "query", "select * from rpt_reporting_rates where rate_level = 'unit'", "--format", "json"))
    assert len(rows) == len(live) == 18
    for row in rows:
        status = live[row["reporting_unit_code"]]
        assert (row["expected_count"], row["received_count"], row["received_on_time_count"], row["silent_count"]) == (
            status["expected"],
            status["received"],
            status["on_time"],
            status["missing"],
        )
    assert {row["reporting_unit_code"] for row in rows if row["received_count"]} == {"CQ", "WL"}


def test_what_is_missing_is_late_by_no_number_of_days(closed: Home) -> None:
    rows = json.loads(uw(closed, "query", "select is_received, days_late is null from fct_expected_reports", "--format", "json"))
    assert {tuple(row.values()) for row in rows} == {(True, False), (False, True)}


def test_personal_data_is_in_no_issue(closed: Home, tmp_path: Path) -> None:
    text = json.dumps(uw(closed, "issues", "--json", "--status", "all"), ensure_ascii=False)
    assert "某" not in text
    assert f"{1:064d}" not in text
