"""Tables out of the command: CSV and Excel that show what is there, JSON that programs read."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from union_warehouse.cli import main
from union_warehouse.display import FORMULA_STARTS
from union_warehouse.reporting import table_files
from union_warehouse.reporting.table_files import YES_NO, Table, TooManyRows, file_content, unique_names

COMMANDS = {
    "figures --year 2014": ("指标值", "指标代码", "indicator_code"),
    "trace safety.inspections --month 2014-02": ("明细", "组成部分", "part"),
    "diff 2014-01-r1 2014-02-r1": ("版本差异", "月份", "indicator_code"),
    "status --month 2014-02": ("单位报送", "月份", "month"),
    "issues --status all": ("质量问题", "问题编号", "quality_issue_key"),
}
EXAMPLE = Table(
    name="examples",
    label="示例",
    rows=pa.table(
        {
            "code": ["0012", "913301030000000016", "=1+1", None],
            "day": [date(2014, 3, 15), None, date(2014, 12, 1), None],
            "at": [datetime(2014, 3, 15, 16, 30), None, None, None],
            "amount": pa.array([Decimal("1234.50"), Decimal("-2.00"), None, Decimal("0.00")], pa.decimal128(14, 2)),
            "rate": [0.956, 1.0, float("nan"), None],
            "count": [3, 10**17, 0, None],
            "is_late": [True, False, None, None],
            "left_out": [1, 2, 3, 4],
        }
    ),
    labels={
        "code": "代码",
        "day": "日期",
        "at": "时间",
        "amount": "金额",
        "rate": "比例",
        "count": "数量",
        "is_late": "是否迟报",
        "unknown": "未知",
    },
    words={"is_late": YES_NO},
    shares=frozenset({"rate"}),
    instants=frozenset({"at"}),
)


def run(home: Path, *arguments: str) -> Result:
    return CliRunner(env={"UW_HOME": str(home)}).invoke(main, [*arguments])


def sheets(content: bytes) -> list[Any]:
    return [*openpyxl.load_workbook(io.BytesIO(content)).worksheets]


def lines(content: bytes) -> list[list[str]]:
    return [*csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]


def test_a_workbook_holds_numbers_days_and_texts_as_what_they_are() -> None:
    (sheet,) = sheets(file_content([EXAMPLE], "xlsx"))
    assert (sheet.title, sheet.freeze_panes) == ("示例", "A2")
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$1")
    assert {found.name: found.ref for found in sheet.tables.values()} == {"示例": "A1:H5"}
    assert [cell.value for cell in sheet[1]] == [*EXAMPLE.labels.values()]
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert values[0] == ["0012", datetime(2014, 3, 15), datetime(2014, 3, 16, 0, 30), 1234.5, 0.956, 3, "是", None]
    assert values[1] == ["913301030000000016", None, None, -2, 1, str(10**17), "否", None]
    assert values[2] == ["=1+1", datetime(2014, 12, 1), None, None, None, 0, None, None]
    assert values[3] == [None, None, None, 0, None, None, None, None]
    assert [cell.number_format for cell in sheet[2]][1:5] == ["yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "#,##0.00####", "0.0%"]
    assert sheet["D3"].number_format == "#,##0"
    assert all(sheet[place].quotePrefix and sheet[place].data_type == "s" for place in ("A2", "A3", "A4", "F3"))


def test_a_csv_is_utf_8_with_a_mark_and_keeps_codes_whole() -> None:
    content = file_content([EXAMPLE], "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert lines(content) == [
        [*EXAMPLE.labels.values()],
        ["'0012", "2014-03-15", "2014-03-16 00:30:00", "1234.50", "0.956", "3", "是", ""],
        ["'913301030000000016", "", "", "-2.00", "1", f"'{10**17}", "否", ""],
        ["'=1+1", "2014-12-01", "", "", "", "0", "", ""],
        ["", "", "", "0.00", "", "", "", ""],
    ]


def test_json_has_stable_names_codes_and_utc() -> None:
    first, second, third, _ = json.loads(file_content([EXAMPLE], "json"))
    assert first == {
        "code": "0012",
        "day": "2014-03-15",
        "at": "2014-03-15T16:30:00Z",
        "amount": 1234.5,
        "rate": 0.956,
        "count": 3,
        "is_late": True,
        "left_out": 1,
    }
    assert (second["count"], second["amount"], third["rate"]) == (10**17, -2, None)


def test_the_same_table_is_the_same_file_and_an_empty_one_a_table_all_the_same() -> None:
    assert file_content([EXAMPLE], "xlsx") == file_content([EXAMPLE], "xlsx")
    empty = Table("none", "空表", EXAMPLE.rows.slice(0, 0), EXAMPLE.labels)
    (sheet,) = sheets(file_content([empty], "xlsx"))
    assert sheet.tables["空表"].ref == "A1:H2"
    assert lines(file_content([empty], "csv")) == [[*EXAMPLE.labels.values()]]
    assert json.loads(file_content([empty], "json")) == []


def test_headings_of_a_workbook_differ_in_more_than_case_and_fit() -> None:
    assert unique_names(["a", "A", "a", " a\n b ", ""]) == ["a", "A 2", "a 3", "a b", "column"]
    table = Table("rows", "查询结果", pa.table({"a": [1], "A": [2], "x" * 999: [3]}), {"a": "a", "A": "A", "x" * 999: "x" * 999})
    (sheet,) = sheets(file_content([table], "xlsx"))
    assert [column.name for column in sheet.tables["查询结果"].tableColumns] == ["a", "A 2", "x" * 240]


def test_a_sheet_that_would_be_cut_off_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "_ROWS_OF_A_SHEET", 3)
    with pytest.raises(TooManyRows, match="4"):
        file_content([EXAMPLE], "xlsx")
    assert len(lines(file_content([EXAMPLE], "csv"))) == 5


cells = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20) | st.from_regex(
    r"[0-9]{1,20}|[-+=@＝][0-9A-Z]{1,4}|[0-9]{1,4}[-/:.e][0-9]{1,4}", fullmatch=True
)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(cells, min_size=1, max_size=30))
def test_whatever_a_text_is_it_stays_that_text(texts: list[str]) -> None:
    table = Table("texts", "文本", pa.table({"text": texts, "row": [*range(len(texts))]}), {"text": "文本", "row": "行号"})
    for text, (written, _) in zip(texts, lines(file_content([table], "csv"))[1:], strict=True):
        assert written in (text, f"'{text}")
        assert not written.startswith(FORMULA_STARTS)
        is_number = re.fullmatch(r"\d+(\.\d*)?", written) is not None
        assert not is_number or (len(written) < 12 and str(float(written)).removesuffix(".0") == written)
    (sheet,) = sheets(file_content([table], "xlsx"))
    for text, row in zip(texts, sheet.iter_rows(min_row=2), strict=True):
        assert (row[0].value or "") == text
        assert row[0].data_type == "s" or not text, "no formula, no number"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_hands_its_table_out_in_each_format(february: Path, tmp_path: Path, command: str) -> None:
    sheet_name, heading, name = COMMANDS[command]
    shown = {form: run(february, *command.split(), "--format", form) for form in ("csv", "xlsx", "json")}
    for form, result in shown.items():
        assert result.exit_code == 0, result.output
        file = tmp_path / f"结果.{form}"
        assert run(february, *command.split(), "--output", str(file)).exit_code == 0
        assert file.read_bytes() == result.stdout_bytes
    headings, *rows = lines(shown["csv"].stdout_bytes)
    assert headings[0] == heading
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in headings)
    sheet = sheets(shown["xlsx"].stdout_bytes)[-1]
    assert (sheet.title, sheet.freeze_panes, len(sheet.tables)) == (sheet_name, "A2", 1)
    assert [cell.value for cell in sheet[1]] == headings
    found: Any = json.loads(shown["json"].stdout_bytes)
    records = found if isinstance(found, list) else found["rows" if "rows" in found else "departments"]
    assert len(records) == len(rows) == sheet.max_row - 1 > 0
    assert name in records[0]
    assert all(re.fullmatch(r"[a-z_]+", key) for key in records[0])


def test_people_read_words_and_programs_codes(february: Path) -> None:
    headings, *rows = lines(run(february, "issues", "--status", "all", "--format", "csv").stdout_bytes)
    columns = dict(zip(headings, zip(*rows, strict=True), strict=True))
    assert set(columns["状态"]) <= {"未处理", "已确认", "已豁免", "已更正", "复发"}
    assert set(columns["严重程度"]) == {"警告"}
    told = json.loads(run(february, "issues", "--status", "all", "--json").stdout)
    assert {item["severity"] for item in told} == {"warning"}
