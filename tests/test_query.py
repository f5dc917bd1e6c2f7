"""``uw query``: anybody's SQL on a release, and what becomes of its rows in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import duckdb
import openpyxl
import pytest
from click.testing import CliRunner, Result

from union_warehouse.cli import main
from union_warehouse.paths import Home
from union_warehouse.releases.read import DATABASE_FILE, MANIFEST_FILE

MORE_THAN_MEMORY = (
    "select letters from (select md5(range::varchar) as letters from range(2000000)) order by letters desc limit 1 offset 1999999"
)


@pytest.fixture
def published(home: Home) -> Home:
    """A release by hand, with a table ``notes``."""
    folder = home.releases / "2014-03-r1"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / DATABASE_FILE)) as connection:
        connection.execute("create table notes (note varchar, amount decimal(14, 2))")
        connection.execute("insert into notes values ('正常', -5), ('=1+1', 0), ('-维修', 1), ('＝SUM(A1)', 2), ('\tx', null)")
    (folder / MANIFEST_FILE).write_text("{}", encoding="utf-8")
    (home.releases / "current").symlink_to(folder.name)
    return home


def query(home: Home, *arguments: str) -> Result:
    return CliRunner(env={"UW_HOME": str(home.root)}).invoke(main, ["query", *arguments])


def test_a_csv_holds_no_formulas_and_json_every_value_as_it_is(published: Home) -> None:
    sql = 'select note as "@note", amount from notes'
    rows = [*csv.reader(io.StringIO(query(published, sql, "--format", "csv").stdout))]
    assert rows == [
        ["'@note", "amount"],
        ["正常", "-5.00"],
        ["'=1+1", "0.00"],
        ["'-维修", "1.00"],
        ["'＝SUM(A1)", "2.00"],
        ["'\tx", ""],
    ]
    told = json.loads(query(published, sql, "--format", "json").stdout)
    assert [row["@note"] for row in told] == ["正常", "=1+1", "-维修", "＝SUM(A1)", "\tx"]


def test_a_file_is_one_that_excel_opens_in_chinese(published: Home, tmp_path: Path) -> None:
    file = tmp_path / "备注.csv"
    printed = query(published, "select note from notes limit 2", "--format", "csv").stdout
    assert query(published, "select note from notes limit 2", "-o", str(file)).exit_code == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + printed.encode()


def test_whatever_sql_finds_is_written(published: Home, tmp_path: Path) -> None:
    sql = """select 1 as a, sum(amount) as "A", sum(2::bigint) as total, [1.5, 2] as list, true as is_true, 'nan'::double as none,
        timestamp_ns '2014-01-01 10:00:00.123456789' as at, date '1850-06-01' as day, {'b': 1} as record from notes"""
    (row,) = json.loads(query(published, sql, "--format", "json").stdout)
    assert row == {
        "a": 1,
        "A 2": -2,
        "total": 10,
        "list": [1.5, 2],
        "is_true": True,
        "none": None,
        "at": "2014-01-01T10:00:00.123456",
        "day": "1850-06-01",
        "record": {"b": 1},
    }
    headings, values = csv.reader(io.StringIO(query(published, sql, "--format", "csv").stdout))
    assert headings == [*row]
    assert values == ["1", "-2.00", "10", "[1.5, 2]", "True", "", "2014-01-01 10:00:00.123456", "1850-06-01", '{"b": 1}']
    assert query(published, sql, "--output", str(tmp_path / "x.xlsx")).exit_code == 0
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    assert [sheet["A2"].value, sheet["D2"].value, sheet["H2"].value] == [1, "[1.5, 2]", "1850-06-01"]
    assert query(published, "select 1 from nowhere", "--format", "csv").exit_code == 1


@pytest.mark.parametrize("arguments", ["figures --year 2014", "trace safety.inspections --year 2014", "issues"])
def test_a_release_of_another_version_is_told_with_what_it_lacks(published: Home, arguments: str) -> None:
    told = CliRunner(env={"UW_HOME": str(published.root)}).invoke(main, arguments.split())
    assert told.exit_code == 1
    words = " ".join(told.stderr.split())
    assert "错误 release_of_another_version" in words and "uw rebuild" in words
    assert re.search(r"Table with name (dim|fct)_\w+ does not exist", words), "what it lacks"


@pytest.mark.parametrize("place", ["releases/2014-03-r1/warehouse.duckdb.tmp/x.csv", "landing/x.csv", "build/x.csv"])
def test_sql_writes_nowhere(published: Home, place: str) -> None:
    target = published.root / place
    target.parent.mkdir(parents=True, exist_ok=True)
    refused = query(published, f"copy (select 1) to '{target}'")
    assert (refused.exit_code, target.exists()) == (1, False)
    assert "query_failed" in refused.stderr
