"""Alerts on their way: what is never in a message, how it is split, mail and robots for real, targets, and the command."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alert_servers import Hook, at, smtp_server, write_targets
from tests.audited_year import land_two_months
from tests.landings import land
from union_warehouse.alerts import plan_messages, send_alerts
from union_warehouse.alerts.errors import InvalidTargets
from union_warehouse.alerts.events import record_number
from union_warehouse.alerts.messages import Message, split
from union_warehouse.cli import main
from union_warehouse.files import write_json
from union_warehouse.orchestration.alerting import notify_of_end
from union_warehouse.orchestration.records import run_step
from union_warehouse.paths import Home


@given(
    name=st.text("王李张刘陈杨赵黄周吴", min_size=3, max_size=3),
    birthday=st.dates(date(1950, 1, 1), date(2000, 1, 1)),
    serial=st.integers(0, 9999),
    phone=st.integers(13_000_000_000, 19_999_999_999),
)
@settings(max_examples=10, deadline=None)
def test_no_personal_data_is_ever_sent(name: str, birthday: date, serial: int, phone: int) -> None:
    number = f"330103{birthday:%Y%m%d}{serial:04d}"
    story = f"{name} {number} {phone}"
    with TemporaryDirectory() as folder:
        home = Home(Path(folder))
        land(home, "2014-01", "CQ", {}, [("member_changes", 2, "id_number", "outside_enum")])
        for path in home.landing.rglob("manifest.json"):
            manifest = json.loads(path.read_text("utf-8"))
            problem = {"form": None, "sheet": story, "row": 1, "rule": "wrong_template", "severity": "error"}
            words = {"message_zh": story, "message_en": story}
            manifest |= {"state": "rejected", "file_name": f"{story}.xlsx", "problems": [problem | words]}
            path.write_text(json.dumps(manifest), encoding="utf-8")
            write_json(home.landing / "rejected" / "0" / "manifest.json", manifest | {"month": None, "department": None})

        def fail() -> None:
            raise ValueError(story)

        with pytest.raises(ValueError, match=name):
            run_step(home, ("close_month", "run", "plan_close", -1), fail)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("UW_HOME", folder)
            notify_of_end({"dag": SimpleNamespace(dag_id="close_month"), "run_id": "run"}, is_success=False)
        shown = json.dumps([delivery.to_dict() for delivery in plan_messages(home, datetime.now(UTC))], ensure_ascii=False)
        kept = "".join(path.read_text("utf-8") for path in home.alerts.rglob("*.json"))
    assert "dag_failure" in kept
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    shown += record_number(f"隐患{number}") + record_number(f"电话{phone}") + record_number(f"隐患{number.translate(wide)}号")
    for secret in (name, number, str(phone)):
        assert secret not in shown + kept


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=400),
    st.integers(40, 300),
    st.integers(1, 9),
)
def test_a_split_message_keeps_its_text_and_the_limit(line: str, limit: int, repeats: int) -> None:
    message = Message("标题", "\n".join([line] * repeats), "info")
    pieces = split(message, limit)
    assert all(0 < len(piece.encode()) <= limit for piece in pieces)
    assert "".join(pieces).replace("\n", "") == f"标题{line * repeats}"


def test_mail_and_robots_are_sent_for_real(home: Home, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.wecombot import NotifyWeComBot

    # The only thing that is not as in production: the robots' hosts are written into Apprise.
    monkeypatch.setattr(NotifyDingTalk, "notify_url", f"http://127.0.0.1:{hook.port}/robot/send?access_token={{token}}")
    monkeypatch.setattr(NotifyWeComBot, "notify_url", f"http://127.0.0.1:{hook.port}/cgi-bin/webhook/send?key={{key}}")
    land_two_months(home)
    with smtp_server() as mailbox:
        mail = f"mailto://127.0.0.1:{mailbox.port}?from=uw@example.org&to=leader@example.org,chair@example.org"
        monkeypatch.setenv("UW_ALERT_LEADER", f"{mail} dingtalk://secret1@token1/")
        monkeypatch.setenv("UW_ALERT_ANALYST", "wecombot://key1")
        monkeypatch.setenv("UW_ALERT_DEPARTMENT_CQ", f"json://127.0.0.1:{hook.port}/cq")
        result = send_alerts(home, at("2014-02-20T07:00"))
    assert result["outcomes"]["sent"] == 4 and result["failed"] == []
    (one, other) = sorted(mailbox.mails, key=lambda mail: str(mail["to"]))
    assert {*one["to"], *other["to"]} == {"leader@example.org", "chair@example.org"}
    assert one["type"] == "text/plain" and one["subject"].startswith("【工会数据】2014-02-20 分管领导：")
    assert "■ 严重｜月报逾期未报，已升级" in one["text"] and "怎么办：" in one["text"]
    robots = {path.partition("?")[0]: content for path, content in hook.requests}
    assert "已升级" in robots["/robot/send"]["text"]["content"]
    (ding,) = [path for path, _ in hook.requests if path.startswith("/robot")]
    assert "access_token=token1" in ding and "sign=" in ding
    wecom = [content["text"]["content"] for path, content in hook.requests if "key=key1" in path]
    assert len(wecom) > 1 and all(len(piece.encode()) <= 2048 for piece in wecom), "a robot drops what is longer, and answers 200"
    assert robots["/cq"]["type"] == "failure"
    kept = "".join(path.read_text("utf-8") for path in home.alerts.rglob("*.json"))
    assert not [secret for secret in ("secret1", "token1", "key1", "@example.org") if secret in kept]


@pytest.mark.parametrize(
    "content",
    [
        "leaders: a://secret",
        "department: {QC: a://secret}",
        "leader: [1]",
        "- a",
        "leader: secret",
        "department: {CQ: 3}",
        "leader: [",
    ],
)
def test_targets_that_are_not_understood_are_refused_without_quoting_them(home: Home, content: str) -> None:
    home.root.mkdir()
    (home.root / "alert_targets.yml").write_text(content, encoding="utf-8")
    with pytest.raises(InvalidTargets) as refused:
        plan_messages(home, at("2014-02-20T07:00"))
    assert "secret" not in str(refused.value)


def test_the_command(home: Home) -> None:
    def uw_alerts(*arguments: str, exit_code: int = 0) -> str:
        result = CliRunner(env={"UW_HOME": str(home.root)}).invoke(main, ["alerts", *arguments])
        assert result.exit_code == exit_code, result.output
        return result.stdout

    land_two_months(home)
    moment = ("--as-of", "2014-02-20T07:00")
    assert {item["channel"] for item in json.loads(uw_alerts("preview", *moment, "--json"))} >= {
        "leader/none",
        "department:CQ/none",
    }
    assert "分管领导：36 项待处理" in uw_alerts("preview", *moment)
    assert not (home.alerts / "state.json").exists()
    write_targets(home, {"leader": "json://127.0.0.1:1/nobody-listens"})
    assert json.loads(uw_alerts("send", *moment, "--json", exit_code=1))["failed"][0].startswith("leader/json-")
    assert "missing_submission:CQ:2014-01" in uw_alerts("list")
    uw_alerts("acknowledge", "missing_submission:CQ:2014-01", "--by", "值班员", "--until", "2014-03-01")
    uw_alerts("acknowledge", "missing_submission:CQ:1999-01", "--by", "值班员", exit_code=1)
    (item,) = [item for item in json.loads(uw_alerts("list", "--json")) if item["id"] == "missing_submission:CQ:2014-01"]
    assert item["acknowledged_by"] == "值班员"
