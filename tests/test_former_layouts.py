"""Former layouts are data: an old file lands as the same rows as today's, and its receipt speaks of its own cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest
import yaml

from tests.commands import APPROVED, collect_apart, uw_json
from tests.former_layouts import add_layouts, old_and_new, project_with_former_layouts
from tests.test_templates import hazard, lb_with
from tests.workbook_factory import write_workbook
from union_warehouse.contracts import load_forms

MONTH = "2014-02"
ROWS: dict[str, list[dict[str, Any]]] = {
    "union_register": [{}, {}],
    "safety_inspections": [{}, {"kind": "专项", "enterprise_name": "样例（杭州）有限公司"}],
    "hazards": [{}, {"category": "电气", "description": None}],
    "assistance": [{}, {"amount": None, "beneficiary": "样例·买买提"}],
    "member_counts": [{}, {}],
}
OLD_LAYOUTS = {
    "assistance": "2012",
    "hazards": "2013",
    "member_counts": "2012",
    "safety_inspections": "2012",
    "union_register": "1.0.0",
}


@pytest.fixture
def former(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project whose contracts know former layouts."""
    project = project_with_former_layouts(tmp_path / "project")
    monkeypatch.setenv("PROJECT_UNDER_TEST", str(project))
    return project


def collected(home: Path, path: Path, exit_code: int = 0) -> Any:
    return collect_apart(home, path, "2014-03-03", exit_code)


def landed(home: Path, form: str, month: str = MONTH, version: str = "v0001") -> list[dict[str, Any]]:
    path = home / "landing" / f"month={month}" / "department=CQ" / version / f"{form}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path, partitioning=None).to_pylist()
    return rows


def manifest(home: Path, month: str = MONTH, version: str = "v0001") -> Any:
    return json.loads((home / "landing" / f"month={month}" / "department=CQ" / version / "manifest.json").read_bytes())


def values(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What counts of landed rows: values and verdicts, without the words and the place of the cells."""
    return [
        {name: row[name] for name in row if not name.endswith("__text") and name not in ("_sheet", "_row", "_layout")}
        for row in rows
    ]


def layouts(home: Path, month: str = MONTH, version: str = "v0001") -> dict[str, str]:
    return {form["form"]: form["layout"] for form in manifest(home, month, version)["forms"] if form["layout"]}


def test_an_old_workbook_lands_as_the_rows_of_todays(former: Path, tmp_path: Path) -> None:
    old, new = old_and_new(tmp_path, MONTH, ROWS)
    homes = {path: tmp_path / path.stem for path in (old, new)}
    for path, home in homes.items():
        outcome = collected(home, path)
        assert (outcome["state"], outcome["problems"]) == ("accepted", []), outcome["problems"]
    for form in ROWS:
        was, now = (values(landed(homes[path], form)) for path in (old, new))
        unknown = {"hazards": "severity", "assistance": "migrant"}.get(form)
        assert was == [{**row, unknown: None} if unknown else row for row in now], form
    texts = landed(homes[old], "safety_inspections")[0]
    assert (texts["kind__text"], texts["lead_agency__text"], texts["_layout"]) == ("普查", "样例安监站", "2012")
    assert layouts(homes[old]) == OLD_LAYOUTS
    assert layouts(homes[new]) == dict.fromkeys(ROWS, "1.0.0")
    assert [manifest(home)["cover"] for home in homes.values()] == ["2013", "1"]
    kept = next((homes[old] / "landing").rglob("original.xlsx"))
    assert kept.read_bytes() == old.read_bytes()


def test_a_receipt_shows_the_cells_of_the_old_layout(former: Path, tmp_path: Path) -> None:
    mistakes = {
        **ROWS,
        "safety_inspections": [{"inspected_on": "上旬"}, {"kind": "临时"}, {"uscc": "没有"}, {"uscc": "9133"}],
        "assistance": [{"id_number": "无证件"}],
        "member_counts": [{}, {"women": 99}],
    }
    old, _ = old_and_new(tmp_path, MONTH, mistakes)
    grids = openpyxl.load_workbook(old)
    grids["安全生产检查"]["D4"] = "样例企业003"
    grids.save(old)
    outcome = collected(tmp_path / "home", old, exit_code=1)
    told = {(problem["form"], problem["row"], problem["column"], problem["rule"]) for problem in outcome["problems"]}
    assert {
        ("safety_inspections", 2, "inspected_on", "wrong_type"),
        ("safety_inspections", 3, "kind", "outside_enum"),
        ("safety_inspections", 4, "uscc", "wrong_type"),
        ("safety_inspections", 4, "enterprise_name", "wrong_type"),
        ("safety_inspections", 5, "uscc", "invalid_uscc"),
        ("assistance", 2, "id_number", "wrong_type"),
        ("member_counts", 5, "women", "women_within_closing"),
    } <= told, told
    book = openpyxl.load_workbook(outcome["receipt"])
    marked = {
        f"{sheet.title}!{cell.coordinate}": cell.comment.text
        for sheet in book.worksheets[1:]
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    }
    cells = {"B2", "E3", "D4", "D5"}
    assert {place for place in marked if place.startswith("安全")} == {f"安全生产检查!{cell}" for cell in cells}
    assert {"困难帮扶!C2", "会员月报!D5"} <= set(marked)
    assert "普查" in marked["安全生产检查!E3"] and "91330103YY0000001A）”这样写" in marked["安全生产检查!D4"]
    listed = " ".join(str(cell.value) for row in book["回执"].iter_rows() for cell in row if cell.value)
    assert "检查时间" in listed and "企业及代码（统一社会信用代码）" in listed and "（按 2012 版式读取）" in listed
    everything = json.dumps(
        [outcome, landed(tmp_path / "home", "assistance"), list(marked.values())], ensure_ascii=False, default=str
    )
    assert "样例001" not in everything, "a cell that names a person and could not be taken apart shows in clear"


def test_reread_takes_a_new_layout_up(former: Path, tmp_path: Path) -> None:
    layouts_of_hazards = former / "expectations" / "contracts" / "hazards.odcs.yaml"
    known = layouts_of_hazards.read_text("utf-8")
    add_layouts(former, "hazards", [])
    home = tmp_path / "home"
    old, _ = old_and_new(tmp_path, MONTH, ROWS)
    outcome = collected(home, old, exit_code=1)
    assert outcome["rejected_forms"] == ["hazards"]
    assert "隐患整改" in {problem["sheet"] for problem in outcome["problems"]}, "the sheet that it should have had is named"

    layouts_of_hazards.write_text(known, encoding="utf-8")
    (again,) = uw_json(home, "reread", MONTH)
    assert (again["state"], again["rejected_forms"]) == ("accepted", [])
    assert layouts(home, version="v0001-r02") == OLD_LAYOUTS
    originals = [path.read_bytes() for path in (home / "landing").rglob("original.xlsx")]
    assert originals == [old.read_bytes()] * 2
    assert manifest(home)["forms"] != manifest(home, version="v0001-r02")["forms"], "the first reading stays as it was"


def test_the_version_on_the_cover_decides_before_the_month(former: Path, tmp_path: Path) -> None:
    old, _ = old_and_new(tmp_path, "2014-03", ROWS)
    home = tmp_path / "home"
    outcome = collect_apart(home, old, "2014-04-02", exit_code=1)
    assert outcome["rejected_forms"] == ["hazards"], "its layout is told by months alone, and held to February"
    assert layouts(home, "2014-03") == {form: layout for form, layout in OLD_LAYOUTS.items() if form != "hazards"}
    unknown, _ = old_and_new(tmp_path / "other", MONTH, ROWS, version="2009")
    refused = collect_apart(home, unknown, "2014-03-03", exit_code=1)
    assert (refused["state"], refused["problems"][0]["rule"]) == ("rejected", "wrong_template"), (
        "no cover of that version is known"
    )
    covers = former / "expectations" / "covers.yml"
    covers.write_text(covers.read_text("utf-8").replace("['2012']", "['2012', '2009']"), encoding="utf-8")
    taken = collect_apart(home, unknown, "2014-03-04", exit_code=1)
    states = {form["form"]: form["state"] for form in taken["forms"]}
    assert (states["hazards"], states["assistance"]) == ("accepted", "rejected"), "of a version that only the cover knows"


def test_a_workbook_without_a_cover_and_a_csv_are_told_by_their_names(former: Path, tmp_path: Path) -> None:
    header = ["隐患编号", "检查编号", "隐患类别", "日期", "期限", "整改完成日期", "说明"]
    row: list[Any] = ["H1", "I1", "消防", "2011-03-02", "2011-03-20", None, None]
    grids = {
        "隐患整改": [header, row],
        "安检": [["检查编号", "检查时间", "类别", "检查人数", "发现隐患数", "检查结果", "企业及代码"]],
    }
    home = tmp_path / "home"
    path = write_workbook(tmp_path / "2011年3月长庆街道总工会报表.xlsx", grids=grids)
    outcome = collect_apart(home, path, "2011-04-02", exit_code=1)
    states = {form["form"]: (form["state"], form["return"], form["layout"]) for form in outcome["forms"]}
    assert states["hazards"] == ("accepted", "rows", "2010")
    assert states["safety_inspections"] == ("accepted", "nil", "2012"), "a sheet without rows is a nil return"
    assert states["visits"] == ("rejected", None, None), "no sheet says nothing"
    assert [(row["found_on"].isoformat(), row["severity"]) for row in landed(home, "hazards", "2011-03")] == [
        ("2011-03-02", None)
    ]

    export = tmp_path / "2013-05_CQ_隐患台账.csv"
    export.write_text(
        "隐患编号,检查编号,隐患类别,查出日期,整改期限,整改完成日期,说明\nH2,I2,火患,2013-05-02,2013-05-20,,\n", encoding="utf-8"
    )
    outcome = collect_apart(home, export, "2013-06-02")
    assert [(form["form"], form["layout"]) for form in outcome["forms"]] == [("hazards", "2013")]
    assert landed(home, "hazards", "2013-05")[0]["category"] == "fire"


def test_a_template_of_before_a_contract_gained_columns_is_known_when_nobody_filled_it(former: Path, tmp_path: Path) -> None:
    """Of two columns that the contract gained since, one is unknown in what came before, one has a value."""
    paths = {name: tmp_path / f"{name}.xlsx" for name in ("untouched", "nil", "changed", "added")}
    for path in paths.values():
        path.write_bytes(lb_with([hazard("H1"), hazard("H2")]))
    for name, column, value in (("nil", None, None), ("changed", 2, "I9"), ("added", 9, "由街道督办")):
        book = openpyxl.load_workbook(paths[name])
        if column is not None:
            book["隐患整改"].cell(3, column).value = value
        if name == "added":  # by hand
            book["隐患整改"].cell(2, 9).value = "备注"
        else:
            for row in book["封面"].iter_rows():
                if row[0].value in {form.sheet for form in load_forms().values()}:
                    row[1].value = "零报告"
        book.save(paths[name])
    contract = yaml.safe_load((former / "expectations" / "contracts" / "hazards.odcs.yaml").read_text("utf-8"))
    columns = contract["schema"][0]["properties"]
    description = next(column for column in columns if column["name"] == "description")
    columns[2:2] = [
        description | {"name": "remark", "businessName": "备注"},
        description | {"name": "origin", "businessName": "来源"},
    ]
    (former / "expectations" / "contracts" / "hazards.odcs.yaml").write_text(
        yaml.safe_dump(contract, allow_unicode=True), "utf-8"
    )
    gained = {"remark": {"absent": "unknown"}, "origin": {"default": "检查"}}
    add_layouts(former, "hazards", [{"name": "before", "templateVersions": ["1"], "columns": gained}])
    outcomes = uw_json(tmp_path / "home", "check", *paths.values(), exit_code=1)
    untouched, nil, changed, added = ([problem["rule"] for problem in outcome["problems"]] for outcome in outcomes)
    assert untouched == ["untouched_template"]
    assert "prefilled_rows_ignored" in nil and "rows_on_nil_return" not in nil
    assert "rows_on_nil_return" in changed
    assert "untouched_template" not in added, "somebody added one of them, and wrote there"


@pytest.mark.build
def test_months_of_old_layouts_are_closed_and_published(former: Path, tmp_path: Path) -> None:
    contract = former / "expectations" / "contracts" / "visits.odcs.yaml"
    text = contract.read_text("utf-8").replace(
        "customProperties:\n  - {property: owedBy",
        "customProperties:\n  - {property: owedFrom, value: '2014-03'}\n  - {property: owedBy",
    )
    contract.write_text(text, encoding="utf-8")
    home = tmp_path / "home"
    old, _ = old_and_new(tmp_path, MONTH, {**ROWS, "assistance": [{}, {"id_number": "无证件"}]})
    (outcome,) = uw_json(home, "submit", old, "--received-at", "2014-03-03", exit_code=1)
    assert "visits" not in {form["form"] for form in outcome["forms"]}
    assert {(item["rule"], item["form"]) for item in outcome["problems"] if item["severity"] == "warning"} == {
        ("form_not_owed", "visits")
    }

    (close,) = uw_json(home, "close", MONTH, "--known-at", "2014-04-01", *APPROVED)
    with duckdb.connect(str(home / "releases" / close["release"] / "warehouse.duckdb"), read_only=True) as release:
        read = dict(release.execute("select form, layout_name from fct_submissions where layout_name is not null").fetchall())
        assistance = release.execute("select amount_cny, is_migrant from fct_assistance").fetchall()
        expected = release.execute("select count(*) from fct_expected_reports where form = 'visits'").fetchone()
        severities = release.execute("select distinct hazard_severity from fct_hazards").fetchall()
    assert read == OLD_LAYOUTS
    assert assistance == [(500, None)], "the row that could not be taken apart waits"
    assert severities == [(None,)], "what nobody knows is empty, and no fault"
    assert expected == (0,), "a form is expected of nobody before it existed"


def test_what_a_file_has_of_today_is_not_lost_to_an_older_layout(former: Path, tmp_path: Path) -> None:
    add_layouts(former, "hazards", [{"name": "2013", "validTo": "2014-03", "columns": {"severity": {"absent": "unknown"}}}])
    _, new = old_and_new(tmp_path, MONTH, ROWS)
    assert collected(tmp_path / "today", new)["state"] == "accepted"
    assert layouts(tmp_path / "today")["hazards"] == "1.0.0", (
        "a file of today's layout, in a month of an older one with fewer columns"
    )
    assert {row["severity"] for row in landed(tmp_path / "today", "hazards")} == {"general"}

    renamed = {
        "name": "2013",
        "validTo": "2014-03",
        "columns": {"severity": {"absent": "unknown"}, "found_on": {"labels": ["查出日期"]}},
    }
    add_layouts(former, "hazards", [renamed])
    book = openpyxl.load_workbook(new)
    book["隐患整改"]["E1"] = "查出日期"
    book.save(new)
    assert collected(tmp_path / "mixed", new)["state"] == "accepted"
    assert layouts(tmp_path / "mixed")["hazards"] == "2013", "an older file to which somebody added a column"
    assert {row["severity"] for row in landed(tmp_path / "mixed", "hazards")} == {"general"}
