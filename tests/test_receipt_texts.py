"""What a sender wrote stays what it is in his receipt: no text becomes a formula, and an untouched receipt is the file again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.collecting import at, collect_one
from tests.workbook_factory import make_grids, nil_except, write_csv, write_workbook
from union_warehouse.paths import Home
from union_warehouse.personal_data import load_hash_key
from union_warehouse.submissions.reading import read_submission

DANGEROUS = st.builds(
    str.__add__,
    st.sampled_from("=+-@\t\r"),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(description=DANGEROUS, category=DANGEROUS)
def test_no_text_becomes_a_formula(tmp_path_factory: pytest.TempPathFactory, description: str, category: str) -> None:
    folder = tmp_path_factory.mktemp("injection")
    path = write_csv(folder, "hazards", [{"description": description, "category": category}])
    workbook = openpyxl.load_workbook(str(collect_one(Home(folder / "home"), path, at(4)).receipt))
    cells = [cell for sheet in workbook.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type in {"s", "n"} for cell in cells)
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "+", "-", "@", "\t", "\r")))


ODD_CELLS = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(-1e9, 1e9, allow_nan=False),
    st.dates(date(1900, 3, 1), date(9999, 12, 31)),
    st.booleans(),
    DANGEROUS,
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from(["-5 as a date", "99999999 as a date", "=1+1", "=A1&CHAR(49)"]),
)
RESULTS = {"=1+1": 2, "=A1&CHAR(49)": "2014-03-05"}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.lists(ODD_CELLS, min_size=8, max_size=8), min_size=1, max_size=3), shared=st.booleans())
def test_an_untouched_receipt_says_what_the_file_said(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[Any]], shared: bool
) -> None:
    folder = tmp_path_factory.mktemp("again")
    path = odd_workbook(folder / "x.xlsx", cells, shared)
    home = Home(folder / "home")
    outcome = collect_one(home, path, at(4))
    again = read_again(home, Path(str(outcome.receipt)))
    assert outcome.state in {"accepted_with_quarantine", "accepted"}
    assert again == read_again(home, path)


def odd_workbook(path: Path, cells: list[list[Any]], shared: bool) -> Path:
    """A workbook whose 隐患整改 holds ``cells`` below a good row, and a bad one, so that it has a receipt to send back."""
    grids = make_grids("CQ", "2014-03", {"hazards": [{}, {"category": "？"}]}, nil_except("hazards"))
    write_workbook(path, grids=grids)
    plain = openpyxl.load_workbook(path)
    workbook = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False, "in_memory": shared})
    as_date = workbook.add_format({"num_format": "yyyy-mm-dd"})
    for sheet in plain.worksheets:
        target = workbook.add_worksheet(sheet.title)
        for line in sheet.iter_rows():
            for cell in line:
                if cell.value is not None:
                    write_cell(target, cell.row - 1, cell.column - 1, cell.value, as_date)
    target = workbook.get_worksheet_by_name("隐患整改")
    assert target is not None
    for row, values in enumerate(cells, start=plain["隐患整改"].max_row):
        for column, value in enumerate(values):
            write_cell(target, row, column, value, as_date)
    workbook.close()
    return path


def write_cell(sheet: Any, row: int, column: int, value: Any, as_date: Any) -> None:
    """Write a value of :data:`ODD_CELLS`."""
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, as_date)
    elif isinstance(value, str) and value.endswith(" as a date"):
        sheet.write_number(row, column, float(value.split()[0]), as_date)
    elif value in RESULTS and isinstance(value, str):
        sheet.write_formula(row, column, value, None, RESULTS[value])
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write(row, column, value)


def read_again(home: Home, path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows that a file gives, by form."""
    submission = read_submission(path.read_bytes(), path.name, "2014-04-05T02:00:00.000000Z", load_hash_key(home))
    return {
        item.form.name: [] if item.rows is None else item.rows.table.drop_columns(["_row"]).to_pylist()
        for item in submission.returns
    }
