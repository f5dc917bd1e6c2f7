"""A copy of the project whose contracts know former layouts (`tests/data/former_layouts/`), and workbooks that have them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import yaml

from tests.workbook_factory import Grid, make_grids, valid_row, write_workbook
from union_warehouse.contracts import Federation, forms_owed
from union_warehouse.project import PROJECT_DIR

DATA = Path(__file__).parent / "data" / "former_layouts"
PARTS = ("expectations", "federation", "dbt_project", "dags", "plugins")


def project_with_former_layouts(folder: Path) -> Path:
    """Copy the project, and add the former layouts to its contracts."""
    for name in PARTS:
        shutil.copytree(PROJECT_DIR / name, folder / name, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    for path in DATA.glob("*.yml"):
        if path.stem != "covers":
            add_layouts(folder, path.stem, yaml.safe_load(path.read_text("utf-8")))
    shutil.copy(DATA / "covers.yml", folder / "expectations" / "covers.yml")
    return folder


def add_layouts(project: Path, form: str, layouts: list[dict[str, Any]]) -> None:
    """Let the contract of a form have these former layouts."""
    path = project / "expectations" / "contracts" / f"{form}.odcs.yaml"
    contract = yaml.safe_load(path.read_text("utf-8"))
    kept = [item for item in contract["customProperties"] if item["property"] != "formerLayouts"]
    contract["customProperties"] = [*kept, {"property": "formerLayouts", "value": layouts}]
    path.write_text(yaml.safe_dump(contract, allow_unicode=True, sort_keys=False), encoding="utf-8")


def inspections_of_2012(rows: Sequence[Mapping[str, Any]]) -> Grid:
    """Another order, renamed headers, enterprise and code in one column, no lead agency."""
    header = ["检查结果", "检查时间", "检查编号", "企业及代码", "类别", "发现隐患数", "检查人数"]
    return [
        header,
        *(
            [
                row["result"],
                row["inspected_on"],
                row["inspection_no"],
                f"{row['enterprise_name']}（{row['uscc']}）",
                {"日常": "普查", "专项": "抽查"}.get(row["kind"], row["kind"]),
                row["hazards_found"],
                row["inspectors"],
            ]
            for row in rows
        ),
    ]


def hazards_of_2013(rows: Sequence[Mapping[str, Any]]) -> Grid:
    """A renamed header, a word of that time, no severity."""
    header = ["隐患编号", "检查编号", "隐患类别", "查出日期", "整改期限", "整改完成日期", "说明"]
    names = ["hazard_no", "inspection_no", "category", "found_on", "due_on", "rectified_on", "description"]
    return [header, *(["火患" if row.get(name) == "消防" else row.get(name) for name in names] for row in rows)]


def assistance_of_2012(rows: Sequence[Mapping[str, Any]]) -> Grid:
    """Name and number of a person in one column; nothing of migrants."""
    header = ["编号", "项目", "受助人及证件号码", "受助对象", "劳模级别", "金额", "日期"]
    names = ["record_no", "programme", "", "beneficiary_kind", "model_worker_level", "amount", "granted_on"]
    return [header, *([row.get(name) if name else f"{row['beneficiary']} {row['id_number']}" for name in names] for row in rows)]


def member_counts_of_2012(rows: Sequence[Mapping[str, Any]]) -> Grid:
    """A title of the sheet, then a header of two rows; :func:`merge_member_counts` merges its cells."""
    titles = ["工会代码", "会员数", None, None, "本月增加", None, "本月减少", None, "参加医疗互助人数"]
    labels = [None, "月初", "月末", "女", "入会", "其他", "转出", "其他", None]
    names = ["union_code", "opening", "closing", "women", "joined", "transferred_in", "transferred_out", "left", "mutual_aid"]
    return [["会员情况月报表"], titles, labels, *([row[name] for name in names] for row in rows)]


MERGED = ("A1:I1", "A2:A3", "B2:D2", "E2:F2", "G2:H2", "I2:I3")


def merge_member_counts(path: Path) -> Path:
    """Merge the header's cells as its printed form had them."""
    book = openpyxl.load_workbook(path)
    for cells in MERGED:
        book["会员月报"].merge_cells(cells)
    book.save(path)
    return path


OLD_GRIDS = {
    "safety_inspections": ("安全生产检查", inspections_of_2012),
    "hazards": ("隐患台账", hazards_of_2013),
    "assistance": ("困难帮扶", assistance_of_2012),
    "member_counts": ("会员月报", member_counts_of_2012),
}


def old_and_new(folder: Path, month: str, rows: Mapping[str, Sequence[Mapping[str, Any]]], version: str = "2012") -> list[Path]:
    """The same submission of CQ twice: in the former layouts with their cover, and in today's; other forms are nil returns.

    Args:
        folder: where the workbooks go.
        month: ``YYYY-MM``.
        rows: by form, what differs from a valid row.
        version: that the old cover states.
    """
    owed = forms_owed(Federation.load().units(month)["CQ"])
    nil = [form.name for form in owed if form.name not in rows]
    new = write_workbook(folder / "new.xlsx", "CQ", month, rows, nil)
    grids = make_grids("CQ", month, rows, nil)
    old: dict[str, Grid] = {
        "首页": [
            ["区总工会月报"],
            ["填报单位", "长庆街道总工会", None, "所属月份", f"{month[:4]}年{int(month[5:])}月"],
            ["表样", version, None, "经办人", "样例员"],
            ["填报情况", None, "报表名称"],
        ]
    }
    for form in owed:
        sheet, make = OLD_GRIDS.get(form.name, (form.sheet, None))
        old["首页"].append(["有" if form.name in rows else "无业务", None, sheet])
        if form.name in rows:
            filled = [{**valid_row(form.name, number, month), **row} for number, row in enumerate(rows[form.name], start=1)]
            old[sheet] = make(filled) if make else grids[form.sheet]
    path = write_workbook(folder / "old.xlsx", grids=old)
    return [merge_member_counts(path) if "member_counts" in rows else path, new]
