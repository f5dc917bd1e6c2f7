"""Sheets of a template: what Excel prints and refuses, what a template never holds, and where it is written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
import yaml
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring

from tests.commands import uw
from union_warehouse.contracts import Federation, FieldType, forms_owed
from union_warehouse.paths import Home
from union_warehouse.reporting.templates import carried, write_template, write_templates
from union_warehouse.reporting.templates.errors import NoSuchDepartment, PersonalDataCarried, TemplateExists
from union_warehouse.reporting.templates.validations import broken_formula

FIRST_ROW = 3
FEBRUARY, MARCH = "2014-02", "2014-03"
CQ_OWES = tuple(form.name for form in forms_owed(Federation.load().units(MARCH)["CQ"]))


def test_a_sheet_is_printed_as_far_as_it_is_filled(home: Home, tmp_path: Path) -> None:
    """Excel works the areas out: of an empty sheet a cell beyond its columns, of any other one the rows down to the last."""
    path = write_template(home, "CQ", MARCH, tmp_path / "x.xlsx")
    with zipfile.ZipFile(path) as package:
        names = fromstring(package.read("xl/workbook.xml")).iter(f"{{{SHEET_MAIN_NS}}}definedName")
    areas = {name.get("localSheetId"): str(name.text) for name in names if name.get("name") == "_xlnm.Print_Area"}
    assert len(areas) == len(CQ_OWES)
    hazards = next(area for area in areas.values() if area.startswith("IF(COUNTA('隐患整改'!$A$3:$H$1048576)=0,"))
    assert "'隐患整改'!$I$1048576,'隐患整改'!$A$1:INDEX(" in hazards


def test_excel_itself_refuses_what_would_be_refused(home: Home, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_template(home, "CQ", MARCH, tmp_path / "x.xlsx"))
    assert book["_模板信息"].sheet_state == book["_选项"].sheet_state == "veryHidden"
    options = {tuple(cell.value for cell in column if cell.value) for column in book["_选项"].iter_cols()}
    for form in forms_owed(Federation.load().units(MARCH)["CQ"]):
        sheet = book[form.sheet]
        assert sheet.protection.sheet
        assert (sheet.freeze_panes, sheet.cell(2, 1).protection.locked) == ("B3", True)
        assert [cell.value for cell in sheet[2]] == [field.label for field in form.fields]
        # XlsxWriter writes columns of one format as one range.
        ranges = [(column.min or 0, column.max or 0, column) for column in sheet.column_dimensions.values()]
        columns = {number: column for first, last, column in ranges for number in range(first, last + 1)}
        assert [columns[number].protection.locked for number in sorted(columns)] == [False] * len(form.fields)
        checks = {str(item.sqref).split(":")[0]: item for item in sheet.data_validations.dataValidation}
        for cell, field in zip(sheet[2], form.fields, strict=True):
            assert field.description_zh in cell.comment.text
            check = checks[f"{cell.column_letter}{FIRST_ROW}"]
            number_format = columns[cell.column].number_format
            if field.enum:
                assert check.type == "list"
                assert tuple(label for _, label in field.enum) in options
            elif field.checker:
                assert (check.type, check.formula1, number_format) == ("textLength", "18", "@")
            elif field.type is FieldType.DATE:
                assert (check.type, number_format) == ("date", "yyyy-mm-dd")
            elif field.type is FieldType.INTEGER:
                assert (check.type, check.operator, check.formula1) == ("whole", "greaterThanOrEqual", "0")
        required = {cell.fill.fgColor.rgb for cell, field in zip(sheet[2], form.fields, strict=True) if field.is_required}
        optional = {cell.fill.fgColor.rgb for cell, field in zip(sheet[2], form.fields, strict=True) if not field.is_required}
        assert len(required) == 1
        assert not required & optional


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("rectified_on >= found_on", "=AND(COUNT($B3,$A3)=2,NOT($B3>=$A3))"),
        ('closing = opening - "left"', "=AND(COUNT($C3,$D3,$E3)=3,NOT($C3=$D3-$E3))"),
        ("percent <= 100", "=AND(COUNT($F3)=1,NOT($F3<=100))"),
        ("event <> 'moved' or from_unit is not null", None),
        ("year between 2000 and 2100", None),
    ],
)
def test_comparisons_of_numbers_become_formulas(predicate: str, expected: str | None) -> None:
    names = ("found_on", "rectified_on", "closing", "opening", "left", "percent", "event", "from_unit", "year")
    columns = {name: f"${letter}3" for name, letter in zip(names, "ABCDEFGHI", strict=True)}
    assert broken_formula(predicate, columns) == expected


def test_the_same_template_is_the_same_bytes(home: Home, tmp_path: Path) -> None:
    one, other = (write_template(home, "LB", MARCH, tmp_path / name) for name in ("a.xlsx", "b.xlsx"))
    assert one.read_bytes() == other.read_bytes()


def test_nothing_personal_can_be_declared_as_carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, january: Path) -> None:
    document = yaml.safe_load(carried.CARRY_FORWARD_FILE.read_text("utf-8"))
    document["rows"]["member_changes"] = {
        "from": "fct_membership_changes",
        "where": "true",
        "order": "change_no",
        "columns": {"change_no": "change_no", "member_name": "person_key"},
    }
    changed = tmp_path / "carry_forward.yml"
    changed.write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setattr(carried, "CARRY_FORWARD_FILE", changed)
    carried._queries.cache_clear()
    with pytest.raises(PersonalDataCarried):
        write_template(Home(january), "CQ", FEBRUARY, tmp_path / "x.xlsx")
    carried._queries.cache_clear()


def test_a_file_that_may_have_been_filled_is_left_alone(home: Home, tmp_path: Path) -> None:
    path = write_template(home, "CQ", MARCH, tmp_path / f"{MARCH}_长庆街道总工会.xlsx")
    path.write_bytes(b"filled")
    with pytest.raises(TemplateExists):
        write_templates(home, MARCH, tmp_path)
    assert [file.name for file in tmp_path.glob("*.xlsx")] == [path.name]
    assert path.read_bytes() == b"filled"
    assert len(write_templates(home, MARCH, tmp_path, is_overwriting=True)) == 18
    with pytest.raises(NoSuchDepartment):
        write_template(home, "GS", MARCH, tmp_path / "y.xlsx")


def test_the_command_wants_one_department_or_all(home: Home, tmp_path: Path) -> None:
    uw(home.root, "template", "--month", MARCH, exit_code=2)
    uw(home.root, "template", "--month", MARCH, "--department", "CQ", "-o", tmp_path / "x.xls", exit_code=2)
