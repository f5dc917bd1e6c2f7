"""Fair to a reasonable clerk: what can be understood is read, with a warning; what cannot is told in words that help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from tests.reading import change_part, change_sheet, grid_of, in_strict_format, locked, read, workbook_of
from tests.workbook_factory import Grid, make_grids, nil_except, write_csv, write_workbook
from union_warehouse.contracts import load_forms
from union_warehouse.workbooks.values import parse_date

HAZARDS = "隐患整改"


def test_columns_beside_those_of_the_template_are_not_read_and_told(tmp_path: Path) -> None:
    grid = [[1, *row, "见附件"] for row in grid_of("hazards", {}, {})]
    grid[0][0], grid[0][-1] = "序号", "备注"
    outcome = read(workbook_of(tmp_path, "hazards", grid))
    assert (len(outcome.rows), outcome.errors, outcome.warnings) == (2, [], ["unknown_column"])


@pytest.mark.parametrize(
    "label",
    [
        "合计",
        "小计",
        "共计",
        "总计",
        "累计",
        "汇总",
        "本月合计",
        "Total",
        "TOTALS",
        "合  计：",
        "【总计】",
        "（小计）",
        "合计（2项）",
        "本年累计",
        "全年合计",
        "一季度合计",
        "各街道合计",
        "本期合计",
        "总和",
        "∑",
        "机关合计",
        "1-3月合计",
        "2014年3月份合计",
        "年初至今累计",
        "合计 3 家",
        "小计1",
        "合计/Total",
        "平均",
        "人均：",
        "月平均数",
        "同比增长（%）",
        "环比",
        "其中：女职工",
    ],
)
def test_totals_by_any_usual_name_are_passed_over(tmp_path: Path, label: str) -> None:
    grid = grid_of("member_counts", {}, {"union_code": "CQ-U002"})
    outcome = read(workbook_of(tmp_path, "member_counts", [*grid, [label, *([20] * (len(grid[0]) - 1))]]), "member_counts")
    assert ([row["_row"] for row in outcome.rows], outcome.errors, outcome.warnings) == ([2, 3], [], ["total_row_ignored"])


def test_a_total_in_a_column_beside_the_template_is_passed_over(tmp_path: Path) -> None:
    grid = [[number, *row] for number, row in enumerate(grid_of("member_counts", {}, {"union_code": "CQ-U002"}))]
    grid[0][0] = "序号"
    total = ["合计", None, *([20] * (len(grid[0]) - 2))]
    outcome = read(workbook_of(tmp_path, "member_counts", [*grid, total]), "member_counts")
    assert (len(outcome.rows), outcome.errors) == (2, [])


def counts(*rows: tuple[str | None, int]) -> Grid:
    """A sheet of 会员月报, each row with its key and one number for every count."""
    header = grid_of("member_counts")[0]
    return [header, *([key, *([number] * (len(header) - 1))] for key, number in rows)]


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([("CQ-U001", 3), ("CQ-U002", 4), (None, 7)], 2),
        ([("CQ-U001", 3), ("CQ-U002", 4), (None, 8)], 3),
        ([("CQ-U001", 3), (None, 3), ("CQ-U002", 4)], 3),
        ([(None, 3)], 1),
    ],
)
def test_a_sum_without_a_label_is_the_last_row_and_the_sum_of_all(tmp_path: Path, rows: list[Any], kept: int) -> None:
    assert len(read(workbook_of(tmp_path, "member_counts", counts(*rows)), "member_counts").rows) == kept


@pytest.mark.parametrize(
    "footer",
    [
        ["填表人：样例甲    审核人：样例乙    填表日期：2014年4月2日"],
        ["审核人:", "样例乙", None, "制表人:", "样例甲"],
        ["注：以上数据截至3月31日，含街道所属工会。"],
        ["以下空白"],
        ["（以下无正文）"],
        ["打印日期：2014-04-02"],
        ["第1页 共1页"],
        ["共 2 条记录"],
        ["制表人 样例甲"],
        ["制 表 人　样例甲"],
        ["制表人样例甲"],
        ["制表人 样例甲", None, "审核人 样例乙", None, 138],
        ["单位负责人（签章）：     填表人：样例甲"],
        ["填报单位（盖章）"],
        ["工会主席：样例甲"],
        ["填表日期 2014年4月2日"],
        ["2014年4月2日"],
        ["年  月  日"],
        ["联系电话 0571-88888888"],
        ["1. 本表一式两份，于每月5日前报送。"],
        ["※ 以上数据截至3月底"],
        ["----------"],
        ["Page 1 of 1"],
    ],
)
def test_footers_are_passed_over_and_their_names_told_nobody(tmp_path: Path, footer: list[Any]) -> None:
    outcome = read(workbook_of(tmp_path, "hazards", [*grid_of("hazards"), [], footer]))
    assert (len(outcome.rows), outcome.errors, outcome.warnings) == (1, [], ["footer_ignored"])
    assert "样例" not in outcome.messages


def test_what_only_begins_like_a_footer_or_a_total_is_data(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"hazard_no": "说明1"},
        {"hazard_no": "合计台账-3"},
        {"hazard_no": None, "description": "合计"},
        {"hazard_no": "制表 样例"},
        {"hazard_no": "同比"},
    ]
    outcome = read(workbook_of(tmp_path, "hazards", grid_of("hazards", *rows)))
    assert (len(outcome.rows), outcome.errors) == (5, ["missing_required"])


@pytest.mark.parametrize("only", [{"description": "问题：电线老化"}, {"found_on": "2014年3月5日"}, {"hazard_no": "CQ:0012"}])
def test_a_row_of_one_cell_that_is_no_footer_is_data(tmp_path: Path, only: dict[str, Any]) -> None:
    header, row = grid_of("hazards")
    names = [field.name for field in load_forms()["hazards"].fields]
    outcome = read(workbook_of(tmp_path, "hazards", [header, row, [only.get(name) for name in names]]))
    assert (len(outcome.rows), outcome.accepted) == (2, [True, False])


_DAY = date(2014, 3, 5)


@given(
    st.sampled_from(
        ["2014年3月5日", "2014年3月5号", "2014-3-5", "2014 - 03 - 05", "2014/3/5", "2014 . 3 . 5", "20140305", "20140305.0"]
    ),
    st.sampled_from(["", " 星期三", "（周三）", " 礼拜三"]),
    st.sampled_from(["", "上午", " 下午", "晚上"]),
    st.sampled_from(["", " 9:30", " 14时30分", " 23:58:59"]),
)
def test_a_day_with_what_people_write_behind_it_is_that_day(day: str, weekday: str, half: str, time: str) -> None:
    assert parse_date((day + weekday + half + time).replace("（", "(").replace("）", ")")) == _DAY


@pytest.mark.parametrize(
    "text",
    ["4月9日", "二〇一四年三月五日", "2014年3月", "14.3.5", "2014.03.05.", "2014-03-05T00:00:00Z", "2014-03-055", "20140305号"],
)
def test_what_is_no_whole_day_is_refused(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("sent", "plain"),
    [
        ("20人", "20"),
        ("1,000元", "1000"),
        ("1.2万", "12000"),
        ("￥500.00", "500"),
        ("约80", "80"),
        ("1 234", "1234"),
        ("3万元", "30000"),
    ],
)
def test_a_number_with_words_is_refused_and_what_to_type_is_told(tmp_path: Path, sent: str, plain: str) -> None:
    outcome = read(write_csv(tmp_path, "assistance", [{"amount": sent}]), "assistance")
    assert outcome.errors == ["wrong_type"]
    assert f"例如 {plain}（" in outcome.messages


@pytest.mark.parametrize(
    ("label", "rules"),
    [("*隐患编号", []), ("＊隐患编号＊", []), ("隐患编号（必填）", []), ("隐患 编号", []), ("隐患编号(万)", ["missing_column"])],
)
def test_stars_and_remarks_of_a_label_do_not_matter_but_units_do(tmp_path: Path, label: str, rules: list[str]) -> None:
    grid = grid_of("hazards")
    grid[0][0] = label
    assert read(workbook_of(tmp_path, "hazards", grid)).errors == rules


def test_a_header_of_two_rows_is_read_as_one(tmp_path: Path) -> None:
    header, row = grid_of("member_counts")
    upper = [*header[:2], "本月增加", None, "本月减少", None, *header[6:]]
    lower = [None, None, *header[2:6], *([None] * len(header[6:]))]
    outcome = read(workbook_of(tmp_path, "member_counts", [upper, lower, row]), "member_counts")
    assert ([row["joined"] for row in outcome.rows], outcome.errors, outcome.warnings) == (
        [row[header.index("入会")]],
        [],
        ["two_row_header"],
    )


@pytest.mark.parametrize("name", ["长庆街道总工会", " 长庆街道 总工会 ", "CQ 长庆街道总工会", "长庆街道总工会（CQ）"])
def test_the_name_of_a_unit_stands_for_its_code(tmp_path: Path, name: str) -> None:
    grids = make_grids(nil=nil_except("hazards"))
    grids["封面"][0][1] = name
    outcome = read(write_workbook(tmp_path / "x.xlsx", grids=grids))
    assert (outcome.department, outcome.errors, outcome.warnings) == ("CQ", [], ["unit_given_by_name"])
    assert "CQ 长庆街道总工会" in outcome.messages


@pytest.mark.parametrize(
    "name",
    [
        "2014-03_CQ_hazards (1) (1).csv",
        "2014-03_CQ_隐患整改（1）.csv",
        "2014-03_CQ_hazards - 副本.csv",
        "2014-03_CQ_hazards.csv.CSV",
        "2014年3月_长庆街道总工会_隐患整改.csv",
    ],
)
def test_what_copies_add_to_the_name_of_a_csv_does_not_matter(tmp_path: Path, name: str) -> None:
    outcome = read(write_csv(tmp_path, "hazards").rename(tmp_path / name))
    assert (outcome.month, outcome.department, len(outcome.rows)) == ("2014-03", "CQ", 1)


@pytest.mark.parametrize(
    ("separator", "encoding", "told"),
    [
        (";", "utf-8", "分号"),
        ("\t", "gb18030", "制表符"),
        ("\t", "utf-16", "UTF-16"),
        (",", "utf-16-be", "UTF-16"),
        (",", "utf-16-le", "UTF-16"),
        ("|", "utf-8", "竖线"),
        ("，", "gb18030", "全角逗号"),
    ],
)
def test_a_csv_of_another_make_is_read_and_told(tmp_path: Path, separator: str, encoding: str, told: str) -> None:
    path = write_csv(tmp_path, "hazards", [{"description": "样例说明"}])
    path.write_bytes(path.read_text("utf-8").replace(",", separator).encode(encoding))
    outcome = read(path)
    assert ([row["description"] for row in outcome.rows], outcome.errors) == (["样例说明"], [])
    assert set(outcome.warnings) == {"unusual_file"}
    assert told in outcome.messages


@pytest.mark.parametrize(
    ("start", "end"), [(b"\xef\xbb\xbf\xef\xbb\xbf", b""), (b"sep=,\n", b""), (b"\n\n", b"\n\n"), (b"", b"\x1a")]
)
def test_what_programs_put_around_a_csv_does_not_matter(tmp_path: Path, start: bytes, end: bytes) -> None:
    path = write_csv(tmp_path, "hazards")
    path.write_bytes(start + path.read_bytes() + end)
    outcome = read(path)
    assert (len(outcome.rows), outcome.errors) == (1, [])


def test_a_workbook_locked_with_excels_own_password_is_read_and_told(tmp_path: Path) -> None:
    outcome = read(locked(workbook_of(tmp_path, "hazards", grid_of("hazards"))))
    assert (len(outcome.rows), outcome.errors, outcome.warnings) == (1, [], ["unusual_file"])
    assert "保护工作簿" in outcome.messages


def test_a_workbook_in_the_strict_format_is_read(tmp_path: Path) -> None:
    assert len(read(in_strict_format(workbook_of(tmp_path, "hazards", grid_of("hazards")))).rows) == 1


def hide_in_xlsx(path: Path, grids: dict[str, Grid]) -> None:
    write_workbook(path, grids=grids)
    book = openpyxl.load_workbook(path)
    book[HAZARDS].row_dimensions[3].hidden = True
    book[HAZARDS].column_dimensions["D"].hidden = True
    book.save(path)


def xls_of(grids: dict[str, Grid]) -> tuple[xlwt.Workbook, Any]:
    """A workbook of ``grids`` as text, and its sheet of hazards."""
    book = xlwt.Workbook(encoding="utf-8")
    for name, grid in grids.items():
        sheet = book.add_sheet(name)
        for row, cells in enumerate(grid):
            for column, cell in enumerate(cells):
                if cell is not None:
                    sheet.write(row, column, str(cell))
    return book, book.get_sheet(HAZARDS)


def hide_in_xls(path: Path, grids: dict[str, Grid]) -> None:
    book, sheet = xls_of(grids)
    sheet.row(2).hidden = True
    sheet.col(3).hidden = True
    book.save(str(path))


def hide_in_ods(path: Path, grids: dict[str, Grid]) -> None:
    write_workbook(path, grids=grids)
    columns = (
        b'<table:table-column table:number-columns-repeated="3"/><table:table-column table:visibility="collapse"/>'
        b'<table:table-column table:number-columns-repeated="4"/>'
    )

    def hide(xml: bytes) -> bytes:
        start = xml.index(b">", xml.index(HAZARDS.encode(), xml.index(b"</table:table>"))) + 1
        row = xml.rindex(b"<table:table-row")
        return xml[:start] + columns + xml[start:row] + b'<table:table-row table:visibility="filter"' + xml[row + 16 :]

    change_part(path, lambda name, content: (name, hide(content) if name == "content.xml" else content))


@pytest.mark.parametrize(("suffix", "write"), [(".xlsx", hide_in_xlsx), (".xls", hide_in_xls), (".ods", hide_in_ods)])
def test_hidden_rows_and_columns_are_read_and_told_in_every_format(
    tmp_path: Path, suffix: str, write: Callable[[Path, dict[str, Grid]], None]
) -> None:
    path = tmp_path / f"x{suffix}"
    write(path, make_grids(nil=nil_except("hazards")) | {HAZARDS: grid_of("hazards", {}, {})})
    outcome = read(path)
    assert (len(outcome.rows), outcome.errors, outcome.warnings) == (2, [], ["hidden_rows", "hidden_columns"])
    assert "第一处为第 3 行" in outcome.messages
    assert "隐藏列：等级" in outcome.messages


def flatten_in_xlsx(path: Path, grids: dict[str, Grid]) -> None:
    write_workbook(path, grids=grids)
    columns = b'<cols><col min="4" max="4" width="0" customWidth="1"/></cols>'
    change_sheet(path, HAZARDS, lambda xml: xml.replace(b"<sheetData>", columns + b"<sheetData>"))
    change_sheet(path, HAZARDS, lambda xml: xml.replace(b'<row r="3"', b'<row ht="0" customHeight="1" r="3"'))


def flatten_in_xls(path: Path, grids: dict[str, Grid]) -> None:
    book, sheet = xls_of(grids)
    sheet.row(2).height, sheet.row(2).height_mismatch = 0, True
    sheet.col(3).width = 0
    book.save(str(path))


@pytest.mark.parametrize(("suffix", "write"), [(".xlsx", flatten_in_xlsx), (".xls", flatten_in_xls)])
def test_rows_without_height_and_columns_without_width_are_hidden_ones(
    tmp_path: Path, suffix: str, write: Callable[[Path, dict[str, Grid]], None]
) -> None:
    path = tmp_path / f"x{suffix}"
    write(path, make_grids(nil=nil_except("hazards")) | {HAZARDS: grid_of("hazards", {}, {})})
    outcome = read(path)
    assert (len(outcome.rows), outcome.errors, outcome.warnings) == (2, [], ["hidden_rows", "hidden_columns"])
    assert "第一处为第 3 行" in outcome.messages and "隐藏列：等级" in outcome.messages


@pytest.mark.parametrize(
    ("name", "is_suggested"),
    [("隐患整改 - 表格 1", True), ("3月隐患整改表", True), ("隐患整治", True), ("说明", False), ("封面2", False)],
)
def test_a_sheet_that_is_called_nearly_so_is_suggested(tmp_path: Path, name: str, is_suggested: bool) -> None:
    grids = make_grids(nil=nil_except("hazards")) | {HAZARDS: grid_of("hazards")}
    outcome = read(write_workbook(tmp_path / "x.xlsx", grids={name if one == HAZARDS else one: grids[one] for one in grids}))
    assert outcome.errors == ["missing_sheet"]
    assert (f"如果“{name}”就是它，请改名为“隐患整改”" in outcome.messages) == is_suggested


def test_a_word_for_nobody_is_read_as_blank_with_a_warning(tmp_path: Path) -> None:
    outcome = read(workbook_of(tmp_path, "visits", grid_of("visits", {"person": "无", "uscc": "/"})), "visits")
    assert [(row["person"], row["uscc"]) for row in outcome.rows] == [(None, None)]
    assert (outcome.errors, outcome.warnings) == ([], ["nil_word_ignored", "nil_word_ignored"])


def test_a_word_for_nothing_is_no_day(tmp_path: Path) -> None:
    assert read(workbook_of(tmp_path, "hazards", grid_of("hazards", {"rectified_on": "无"}))).errors == ["wrong_type"]


def test_old_and_new_formats_give_one_set_of_rows(tmp_path: Path) -> None:
    grid = grid_of("assistance", {"amount": 12.5, "granted_on": _DAY}, {"amount": None})
    paths = [workbook_of(tmp_path, "assistance", grid, suffix) for suffix in (".xlsx", ".xls", ".ods")]
    first, *others = [read(path, "assistance").rows for path in paths]
    assert first[0]["granted_on"] == _DAY
    assert all(rows == first for rows in others)


def test_a_sheet_keeps_its_place_when_openpyxl_saved_it(tmp_path: Path) -> None:
    path = workbook_of(tmp_path, "hazards", [[], [], *([None, None, *row] for row in grid_of("hazards"))])
    openpyxl.load_workbook(path).save(path)
    assert [row["_row"] for row in read(path).rows] == [4]
