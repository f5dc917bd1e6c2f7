"""Bad input is named, never crashes, never half-lands, and never stops the others."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msoffcrypto.format.ooxml
import pytest
import xlwt

from tests import workbook_factory as factory
from tests.workbook_factory import nil_except, write_csv, write_workbook
from union_warehouse.contracts import Federation, forms_owed
from union_warehouse.paths import Home
from union_warehouse.submissions import check_file, collect_file, place_in_inbox, scan_inbox
from union_warehouse.workbooks import package
from union_warehouse.workbooks.problems import UnreadableFile

RECEIVED = datetime(2014, 4, 2, 8, tzinfo=UTC)


def valid(folder: Path, suffix: str = ".xlsx", **changes: Any) -> Path:
    return write_workbook(folder / f"报表{suffix}", **changes)


def truncated(folder: Path) -> Path:
    path = valid(folder)
    path.write_bytes(path.read_bytes()[:-2_000])
    return path


def damaged(folder: Path) -> Path:
    path = valid(folder)
    data = bytearray(path.read_bytes())
    start = data.index(b"xl/worksheets/sheet2.xml") + 200
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(data)
    return path


def damaged_xls(folder: Path) -> Path:
    path = valid(folder, ".xls")
    data = bytearray(path.read_bytes())
    data[600:-600] = b"\x07" * (len(data) - 1_200)
    path.write_bytes(data)
    return path


def text_file(folder: Path) -> Path:
    return _write(folder / "报表.xlsx", "这不是工作簿".encode())


def web_page(folder: Path) -> Path:
    return _write(folder / "报表.xls", b"<html><table><tr><td>1</td></tr></table></html>")


def picture(folder: Path) -> Path:
    return _write(folder / "报表.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100))


def any_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "报表.xlsx", "w") as archive:
        archive.writestr("a.txt", "x")
    return folder / "报表.xlsx"


def empty(folder: Path) -> Path:
    return _write(folder / "报表.xlsx", b"")


def encrypted(folder: Path) -> Path:
    path = valid(folder)
    protected = io.BytesIO()
    with path.open("rb") as file:
        msoffcrypto.format.ooxml.OOXMLFile(file).encrypt("secret", protected)
    return _write(path, protected.getvalue())


def encrypted_xls(folder: Path) -> Path:
    path = valid(folder, ".xls")
    data = path.read_bytes()
    write_access = struct.pack("<HH", 0x005C, 112)  # turned into a FILEPASS record of the same length
    return _write(path, data.replace(write_access, struct.pack("<HH", 0x002F, 112), 1))


def macro(folder: Path) -> Path:
    path = valid(folder)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf")
    return path


def bomb(folder: Path) -> Path:
    path = valid(folder)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x.bin", bytes(80 * 2**20))
    return path


def other_template(folder: Path) -> Path:
    return write_workbook(folder / "报表.xlsx", grids={"Sheet1": [["单位", "CQ"]]})


def cover_without_labels(folder: Path) -> Path:
    grids = factory.make_grids()
    return write_workbook(folder / "报表.xlsx", grids=grids | {"封面": [row for row in grids["封面"] if row[:1] != ["模板版本"]]})


def csv_with_any_name(folder: Path) -> Path:
    return write_csv(folder, "hazards").rename(folder / "导出.csv")


def csv_of_bytes(folder: Path) -> Path:
    return _write(folder / "2014-03_CQ_hazards.csv", b"\x81\xff\xff\x30" * 10)


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


UNPLACED = [
    (truncated, "unreadable_file"),
    (damaged_xls, "unreadable_file"),
    (text_file, "not_a_workbook"),
    (web_page, "not_a_workbook"),
    (picture, "not_a_workbook"),
    (any_zip, "not_a_workbook"),
    (empty, "empty_file"),
    (encrypted, "encrypted_workbook"),
    (encrypted_xls, "encrypted_workbook"),
    (macro, "macro_workbook"),
    (bomb, "zip_bomb"),
    (other_template, "wrong_template"),
    (csv_with_any_name, "not_a_workbook"),
    (lambda folder: valid(folder, cells={"封面!B1": "ZZZ"}), "unknown_department"),
    (lambda folder: valid(folder, cells={"封面!B1": "XC"}), "unknown_department"),
    (lambda folder: valid(folder, cells={"封面!B2": "三月"}), "unknown_month"),
    (lambda folder: write_csv(folder, "hazards").rename(folder / "2014-13_CQ_hazards.csv"), "unknown_month"),
]
PLACED = [
    (damaged, "unreadable_file"),
    (csv_of_bytes, "unreadable_file"),
    (cover_without_labels, "wrong_template"),
    (lambda folder: valid(folder, cells={"封面!B3": "2"}), "unknown_contract_version"),
    (lambda folder: valid(folder, month="2014-05"), "future_month"),
    (lambda folder: write_csv(folder, "hazards", department="NG"), "form_not_owed"),
    (lambda folder: write_csv(folder, "hazards").rename(folder / "2014-03_CQ_hazard.csv"), "unknown_form"),
]
OF_A_FORM = [
    (lambda folder: valid(folder, cells={"封面!A8": None, "封面!B8": None}), "missing_declaration"),
    (lambda folder: valid(folder, cells={"封面!B8": "无"}), "unknown_return"),
    (lambda folder: valid(folder, cells={"封面!B8": ""}), "missing_declaration"),
    (lambda folder: valid(folder, cells={"封面!A30": "隐患整改", "封面!B30": "有数据"}), "repeated_declaration"),
    (lambda folder: valid(folder, rows={"hazards": []}), "no_rows_on_return"),
    (
        lambda folder: write_workbook(
            folder / "报表.xlsx", grids={name: grid for name, grid in factory.make_grids().items() if name != "隐患整改"}
        ),
        "missing_sheet",
    ),
]


def _ids(cases: Sequence[tuple[Callable[[Path], Path], str]]) -> list[str]:
    return [f"{number}-{rule}" for number, (_, rule) in enumerate(cases)]


@pytest.mark.parametrize(("make", "rule"), UNPLACED, ids=_ids(UNPLACED))
def test_what_cannot_be_placed_is_kept_and_named(home: Home, tmp_path: Path, make: Callable[[Path], Path], rule: str) -> None:
    path = make(tmp_path)
    place_in_inbox(home, [path], RECEIVED)
    outcome = collect_file(home, scan_inbox(home)[0])
    assert (outcome.state, outcome.problems[0]["rule"], outcome.version, outcome.submission_id) == ("rejected", rule, None, None)
    (folder,) = (home.landing / "rejected").iterdir()
    assert next(folder.glob("original.*")).read_bytes() == path.read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert (manifest["state"], manifest["sha256"], manifest["forms"]) == ("rejected", folder.name, [])
    assert json.loads(Path(str(outcome.receipt)).with_suffix(".json").read_text("utf-8"))["problems"][0]["rule"] == rule
    assert not list(home.landing.glob("month=*"))


@pytest.mark.parametrize(("make", "rule"), PLACED, ids=_ids(PLACED))
def test_what_is_rejected_lands_without_rows(home: Home, tmp_path: Path, make: Callable[[Path], Path], rule: str) -> None:
    path = make(tmp_path)
    place_in_inbox(home, [path], RECEIVED)
    outcome = collect_file(home, scan_inbox(home)[0])
    assert (outcome.state, outcome.problems[0]["rule"], outcome.version, outcome.rows) == ("rejected", rule, 1, 0)
    folder = home.landing / f"month={outcome.month}" / f"department={outcome.department}" / "v0001"
    assert sorted(item.name for item in folder.iterdir() if not item.name.startswith("original.")) == [
        "manifest.json",
        "row_problems.parquet",
    ]
    assert next(folder.glob("original.*")).read_bytes() == path.read_bytes()
    assert {step["outcome"] for step in json.loads((folder / "manifest.json").read_text("utf-8"))["steps"]} >= {"failed", "ok"}


@pytest.mark.parametrize(("make", "rule"), OF_A_FORM, ids=_ids(OF_A_FORM))
def test_what_is_wrong_with_a_form_rejects_that_form(home: Home, tmp_path: Path, make: Callable[[Path], Path], rule: str) -> None:
    place_in_inbox(home, [make(tmp_path)], RECEIVED)
    outcome = collect_file(home, scan_inbox(home)[0])
    (problem,) = (item for item in outcome.problems if item["severity"] == "error" and not item["provisional"])
    owed = [form.name for form in forms_owed(Federation.load().units("2014-03")["CQ"])]
    assert (outcome.state, problem["rule"], outcome.rejected_forms) == ("accepted", rule, (problem["form"],))
    assert [form["form"] for form in outcome.forms] == owed
    assert outcome.rows == len(owed) - 1
    assert not outcome.is_clean
    folder = home.landing / f"month={outcome.month}" / f"department={outcome.department}" / "v0001"
    assert {path.stem for path in folder.glob("*.parquet")} == {*owed, "row_problems"} - {problem["form"]}
    steps = {step["step"]: step["outcome"] for step in json.loads((folder / "manifest.json").read_text("utf-8"))["steps"]}
    assert Counter(steps.values()) == {"ok": 4, "partly": 1}


EVERY = UNPLACED + PLACED + OF_A_FORM


@pytest.mark.parametrize(("make", "rule"), EVERY, ids=_ids(EVERY))
def test_every_message_says_what_to_do_in_both_languages(
    home: Home, tmp_path: Path, make: Callable[[Path], Path], rule: str
) -> None:
    problem = next(item for item in check_file(home, make(tmp_path), RECEIVED).problems if item["rule"] == rule)
    assert "请" in problem["message"]
    assert problem["message_en"]
    assert not home.root.exists()


def test_rows_on_a_nil_return_reject(home: Home, tmp_path: Path) -> None:
    grids = factory.make_grids()
    row = next(row for row in grids["封面"] if row[:1] == ["隐患整改"])
    row[1] = "零报告"
    outcome = check_file(home, write_workbook(tmp_path / "x.xlsx", grids=grids), RECEIVED)
    assert [item["rule"] for item in outcome.problems] == ["rows_on_nil_return"]
    grids["隐患整改"] = grids["隐患整改"][:1]
    assert check_file(home, write_workbook(tmp_path / "y.xlsx", grids=grids), RECEIVED).state == "accepted"


def test_every_problem_of_a_workbook_is_told_at_once(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", cells={"封面!B3": "9", "隐患整改!A1": "号", "安全检查!B1": "代码"})
    found = [(item["rule"], item["form"]) for item in check_file(home, path, RECEIVED).problems]
    assert found == [
        ("unknown_contract_version", None),
        ("missing_column", "hazards"),
        ("missing_column", "safety_inspections"),
    ]


def test_a_package_big_enough_to_hold_a_bomb_is_proved_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "MAX_UNPACKED_BYTES", 100_000)
    monkeypatch.setattr(package, "RATIO_APPLIES_ABOVE_BYTES", 2**40)
    path = valid(tmp_path)
    data = path.read_bytes()
    entry = zipfile.ZipFile(path).getinfo("xl/sharedStrings.xml")
    path.write_bytes(
        data.replace(struct.pack("<II", entry.compress_size, entry.file_size), struct.pack("<II", entry.compress_size, 10))
    )
    with pytest.raises(UnreadableFile):
        package.sniff(path.read_bytes(), path.name)


def test_a_file_above_the_limit_is_refused_by_its_size(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "2014-03_CQ_hazards.csv"
    with path.open("wb") as hole:
        hole.truncate(20 * 2**30)
    (place,) = place_in_inbox(home, [path], RECEIVED)
    assert place.stat().st_blocks == 0, "it takes no room in the inbox either"
    (outcome,) = [collect_file(home, item) for item in scan_inbox(home)]
    assert (outcome.state, [item["rule"] for item in outcome.problems]) == ("rejected", ["file_too_large"])
    assert "20480 MB" in outcome.problems[0]["message"]


def test_one_bad_file_never_stops_the_others(home: Home, tmp_path: Path) -> None:
    files = []
    for number, (make, _) in enumerate([*UNPLACED, *PLACED]):
        folder = tmp_path / f"{number:02d}"
        folder.mkdir()
        files.append(make(folder))
    good = write_workbook(tmp_path / "good.xlsx", "WL")
    place_in_inbox(
        home, [*files, good], {str(path): RECEIVED.replace(minute=number) for number, path in enumerate([*files, good])}
    )
    outcomes = [collect_file(home, item) for item in scan_inbox(home)]
    assert [outcome.state for outcome in outcomes[:-1]] == ["rejected"] * len(files)
    assert outcomes[-1].state == "accepted"
    assert scan_inbox(home) == []


def test_five_mistakes_in_one_workbook_are_each_named_with_their_cell(home: Home, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"hazard_no": None},
        {"category": "火灾"},
        {"due_on": "下月"},
        {"found_on": "2014-04-01", "due_on": "2014-04-25"},
        {"hazard_no": "H7"},
        {"hazard_no": "H7"},
        {"rectified_on": "2014-03-01", "found_on": "2014-03-05"},
        {},
    ]
    outcome = check_file(home, write_workbook(tmp_path / "x.xlsx", rows={"hazards": rows}, nil=nil_except("hazards")), RECEIVED)
    found = [(item["row"], item["column"], item["rule"]) for item in outcome.problems if not item["provisional"]]
    assert found == [
        (2, "hazard_no", "missing_required"),
        (3, "category", "outside_enum"),
        (4, "due_on", "wrong_type"),
        (5, "found_on", "date_after_month"),
        (6, "hazard_no", "duplicate_key"),
        (7, "hazard_no", "duplicate_key"),
        (8, "rectified_on", "rectified_after_found"),
    ]
    assert (outcome.state, outcome.rows, outcome.quarantined) == ("accepted_with_quarantine", 8, 7)
    messages = {item["row"]: item["message"] for item in outcome.problems}
    assert messages[3].startswith("隐患整改!C3“隐患类别”")
    assert "消防" in messages[3]
    assert "第 7 行" in messages[6]
    assert "为空" not in messages[8]


def test_an_old_identifier_in_place_of_the_credit_code_is_told_apart(home: Home, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "safety_inspections", [{"uscc": "YY0000220"}, {"uscc": "330103000002790"}, {"uscc": factory.uscc(3).lower()}]
    )
    outcome = check_file(home, path, RECEIVED)
    assert [(item["row"], item["rule"]) for item in outcome.problems] == [(2, "invalid_uscc"), (3, "invalid_uscc")]
    assert "组织机构代码" in outcome.problems[0]["message"]
    assert "registration number" in outcome.problems[1]["message_en"]


@pytest.mark.parametrize("formula", ["=1+1", "+1"])
def test_xls_written_by_xlwt_is_read(home: Home, tmp_path: Path, formula: str) -> None:
    book = xlwt.Workbook()
    book.add_sheet("封面").write(0, 0, formula)
    book.save(str(tmp_path / "x.xls"))
    assert check_file(home, tmp_path / "x.xls", RECEIVED).problems[0]["rule"] == "wrong_template"
