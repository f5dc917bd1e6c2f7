"""No row is lost in silence: each row of a file lands or is told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reading import change_sheet, grid_of, read, workbook_of
from tests.workbook_factory import Grid, make_grids, nil_except, write_csv, write_workbook
from union_warehouse.workbooks.problems import SheetTooLarge
from union_warehouse.workbooks.sheet_xml import look_at_sheet
from union_warehouse.workbooks.xlsx import Worksheets

HAZARDS = "隐患整改"


def csv_lines(folder: Path, change: Callable[[list[str]], list[str]], **options: object) -> Path:
    """A CSV of hazards with its lines changed."""
    path = write_csv(folder, "hazards", **options)  # type: ignore[arg-type]
    path.write_text("".join(change(path.read_text("utf-8").splitlines(keepends=True))), "utf-8")
    return path


def test_a_csv_whose_header_sank_when_it_was_sorted_is_no_nil_return(tmp_path: Path) -> None:
    outcome = read(csv_lines(tmp_path, lambda lines: [*lines[1:], lines[0]], rows=[{}, {}]))
    assert "rows_above_header" in outcome.errors
    assert "csv_without_rows" not in outcome.warnings


def test_rows_of_data_above_a_header_are_an_error_with_their_row(tmp_path: Path) -> None:
    grid = grid_of("hazards", {}, {})
    outcome = read(workbook_of(tmp_path, "hazards", [grid[1], grid[0], grid[2]]))
    assert outcome.errors == ["rows_above_header"]
    assert "第 2 行" in outcome.messages
    assert "第 1 行" in outcome.messages


def test_titles_and_headings_above_a_header_are_no_data(tmp_path: Path) -> None:
    above: Grid = [["隐患整改台账"], ["填报单位：样例街道", None, None, None, "单位：处"], []]
    outcome = read(workbook_of(tmp_path, "hazards", above + grid_of("hazards")))
    assert (len(outcome.rows), outcome.errors, outcome.warnings) == (1, [], [])


def test_a_csv_with_other_lines_is_never_a_nil_return(tmp_path: Path) -> None:
    outcome = read(csv_lines(tmp_path, lambda lines: [*lines, "合计\n"], rows=[]))
    assert outcome.errors == ["no_rows_on_return"]


@pytest.mark.parametrize("ends", [False, True])
def test_a_quotation_mark_that_never_closes_swallows_no_row_and_names_its_line(tmp_path: Path, ends: bool) -> None:
    def open_quote(lines: list[str]) -> list[str]:
        first = lines[1].rstrip("\r\n").rsplit(",", 1)[0]
        closing = [line.rstrip("\r\n").rsplit(",", 1)[0] + ',"b"\r\n' for line in lines[3:4]] if ends else lines[3:4]
        return [lines[0], f'{first},"说明\r\n', lines[2], *closing]

    outcome = read(csv_lines(tmp_path, open_quote, rows=[{}, {}, {}]))
    assert [row["_row"] for row in outcome.rows] == [2, 3, 4]
    assert outcome.errors == ["unclosed_quote"]
    assert "第 2 行" in outcome.messages


def test_a_quotation_mark_that_closes_in_a_later_row_swallows_none(tmp_path: Path) -> None:
    def open_and_close(lines: list[str]) -> list[str]:
        return [lines[0], lines[1].replace("样例", '"样例'), lines[2], lines[3].rstrip("\r\n") + '"\r\n', lines[4]]

    outcome = read(csv_lines(tmp_path, open_and_close, rows=[{}, {}, {}, {}]))
    assert [row["_row"] for row in outcome.rows] == [2, 3, 4, 5]
    assert outcome.errors == ["unclosed_quote"]
    assert "第 2 行" in outcome.messages


def test_a_long_text_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    text = "一，二,三\n四,五\n六,七,八"
    outcome = read(write_csv(tmp_path, "hazards", [{"description": text}, {}]))
    assert (outcome.errors, [row["description"] for row in outcome.rows]) == ([], [text, "样例隐患"])


def test_a_line_that_goes_beyond_the_header_is_an_error_with_its_row(tmp_path: Path) -> None:
    def join(lines: list[str]) -> list[str]:
        return [*lines[:2], lines[2].rstrip("\r\n") + "，没有," + lines[3]]

    outcome = read(csv_lines(tmp_path, join, rows=[{}, {}, {}]))
    assert "surplus_cells" in outcome.errors
    assert "第 3 行" in outcome.messages


def test_empty_cells_at_the_ends_of_lines_do_not_matter(tmp_path: Path) -> None:
    outcome = read(csv_lines(tmp_path, lambda lines: [line.rstrip("\r\n") + ",,\r\n" for line in lines], rows=[{}]))
    assert (len(outcome.rows), outcome.errors, outcome.warnings) == (1, [], [])


def test_utf_16_that_lacks_a_byte_is_not_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "hazards", [{}, {}, {}], encoding="utf-16")
    data = path.read_bytes()
    path.write_bytes(data[:200] + data[201:] + b"\n")
    assert read(path).errors == ["unreadable_file"]


def test_an_empty_sheet_lacks_its_columns(tmp_path: Path) -> None:
    assert read(workbook_of(tmp_path, "hazards", [])).errors == ["missing_column"]


def test_a_line_break_within_quotation_marks_is_text(tmp_path: Path) -> None:
    outcome = read(write_csv(tmp_path, "hazards", [{"description": "一\n二"}, {}]))
    assert outcome.rows[0]["description"] == "一\n二"
    assert outcome.errors == []


def test_a_second_table_within_a_sheet_is_told(tmp_path: Path) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards"))
    again = b'</sheetData><sheetData><row r="9"><c r="A9"><v>1</v></c></row></sheetData>'
    change_sheet(path, HAZARDS, lambda xml: xml.replace(b"</sheetData>", again))
    assert read(path).errors == ["unreadable_file"]


@pytest.mark.parametrize(
    "cell", ['<row r="2"><c r="A2"><v>1</v></c></row>', '<row><c r="A3"><v>1</v></c><c r="A3"><v>2</v></c></row>']
)
def test_two_cells_at_one_place_are_told(tmp_path: Path, cell: str) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards"))
    change_sheet(path, HAZARDS, lambda xml: xml.replace(b"</sheetData>", cell.encode() + b"</sheetData>"))
    assert read(path).errors == ["unreadable_file"]


def test_two_sheets_of_one_name_are_told(tmp_path: Path) -> None:
    grids = make_grids(nil=nil_except("hazards"))
    path = write_workbook(tmp_path / "x.xlsx", grids=grids | {HAZARDS: grid_of("hazards"), f"{HAZARDS} ": grid_of("hazards")})
    outcome = read(path)
    assert outcome.errors == ["repeated_sheet"]
    assert f"“{HAZARDS} ”" in outcome.messages


def test_two_covers_are_told(tmp_path: Path) -> None:
    grids = make_grids(nil=nil_except("hazards"))
    assert read(write_workbook(tmp_path / "x.xlsx", grids=grids | {"封 面": grids["封面"]})).errors == ["repeated_sheet"]


@pytest.mark.parametrize(("again", "errors"), [("2014年3月 ", ["repeated_label"]), ("2014-03", [])])
def test_a_label_that_a_cover_states_twice_is_told_where_it_differs(tmp_path: Path, again: str, errors: list[str]) -> None:
    grids = make_grids(nil=nil_except("hazards"))
    grids["封面"].insert(3, ["报送月份：", again])
    assert read(write_workbook(tmp_path / "x.xlsx", grids=grids)).errors == errors


def test_a_header_repeated_within_the_data_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    grid = grid_of("hazards", {}, {})
    outcome = read(workbook_of(tmp_path, "hazards", [*grid[:2], grid[0], grid[2]]))
    assert ([row["_row"] for row in outcome.rows], outcome.errors, outcome.warnings) == ([2, 4], [], ["header_repeated"])


BLANK, DATA, WRONG, TOTAL, HEADER, FOOTER = "blank", "data", "wrong", "total", "header", "footer"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kinds=st.lists(st.sampled_from([BLANK, DATA, WRONG, TOTAL, HEADER, FOOTER]), max_size=8),
    suffix=st.sampled_from([".xlsx", ".xls", ".ods", ".csv"]),
    total=st.sampled_from(["合计", "小 计", "（总计）", "本月累计：", "TOTAL"]),
    footer=st.sampled_from(["填表人：样例甲", "注：含街道所属工会", "以下空白"]),
)
def test_rows_of_a_file_are_those_that_landed_and_those_that_are_told(
    kinds: list[str], suffix: str, total: str, footer: str
) -> None:
    grid = (
        grid_of("hazards", *({"severity": "不详"} if kind == WRONG else {} for kind in kinds))
        if kinds
        else grid_of("hazards")[:1]
    )
    lines = {TOTAL: [total], FOOTER: [footer], HEADER: grid[0], BLANK: []}
    body = [lines.get(kind, row) for kind, row in zip(kinds, grid[1:], strict=True)]
    cells = [
        [None if cell is None else str(cell) for cell in row] + [None] * (len(grid[0]) - len(row)) for row in [grid[0], *body]
    ]
    with tempfile.TemporaryDirectory() as folder:
        if suffix == ".csv":
            path = Path(folder) / "2014-03_CQ_hazards.csv"
            path.write_text("\n".join(",".join(cell or "" for cell in row) for row in cells), "utf-8")
        else:
            path = workbook_of(Path(folder), "hazards", cells, suffix)
        outcome = read(path)
    told = [rule for rule in outcome.warnings if rule in ("total_row_ignored", "header_repeated", "footer_ignored")]
    filled = [kind for kind in kinds if kind != BLANK]
    assert len(outcome.rows) + len(told) == len(filled)
    assert sum(outcome.accepted) == kinds.count(DATA)


def test_rows_that_a_filter_hides_are_read_and_told_in_every_format(tmp_path: Path) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {}, {}))
    book = openpyxl.load_workbook(path)
    book[HAZARDS].row_dimensions[3].hidden = True
    book.save(path)
    outcome = read(path)
    assert (len(outcome.rows), outcome.warnings) == (2, ["hidden_rows"])


@pytest.mark.parametrize(
    ("plain", "changed"),
    [
        (b"", b""),
        (b'<row r="3"', b'<row r="3" ht="0" customHeight="1"'),
        (b'<row r="3"', b'<row hidden="1" r="3"'),
        (b"<sheetData>", b"<cols><col min='4' max='4' width='0'/></cols><sheetData>"),
        (b'<c r="A2" t="s"><v>', b'<c r="A2" t="inlineStr"><is><t>H1</t></is><v>'),
        (b'<c r="A2" t="s"><v>', b'<c r="A2" t="inlineStr"><is><t>H1</t></is ><v>'),
    ],
)
def test_a_long_sheet_is_parsed_only_for_what_its_values_do_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: bytes, changed: bytes
) -> None:
    monkeypatch.setattr("union_warehouse.workbooks.sheet_xml.LONG_XML", 0)
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {}, {}))
    worksheets = Worksheets.open(path.read_bytes(), path.name)
    xml = worksheets.xml(HAZARDS)
    assert plain in xml
    look = look_at_sheet(xml.replace(plain, changed, 1), worksheets.workbook)
    assert (look.extent is not None) == bool(changed)


@pytest.mark.parametrize("reference", ["AAAAAA2", "A1000000000", "ZZ1048576"])
def test_a_cell_however_far_away_bounds_the_sheet(tmp_path: Path, reference: str) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {}, {}))
    worksheets = Worksheets.open(path.read_bytes(), path.name)
    xml = worksheets.xml(HAZARDS).replace(b'<c r="B2"', f'<c r="{reference}"'.encode(), 1)
    extent = look_at_sheet(xml, worksheets.workbook).extent
    assert extent is not None
    with pytest.raises(SheetTooLarge):
        extent.refuse_too_large(HAZARDS)
