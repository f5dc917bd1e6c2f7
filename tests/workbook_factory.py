"""Workbooks for tests: a valid minimal submission of any department and month, with any cell replaced.

    path = write_workbook(tmp_path / "x.xlsx", rows={"hazards": [{"due_on": "soon"}]}, cells={"封面!B1": "ZZ"})

Every value is synthetic: credit codes hold ``YY``, which was never issued, resident numbers a county that does not exist.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from union_warehouse.contracts import Federation, Form, forms_owed, load_forms

Grid = list[list[Any]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
COVER = "封面"


def uscc(number: int = 1) -> str:
    """A valid unified social credit code."""
    body = f"91330103YY{number:07d}"
    total = sum(USCC_ALPHABET.index(letter) * 3**position for position, letter in enumerate(body))
    return body + USCC_ALPHABET[-total % 31]


def resident_number(number: int = 1, born: str = "19800101") -> str:
    """A valid resident identity number of somebody who cannot exist."""
    body = f"339900{born}{number:03d}"
    total = sum(int(digit) * 2 ** (17 - position) for position, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def valid_row(form: str, number: int = 1, month: str = "2014-03", department: str = "CQ") -> dict[str, Any]:
    """Row ``number`` of a form that breaks no rule and whose parents are the same row of the other forms."""
    year, month_number = int(month[:4]), int(month[5:])
    day = date(year, month_number, 5)
    code, union = f"{department}-{month}-{number:04d}", f"{department}-U{number:03d}"
    enterprise = {"uscc": uscc(number), "enterprise_name": f"样例企业{number:03d}"}
    person = {"member_name": f"样例{number:03d}", "id_number": resident_number(number)}
    rows: dict[str, dict[str, Any]] = {
        "union_register": {
            "event_no": f"R{code}",
            "union_code": union,
            "union_name": f"样例工会{number:03d}",
            "union_type": "独立基层工会",
            "ownership": "非公有制企业",
            "event": "新建",
            "event_on": day,
        },
        "union_coverage": {
            **enterprise,
            "union_code": union,
            "ownership": "非公有制企业",
            "covered_from": day,
            "workers_congress": "是",
            "open_affairs": "否",
        },
        "member_changes": {
            "change_no": f"M{code}",
            **person,
            "gender": "女",
            "union_code": union,
            "change": "入会",
            "changed_on": day,
            "migrant": "否",
        },
        "member_counts": {
            "union_code": union,
            "opening": 10,
            "joined": 1,
            "transferred_in": 0,
            "transferred_out": 0,
            "left": 0,
            "closing": 11,
            "women": 5,
            "mutual_aid": 3,
        },
        "safety_inspections": {
            "inspection_no": f"I{code}",
            **enterprise,
            "inspected_on": day,
            "kind": "日常",
            "lead_agency": "样例安监站",
            "inspectors": 2,
            "hazards_found": 1,
            "result": "限期整改",
        },
        "hazards": {
            "hazard_no": f"H{code}",
            "inspection_no": f"I{code}",
            "category": "消防",
            "severity": "一般",
            "found_on": day,
            "due_on": date(year, month_number, 25),
            "description": "样例隐患",
        },
        "programme_enrolments": {**enterprise, "programme": "安康杯竞赛", "level": "参与", "enrolled_on": day},
        "collective_contracts": {
            "contract_no": f"C{code}",
            "kind": "工资专项集体合同",
            "coverage": "企业",
            "party": f"样例企业{number:03d}",
            "signing": "新签",
            "signed_on": day,
            "valid_from": day,
            "valid_to": date(year + 1, month_number, 5),
            "uscc": uscc(number),
            "enterprises": 1,
            "workers": 20,
        },
        "training_activities": {
            "activity_no": f"T{code}",
            "kind": "职业技能免费培训",
            "role": "主办",
            "title": f"样例培训{number:03d}",
            "held_from": day,
            "held_to": day,
            "sessions": 1,
            "participants": 30,
            "hours": 4.5,
        },
        "qualification_promotions": {
            "certificate_no": f"Q{code}",
            **person,
            "union_code": union,
            "trade": "电工",
            "grade_from": "中级工",
            "grade_to": "高级工",
            "certified_on": day,
        },
        "honours": {
            "honour_no": f"Y{code}",
            "honour": "区工人先锋号",
            "title": "样例先锋号",
            "level": "区级",
            "awarding_body": "样例区总工会",
            "recipient_kind": "班组",
            "recipient": f"样例班组{number:03d}",
            "awarded_on": day,
        },
        "assistance": {
            "record_no": f"F{code}",
            "programme": "困难职工帮扶救助",
            "beneficiary": f"样例{number:03d}",
            "beneficiary_kind": "本人",
            "id_number": resident_number(number),
            "migrant": "否",
            "amount": 500,
            "granted_on": day,
        },
        "rights_cases": {
            "case_no": f"W{code}",
            "kind": "拖欠劳动报酬",
            "received_on": day,
            "workers": 2,
            "claimed": 3000,
            "outcome": "办理中",
        },
        "employment_services": {
            "event_no": f"J{code}",
            "kind": "招聘会",
            "title": f"样例招聘会{number:03d}",
            "level": "街道",
            "role": "主办",
            "held_on": day,
            "posts": 30,
            "placements": 2,
        },
        "cultural_activities": {
            "event_no": f"E{code}",
            "kind": "电影放映",
            "level": "街道",
            "title": f"样例电影{number:03d}",
            "held_on": day,
            "participants": 80,
        },
        "visits": {
            "visit_no": f"V{code}",
            "kind": "走访慰问一线职工",
            "visited_on": day,
            "visitor_code": "L1",
            "visitor": "样例干部",
            "workers": 20,
        },
        "commitments": {"commitment_no": str(number), "year": year, "indicator": "culture.films", "target": 100},
    }
    return rows[form]


def make_grids(
    department: str = "CQ", month: str = "2014-03", rows: Rows | None = None, nil: Sequence[str] = ()
) -> dict[str, Grid]:
    """Cells of every sheet of a submission: the cover, then a sheet per form owed.

    Args:
        department: code of a reporting unit.
        month: ``YYYY-MM``.
        rows: by form, what differs from :func:`valid_row` in each of its rows; a form that is not named has one valid row.
        nil: forms returned as 零报告, without a sheet.
    """
    unit = Federation.load().units(month)[department]
    owed = forms_owed(unit)
    cover: Grid = [
        ["单位代码", department],
        ["报送月份", month],
        ["模板版本", "1"],
        ["填报人", "样例员"],
        ["联系电话", "0571-00000000"],
        [],
        ["表单", "报送方式"],
    ]
    cover += [[form.sheet, "零报告" if form.name in nil else "有数据"] for form in owed]
    grids = {COVER: cover}
    for form in owed:
        if form.name not in nil:
            changes = (rows or {}).get(form.name, [{}])
            filled = [
                {**valid_row(form.name, number, month, department), **change} for number, change in enumerate(changes, start=1)
            ]
            grids[form.sheet] = form_grid(form, filled)
    return grids


def form_grid(form: Form, rows: Sequence[Mapping[str, Any]]) -> Grid:
    """Header and rows of one sheet."""
    return [[field.label for field in form.fields], *([row.get(field.name) for field in form.fields] for row in rows)]


def set_cells(grids: dict[str, Grid], cells: Mapping[str, Any]) -> None:
    """Replace cells by address, such as ``隐患整改!F2``."""
    for address, value in cells.items():
        sheet, letters, number = re.fullmatch(r"(.+)!([A-Z]+)(\d+)", address).groups()
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        grid = grids[sheet]
        while len(grid) < int(number):
            grid.append([])
        row = grid[int(number) - 1]
        row.extend([None] * (column - len(row)))
        row[column - 1] = value


def write_workbook(
    path: Path,
    department: str = "CQ",
    month: str = "2014-03",
    rows: Rows | None = None,
    nil: Sequence[str] = (),
    cells: Mapping[str, Any] | None = None,
    grids: dict[str, Grid] | None = None,
) -> Path:
    """Write a submission as .xlsx, .xls or .ods, by the suffix of ``path``; see :func:`make_grids`."""
    content = grids if grids is not None else make_grids(department, month, rows, nil)
    set_cells(content, cells or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    {".xlsx": _write_xlsx, ".xls": write_xls, ".ods": _write_ods}[path.suffix](path, content)
    return path


def nil_except(form: str, department: str = "CQ", month: str = "2014-03") -> list[str]:
    """Every form that ``department`` owes but ``form``."""
    return [owed.name for owed in forms_owed(Federation.load().units(month)[department]) if owed.name != form]


def write_csv(
    folder: Path,
    form: str,
    rows: Sequence[Mapping[str, Any]] = ({},),
    department: str = "CQ",
    month: str = "2014-03",
    encoding: str = "utf-8",
    labels: bool = True,
) -> Path:
    """Write one form as ``<month>_<department>_<form>.csv``; the header holds labels or machine names."""
    contract = load_forms()[form]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([field.label if labels else field.name for field in contract.fields])
    for number, change in enumerate(rows, start=1):
        row = {**valid_row(form, number, month, department), **change}
        writer.writerow(["" if row.get(field.name) is None else row[field.name] for field in contract.fields])
    path = folder / f"{month}_{department}_{form}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def _write_xlsx(path: Path, grids: Mapping[str, Grid]) -> None:
    workbook = xlsxwriter.Workbook(path)
    workbook.set_properties({"created": datetime(2014, 1, 1)})  # the same bytes every time
    as_date = workbook.add_format({"num_format": "yyyy-mm-dd"})
    for name, grid in grids.items():
        sheet = workbook.add_worksheet(name)
        for row, cells in enumerate(grid):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, as_date)
                elif isinstance(cell, str) and not cell.startswith("="):
                    sheet.write_string(row, column, cell)
                elif cell is not None:
                    sheet.write(row, column, cell)
    workbook.close()


def write_xls(path: Path, grids: Mapping[str, Grid], number_format: str = "General") -> None:
    """Write grids by sheet as .xls, numbers with fractions in ``number_format``."""
    workbook = xlwt.Workbook(encoding="utf-8")
    as_number = xlwt.easyxf(num_format_str=number_format)
    as_date = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for name, grid in grids.items():
        sheet = workbook.add_sheet(name)
        for row, cells in enumerate(grid):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write(row, column, cell, as_date)
                elif isinstance(cell, float):
                    sheet.write(row, column, cell, as_number)
                elif cell is not None:
                    sheet.write(row, column, cell)
    workbook.save(str(path))


def _write_ods(path: Path, grids: Mapping[str, Grid]) -> None:
    document = OpenDocumentSpreadsheet()
    for name, grid in grids.items():
        table = Table(name=name)
        for cells in grid:
            row = TableRow()
            for cell in cells:
                row.addElement(_ods_cell(cell))
            table.addElement(row)
        document.spreadsheet.addElement(table)
    document.save(path)


def _ods_cell(cell: Any) -> TableCell:
    if cell is None:
        return TableCell()
    if isinstance(cell, date):
        return TableCell(valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, (int, float)):
        return TableCell(valuetype="float", value=cell)
    element = TableCell(valuetype="string")
    element.addElement(P(text=cell))
    return element
