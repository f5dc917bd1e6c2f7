"""Alerts: what is open, who is notified, once, and what nobody is ever sent. Messages go to real servers on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.alert_servers import Hook, at, http_server, write_targets
from tests.audited_year import land_two_months
from tests.commands import start_uw
from tests.compose import wait_until
from tests.landings import land
from tests.releases import publish_approved
from tests.workbook_factory import write_csv
from union_warehouse.alerts import acknowledge, plan_messages, send_alerts, standing_events
from union_warehouse.alerts.definitions import load_definitions
from union_warehouse.alerts.errors import AlertsWentBack, UnknownAlert
from union_warehouse.alerts.ledger import Entry
from union_warehouse.alerts.messages import Item, compose
from union_warehouse.alerts.run import find_events
from union_warehouse.alerts.run_events import note_run
from union_warehouse.alerts.targets import Recipient
from union_warehouse.contracts import Federation, forms_owed
from union_warehouse.files import write_json
from union_warehouse.paths import Home
from union_warehouse.project import PROJECT_DIR
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox
from union_warehouse.warehouse import run_dbt
from union_warehouse.warehouse.plan import plan_from_landing

ALL = ("analyst", "data_engineer", "leader")


def owed(unit: str) -> dict[str, list[dict[str, object]]]:
    """A nil return of every form."""
    return {form.name: [] for form in forms_owed(Federation.load().units("2014-01")[unit])}


@pytest.fixture
def webhook(home: Home, hook: Hook) -> Hook:
    """A home in which every audience, and the departments CQ and WL, are reached by webhooks at paths of their names."""
    targets = {audience: f"{hook.url}/{audience}" for audience in ALL}
    write_targets(home, targets | {"department": {unit: f"{hook.url}/{unit}" for unit in ("CQ", "WL")}})
    return hook


def messages(home: Home) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((home.alerts / "messages").glob("*/*.json"))]


def test_the_life_of_a_missing_submission(home: Home, webhook: Hook) -> None:
    for unit in Federation.load().units("2014-01"):
        land(home, "2014-01", unit, {form: [] for form in list(owed(unit))[: 9 if unit == "CQ" else None]})

    def sent_on(day: str) -> dict[str, str]:
        send_alerts(home, at(f"2014-{day}T07:00"))
        return dict(webhook.take())

    everybody = {"/CQ", "/analyst", "/data_engineer", "/leader"}
    assert sent_on("02-07") == {}
    reminded = sent_on("02-10")
    assert set(reminded) == {"/CQ"}
    assert "月报即将到期" in reminded["/CQ"] and "截止日 2014-02-12" in reminded["/CQ"]
    assert sent_on("02-12") == {}
    missing = sent_on("02-13")
    assert set(missing) == {"/CQ"}
    assert "逾期未报" in missing["/CQ"] and "2014-01 月报应报 15 张表，缺 6 张（" in missing["/CQ"]
    assert sent_on("02-14") == sent_on("02-17") == {}, "nothing changed"
    escalated = sent_on("02-18")
    assert set(escalated) == everybody
    assert "已升级" in escalated["/leader"] and "missing_submission:CQ" not in escalated["/leader"].replace("#", "")
    assert "[missing_submission:CQ:2014-01]" in escalated["/data_engineer"] and "To do: " in escalated["/data_engineer"]
    assert sent_on("02-19") == {}

    land(home, "2014-01", "CQ", owed("CQ"), number=2, received_at="2014-02-20T01:00:00Z")
    resolved = sent_on("02-21")
    assert set(resolved) == everybody
    assert all("已解决" in text and "2014-01 月报已收齐" in text for text in resolved.values())
    assert sent_on("02-22") == {}
    assert not [item for item in standing_events(home) if item["id"] == "missing_submission:CQ:2014-01"]
    assert [item["id"] for item in standing_events(home) if item["id"].startswith("late")] == ["late_submission:CQ:2014-01"]


def test_a_department_that_reports_after_the_reminder_hears_no_more(home: Home, webhook: Hook) -> None:
    for unit in Federation.load().units("2014-01"):
        if unit != "CQ":
            land(home, "2014-01", unit, owed(unit))
    send_alerts(home, at("2014-02-10T07:00"))
    assert [path for path, _ in webhook.take()] == ["/CQ"]
    land(home, "2014-01", "CQ", owed("CQ"), received_at="2014-02-11T01:00:00Z")
    send_alerts(home, at("2014-02-12T07:00"))
    assert webhook.take() == []
    assert standing_events(home) == []


def test_a_broken_manifest_silences_nothing_else_and_resolves_nothing(
    home: Home, webhook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    land_two_months(home)
    note_run(home, "close_month", "run", at("2014-02-18T07:00"), [("plan_close", "unexpected")])
    send_alerts(home, at("2014-02-19T07:00"))
    webhook.take()
    broken = home.landing / "month=2014-01" / "department=CQ" / "v0001" / "manifest.json"
    whole = broken.read_bytes()
    broken.write_text("王小明 330103199001011234", encoding="utf-8")
    note_run(home, "close_month", "run", at("2014-02-19T08:00"), [("plan_close", "other")])
    send_alerts(home, at("2014-02-20T07:00"))
    ((path, text),) = webhook.take()
    assert path == "/data_engineer"
    assert "plan_close 失败（other）" in text and "无法读取 submissions" in text
    assert "cannot read the submissions" in caplog.text and "王小明" not in text + caplog.text
    broken.write_bytes(whole)
    send_alerts(home, at("2014-02-21T07:00"))
    ((_, text),) = webhook.take()
    assert "告警来源 submissions 已可读取" in text and "已收齐" not in text


def test_an_empty_home_has_nothing_to_send(home: Home, webhook: Hook) -> None:
    assert send_alerts(home, at("2014-02-20T07:00"))["outcomes"] == {}
    assert webhook.requests == []


def test_a_message_without_target_is_kept_once_and_sent_when_there_is_one(
    home: Home, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    land_two_months(home)
    now = at("2014-02-20T07:00")
    result = send_alerts(home, now)
    assert set(result["outcomes"]) == {"no target"} and result["failed"] == []
    assert len(caplog.records) == 1 and "leader" in caplog.text
    assert send_alerts(home, now)["outcomes"] == {}
    assert len(messages(home)) == result["outcomes"]["no target"]
    write_targets(home, {"leader": f"{hook.url}/leader"})
    assert send_alerts(home, now)["outcomes"] == {"sent": 1}
    assert [path for path, _ in hook.take()] == ["/leader"]
    assert send_alerts(home, now)["outcomes"] == {}


def test_a_message_that_was_refused_is_sent_again_and_the_others_are_not(home: Home, webhook: Hook) -> None:
    land_two_months(home)
    now = at("2014-02-20T07:00")
    with http_server() as broken:
        broken.status = 500
        targets = yaml.safe_load((home.root / "alert_targets.yml").read_text("utf-8"))
        write_targets(home, targets | {"leader": [f"{webhook.url}/leader", f"{broken.url}/second", "no-such-service://x"]})
        result = send_alerts(home, now)
        assert (result["outcomes"]["invalid target"], result["outcomes"]["not delivered"]) == (1, 1)
        assert [channel.split("-")[0] for channel in result["failed"]] == ["leader/json", "leader/no"]
        assert len(webhook.take()) == 5
        broken.status = 200
        assert send_alerts(home, now)["outcomes"] == {"invalid target": 1, "sent": 1}
        assert len(broken.take()) == 1
    assert webhook.take() == []


def test_a_killed_run_loses_no_message(home: Home) -> None:
    land_two_months(home)
    with http_server() as hook:
        write_targets(home, {audience: f"{hook.url}/{audience}" for audience in ALL} | {"department": {"CQ": f"{hook.url}/CQ"}})
        hook.is_slow_at = "/leader"
        process = start_uw(home.root, "alerts", "send", "--as-of", "2014-02-20T07:00")
        wait_until(lambda: len(hook.requests) >= 4, "the messages", [process])
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        hook.is_slow_at = None
        first = hook.take()
        assert {path for path, _ in first} == {"/CQ", "/analyst", "/data_engineer", "/leader"}
        again = send_alerts(home, at("2014-02-20T07:00"))
        assert "/leader" in [path for path, _ in hook.take()], "it had not been answered, so it is sent once more"
        assert again["failed"] == []
        assert send_alerts(home, at("2014-02-20T07:00"))["outcomes"] == {}


def test_an_acknowledged_alert_is_silent_until_it_is_over(home: Home, webhook: Hook) -> None:
    for unit in Federation.load().units("2014-01"):
        if unit not in {"CQ", "WL"}:
            land(home, "2014-01", unit, owed(unit))
    send_alerts(home, at("2014-02-13T07:00"))
    assert [path for path, _ in webhook.take()] == ["/CQ", "/WL"]
    acknowledge(home, "missing_submission:CQ:2014-01", "值班员", None)
    acknowledge(home, "missing_submission:WL:2014-01", "值班员", date(2014, 2, 18))
    send_alerts(home, at("2014-02-18T07:00"))
    assert webhook.take() == []
    assert {item["acknowledged_by"] for item in standing_events(home)} == {"值班员"}
    send_alerts(home, at("2014-02-19T07:00"))
    escalated = dict(webhook.take())
    assert set(escalated) == {"/WL", "/analyst", "/data_engineer", "/leader"}
    assert "武林" in escalated["/leader"] and "长庆" not in escalated["/leader"] and "值班员" not in str(escalated)
    land(home, "2014-01", "CQ", owed("CQ"), received_at="2014-02-19T01:00:00Z")
    send_alerts(home, at("2014-02-20T07:00"))
    assert "长庆街道总工会 2014-01 月报已收齐" in dict(webhook.take())["/CQ"]
    with pytest.raises(UnknownAlert):
        acknowledge(home, "missing_submission:CQ:2014-01", "值班员", None)


def test_what_is_too_old_is_dropped_without_a_word(home: Home, webhook: Hook) -> None:
    land_two_months(home)
    send_alerts(home, at("2014-02-20T07:00"))
    assert webhook.take()
    send_alerts(home, at("2014-06-30T07:00"))
    later = str(webhook.take())
    assert "2014-05 月报" in later and "2014-01" not in later and "已解决" not in later
    assert not [item["id"] for item in standing_events(home) if "2014-01" in item["id"]]


def test_time_does_not_go_back(home: Home) -> None:
    land_two_months(home)
    send_alerts(home, at("2014-02-20T07:00"))
    assert send_alerts(home, at("2014-02-20T06:00"))["outcomes"] == {}
    with pytest.raises(AlertsWentBack):
        send_alerts(home, at("2014-02-19T07:00"))


def test_rejections_and_quarantine_end_with_a_better_submission(home: Home, webhook: Hook, tmp_path: Path) -> None:
    bad = write_csv(tmp_path / "1", "hazards", [{"found_on": date(2014, 1, 10), "due_on": date(2014, 1, 1)}], "CQ", "2014-01")
    (junk := tmp_path / "王小明的体检报告.xlsx").write_bytes(b"junk")
    place_in_inbox(home, [bad, junk], at("2014-02-03T09:00"))
    (wrong := tmp_path / "2014-01_WL_hazards.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    place_in_inbox(home, [wrong], at("2014-02-03T10:00"))
    for item in scan_inbox(home):
        collect_file(home, item)
    send_alerts(home, at("2014-02-04T07:00"))
    first = dict(webhook.take())
    assert "待更正" in first["/CQ"] and "1 行有错" in first["/CQ"] and "receipts/2014-01/CQ/v0001.xlsx" in first["/CQ"]
    assert (home.root / "receipts/2014-01/CQ/v0001.xlsx").is_file()
    assert "被退回" in first["/WL"]
    assert "无法确定单位或月份" in first["/analyst"] and "王小明" not in str(first)
    land(home, "2014-01", "CQ", owed("CQ"), number=2, received_at="2014-02-04T01:00:00Z")
    land(home, "2014-01", "WL", owed("WL"), number=2, received_at="2014-02-04T01:00:00Z")
    send_alerts(home, at("2014-02-05T07:00"))
    then = dict(webhook.take())
    assert set(then) == {"/CQ", "/WL", "/analyst"}
    assert "待更正的数据行已更正" in then["/CQ"] and "已重新报送并接收" in then["/WL"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """January of two departments as a release, known at 15 February, to which unusual and restated figures are added."""
    home = Home(tmp_path_factory.mktemp("published"))
    land_two_months(home)
    plan_from_landing(home, "2014-01-r1", ["2014-01"], at("2014-02-15T06:00"))
    run_dbt(home, "2014-01-r1")
    publish_approved(home, "2014-01-r1")
    with duckdb.connect(str(home.releases / "2014-01-r1" / "warehouse.duckdb")) as connection:
        connection.execute(
            """
            insert into rpt_outliers by name
            select 'k' as outlier_key, 'CQ' as reporting_unit_code, 'member.joined' as indicator_code, '2014-01' as month, 3.0 as value,
                40.5 as median_value, 9.1 as modified_z_score, 'flow_value' as outlier_kind, '张三 330103199001011234' as evidence;
            insert into rpt_restatements by name
            select '2014-01-r1' as release_id, '2014-01' as closed_month, timestamp '2014-02-14 22:00' as known_at,
                indicator_code, month, reporting_unit_code, 0 as old_value_month, value_month as new_value_month
            from rpt_indicators where indicator_code = 'member.joined' and month = '2014-01' and reporting_unit_code in ('XC', 'CQ');
            insert into fct_commitment_progress (commitment_progress_key, commitment_no, commitment_year, month, indicator_code,
                target_value, progress_value, earlier_progress_value, forecast_value, forecast_low_value, forecast_high_value,
                commitment_status)
            values ('1', '3c', 2014, '2014-01', 'culture.films', 100, 5, 5, 98, 85, 111, 'as_last_year'),
                ('2', '7', 2014, '2014-01', 'training.qualification_promotions', 300, 2, 5, 120, 90, 150, 'at_risk')
            """
        )
    return home


def test_what_a_release_gives_cause_for(published: Home, hook: Hook) -> None:
    write_targets(published, {audience: f"{hook.url}/{audience}" for audience in ALL} | {"department": {"CQ": f"{hook.url}/CQ"}})
    send_alerts(published, at("2014-02-21T07:00"))
    first = dict(hook.take())
    assert "隐患 H1（一般）整改期限 2014-02-20 已过" in first["/CQ"]
    assert "“隐患整改”有 1 行暂不计入：检查编号不存在" in first["/CQ"]
    assert "为 3，往期中位数 40.5（当月数异常）" in first["/CQ"]
    assert "张三" not in str(first) and "330103199001011234" not in str(first)
    assert "2014-01-r1 更正了以前月份的 2 个数字，其中全区 1 个，自 2014-01 起" in first["/leader"]
    assert "[overdue_hazard:CQ:H1]" in first["/analyst"]
    late = "实事项目 7“职工晋升一级职业资格等级”进度滞后：目标 300，至 2014-01 已完成 2（往年同期 5），年末预测 120 (90–150)"
    assert late in first["/leader"]
    assert "免费放映电影" not in first["/leader"], "it stands as last year at this time"

    send_alerts(published, at("2014-03-06T07:00"))
    later = dict(hook.take())
    assert "隐患逾期未整改，已升级" in later["/leader"], "ten working days"
    send_alerts(published, at("2014-03-17T07:00"))
    stale = dict(hook.take())
    assert "2014-02 的数据尚未发布（报送截止日 2014-03-07，当前版本 2014-01-r1）" in stale["/data_engineer"]
    send_alerts(published, at("2014-03-24T07:00"))
    assert "月度数据未按时发布，已升级" in dict(hook.take())["/leader"]
    assert not [event for event in find_events(published, at("2015-10-01T07:00")) if event.kind == "expiring_contracts"]
    (expiring,) = [event for event in find_events(published, at("2015-11-05T07:00")) if event.kind == "expiring_contracts"]
    assert (expiring.id, expiring.facts["contracts"]) == ("expiring_contracts:CQ:2016-01", 2)
    bodies = {delivery.recipient.code: delivery.message.body for delivery in plan_messages(published, at("2015-11-05T07:00"))}
    assert 0 <= bodies["department:CQ"].index("■ 严重｜") < bodies["department:CQ"].index("■ 提示｜集体合同即将到期")


def test_what_is_only_out_of_sight_is_not_reported_as_over(published: Home, home: Home, webhook: Hook) -> None:
    shutil.copytree(published.releases, home.releases, symlinks=True)
    land_two_months(home)
    write_json(home.audits / "2014-02-r1" / "summary.json", {"warehouse": {"marts": [STOPPING]}})
    land(home, "2014-01", "WL", owed("WL"), [("member_changes", 2, "gender", "outside_enum")], 2, "2014-05-20T00:00:00Z")
    os.utime(home.audits / "2014-02-r1" / "summary.json", (at("2014-05-25T07:00").timestamp(),) * 2)
    send_alerts(home, at("2014-05-26T07:00"))
    before = dict(webhook.take())
    assert "关账 2014-02-r1 有 1 项稽核未通过（marts.no_row_lost）" in before["/data_engineer"] and "1 行有错" in before["/WL"]
    shutil.rmtree(home.audits)  # the next attempt has begun
    for day in ("2014-05-31", "2014-06-01", "2014-06-20", "2015-12-20", "2016-01-20", "2016-02-01"):
        send_alerts(home, at(f"{day}T07:00"))
        for _, text in webhook.take():
            assert not [words for words in ("已通过稽核", "已更正", "均已续签") if words in text], day
    (home.releases / "2014-02-r1").mkdir()
    send_alerts(home, at("2016-02-02T07:00"))
    assert "关账 2014-02-r1 已通过稽核并发布" in dict(webhook.take())["/data_engineer"]


STOPPING = {"expectation": "marts.no_row_lost", "severity": "stop", "success": False, "sample_rows": []}


def test_every_event_has_words_in_every_language(published: Home) -> None:
    definitions = load_definitions()
    known = {event.kind: event for event in find_events(published, at("2014-03-24T07:00"))}
    facts: dict[str, Any] = FACTS_OF_OTHERS | {kind: event.facts for kind, event in known.items()}
    assert {"missing_submission", "overdue_hazard", "waiting_rows", "stale_release", "outlier", "late_commitment"} <= set(known)
    for kind, definition in definitions.events.items():
        entry = Entry(kind, "CQ", "1", "2014-01-01", None, dict(facts[kind]), "")
        for phase, code, is_over in product(definition.phases.values(), definitions.audiences, (False, True)):
            recipient = Recipient(code, "CQ" if code == "department" else None)
            item = Item("x", entry, definition, phase, is_over)
            message = compose(recipient, [item], definitions, {"CQ": "长庆街道总工会"}, date(2014, 1, 1))
            assert "{" not in message.body


FACTS_OF_OTHERS = {
    "unreadable_source": {"source": "submissions", "error": "IOException"},
    "late_submission": {"month": "2014-01", "due_on": "2014-02-12", "late": 1, "arrived_on": "2014-02-13"},
    "rejected_submission": {
        "month": "2014-01",
        "arrived_on": "2014-02-13",
        "rules": "missing_sheet",
        "forms": "整份",
        "forms_en": "the whole file",
        "receipt": "receipts/x",
    },
    "unplaced_submission": {"arrived_on": "2014-02-13", "rules": "wrong_template", "receipt": "receipts/x"},
    "replaced_submission": {
        "month": "2014-01",
        "arrived_on": "2014-02-13",
        "changes": "隐患整改 新增 1 行、减少 0 行、改动 0 行",
        "changes_en": "hazards: 1 rows new, 0 gone, 0 changed",
        "receipt": "receipts/x",
    },
    "refused_in_folder": {"arrived_on": "2014-02-13", "rules": "wrong_door", "receipt": "receipts/x"},
    "quarantined_rows": {"month": "2014-01", "rows": 1, "receipt": "receipts/x"},
    "expiring_contracts": {"month": "2014-01", "contracts": 1, "first_on": "2014-01-31"},
    "failed_audit": {"close_id": "2014-01-r1", "failures": 1, "checks": "hazards.found_on", "report": "audits/x"},
    "dag_failure": {"dag_id": "close_month", "run_id": "x", "tasks": "plan_close", "codes": "unexpected"},
    "restated_figures": {
        "release": "2014-02-r1",
        "previous": "2014-01-r1",
        "figures": 2,
        "federation_figures": 1,
        "first_month": "2014-01",
    },
}


def test_every_kind_of_event_has_its_place_in_the_docs() -> None:
    headings = set(re.findall(r"^### (\w+)$", (PROJECT_DIR / "docs" / "alerts.md").read_text("utf-8"), re.MULTILINE))
    assert headings == set(load_definitions().events)


def test_many_events_of_a_kind_are_one_message(home: Home, webhook: Hook) -> None:
    land_two_months(home)
    send_alerts(home, at("2014-02-20T07:00"))
    (text,) = [text for path, text in webhook.take() if path == "/leader"]
    assert text.count("  · ") == 11 and "另有" in text, "ten lines, and how many more"
