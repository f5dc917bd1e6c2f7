"""Verdicts that depend on other submissions: told on arrival, from what landed and what is published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests import workbook_factory as factory
from tests.workbook_factory import write_csv
from union_warehouse.paths import Home
from union_warehouse.personal_data import load_hash_key
from union_warehouse.releases import Release
from union_warehouse.submissions import Outcome, check_file, collect_file, place_in_inbox, scan_inbox

RECEIVED = datetime(2014, 4, 2, 8, tzinfo=UTC)


class Sender:
    """Sends CSVs one after another, a day apart."""

    def __init__(self, home: Home, folder: Path) -> None:
        self.home, self.folder, self.sent = home, folder, 0

    def __call__(
        self, form: str, *rows: Mapping[str, Any], department: str = "CQ", month: str = "2014-03"
    ) -> list[tuple[int, str, str]]:
        return found(self.land(form, rows, department, month))

    def land(self, form: str, rows: Sequence[Mapping[str, Any]], department: str = "CQ", month: str = "2014-03") -> Outcome:
        self.sent += 1
        encoding = ("utf-8", "utf-8-sig", "gb18030")[self.sent % 3]  # so that equal rows are other bytes
        path = write_csv(self.folder / str(self.sent), form, rows, department, month, encoding)
        place_in_inbox(self.home, [path], RECEIVED + timedelta(days=self.sent))
        (outcome,) = [collect_file(self.home, item) for item in scan_inbox(self.home)]
        assert outcome.quarantined == 0, outcome.problems
        return outcome


def found(outcome: Outcome) -> list[tuple[int, str, str]]:
    return [(item["row"], item["column"], item["rule"]) for item in outcome.problems if item["provisional"]]


@pytest.fixture
def send(home: Home, tmp_path: Path) -> Sender:
    return Sender(home, tmp_path)


def test_a_hazard_waits_for_its_inspection(send: Sender) -> None:
    assert send("hazards", {}) == [(2, "inspection_no", "unknown_inspection")]
    assert send("safety_inspections", {}) == []
    assert send("hazards", {"description": "again"}) == []
    assert send("hazards", {"found_on": date(2014, 3, 4)}) == [(2, "found_on", "found_before_inspection")]


def test_a_row_whose_parent_has_an_error_names_that_row(home: Home, tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, Any]]] = {
        "safety_inspections": [{}, {"kind": "？"}],
        "hazards": [{}, {}],
        "union_register": [{"event_on": "下月"}],
        "member_counts": [{}],
    }
    path = factory.write_workbook(
        tmp_path / "x.xlsx", rows=rows, nil=[form for form in factory.nil_except("") if form not in rows]
    )
    told = {
        (item["form"], item["row"]): item["message"] for item in check_file(home, path, RECEIVED).problems if item["provisional"]
    }
    assert set(told) == {("hazards", 3), ("member_counts", 2)}
    assert "安全检查第 3 行有错误；该行改正后本行自动计入" in told["hazards", 3]
    assert "建会台账第 2 行有错误；该行改正后本行自动计入" in told["member_counts", 2]
    assert not any("请报送" in message for message in told.values())


def test_an_inspection_of_another_department_is_known(send: Sender) -> None:
    send("safety_inspections", {"inspection_no": "I7"}, department="LB")
    assert send("hazards", {"inspection_no": "I7"}) == []


def test_a_provisional_verdict_changes_no_state(send: Sender) -> None:
    outcome = send.land("hazards", [{}])
    assert (outcome.state, outcome.quarantined, outcome.problems[0]["severity"]) == ("accepted", 0, "error")
    assert json.loads(Path(str(outcome.receipt)).with_suffix(".json").read_text("utf-8"))["problems"][0]["provisional"]


@pytest.mark.parametrize("form", ["union_coverage", "member_changes", "member_counts", "qualification_promotions"])
def test_a_union_must_be_registered_on_the_day(send: Sender, form: str) -> None:
    waiting = [(2, "union_code", "unregistered_union")]
    assert send(form, {}) == waiting
    send("union_register", {"event_on": date(2014, 3, 31)})
    assert send(form, {}, month="2014-03") == ([] if form == "member_counts" else waiting)
    send("union_register", {"event_on": date(2014, 3, 1)})
    assert waiting[0] not in send(form, {}, month="2014-04")


def test_a_union_of_another_department_is_known_and_ends_when_dissolved(send: Sender) -> None:
    send(
        "union_register",
        {"union_code": "U7", "event_on": date(2014, 3, 1)},
        {"union_code": "U7", "event": "撤销", "event_on": date(2014, 3, 4)},
        department="WL",
    )
    assert send("union_coverage", {"union_code": "U7", "covered_from": date(2014, 3, 4)}) == []
    assert send("union_coverage", {"union_code": "U7", "covered_from": date(2014, 3, 5)}) == [
        (2, "union_code", "dissolved_union")
    ]
    assert send("member_counts", {"union_code": "U7"}) == []
    assert send("member_counts", {"union_code": "U7"}, month="2014-04") == [(2, "union_code", "dissolved_union")]


def test_an_event_needs_the_founding(send: Sender) -> None:
    assert send("union_register", {"event": "撤销"}) == [(2, "union_code", "unregistered_union")]


def test_a_person_joins_twice_only_after_leaving(send: Sender) -> None:
    send("union_register", {"event_on": date(2014, 1, 1)}, month="2014-01")
    union = {"union_code": "CQ-U001"}
    send("member_changes", union, month="2014-01")
    again = {"change_no": "M2", "changed_on": date(2014, 3, 9), **union}
    assert send("member_changes", again) == [(2, "change", "joined_twice")]
    left = {"change_no": "M1", "change": "退会", "changed_on": date(2014, 3, 9), **union}
    # the same person in both rows: leaves and joins again on one day
    assert send("member_changes", left, again | {"id_number": factory.resident_number(1)}) == []
    assert send("member_changes", again, again | {"change_no": "M3", "id_number": factory.resident_number(1)}) == [
        (2, "change", "joined_twice"),
        (3, "change", "joined_twice"),
    ]


def test_what_is_published_is_known(send: Sender, home: Home, tmp_path: Path) -> None:
    person = load_hash_key(home).digests([factory.resident_number(1).encode()])[0]
    release = home.releases / "2014-02-r1"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "warehouse.duckdb")) as connection:
        connection.execute(
            "create table fct_safety_inspections as select 'ICQ-2014-03-0001' as inspection_no, date '2014-02-01' as inspected_on"
        )
        connection.execute(
            "create table fct_union_events as select 'CQ-U001' as union_code, 'established' as union_event, date '2000-01-01' as event_on"
        )
        connection.execute(
            "create table fct_membership_changes as select ? as person_key, 'CQ-U001' as union_code, 'join' as membership_change, date '2001-01-01' as changed_on",
            [person],
        )
    published = Release(
        release_id="2014-02-r1",
        sequence=2,
        month="2014-02",
        known_at="2014-03-10T00:00:00Z",
        beginning_month="2014-01",
        closed_months=("2014-01", "2014-02"),
        previous_release_id="2014-01-r1",
        hash_key_fingerprint=None,
        code_version="0",
        contract_versions={},
        changed_submissions=(),
        restated_count=0,
        tables={},
        files={},
        previous_release_sha256=None,
        build_sha256="",
        manifests={},
    )
    (release / "release.json").write_text(json.dumps(published.to_dict()))
    (home.releases / "current").symlink_to("2014-02-r1")
    assert send("hazards", {}) == []
    assert send("union_coverage", {}) == []
    assert send("member_changes", {}) == [(2, "change", "joined_twice")]
    shutil.rmtree(home.releases)
    assert found(check_file(home, write_csv(tmp_path, "hazards", [{"description": "x"}]), RECEIVED + timedelta(days=9))) == [
        (2, "inspection_no", "unknown_inspection")
    ]
