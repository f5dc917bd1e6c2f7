"""Submissions: arrival, versions, order, new readings, receipts."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests import workbook_factory as factory
from tests.collecting import OPENING, at, collect, collect_one, hazards, open_department, problems, rows_of, tree, version_folder
from tests.workbook_factory import write_csv, write_workbook
from union_warehouse.contracts import Federation, forms_owed, load_forms
from union_warehouse.contracts.landed import landed_columns
from union_warehouse.landing.folders import read_manifests
from union_warehouse.paths import Home
from union_warehouse.submissions import InboxItem, Outcome, check_file, collect_file, place_in_inbox, reread_month, scan_inbox
from union_warehouse.submissions.inbox import SETTLE_SECONDS
from union_warehouse.submissions.problems import InboxFileMissing, PathNotFound, UnknownArrival


def test_a_submission_lands_whole(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "长庆 三月.xlsx", rows={"hazards": [{}, {"category": "火"}]})
    outcome = collect_one(home, path, at(4))
    folder = version_folder(home, outcome)
    assert (outcome.submission_id, outcome.state, outcome.quarantined) == ("2014-03/CQ/v0001", "accepted_with_quarantine", 1)
    assert (folder / "original.xlsx").read_bytes() == path.read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["received_at"] == manifest["read_at"] == "2014-04-02T08:00:00.000000Z"
    assert (manifest["file_name"], manifest["kind"], manifest["is_opening"], manifest["reading"]) == (
        "长庆 三月.xlsx",
        "workbook",
        True,
        1,
    )
    entry = next(form for form in manifest["forms"] if form["form"] == "hazards")
    assert entry == {
        "form": "hazards",
        "version": 1,
        "state": "accepted_with_quarantine",
        "return": "rows",
        "rows": 2,
        "quarantined": 1,
        "warnings": 0,
        "file": "hazards.parquet",
        "layout": "1.0.0",
        "contract": load_forms()["hazards"].fingerprint,
        "changes": None,
    }
    assert [step["outcome"] for step in manifest["steps"]] == ["ok"] * 5
    rows = rows_of(home, outcome, "hazards")
    assert [row["_is_accepted"] for row in rows] == [True, False]
    assert [(row["category"], row["category__text"]) for row in rows] == [("fire", "消防"), ("火", "火")]
    quarantine = pq.read_table(folder / "row_problems.parquet", partitioning=None).to_pylist()
    assert [
        (row["_submission_id"], row["form"], row["sheet"], row["row"], row["column"], row["rule"], row["value"])
        for row in quarantine
    ] == [("2014-03/CQ/v0001", "hazards", "隐患整改", 3, "category", "outside_enum", "火")]


@pytest.mark.parametrize("form", sorted(load_forms()))
def test_landed_columns_are_the_contracts(home: Home, tmp_path: Path, form: str) -> None:
    department = next(code for code, unit in Federation.load().units("2014-03").items() if load_forms()[form] in forms_owed(unit))
    outcome = collect_one(home, write_csv(tmp_path, form, department=department), at(4))
    names = pq.read_schema(version_folder(home, outcome) / f"{form}.parquet").names
    assert names == list(landed_columns(load_forms()[form]))
    assert outcome.state == "accepted"


def test_personal_data_is_stored_as_hash_and_mask_only(home: Home, tmp_path: Path) -> None:
    wrong = factory.resident_number(2)[:-1] + "?"
    path = write_csv(tmp_path, "member_changes", [{"member_name": "欧阳样例"}, {"id_number": wrong, "change_no": "M9"}])
    outcome = collect_one(home, path, at(4))
    rows = rows_of(home, outcome, "member_changes")
    assert [row["id_number__valid"] for row in rows] == [True, False]
    assert rows[0]["member_name__text"] == "欧***"
    assert len(rows[0]["id_number"]) == 64
    stored = b"".join(
        content for name, content in tree(home.root).items() if not name.startswith("inbox/") and "original" not in name
    )
    for clear in ("欧阳样例", wrong, factory.resident_number(1), "0571-00000000", "样例员"):
        assert clear.encode() not in stored
    assert clear not in str(rows)


def test_versions_count_per_department_and_month_and_form(home: Home, tmp_path: Path) -> None:
    first = collect_one(home, write_csv(tmp_path / "a", "hazards"), at(4, 2))
    other_form = collect_one(home, write_csv(tmp_path / "a", "safety_inspections"), at(4, 3))
    other_month = collect_one(home, write_csv(tmp_path / "a", "hazards", month="2014-02"), at(4, 3))
    other_unit = collect_one(home, write_csv(tmp_path / "a", "hazards", department="WL"), at(4, 3))
    second = collect_one(home, write_csv(tmp_path / "b", "hazards", [{}, {}]), at(4, 4))
    outcomes = (first, other_form, other_month, other_unit, second)
    assert [outcome.version for outcome in outcomes] == [1, 1, 1, 1, 2]
    names = [str(outcome.submission_id).rsplit("/", 1)[1] for outcome in outcomes]
    assert names == ["v0001", "v0002", "v0001", "v0001", "v0003"]
    assert [outcome.forms[0]["version"] for outcome in outcomes] == [1, 1, 1, 1, 2]


def test_equal_bytes_change_nothing(home: Home, tmp_path: Path) -> None:
    path = hazards(tmp_path / "x.xlsx", {"category": "火"})
    first = collect_one(home, path, at(4, 2))
    before = tree(home.landing)
    again = collect_one(home, Path(shutil.copy(path, tmp_path / "重发.xlsx")), at(4, 3))
    assert (again.state, again.version, again.file, again.receipt, again.quarantined) == (
        "unchanged",
        1,
        "重发.xlsx",
        first.receipt,
        1,
    )
    assert {name for name in tree(home.landing) if name not in before} == {
        name for name in tree(home.landing) if ".collected" in name and name not in before
    }
    assert check_file(home, path, at(4, 4)).state == "unchanged"


def test_former_bytes_after_another_version_are_a_version(home: Home, tmp_path: Path) -> None:
    first, second = hazards(tmp_path / "1.xlsx", {}), hazards(tmp_path / "2.xlsx", {}, {})
    found = [collect_one(home, path, at(4, day)) for day, path in ((2, first), (3, second), (4, first))]
    assert [outcome.version for outcome in found] == [1, 2, 3]


def test_equal_bytes_of_one_form_are_unchanged_although_another_form_came_between(home: Home, tmp_path: Path) -> None:
    hazard_file, inspection_file = write_csv(tmp_path, "hazards"), write_csv(tmp_path, "safety_inspections")
    found = [collect_one(home, path, at(4, day)) for day, path in ((2, hazard_file), (3, inspection_file), (4, hazard_file))]
    assert [(outcome.version, outcome.state) for outcome in found] == [
        (1, "accepted"),
        (1, "accepted"),
        (1, "unchanged"),
    ]


def test_a_file_that_arrives_before_the_one_that_counts_is_told_so(home: Home, tmp_path: Path) -> None:
    first, second = hazards(tmp_path / "1.xlsx", {}), hazards(tmp_path / "2.xlsx", {}, {})
    collect_one(home, first, at(4, 3))
    outcome = collect_one(home, second, at(4, 2))  # the server's clock went back
    assert outcome.state == "accepted"
    assert (None, None, "later_version_counts") in problems(outcome, "warning")
    assert "2014-04-03 16:00" in next(one["message"] for one in outcome.problems if one["rule"] == "later_version_counts")
    assert "later_version_counts" not in str(collect_one(home, second, at(4, 4)).problems)
    for name, row in (("3.xlsx", "H3"), ("4.xlsx", "H4")):
        collect_one(home, hazards(tmp_path / name, {"hazard_no": row}), at(4, 6))
    fifth = collect_one(home, hazards(tmp_path / "5.xlsx", {"hazard_no": "H5"}), at(4, 5))
    assert "later_version_counts" not in str(fifth.problems), "of two that tie neither counts"


def test_two_files_of_one_instant_are_both_rejected(home: Home, tmp_path: Path) -> None:
    first, second = hazards(tmp_path / "1.xlsx", {}), hazards(tmp_path / "2.xlsx", {}, {})
    outcomes = collect(home, first, second, received_at=at(4))
    assert [outcome.state for outcome in outcomes] == ["rejected", "rejected"]
    assert [problems(outcome) for outcome in outcomes] == [[(None, None, "tied_arrival")]] * 2
    assert "CQ 长庆街道总工会" in outcomes[0].problems[0]["message"]


def test_a_tie_with_an_accepted_file_names_it(home: Home, tmp_path: Path) -> None:
    first, second = hazards(tmp_path / "1.xlsx", {}), hazards(tmp_path / "2.xlsx", {}, {})
    assert collect_one(home, first, at(4)).state == "accepted"
    assert collect_one(home, second, at(4)).state == "rejected"
    assert [manifest["ties_with"] for manifest in read_manifests(home)] == [[], ["2014-03/CQ/v0001"]]


def test_files_of_one_instant_that_share_no_form_are_no_tie(home: Home, tmp_path: Path) -> None:
    outcomes = collect(home, write_csv(tmp_path, "hazards"), write_csv(tmp_path, "safety_inspections"), received_at=at(4))
    assert [outcome.state for outcome in outcomes] == ["accepted", "accepted"]


def test_the_same_bytes_twice_at_one_instant_are_one_arrival(home: Home, tmp_path: Path) -> None:
    path = hazards(tmp_path / "1.xlsx", {})
    outcomes = collect(home, path, Path(shutil.copy(path, tmp_path / "2.xlsx")), received_at=at(4))
    assert [(outcome.state, outcome.version) for outcome in outcomes] == [("accepted", 1)] * 2


def test_parallel_and_disordered_collects_land_by_arrival(home: Home, tmp_path: Path) -> None:
    for number in range(8):
        path = hazards(tmp_path / f"{number}.xlsx", *[{}] * (number + 1))
        place_in_inbox(home, [path], at(4, number + 1))
    items = scan_inbox(home)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda item: collect_file(home, item), reversed(items)))
    assert [outcome.version for outcome in outcomes] == list(range(8, 0, -1))
    assert [outcome.rows for outcome in outcomes] == list(range(8, 0, -1))


def test_a_collected_file_gives_its_outcome_again(home: Home, tmp_path: Path) -> None:
    place_in_inbox(home, [hazards(tmp_path / "1.xlsx", {"category": "火"})], at(4))
    (item,) = scan_inbox(home)
    restored = InboxItem.from_dict(json.loads(json.dumps(item.to_dict())))
    first = collect_file(home, restored)
    assert collect_file(home, item) == first == Outcome.from_dict(json.loads(json.dumps(first.to_dict())))
    assert scan_inbox(home) == []


def test_an_item_is_labelled_for_people(home: Home, tmp_path: Path) -> None:
    place_in_inbox(home, [hazards(tmp_path / "长庆.xlsx", {}), write_csv(tmp_path, "hazards", department="WL")], at(4))
    assert [item.label for item in scan_inbox(home)] == ["2014-03 WL 2014-03_WL_hazards.csv", "2014-03 CQ 长庆.xlsx"]


def test_files_dropped_by_hand_wait_until_they_rest(home: Home, tmp_path: Path) -> None:
    home.inbox.mkdir(parents=True)
    names = ["三月.xlsx", "街道/三月.xlsx", "~$三月.xlsx", ".三月.xlsx"]
    for name in names:
        (home.inbox / name).parent.mkdir(exist_ok=True)
        shutil.copy(hazards(tmp_path / "x.xlsx", {}), home.inbox / name)
    assert scan_inbox(home) == []
    rested = datetime.now(UTC).timestamp() - SETTLE_SECONDS - 1
    for name in names:
        os.utime(home.inbox / name, (rested, rested))
    items = scan_inbox(home)
    assert sorted(item.path for item in items) == ["三月.xlsx", "街道/三月.xlsx"]
    arrival = datetime.fromisoformat(items[0].received_at)
    assert abs(arrival - datetime.now(UTC)) < timedelta(minutes=1)


def test_equal_names_never_overwrite(home: Home, tmp_path: Path) -> None:
    first, second = hazards(tmp_path / "a" / "x.xlsx", {}), hazards(tmp_path / "b" / "x.xlsx", {}, {})
    places = place_in_inbox(home, [first, second, first], at(4))
    (folder,) = home.inbox.iterdir()
    assert folder.name.startswith("received_at=20140402T080000.000000Z,")
    assert places == [folder / "x.xlsx", folder / "1" / "x.xlsx", folder / "x.xlsx"]
    assert places[0].read_bytes() == first.read_bytes()


def test_arrivals_may_come_from_a_table(home: Home, tmp_path: Path) -> None:
    hazards(tmp_path / "in" / "b.xlsx", {})
    hazards(tmp_path / "in" / "sub" / "a.xlsx", {}, department="WL")
    places = place_in_inbox(home, [tmp_path / "in"], {"b.xlsx": at(4, 2), "sub/a.xlsx": at(4, 1)})
    assert [place.parent.name[12:20] for place in places] == ["20140402", "20140401"]
    with pytest.raises(UnknownArrival):
        place_in_inbox(home, [tmp_path / "in"], {"b.xlsx": at(4, 2)})
    with pytest.raises(PathNotFound):
        place_in_inbox(home, [tmp_path / "none.xlsx"], at(4))


def test_a_file_that_left_the_inbox_is_told(home: Home, tmp_path: Path) -> None:
    (place,) = place_in_inbox(home, [hazards(tmp_path / "x.xlsx", {})], at(4))
    (item,) = scan_inbox(home)
    place.unlink()
    with pytest.raises(InboxFileMissing):
        collect_file(home, item)


def test_a_new_reading_stands_beside_the_old_one(home: Home, tmp_path: Path) -> None:
    collect_one(home, hazards(tmp_path / "1.xlsx", {}), at(4))
    collect_one(home, hazards(tmp_path / "2.xlsx", {"category": "火"}), at(4, 3))
    before = tree(home.landing / "month=2014-03")
    outcomes = reread_month(home, "2014-03", at(9))
    assert [(outcome.submission_id, outcome.state) for outcome in outcomes] == [
        ("2014-03/CQ/v0001-r02", "accepted"),
        ("2014-03/CQ/v0002-r02", "accepted_with_quarantine"),
    ]
    after = tree(home.landing / "month=2014-03")
    assert {name: after[name] for name in before} == before
    folder = home.landing / "month=2014-03" / "department=CQ"
    assert (folder / "v0001-r02" / "original.xlsx").samefile(folder / "v0001" / "original.xlsx")
    manifest = json.loads((folder / "v0001-r02" / "manifest.json").read_text("utf-8"))
    assert (manifest["reading"], manifest["read_at"][:10], manifest["received_at"][:10]) == (2, "2014-09-02", "2014-04-02")
    assert (manifest["submission_id"], manifest["submission_number"]) == ("2014-03/CQ/v0001-r02", 1)
    assert [form["version"] for form in manifest["forms"] if form["form"] == "hazards"] == [1]
    assert reread_month(home, "2014-03", at(9)) == outcomes
    assert tree(home.landing / "month=2014-03") == after
    assert [outcome.submission_id for outcome in reread_month(home, "2014-03", at(10))] == [
        "2014-03/CQ/v0001-r03",
        "2014-03/CQ/v0002-r03",
    ]


def test_a_new_reading_knows_only_what_had_arrived(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    row = {"hazard_no": "H5", "found_on": date(2014, 2, 9), "due_on": date(2014, 9, 1)}
    first = collect_one(home, hazards(tmp_path / "1.xlsx", row, month="2014-03"), at(4))
    assert problems(first, "warning") == [(2, "found_on", "late_row")]
    second = collect_one(home, hazards(tmp_path / "2.xlsx", row | {"rectified_on": date(2014, 4, 9)}, month="2014-04"), at(5))
    assert problems(second, "warning") == []
    assert [problems(outcome, "warning") for outcome in reread_month(home, "2014-03", at(9))] == [[(2, "found_on", "late_row")]]


def test_of_a_tie_neither_side_is_known(home: Home, tmp_path: Path) -> None:
    row = {"hazard_no": "H0", "found_on": date(2010, 5, 1), "due_on": date(2010, 6, 1)}
    open_department(home, tmp_path)
    assert collect_one(home, hazards(tmp_path / "tied.xlsx", {}, {}, month="2013-12"), OPENING).state == "rejected"
    assert problems(check_file(home, hazards(tmp_path / "x.xlsx", row), at(4))) == [(2, "found_on", "date_before_window")]


def test_a_check_tells_what_a_collect_would_and_stores_nothing(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    before = tree(home.root)
    path = write_workbook(tmp_path / "x.xlsx", rows={"hazards": [{"category": "火"}, {"found_on": "2014-02-27"}]})
    checked = check_file(home, path, at(4))
    assert tree(home.root) == before
    collected = collect_one(home, path, at(4))
    assert checked.problems == collected.problems
    assert (checked.state, checked.rows, checked.quarantined, checked.warnings) == (
        collected.state,
        collected.rows,
        collected.quarantined,
        collected.warnings,
    )
    assert (checked.version, checked.receipt) == (None, None)


def test_a_receipt_lists_every_problem_and_an_outcome_a_thousand(home: Home, tmp_path: Path) -> None:
    outcome = collect_one(home, write_csv(tmp_path, "hazards", [{"category": "火"}] * 1_200), at(4))
    assert (len(outcome.problems), outcome.problem_count, outcome.quarantined) == (1_000, 1_200, 1_200)
    receipt = json.loads(Path(str(outcome.receipt)).with_suffix(".json").read_text("utf-8"))
    assert (receipt["state"], len(receipt["problems"]), receipt["received_at"]) == (
        outcome.state,
        1_200,
        "2014-04-02T08:00:00.000000Z",
    )
