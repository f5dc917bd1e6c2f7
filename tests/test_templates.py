"""Templates: what is written, what comes back, and what of it counts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tests.collecting import at, collect_one, in_this_process
from tests.commands import uw_json
from tests.reference_rows import effective_rows
from tests.workbook_factory import valid_row, write_workbook
from union_warehouse.contracts import Federation, ReportingUnit, forms_owed, load_forms
from union_warehouse.landing.folders import read_manifests
from union_warehouse.paths import Home
from union_warehouse.reporting.status import month_status
from union_warehouse.reporting.templates import write_template, write_templates
from union_warehouse.reporting.templates.carried import Carried
from union_warehouse.reporting.templates.write import template_bytes
from union_warehouse.submissions import Outcome, apart, check_file, reading, reread_month

FIRST_ROW = 3
FEBRUARY, MARCH = "2014-02", "2014-03"
AFTER_FEBRUARY = at(3, 11)
"""Every unit has sent its February of the reference year, and the month is not closed yet."""
CQ_OWES = tuple(form.name for form in forms_owed(Federation.load().units(MARCH)["CQ"]))


def cells_by_label(cover: Any) -> dict[str, Any]:
    """The cell right of each label of a cover."""
    return {row[0].value: row[1] for row in cover.iter_rows() if row[0].value}


def fill(
    path: Path,
    rows: Mapping[str, list[Mapping[str, Any]]],
    nil: tuple[str, ...] = (),
    department: str = "CQ",
    month: str = MARCH,
) -> Path:
    """Fill a template as a clerk does: name, telephone, returns, and rows from the first free one on."""
    book = openpyxl.load_workbook(path)
    answers = cells_by_label(book["封面"])
    answers["填报人"].value, answers["联系电话"].value = "样例员", "0571-00000000"
    for form in forms_owed(Federation.load().units(month)[department]):
        sheet = book[form.sheet]
        if form.name in rows or form.name in nil:
            answers[form.sheet].value = "零报告" if form.name in nil else "有数据"
        for row in rows.get(form.name, []):
            number = next(n for n in range(FIRST_ROW, 10_000) if sheet.cell(n, 1).value is None)
            for column, field in enumerate(form.fields, start=1):
                sheet.cell(number, column).value = row.get(field.name)
    book.save(path)
    return path


def rules(outcome: Outcome) -> list[tuple[Any, ...]]:
    return [(item["rule"], item["sheet"], item["row"]) for item in outcome.problems]


def assert_untouched(outcome: Outcome, department: str) -> None:
    assert (outcome.state, outcome.department, outcome.rows, outcome.warnings) == ("unchanged", department, 0, 1), rules(outcome)
    assert (outcome.submission_id, outcome.version) == (None, None)
    (problem,) = outcome.problems
    assert (problem["rule"], problem["severity"]) == ("untouched_template", "warning")
    assert "尚未填写" in problem["message"]


@pytest.fixture(scope="module")
def templates(january: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The template of February of every department, prefilled from January's release."""
    files = write_templates(Home(january), FEBRUARY, tmp_path_factory.mktemp("templates"))
    return {
        code: path
        for (code, unit), path in zip(Federation.load().units(FEBRUARY).items(), files, strict=True)
        if unit.name in path.name
    }


@pytest.fixture(scope="module")
def known(reference: Path, closings: dict[str, str]) -> dict[str, pd.DataFrame]:
    """The rows that count in January's release, read without the pipeline."""
    return effective_rows(reference, closings["2014-01"])


@pytest.fixture
def home_of_january(january: Path) -> Home:
    return Home(january)


def test_a_filled_template_is_accepted(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "长庆.xlsx"
    assert uw_json(home.root, "template", "--department", "cq", "--month", MARCH, "-o", path) == {"files": [str(path)]}
    owed = forms_owed(Federation.load().units(MARCH)["CQ"])
    assert {form.name for form in owed} == {form.name for form in load_forms().values() if "street_union" in form.owed_by}
    fill(path, {form.name: [valid_row(form.name, number) for number in (1, 2, 3)] for form in owed})
    outcome = collect_one(home, path, at(4))
    assert (outcome.state, outcome.rows, outcome.quarantined, rules(outcome)) == ("accepted", 3 * len(owed), 0, [])


@pytest.mark.parametrize("department", ["JY", "LB", "FW", "BG"])
def test_a_filled_template_of_another_kind_of_unit_is_accepted(home: Home, tmp_path: Path, department: str) -> None:
    path = write_template(home, department, MARCH, tmp_path / "x.xlsx")
    owed = forms_owed(Federation.load().units(MARCH)[department])
    fill(path, {form.name: [valid_row(form.name, department=department)] for form in owed}, department=department)
    outcome = check_file(home, path, at(4))
    assert outcome.state == "accepted"
    assert [item for item in outcome.problems if item["rule"] != "unregistered_inspection" and not item["provisional"]] == []


def test_every_departments_template_is_recognised_when_nobody_filled_it(
    home_of_january: Home, templates: dict[str, Path]
) -> None:
    assert sorted(templates) == sorted(Federation.load().units(FEBRUARY))
    assert len(templates) == 18
    for department, path in templates.items():
        assert_untouched(check_file(home_of_january, path, at(3)), department)


@pytest.mark.parametrize("department", ["CQ", "LB", "ZJ"])
def test_an_untouched_template_is_recognised_in_whatever_way_it_was_saved(
    home_of_january: Home, templates: dict[str, Path], tmp_path: Path, department: str
) -> None:
    book = CalamineWorkbook.from_path(templates[department])
    grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    for suffix in (".ods", ".xls"):
        saved = write_workbook(
            tmp_path / f"x{suffix}",
            grids={name: [[None if cell == "" else cell for cell in row] for row in grid] for name, grid in grids.items()},
        )
        outcome = check_file(home_of_january, saved, at(3))
        assert rules(outcome) == [("untouched_template", None, None)], suffix
    named = fill(Path(shutil.copy(templates[department], tmp_path / "named.xlsx")), {}, department=department, month=FEBRUARY)
    assert_untouched(check_file(home_of_january, named, at(3)), department)


def test_an_untouched_template_lands_nothing_and_stays_missing(home: Home, tmp_path: Path) -> None:
    path = write_template(home, "CQ", MARCH, tmp_path / "x.xlsx")
    outcome = collect_one(home, path, at(4))
    assert_untouched(outcome, "CQ")
    assert read_manifests(home) == []
    receipt = home.outbox / "CQ" / "x_回执.xlsx"
    assert receipt.read_bytes() == Path(str(outcome.receipt)).read_bytes()
    (sheet,) = openpyxl.load_workbook(receipt).worksheets
    assert "未计为报送" in sheet["A2"].value
    assert not any("确认无误的不必处理" in str(cell.value) for row in sheet.iter_rows() for cell in row)
    (status,) = [one for one in month_status(home, MARCH)["departments"] if one["department"] == "CQ"]
    assert (status["received"], status["missing"], status["rejected"]) == (0, status["expected"], 0)
    owed = forms_owed(Federation.load().units(MARCH)["CQ"])
    fill(path, {}, nil=tuple(form.name for form in owed))
    filled = collect_one(home, path, at(4, 3))
    assert (filled.state, filled.version, rules(filled)) == ("accepted", 1, [])


def test_one_cell_of_the_clerks_own_is_enough_to_be_told_what_is_missing(home: Home, tmp_path: Path) -> None:
    path = write_template(home, "CQ", MARCH, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(path)
    book["文体活动"].cell(FIRST_ROW, 4).value = "样例电影"
    book.save(path)
    outcome = check_file(home, path, at(4))
    assert (outcome.state, {item["rule"] for item in outcome.problems}) == ("rejected", {"missing_declaration"})


@pytest.mark.parametrize(("label", "value"), [("单位代码", "WL"), ("报送月份", "2014-02")])
def test_a_template_with_another_department_or_month_on_its_cover_is_told_so(
    home: Home, tmp_path: Path, label: str, value: str
) -> None:
    path = write_template(home, "CQ", MARCH, tmp_path / "x.xlsx")
    fill(path, {"visits": [valid_row("visits", month=FEBRUARY)]}, nil=tuple(owed for owed in CQ_OWES if owed != "visits"))
    book = openpyxl.load_workbook(path)
    cells_by_label(book["封面"])[label].value = value
    book.save(path)
    outcome = check_file(home, path, at(3))
    assert (outcome.state, [item["rule"] for item in outcome.problems]) == ("accepted", ["template_of_another"])
    assert "CQ 2014-03" in outcome.problems[0]["message"]


def test_what_was_rejected_before_stays_rejected_when_it_is_read_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_template(home, "CQ", MARCH, tmp_path / "x.xlsx")
    with monkeypatch.context() as earlier:
        earlier.setattr(apart, "call_apart", in_this_process)
        earlier.setattr(reading, "is_untouched", lambda *_: False)  # a reader that knew no templates
        assert collect_one(home, path, at(4)).state == "rejected"
    (outcome,) = reread_month(home, MARCH, at(5))
    assert (outcome.state, rules(outcome)) == ("rejected", [("untouched_template", None, None)])


def test_opening_counts_are_last_months_closing(templates: dict[str, Path], known: dict[str, pd.DataFrame]) -> None:
    counts = known["member_counts"]
    for department in ("CQ", "ZJ"):
        wanted = counts[(counts["department"] == department) & (counts["month"] == "2014-01")]
        rows = list(openpyxl.load_workbook(templates[department])["会员月报"].iter_rows(min_row=FIRST_ROW, values_only=True))
        assert len(rows) > 5
        opening = {row[0]: row[1] for row in rows if row[1] is not None}
        assert wanted.set_index("union_code")["closing"].to_dict().items() <= opening.items()
        assert {cell for row in rows for cell in row[2:]} == {None}


def test_open_hazards_come_back_as_they_were_submitted(templates: dict[str, Path], known: dict[str, pd.DataFrame]) -> None:
    form = load_forms()["hazards"]
    labels = {field.name: dict(field.enum) for field in form.fields}
    hazards = known["hazards"].sort_values("month", kind="stable").drop_duplicates("hazard_no", keep="last")
    hazards = hazards[hazards["rectified_on"].isna()]
    assert len(hazards) > 0
    for department, path in templates.items():
        if form not in forms_owed(Federation.load().units(FEBRUARY)[department]):
            continue
        found = openpyxl.load_workbook(path)["隐患整改"].iter_rows(min_row=FIRST_ROW, values_only=True)
        wanted = {
            tuple(labels[field.name].get(row[field.name], row[field.name]) for field in form.fields)
            for row in hazards[hazards["department"] == department].to_dict("records")
        }
        assert {row for row in found if row[0] is not None} == wanted


@pytest.mark.parametrize(("department", "form"), [("CQ", "member_counts"), ("JY", "hazards")])
def test_prefilled_rows_need_only_what_is_new(
    home_of_january: Home, templates: dict[str, Path], tmp_path: Path, department: str, form: str
) -> None:
    """As a clerk does it: no movement in the month, every open hazard rectified, nothing else to report."""
    path = Path(shutil.copy(templates[department], tmp_path / "filled.xlsx"))
    book = openpyxl.load_workbook(path)
    for row in book[load_forms()[form].sheet].iter_rows(min_row=FIRST_ROW):
        if form == "hazards":
            row[6].value = date(2014, 2, 20)
            continue
        opening = row[1].value or 0
        for cell, value in zip(row[1:], (opening, 0, 0, 0, 0, opening, 0, 0), strict=True):
            cell.value = value
    book.save(path)
    others = {owed.name for owed in forms_owed(Federation.load().units(FEBRUARY)[department])} - {form}
    fill(path, {form: []}, nil=tuple(others), department=department, month=FEBRUARY)
    outcome = check_file(home_of_january, path, AFTER_FEBRUARY)
    assert [item for item in outcome.problems if item["rule"] != "prefilled_rows_ignored"] == []
    assert (outcome.state, outcome.quarantined) == ("accepted", 0)
    assert {entry["form"] for entry in outcome.forms if entry["rows"]} == {form}


def test_unions_of_the_department_are_offered_for_their_code(templates: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(templates["CQ"])
    roster = [row[0] for row in book["工会名册"].iter_rows(min_row=2, max_col=1, values_only=True)]
    assert roster == [row[0] for row in book["会员月报"].iter_rows(min_row=FIRST_ROW, max_col=1, values_only=True)]
    assert all(code.startswith("CQ") for code in roster)
    offered = {item.formula1: item for item in book["会员变动"].data_validations.dataValidation}
    assert offered[f"'工会名册'!$A$2:$A${len(roster) + 1}"].errorStyle == "warning"


def test_a_nil_return_over_prefilled_rows_is_taken_as_nil(
    home_of_january: Home, templates: dict[str, Path], tmp_path: Path
) -> None:
    owed = forms_owed(Federation.load().units(FEBRUARY)["CQ"])
    path = Path(shutil.copy(templates["CQ"], tmp_path / "nil.xlsx"))
    fill(path, {}, nil=tuple(form.name for form in owed), month=FEBRUARY)
    outcome = check_file(home_of_january, path, AFTER_FEBRUARY)
    assert (outcome.state, outcome.rows, {form["return"] for form in outcome.forms}) == ("accepted", 0, {"nil"})
    assert ("prefilled_rows_ignored", "会员月报", None) in rules(outcome)
    assert {rule for rule, _, _ in rules(outcome)} == {"prefilled_rows_ignored"}


def test_a_nil_return_over_a_changed_row_names_that_row(
    home_of_january: Home, templates: dict[str, Path], tmp_path: Path
) -> None:
    owed = forms_owed(Federation.load().units(FEBRUARY)["CQ"])
    path = Path(shutil.copy(templates["CQ"], tmp_path / "nil.xlsx"))
    fill(path, {}, nil=tuple(form.name for form in owed), month=FEBRUARY)
    book = openpyxl.load_workbook(path)
    book["会员月报"].cell(FIRST_ROW + 4, 3).value = 2
    book.save(path)
    outcome = check_file(home_of_january, path, AFTER_FEBRUARY)
    assert (outcome.state, outcome.rejected_forms) == ("accepted", ("member_counts",))
    assert [rule for rule in rules(outcome) if rule[0] == "rows_on_nil_return"] == [
        ("rows_on_nil_return", "会员月报", FIRST_ROW + 4)
    ]


def test_a_receipt_prints_the_forms_with_rows(home: Home, tmp_path: Path) -> None:
    path = write_template(home, "CQ", MARCH, tmp_path / "x.xlsx")
    others = tuple(form for form in CQ_OWES if form != "visits")
    fill(path, {"visits": [valid_row("visits") | {"kind": "散步"}]}, nil=others)
    book = openpyxl.load_workbook(str(collect_one(home, path, at(4)).receipt))
    shown = {sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"}
    unprinted = {name for name in shown if book[name].print_area}
    assert unprinted == {load_forms()[form].sheet for form in others}
    for name in unprinted:
        assert book[name][book[name].print_area.rpartition("!")[2].replace("$", "")].value is None
    sheet = book["隐患整改"]
    for column, field in enumerate(load_forms()["hazards"].fields, start=1):
        sheet.cell(FIRST_ROW, column).value = valid_row("hazards").get(field.name)
    cells_by_label(book["封面"])["隐患整改"].value = "有数据"
    book.save(tmp_path / "again.xlsx")
    again = openpyxl.load_workbook(str(collect_one(home, tmp_path / "again.xlsx", at(4, 3)).receipt))
    assert {name for name in shown if again[name].print_area} == unprinted - {"隐患整改"}


def lb_with(rows: Sequence[Mapping[str, Any]]) -> bytes:
    columns = {
        name: pa.array([row[name] for row in rows])
        for name in ("hazard_no", "inspection_no", "category", "severity", "found_on", "due_on", "description")
    }
    unit: ReportingUnit = Federation.load().units(MARCH)["LB"]
    return template_bytes(unit, MARCH, Carried("2014-02-r1", is_month_before_closed=True, rows={"hazards": pa.table(columns)}))


def hazard(number: str = "H1", description: str | None = None) -> dict[str, Any]:
    facts = {"inspection_no": "I1", "category": "fire", "severity": "major", "description": description}
    return {"hazard_no": number, **facts, "found_on": date(2014, 1, 5), "due_on": date(2014, 3, 9)}


@pytest.mark.parametrize("text", ["=1+1", "+1", "@SUM(A1)", "-2", "http://example.invalid/", "007", '=HYPERLINK("x")', "{=1}"])
def test_what_comes_from_data_is_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(lb_with([hazard(description=text)]))
    cell = openpyxl.load_workbook(path)["隐患整改"].cell(FIRST_ROW, 8)
    assert (str(cell.value), cell.hyperlink) == (text, None)
    # openpyxl calls a text that begins with = a formula; the file itself must hold none.
    shown = CalamineWorkbook.from_path(path).get_sheet_by_name("隐患整改").to_python()
    assert shown[FIRST_ROW - 1][7] == text


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40).map(str.strip).filter(bool),
        min_size=1,
        max_size=5,
    )
)
def test_prefilled_rows_are_recognised_whatever_they_say(tmp_path: Path, texts: list[str]) -> None:
    rows = [hazard(f"H{number}", text) for number, text in enumerate(texts) if text[0] not in "=#"]
    path = tmp_path / "x.xlsx"
    path.write_bytes(lb_with(rows or [hazard()]))
    assert_untouched(check_file(Home(tmp_path / "home"), path, at(4)), "LB")
