"""Receipts: the sender gets his workbook back with every bad cell marked, and nothing that he sent becomes a formula."""

from __future__ import annotations

import json
import logging
import os
import stat
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation

from tests.collecting import at, collect_one, hazards, in_this_process
from tests.commands import uw
from tests.test_bad_input import UNPLACED, damaged
from tests.workbook_factory import nil_except, resident_number, write_csv, write_workbook
from union_warehouse.contracts import guidance_of, load_forms
from union_warehouse.paths import Home
from union_warehouse.submissions import Outcome, check_file, remake_receipt
from union_warehouse.submissions.problems import ReceiptNotFound
from union_warehouse.submissions.receipts import compose, files

RED, YELLOW = "FFFF9B9B", "FFFFE89A"
FIVE_MISTAKES: list[dict[str, Any]] = [
    {"hazard_no": None},
    {"category": "火灾"},
    {"due_on": "下月"},
    {"found_on": "2014-04-01", "due_on": "2014-04-25"},
    {"rectified_on": "2014-03-01"},
    {},
]
FIVE_CELLS = {"A2", "C3", "F4", "E5", "G6"}


def receipt(outcome: Outcome) -> Workbook:
    return openpyxl.load_workbook(str(outcome.receipt))


def inspected(*rows: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Hazards whose inspections are in the same submission, so that nothing is provisional."""
    return {"hazards": list(rows), "safety_inspections": [{} for _ in rows]}


def marked(workbook: Workbook, colour: str) -> set[str]:
    return {
        f"{sheet.title}!{cell.coordinate}"
        for sheet in workbook.worksheets[1:]
        for row in sheet.iter_rows()
        for cell in row
        if cell.fill.fgColor.rgb == colour
    }


def commented(workbook: Workbook) -> dict[str, str]:
    return {
        f"{sheet.title}!{cell.coordinate}": cell.comment.text
        for sheet in workbook.worksheets[1:]
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    }


def links(workbook: Workbook) -> set[str]:
    return {
        str(cell.hyperlink.location).replace("'", "")
        for row in workbook["回执"].iter_rows()
        for cell in row
        if cell.hyperlink is not None
    }


def texts(workbook: Workbook, sheet: str = "回执") -> str:
    return "\n".join(str(cell.value) for row in workbook[sheet].iter_rows() for cell in row if cell.value is not None)


def dressed(path: Path) -> Path:
    """The workbook as a template would dress it, with a comment of the sender, a chart and hidden lists."""
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["隐患整改"]
    sheet["B1"].font = Font(bold=True, color="FF112233")
    sheet["C3"].comment = Comment("请领导确认", "样例员")
    choices = DataValidation("list", formula1="lists!$A$1:$A$2")
    choices.add("C2:C100")
    sheet.add_data_validation(choices)
    sheet.protection.enable()
    lists = workbook.create_sheet("lists")
    lists["A1"], lists["A2"] = "消防", "电气"
    lists.sheet_state = "veryHidden"
    chart = BarChart()
    chart.add_data(Reference(lists, min_col=1, min_row=1, max_row=2))
    workbook.create_chartsheet("图表").add_chart(chart)
    workbook.security = WorkbookProtection(lockStructure=True)
    workbook.save(path)
    return path


def test_five_mistakes_come_back_as_five_marked_cells(home: Home, tmp_path: Path) -> None:
    path = dressed(write_workbook(tmp_path / "x.xlsx", rows=inspected(*FIVE_MISTAKES), nil=[]))
    outcome = collect_one(home, path, at(4))
    workbook = receipt(outcome)
    cells = {f"隐患整改!{address}" for address in FIVE_CELLS}
    assert outcome.quarantined == 5
    assert marked(workbook, RED) == cells
    assert marked(workbook, YELLOW) == commented(workbook).keys() - cells
    assert cells <= links(workbook)
    assert links(workbook) == set(commented(workbook))
    comment = commented(workbook)["隐患整改!C3"]
    assert "火灾" in comment
    assert "应填：从以下选项中选填一项：消防、电气" in comment
    assert "例如：消防" in comment
    assert "请领导确认" in comment
    assert workbook.active.title == "回执"
    assert [sheet.title for sheet in workbook.worksheets if sheet.sheet_view.tabSelected] == ["回执"]
    first = texts(workbook)
    assert "有 5 行存在错误" in first
    assert "2014-04-02 16:00:00" in first
    assert "长庆街道总工会（CQ）" in first
    sheet, sent = workbook["隐患整改"], openpyxl.load_workbook(path)["隐患整改"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        [cell.value for cell in row] for row in sent.iter_rows()
    ]
    assert sheet["B1"].font.color.rgb == "FF112233"
    assert sheet["E7"].number_format == "yyyy-mm-dd"
    assert sheet.protection.sheet
    assert len(sheet.data_validations.dataValidation) == 1
    assert workbook["lists"].sheet_state == "veryHidden"
    assert [chart.title for chart in workbook.chartsheets] == ["图表"]
    listed = json.loads(Path(str(outcome.receipt)).with_suffix(".json").read_text("utf-8"))
    assert (listed["state"], listed["receipt"]) == ("accepted_with_quarantine", outcome.receipt)


def test_the_cell_is_found_by_the_header_wherever_it_stands(home: Home, tmp_path: Path) -> None:
    path = hazards(tmp_path / "x.xlsx", {"category": "火灾"})
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["隐患整改"]
    sheet.move_range("A1:H2", rows=3, cols=2)
    sheet["C2"] = "隐患整改台账"
    sheet.merge_cells("E5:E6")
    workbook.save(path)
    outcome = collect_one(home, path, at(4))
    assert [item["rule"] for item in outcome.problems if item["severity"] == "warning"] == ["merged_cells"]
    assert marked(receipt(outcome), RED) == {"隐患整改!E5"}


def test_a_corrected_receipt_is_a_submission(home: Home, tmp_path: Path) -> None:
    path = dressed(write_workbook(tmp_path / "x.xlsx", rows=inspected(*FIVE_MISTAKES)))
    workbook = receipt(collect_one(home, path, at(4)))
    corrections: dict[str, str | date] = {"A2": "H1", "C3": "消防", "F4": date(2014, 3, 25), "E5": date(2014, 3, 5)}
    for address, value in corrections.items():
        workbook["隐患整改"][address] = value
    workbook.save(tmp_path / "v0001.xlsx")
    second = collect_one(home, tmp_path / "v0001.xlsx", at(4, 3))
    assert (second.state, second.quarantined) == ("accepted_with_quarantine", 1)
    assert [item["sheet"] for item in second.problems if item["rule"] == "extra_sheet"] == ["图表"]
    workbook = receipt(second)
    assert [name for name in workbook.sheetnames if name.startswith("回执")] == ["回执"]
    assert marked(workbook, RED) == {"隐患整改!G6"}
    own = workbook["隐患整改"]["C3"].comment
    assert (own.text, own.author) == ("请领导确认", "样例员")
    assert workbook["隐患整改"]["E5"].fill.fill_type is None
    workbook["隐患整改"]["G6"] = date(2014, 3, 20)
    workbook.save(tmp_path / "v0002.xlsx")
    third = collect_one(home, tmp_path / "v0002.xlsx", at(4, 4))
    assert (third.state, third.quarantined) == ("accepted", 0)


def test_problems_of_sheets_and_cover_point_at_their_cells(home: Home, tmp_path: Path) -> None:
    cells = {"封面!B3": "9", "隐患整改!A1": "号", "安全检查!B1": "代码", "封面!A23": "别的", "封面!B23": "有数据", "合计!A1": "x"}
    path = write_workbook(tmp_path / "x.xlsx")
    workbook = openpyxl.load_workbook(path)
    workbook.create_sheet("合计")
    for address, value in cells.items():
        sheet, cell = address.split("!")
        workbook[sheet][cell] = value
    line = next(row[0].row for row in workbook["封面"].iter_rows() if row[0].value == "走访慰问")
    del workbook["走访慰问"]
    workbook.save(path)
    outcome = collect_one(home, path, at(4))
    assert outcome.state == "rejected"
    found = receipt(outcome)
    assert marked(found, RED) == {"封面!B3", f"封面!B{line}", "隐患整改!A1", "安全检查!B1"}
    assert marked(found, YELLOW) == {"合计!A1", "封面!B23"}


@pytest.mark.parametrize("suffix", [".xls", ".ods"])
def test_what_openpyxl_cannot_read_is_rebuilt_and_can_be_sent_back(home: Home, tmp_path: Path, suffix: str) -> None:
    path = write_workbook(tmp_path / f"x{suffix}", rows=inspected(*FIVE_MISTAKES))
    workbook = receipt(collect_one(home, path, at(4)))
    assert marked(workbook, RED) == {f"隐患整改!{address}" for address in FIVE_CELLS}
    assert workbook["隐患整改"]["E7"].value == "2014-03-05"
    assert "重建" in texts(workbook)
    for address, value in {"A2": "H1", "C3": "消防", "F4": "2014-03-25", "E5": "2014-03-05", "G6": "2014-03-20"}.items():
        workbook["隐患整改"][address] = value
    workbook.save(tmp_path / "v0001.xlsx")
    second = collect_one(home, tmp_path / "v0001.xlsx", at(4, 3))
    assert (second.state, second.quarantined) == ("accepted", 0)


def test_a_csv_gets_its_rows_as_a_sheet(home: Home, tmp_path: Path) -> None:
    path = write_csv(tmp_path, "hazards", [{"category": "火灾", "description": "=HYPERLINK(1)"}, {}], encoding="gb18030")
    workbook = receipt(collect_one(home, path, at(4)))
    assert workbook.sheetnames == ["回执", "隐患整改"]
    assert marked(workbook, RED) == {"隐患整改!C2", "隐患整改!H2"}  # the formula without a value is told too
    assert "只能填写" in commented(workbook)["隐患整改!C2"]
    cell = workbook["隐患整改"]["H2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=HYPERLINK(1)", "s", True)
    assert "请不要报送本回执" in texts(workbook)


@pytest.mark.parametrize(("name", "marks"), [("2014-03_LB_member_changes.csv", 1), ("2014-03_CQ_none.csv", 0)])
def test_a_csv_that_is_not_owed_is_told_on_its_own_sheet(home: Home, tmp_path: Path, name: str, marks: int) -> None:
    path = write_csv(tmp_path, "member_changes").rename(tmp_path / name)
    workbook = receipt(collect_one(home, path, at(4)))
    assert workbook.sheetnames == ["回执", name]
    assert len(marked(workbook, RED)) == marks


def test_nothing_wrong_gives_the_verdict_only(home: Home, tmp_path: Path) -> None:
    outcome = collect_one(home, write_workbook(tmp_path / "x.xlsx", nil=nil_except("union_register")), at(4))
    workbook = receipt(outcome)
    assert (outcome.problem_count, workbook.sheetnames) == (0, ["回执"])
    assert "没有发现问题" in texts(workbook)


@pytest.mark.parametrize(
    ("make", "rule"), [*UNPLACED, (damaged, "unreadable_file")], ids=lambda item: getattr(item, "__name__", item)
)
def test_what_cannot_be_opened_is_never_opened_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path], rule: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(openpyxl, "load_workbook", lambda *_: pytest.fail("opened"))
        outcome = collect_one(home, make(tmp_path), at(4))
    workbook = receipt(outcome)
    assert workbook.sheetnames == ["回执"]
    assert "未接收（退回）" in texts(workbook)
    assert "未能在原工作簿上标注" not in texts(workbook)
    assert str(outcome.problems[0]["message"]).rstrip("。") in texts(workbook)


def test_a_file_name_never_becomes_a_formula(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "=cmd()+.xlsx", rows=inspected({"category": "火灾"}))
    workbook = receipt(collect_one(home, path, at(4)))
    (cell,) = (cell for row in workbook["回执"].iter_rows() for cell in row if cell.value == "=cmd()+.xlsx")
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_texts_of_an_xlsx_stay_texts_and_formulas_stay_as_sent(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", rows=inspected({"category": "火灾"}))
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["隐患整改"]
    sheet["H2"].value, sheet["H2"].data_type = "=1+1", "s"
    sheet["H3"] = "=SUM(1,2)"
    workbook.save(path)
    sheet = receipt(collect_one(home, path, at(4)))["隐患整改"]
    assert (sheet["H2"].value, sheet["H2"].data_type, sheet["H2"].quotePrefix) == ("=1+1", "s", True)
    assert (sheet["H3"].value, sheet["H3"].data_type) == ("=SUM(1,2)", "f")


def test_personal_data_is_in_the_workbook_only(home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = resident_number()[:-1] + ("0" if resident_number()[-1] != "0" else "1")
    rows = {"member_changes": [{"member_name": "样例甲乙", "id_number": wrong}]}
    outcome = collect_one(home, write_workbook(tmp_path / "x.xlsx", rows=rows), at(4))
    workbook = receipt(outcome)
    assert {"样例甲乙", wrong} <= {cell.value for row in workbook["会员变动"].iter_rows() for cell in row}
    others = [texts(workbook), *commented(workbook).values(), caplog.text, repr(outcome)]
    others.append(Path(str(outcome.receipt)).with_suffix(".json").read_text("utf-8"))
    assert not any(secret in text for text in others for secret in ("样例甲乙", wrong))
    assert stat.S_IMODE(Path(str(outcome.receipt)).stat().st_mode) == 0o600


def test_of_a_large_file_only_the_affected_rows_come_back(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "call_apart", in_this_process)
    monkeypatch.setattr(compose, "MAX_REREAD_BYTES", 1_000)
    rows: list[dict[str, Any]] = (
        [{}] * 40 + [{"id_number": "339900198001010018", "member_name": "样例甲乙"}] + [{}] * 9 + [{"gender": "男女"}]
    )
    outcome = collect_one(
        home, write_workbook(tmp_path / "x.xlsx", rows={"member_changes": rows}, nil=nil_except("member_changes")), at(4)
    )
    workbook = receipt(outcome)
    sheet = workbook["会员变动"]
    assert sheet["A1"].value == "原文件行号"
    numbers = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert {"42", "52"} <= set(numbers)
    assert marked(workbook, RED) == {f"会员变动!D{numbers.index('42') + 2}", f"会员变动!E{numbers.index('52') + 2}"}
    assert "样例甲乙" not in texts(workbook, "会员变动")
    assert "样***" in texts(workbook, "会员变动")
    assert "只列出有问题的行" in texts(workbook)


def test_a_workbook_that_would_harm_openpyxl_is_rebuilt(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "call_apart", in_this_process)
    path = tmp_path / "x.xlsx"
    sent = write_workbook(tmp_path / "sent.xlsx", rows=inspected({"category": "火灾"}))
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="K1:XFD1048576"/></mergeCells>'
    with zipfile.ZipFile(sent) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in before.namelist():
            xml = before.read(name)
            changed.writestr(name, xml.replace(b"</sheetData>", merged, 1) if name.startswith("xl/worksheets/") else xml)
    with monkeypatch.context() as patch:
        patch.setattr(openpyxl, "load_workbook", lambda *_: pytest.fail("opened"))
        outcome = collect_one(home, path, at(4))
    workbook = receipt(outcome)
    assert "重建" in texts(workbook)
    assert marked(workbook, RED) == {"隐患整改!C2"}


def test_a_receipt_that_fails_leaves_the_verdict(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> Workbook:
        raise ValueError("样例甲乙")

    monkeypatch.setattr(files, "call_apart", in_this_process)
    monkeypatch.setattr(compose, "open_senders_workbook", stumble)
    outcome = collect_one(home, write_workbook(tmp_path / "x.xlsx", rows=inspected({"category": "火灾"})), at(4))
    workbook = receipt(outcome)
    assert (outcome.state, workbook.sheetnames) == ("accepted_with_quarantine", ["回执"])
    assert "未能在原工作簿上标注" in texts(workbook)
    assert "隐患类别" in texts(workbook)
    assert "ValueError at test_receipts.py" in caplog.text
    assert "样例甲乙" not in caplog.text
    monkeypatch.setattr(files, "compose_verdict", stumble)
    outcome = collect_one(home, write_workbook(tmp_path / "y.xlsx", rows=inspected({"category": "火"})), at(4, 3))
    assert Path(str(outcome.receipt)).suffix == ".json"
    assert Path(str(outcome.receipt)).is_file()


def test_a_receipt_can_be_made_again(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", rows=inspected({"category": "火灾"}))
    outcome = collect_one(home, path, at(4))
    made = Path(str(outcome.receipt))
    before = {file: file.read_bytes() for file in (made, made.with_suffix(".json"))}
    for file in before:
        file.unlink()
    assert remake_receipt(home, "2014-03/CQ/v0001") == made
    assert {file: file.read_bytes() for file in before} == before
    assert uw(home.root, "receipt", path, "-o", tmp_path / "again.xlsx").strip() == str(tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == before[made]
    for wanted in ("2014-03/CQ/v0009", "rejected/" + "0" * 64, os.fspath(tmp_path / "again.xlsx"), "none"):
        with pytest.raises(ReceiptNotFound):
            remake_receipt(home, wanted)


def test_comments_are_capped_and_the_rest_is_counted(home: Home, tmp_path: Path) -> None:
    outcome = collect_one(home, write_csv(tmp_path, "hazards", [{"category": "火", "severity": "?"}] * 1_100), at(4))
    workbook = receipt(outcome)
    assert len(marked(workbook, RED)) == 2_200
    assert len(commented(workbook)) == 2_000
    assert len(links(workbook)) == 400
    assert "另有 900 处" in texts(workbook)


@pytest.mark.parametrize("name", load_forms())
def test_every_example_is_right(home: Home, tmp_path: Path, name: str) -> None:
    form = load_forms()[name]
    department = "CQ" if "street_union" in form.owed_by else next(unit for unit in form.owed_by if unit.isupper())
    row = {field.name: guidance_of(field, "2014-03").example for field in form.fields}
    outcome = check_file(home, write_csv(tmp_path, name, [row], department), at(4))
    of_cells = {
        "wrong_type",
        "outside_enum",
        "invalid_uscc",
        "invalid_resident_id",
        "negative_value",
        "date_after_month",
        "missing_required",
    }
    assert not of_cells & {item["rule"] for item in outcome.problems}
    assert outcome.rows == 1
