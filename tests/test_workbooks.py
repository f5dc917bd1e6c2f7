"""The reader: layouts that departments really send, through the door `check_file` or the landed rows."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from tests import workbook_factory as factory
from tests.reading import change_sheet
from tests.workbook_factory import nil_except, write_csv, write_workbook
from union_warehouse.contracts import load_forms
from union_warehouse.paths import Home
from union_warehouse.personal_data import HashKey
from union_warehouse.submissions import Outcome, check_file, collect_file, place_in_inbox, scan_inbox
from union_warehouse.submissions.reading import read_submission

RECEIVED = datetime(2014, 4, 2, 8, tzinfo=UTC)
HAZARDS_ONLY = nil_except("hazards")
BLANK_ROWS = 200_000


def rules(outcome: Outcome, severity: str = "error") -> list[tuple[str, str | None, int | None, str | None]]:
    return [
        (item["rule"], item["form"], item["row"], item["column"])
        for item in outcome.problems
        if item["severity"] == severity and not item["provisional"]
    ]


def check(home: Home, path: Path) -> Outcome:
    return check_file(home, path, RECEIVED)


def landed(home: Home, path: Path, form: str) -> list[dict[str, Any]]:
    """Land a file and give the rows of one form."""
    place_in_inbox(home, [path], RECEIVED)
    outcome = [collect_file(home, item) for item in scan_inbox(home)][-1]
    assert outcome.state != "rejected", outcome.problems
    folder = (
        home.landing
        / f"month={outcome.month}"
        / f"department={outcome.department}"
        / str(outcome.submission_id).rsplit("/", 1)[1]
    )
    return pq.read_table(folder / f"{form}.parquet", partitioning=None).to_pylist()


def hazard_grid(*rows: Mapping[str, Any]) -> factory.Grid:
    filled = [{**factory.valid_row("hazards", number), **row} for number, row in enumerate(rows or ({},), start=1)]
    return factory.form_grid(load_forms()["hazards"], filled)


def with_hazards(tmp_path: Path, grid: factory.Grid, suffix: str = ".xlsx") -> Path:
    grids = factory.make_grids(nil=HAZARDS_ONLY)
    return write_workbook(tmp_path / f"x{suffix}", grids=grids | {"隐患整改": grid})


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
@pytest.mark.parametrize("department", ["CQ", "LB", "NG"])
def test_a_valid_workbook_is_accepted_in_every_format(home: Home, tmp_path: Path, suffix: str, department: str) -> None:
    outcome = check(home, write_workbook(tmp_path / f"x{suffix}", department))
    assert (outcome.state, outcome.department, outcome.month, rules(outcome)) == ("accepted", department, "2014-03", [])
    assert outcome.rows == len(outcome.forms)


def test_formats_give_the_same_rows(home: Home, tmp_path: Path) -> None:
    found = []
    for suffix in (".xlsx", ".xls", ".ods"):
        rows = landed(Home(tmp_path / suffix), write_workbook(tmp_path / f"x{suffix}"), "training_activities")
        found.append([{name: value for name, value in row.items() if not name.startswith("_")} for row in rows])
    assert found[0] == found[1] == found[2]
    assert found[0][0]["held_from"] == date(2014, 3, 5)
    assert found[0][0]["hours"] == Decimal("4.50")
    assert found[0][0]["kind"] == "free_course"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("labels", [True, False])
def test_csv_encodings_and_headers(home: Home, tmp_path: Path, encoding: str, labels: bool) -> None:
    path = write_csv(tmp_path, "hazards", [{}, {"description": "配电箱㐀"}], encoding=encoding, labels=labels)
    rows = landed(home, path, "hazards")
    assert [row["description"] for row in rows] == ["样例隐患", "配电箱㐀"]
    assert [row["_row"] for row in rows] == [2, 3]
    assert rows[0]["_sheet"] == path.name


def test_a_csv_with_a_header_only_is_a_nil_return(home: Home, tmp_path: Path) -> None:
    outcome = check(home, write_csv(tmp_path, "hazards", []))
    assert outcome.state == "accepted"
    assert outcome.forms[0]["return"] == "nil"
    assert rules(outcome, "warning") == [("csv_without_rows", "hazards", None, None)]


def test_exactly_the_columns_in_any_order(home: Home, tmp_path: Path) -> None:
    grid = [row[::-1] for row in hazard_grid()]
    assert rules(check(home, with_hazards(tmp_path, grid))) == []


def test_an_extra_column_is_not_read_and_named_in_a_warning(home: Home, tmp_path: Path) -> None:
    grid = hazard_grid()
    grid[0].append("备注")
    outcome = check(home, with_hazards(tmp_path, grid))
    assert (outcome.state, rules(outcome, "warning")) == ("accepted", [("unknown_column", "hazards", None, None)])
    assert "备注" in outcome.problems[0]["message"]


def test_a_missing_column_rejects_and_names_it(home: Home, tmp_path: Path) -> None:
    grid = [row[:-1] for row in hazard_grid()]
    outcome = check(home, with_hazards(tmp_path, grid))
    assert rules(outcome) == [("missing_column", "hazards", None, None)]
    assert "缺少列：说明。" in outcome.problems[0]["message"], "no list that is empty"


def test_a_renamed_column_rejects_once_with_both_names_and_what_it_may_be(home: Home, tmp_path: Path) -> None:
    grid = hazard_grid()
    grid[0][0] = "隐患号"
    outcome = check(home, with_hazards(tmp_path, grid))
    assert rules(outcome) == [("missing_column", "hazards", None, None)]
    assert "隐患号 → 隐患编号?" in outcome.problems[0]["message"]


def test_a_repeated_column_rejects(home: Home, tmp_path: Path) -> None:
    grid = hazard_grid()
    grid[0].append("说明")
    assert rules(check(home, with_hazards(tmp_path, grid))) == [("repeated_column", "hazards", None, None)]


def test_labels_forgive_width_space_and_star_and_titles_above(home: Home, tmp_path: Path) -> None:
    grid = hazard_grid()
    grid[0] = [f" {label[:1]}　{label[1:]}＊" for label in grid[0]]
    titles = [["二〇一四年三月隐患整改台账"], [], ["填表单位：样例"]]
    rows = landed(home, with_hazards(tmp_path, titles + grid), "hazards")
    assert [row["_row"] for row in rows] == [5]


def test_the_header_is_sought_in_twenty_rows_only(home: Home, tmp_path: Path) -> None:
    assert rules(check(home, with_hazards(tmp_path, [["标题"]] * 19 + hazard_grid()))) == []
    assert [rule for rule, *_ in rules(check(home, with_hazards(tmp_path, [["标题"]] * 20 + hazard_grid())))] == [
        "missing_column"
    ]


@pytest.mark.parametrize(
    "spelling",
    [
        date(2014, 3, 5),
        datetime(2014, 3, 5, 9, 30),
        "2014-03-05",
        "2014/3/5",
        "2014年3月5日",
        "20140305",
        "２０１４－０３－０５",
        41703,
        20140305,
    ],
)
def test_dates_in_every_spelling(home: Home, tmp_path: Path, spelling: Any) -> None:
    rows = landed(home, with_hazards(tmp_path, hazard_grid({"found_on": spelling})), "hazards")
    assert rows[0]["found_on"] == date(2014, 3, 5)
    assert rows[0]["_is_accepted"]


@pytest.mark.parametrize("spelling", [1200, 1200.0, "1200", "1,200", "１，２００", "1200.00"])
def test_numbers_in_every_spelling(home: Home, tmp_path: Path, spelling: Any) -> None:
    path = write_workbook(
        tmp_path / "x.xlsx", rows={"training_activities": [{"participants": spelling}]}, nil=nil_except("training_activities")
    )
    rows = landed(home, path, "training_activities")
    assert (rows[0]["participants"], rows[0]["_is_accepted"]) == (1200, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [("participants", 3.5), ("hours", 1.125), ("hours", "4小时"), ("participants", date(2014, 3, 5)), ("held_to", "soon")],
)
def test_wrong_types_wait_with_their_cell(home: Home, tmp_path: Path, field: str, value: Any) -> None:
    path = write_workbook(
        tmp_path / "x.xlsx", rows={"training_activities": [{field: value}, {}]}, nil=nil_except("training_activities")
    )
    outcome = check(home, path)
    assert rules(outcome) == [("wrong_type", "training_activities", 2, field)]
    assert (outcome.state, outcome.quarantined) == ("accepted_with_quarantine", 1)
    letter = "ABCDEFGHIJKL"[[item.name for item in load_forms()["training_activities"].fields].index(field)]
    assert outcome.problems[0]["message"].startswith(f"培训竞赛!{letter}2“")


def test_words_that_look_like_null_are_words(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx", rows={"training_activities": [{"title": "NA"}, {"title": "None"}]})
    assert [row["title"] for row in landed(home, path, "training_activities")] == ["NA", "None"]


def test_blank_rows_are_skipped_and_row_numbers_kept(home: Home, tmp_path: Path) -> None:
    header, first, second = hazard_grid({}, {})
    rows = landed(home, with_hazards(tmp_path, [header, [], ["", "　"], first, [], second]), "hazards")
    assert [row["_row"] for row in rows] == [4, 6]


@pytest.mark.parametrize("label", ["合计", "小 计", "总计：", "合　计"])
def test_rows_of_totals_are_ignored_with_a_warning(home: Home, tmp_path: Path, label: str) -> None:
    outcome = check(home, with_hazards(tmp_path, [*hazard_grid(), [label, None, None, None, None, 3]]))
    assert (outcome.state, outcome.rows) == ("accepted", 1)
    assert rules(outcome, "warning") == [("total_row_ignored", "hazards", 3, None)]


def test_a_word_of_totals_within_a_row_is_data(home: Home, tmp_path: Path) -> None:
    outcome = check(home, with_hazards(tmp_path, hazard_grid({"description": "合计"})))
    assert (outcome.rows, rules(outcome, "warning")) == (1, [])


def test_a_long_number_stored_as_a_float_is_told(home: Home, tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "x.xlsx", rows={"member_changes": [{"id_number": float(factory.resident_number()[:17] + "0")}]}
    )
    outcome = check(home, path)
    assert rules(outcome) == [("float_identifier", "member_changes", 2, "id_number")]
    assert "19800101" not in str(outcome.to_dict())


def test_a_csv_saved_by_excel_has_lost_its_digits_too(home: Home, tmp_path: Path) -> None:
    outcome = check(home, write_csv(tmp_path, "safety_inspections", [{"uscc": "3.30103E+17"}]))
    assert rules(outcome) == [("float_identifier", "safety_inspections", 2, "uscc")]


def test_a_formula_without_a_stored_result_is_told_with_its_cell(home: Home, tmp_path: Path) -> None:
    path = with_hazards(tmp_path, hazard_grid({}, {}))
    book = openpyxl.load_workbook(path)
    book["隐患整改"]["F3"] = "=E3+30"
    book.save(path)
    outcome = check(home, path)
    assert rules(outcome) == [("formula_without_value", "hazards", 3, "due_on")]
    assert "隐患整改!F3" in outcome.problems[0]["message"]
    assert "=E3+30" in outcome.problems[0]["message"]


def test_a_formula_with_its_result_is_its_result(home: Home, tmp_path: Path) -> None:
    path = with_hazards(tmp_path, hazard_grid({"description": "=1+1"}))
    change_sheet(path, "隐患整改", lambda xml: xml.replace(b"</f><v>0</v>", b"</f><v>2</v>"))
    assert [row["description"] for row in landed(home, path, "hazards")] == ["2"]


def test_an_error_value_is_no_text_and_no_blank(home: Home, tmp_path: Path) -> None:
    path = with_hazards(tmp_path, hazard_grid())
    book = openpyxl.load_workbook(path)
    book["隐患整改"]["H2"] = "#N/A"
    book["隐患整改"]["H2"].data_type = "e"
    book.save(path)
    assert rules(check(home, path)) == [("wrong_type", "hazards", 2, "description")]


def test_hidden_rows_hidden_sheets_and_merged_cells_are_read_with_a_warning(home: Home, tmp_path: Path) -> None:
    path = with_hazards(tmp_path, hazard_grid({}, {}))
    book = openpyxl.load_workbook(path)
    sheet = book["隐患整改"]
    sheet.row_dimensions[3].hidden = True
    sheet.sheet_state = "hidden"
    sheet.merge_cells("H2:H3")
    book.save(path)
    outcome = check(home, path)
    assert (outcome.state, outcome.rows) == ("accepted", 2)
    assert rules(outcome, "warning") == [
        ("hidden_sheet", "hazards", None, None),
        ("hidden_rows", "hazards", 3, None),
        ("merged_cells", "hazards", 2, None),
    ]


def test_content_without_a_header_is_told(home: Home, tmp_path: Path) -> None:
    grid = hazard_grid()
    grid[1].append("看这里")
    outcome = check(home, with_hazards(tmp_path, grid))
    assert (outcome.state, rules(outcome, "warning")) == ("accepted", [("unlabelled_column", "hazards", None, None)])


def test_the_cover_may_stand_anywhere_in_its_first_columns(home: Home, tmp_path: Path) -> None:
    grids = factory.make_grids(nil=HAZARDS_ONLY)
    cover = grids["封面"]
    moved = [["下城区总工会月报"], []] + [
        ["", row[0], "", *row[1:]] if len(row) == 2 and index < 5 else ["", *row] for index, row in enumerate(cover)
    ]
    moved[2][1], moved[3][3] = "单位代码：", "2014年3月"
    outcome = check(home, write_workbook(tmp_path / "x.xlsx", grids=grids | {"封面": moved}))
    assert (outcome.state, rules(outcome)) == ("accepted", [])


def test_a_sheet_not_owed_and_an_extra_sheet_are_warnings(home: Home, tmp_path: Path) -> None:
    grids = factory.make_grids("NG") | {"隐患整改": hazard_grid(), "草稿": [["x"]]}
    outcome = check(home, write_workbook(tmp_path / "x.xlsx", grids=grids))
    assert outcome.state == "accepted"
    assert [(rule, form) for rule, form, *_ in rules(outcome, "warning")] == [("form_not_owed", "hazards"), ("extra_sheet", None)]
    assert "hazards" not in {form["form"] for form in outcome.forms}


def test_a_true_workbook_under_any_name_is_read(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx")
    assert check(home, path.rename(tmp_path / "三月报表.dat")).state == "accepted"
    assert check(home, (tmp_path / "三月报表.dat").rename(tmp_path / "x.xls")).state == "accepted"


def test_a_million_blank_rows_are_no_rows(home: Home, tmp_path: Path) -> None:
    outcome = check(home, _with_blank_rows(tmp_path, 1_000_000))
    assert (outcome.state, outcome.rows) == ("accepted", 1)


def test_a_blank_row_costs_no_call(tmp_path: Path) -> None:
    data = _with_blank_rows(tmp_path, BLANK_ROWS).read_bytes()
    calls = 0

    def count(*_: Any) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        submission = read_submission(data, "三月.xlsx", "2014-04-02T00:00:00.000000Z", HashKey(b"a key of this test"))
    finally:
        sys.setprofile(None)
    assert [item.rows.table.num_rows for item in submission.returns if item.rows] == [1]
    assert calls < BLANK_ROWS / 2, "what is done row by row would take minutes for a sheet that is formatted to its end"


def _with_blank_rows(folder: Path, count: int) -> Path:
    """A workbook with a row of 隐患整改, and blank cells in ``count`` rows below it."""
    path = with_hazards(folder, hazard_grid())
    rows = b"".join(
        b'<row r="%d"><c r="A%d" s="1"/><c r="B%d" t="inlineStr"><is><t> </t></is></c></row>' % (n, n, n)
        for n in range(3, count + 3)
    )
    _replace_part(path, "隐患整改", lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    return path


def test_a_stray_cell_in_the_last_corner_does_not_fill_the_memory(home: Home, tmp_path: Path) -> None:
    path = with_hazards(tmp_path, hazard_grid())
    _replace_part(
        path,
        "隐患整改",
        lambda xml: xml.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
    )
    assert [rule for rule, *_ in rules(check(home, path))] == ["sheet_too_large"]


def _replace_part(path: Path, sheet: str, change: Any) -> None:
    """Rewrite the XML of one sheet."""
    number = openpyxl.load_workbook(path, read_only=True).sheetnames.index(sheet) + 1
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    name = f"xl/worksheets/sheet{number}.xml"
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts.items():
            package.writestr(part, content)
