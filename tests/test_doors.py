"""Who sent it: a unit's folder of the inbox is its door, the inbox's root the office's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import openpyxl
import pytest

from tests.alert_servers import http_server
from tests.collecting import archive_of, at, collect_one, drop, hazards, problems, tree
from tests.commands import start_uw, uw_json
from tests.workbook_factory import write_csv
from union_warehouse.alerts import send_alerts
from union_warehouse.landing.folders import read_manifests
from union_warehouse.landing.instants import to_text
from union_warehouse.landing.received import opened_manifests
from union_warehouse.paths import Home
from union_warehouse.submissions import Outcome, check_file, collect_file, place_in_inbox, remake_receipt, scan_inbox
from union_warehouse.submissions.problems import FutureArrival

SECRET = "长庆某厂未整改"


def doors(home: Home) -> list[tuple[str, str | None]]:
    return [(manifest["submission_id"], manifest["door"]) for manifest in read_manifests(home)]


def rules(outcome: Outcome) -> list[str]:
    return [rule for _, _, rule in problems(outcome)]


def test_a_unit_reports_for_itself_and_the_office_for_all(home: Home, tmp_path: Path) -> None:
    assert drop(home, hazards(tmp_path / "a.xlsx", {}), "CQ/三月.xlsx").state == "accepted"
    assert drop(home, hazards(tmp_path / "b.xlsx", {}, month="2014-02"), "cq/二月/二月.xlsx").state == "accepted"
    assert drop(home, hazards(tmp_path / "c.xlsx", {}, department="WL"), "收到的/三月.xlsx").state == "accepted"
    assert doors(home) == [("2014-02/CQ/v0001", "CQ"), ("2014-03/CQ/v0001", "CQ"), ("2014-03/WL/v0001", None)]


def test_a_cover_of_another_unit_is_refused_at_a_units_door_and_counts_nowhere(home: Home, tmp_path: Path) -> None:
    theirs = hazards(tmp_path / "a.xlsx", {"description": SECRET})
    collect_one(home, theirs, at(4))
    before = {path: data for path, data in tree(home.landing).items() if path.startswith("month=")}
    for number, sent in enumerate([hazards(tmp_path / "b.xlsx", {}), theirs]):  # another month's worth, and the very same file
        outcome = drop(home, sent, f"WL/{number}.xlsx")
        assert (outcome.state, outcome.department, outcome.submission_id, rules(outcome)) == (
            "rejected",
            None,
            None,
            ["wrong_door"],
        )
        assert "CQ 长庆街道总工会" in outcome.problems[0]["message"] and "WL 武林街道总工会" in outcome.problems[0]["message"]
        assert not outcome.forms
    assert {path: data for path, data in tree(home.landing).items() if path.startswith("month=")} == before
    assert [name for name in tree(home.outbox) if not name.startswith("CQ/")] == ["WL/0_回执.xlsx", "WL/1_回执.xlsx"]
    told = openpyxl.load_workbook(home.outbox / "WL" / "0_回执.xlsx")
    assert SECRET not in str([list(sheet.values) for sheet in told])
    with opened_manifests(home, ["2014-03"], datetime.now(UTC)) as connection:
        counting = connection.execute("select distinct submission_id from by_form where is_received").fetchall()
    assert counting == [("2014-03/CQ/v0001",)]


def test_a_file_at_the_wrong_door_ties_with_none(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("union_warehouse.submissions.inbox.SETTLE_SECONDS", -10)
    for place, row in (("CQ/三月.xlsx", {}), ("WL/三月.xlsx", {"category": "火"})):
        (home.inbox / place).parent.mkdir(parents=True)
        (home.inbox / place).write_bytes(hazards(tmp_path / "x.xlsx", row).read_bytes())
    items = scan_inbox(home)
    same = [type(item).from_dict(item.to_dict() | {"received_at": "2014-04-02T08:00:00.000000Z"}) for item in items]
    assert [(item.path, item.department) for item in same] == [("CQ/三月.xlsx", "CQ"), ("WL/三月.xlsx", None)]
    assert [collect_file(home, item).state for item in same] == ["accepted", "rejected"]


def test_a_merged_unit_may_use_its_predecessors_folder_and_the_reverse(home: Home, tmp_path: Path) -> None:
    before = write_csv(tmp_path, "training_activities", department="JY", month="2021-03")
    after = write_csv(tmp_path, "training_activities", department="GJY", month="2021-05")
    for place, door in (("JY", "GJY"), ("GJY", "JY"), ("ZJ", None), ("GZJ", None)):
        for path in (before, after):
            outcome = check_file(home, path, datetime(2021, 6, 3, tzinfo=UTC), place)
            assert ("wrong_door" in rules(outcome)) == (door is None), (place, path.name, outcome.problems)


def test_what_an_archive_holds_came_through_the_archives_door(home: Home, tmp_path: Path) -> None:
    own, foreign = hazards(tmp_path / "a.xlsx", {}), hazards(tmp_path / "b.xlsx", {}, department="WL")
    target = home.inbox / "CQ" / "all.zip"
    target.parent.mkdir(parents=True)
    archive_of(target, own, foreign)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("union_warehouse.submissions.inbox.SETTLE_SECONDS", -10)
        outcomes = {outcome.file: outcome for outcome in (collect_file(home, item) for item in scan_inbox(home))}
    assert (outcomes["a.xlsx"].state, rules(outcomes["b.xlsx"])) == ("accepted", ["wrong_door"])
    assert list(tree(home.outbox)) == ["CQ/a_回执.xlsx", "CQ/b_回执.xlsx"]
    assert doors(home) == [("2014-03/CQ/v0001", "CQ")]


@pytest.mark.build
def test_uw_submits_and_checks_as_a_unit(tmp_path: Path) -> None:
    home = tmp_path / "home"
    own, foreign = hazards(tmp_path / "a.xlsx", {}), hazards(tmp_path / "b.xlsx", {}, department="WL")
    checked = uw_json(home, "check", "--unit", "CQ", own, foreign, exit_code=1)
    sent = uw_json(home, "submit", "--unit", "CQ", own, foreign, exit_code=1)
    for outcomes in (checked, sent):
        assert [outcome["state"] for outcome in outcomes] == ["accepted", "rejected"]
        assert [problem["rule"] for problem in outcomes[1]["problems"]] == ["wrong_door"]
    assert doors(Home(home)) == [("2014-03/CQ/v0001", "CQ")]
    assert uw_json(home, "submit", foreign)[0]["state"] == "accepted"
    for command in ("check", "submit"):
        _, errors = start_uw(home, command, "--unit", "QQ", own).communicate()
        assert "unknown_door" in errors and "QQ" in errors


def test_a_unit_is_told_what_was_refused_in_its_folder(home: Home, tmp_path: Path) -> None:
    drop(home, hazards(tmp_path / "张三.xlsx", {}), "WL/张三.xlsx")
    with http_server() as hook:
        targets = {"analyst": f"{hook.url}/analyst", "department": {unit: f"{hook.url}/{unit}" for unit in ("CQ", "WL")}}
        (home.root / "alert_targets.yml").write_text(json.dumps(targets), encoding="utf-8")
        send_alerts(home, datetime.now(UTC))
        sent = dict(hook.take())
    assert set(sent) == {"/WL", "/analyst"}
    assert "武林街道总工会 的报送文件夹" in sent["/WL"] and "#refused_in_folder" in sent["/WL"]
    assert "wrong_door" in sent["/analyst"] and "张三" not in str(sent)


def test_two_units_that_send_the_same_refused_bytes_each_have_their_own_answer(home: Home, tmp_path: Path) -> None:
    broken = tmp_path / "x.xlsx"
    broken.write_bytes("没有报表".encode())
    first = drop(home, broken, "WL/张三.xlsx")
    before = Path(str(first.receipt)).read_bytes()
    second = drop(home, broken, "CQ/李四.xlsx")
    third = drop(home, broken, "王五.xlsx")
    assert Path(str(first.receipt)).read_bytes() == before == (home.outbox / "WL" / "张三_回执.xlsx").read_bytes()
    assert Path(str(second.receipt)).read_bytes() == (home.outbox / "CQ" / "李四_回执.xlsx").read_bytes()
    for outcome, own, others in ((first, "张三", ("李四", "王五")), (second, "李四", ("张三", "王五"))):
        made = remake_receipt(home, f"rejected/{Path(str(outcome.receipt)).stem}", tmp_path / "again.xlsx")
        told = str([list(sheet.values) for sheet in openpyxl.load_workbook(made)])
        assert own in told and not any(name in told for name in others)
    assert str(remake_receipt(home, str(broken))) == third.receipt, "of several the last one"
    with http_server() as hook:
        targets = {"department": {unit: f"{hook.url}/{unit}" for unit in ("CQ", "WL")}}
        (home.root / "alert_targets.yml").write_text(json.dumps(targets), encoding="utf-8")
        send_alerts(home, datetime.now(UTC))
        assert {path for path, _ in hook.take()} == {"/WL", "/CQ"}


def test_only_this_home_states_an_arrival(home: Home, tmp_path: Path) -> None:
    collect_one(home, hazards(tmp_path / "a.xlsx", {}), at(4))
    other = Home(tmp_path / "other")
    (placed,) = place_in_inbox(other, [hazards(tmp_path / "b.xlsx", {})], at(4, 1))
    (signed,) = (folder.name for folder in home.inbox.iterdir())
    stated = [
        placed.parent.name,  # signed by another home
        "received_at=20140401T080000.000000Z",
        signed.replace("20140402", "20140401"),
        f"CQ/{signed}",  # in a unit's own folder
    ]
    began = to_text(datetime.now(UTC))
    for number, folder in enumerate(stated, start=2):
        outcome = drop(home, hazards(tmp_path / "x.xlsx", *[{}] * number), f"{folder}/{number}.xlsx")
        assert outcome.submission_id == f"2014-03/CQ/v{number:04d}"
    arrivals = [manifest["received_at"] for manifest in read_manifests(home)]
    assert arrivals[0] == to_text(at(4)) and min(arrivals[1:]) >= began
    folders = [f"{folder.removeprefix('CQ/')}/{number}" for number, folder in enumerate(stated, start=2)]
    assert set(tree(home.outbox)) == {f"CQ/{name}_回执.xlsx" for name in ["a", *folders]}


def test_nothing_arrives_in_the_future(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = hazards(tmp_path / "a.xlsx", {}), hazards(tmp_path / "b.xlsx", {}, department="WL")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(FutureArrival):
        place_in_inbox(home, [good, bad], {"a.xlsx": at(4), "b.xlsx": tomorrow})
    assert not home.inbox.exists()
    with monkeypatch.context() as ahead:
        ahead.setattr("union_warehouse.submissions.places.datetime", Mock(now=Mock(return_value=tomorrow)))
        place_in_inbox(home, [good], tomorrow)  # while the clock was wrong
    (item,) = scan_inbox(home)
    assert item.received_at <= to_text(datetime.now(UTC))
