"""Former layouts as people write them: what is wrong with one is told by its place, before any file is read by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.former_layouts import DATA
from union_warehouse.contracts import layouts_of, load_forms
from union_warehouse.contracts.layouts import Edition, FormerLayout, FormerSplit, Period
from union_warehouse.contracts.odcs import Contract
from union_warehouse.contracts.written_covers import CoversFile
from union_warehouse.project import CONTRACTS_DIR
from union_warehouse.workbooks.cells import normalise_text
from union_warehouse.workbooks.laid_out import as_laid_out_today
from union_warehouse.yaml_files import MalformedFile, YamlEntry, read_yaml

Change = Callable[[list[dict[str, Any]]], object]


def refused(path: Path, document: Any, model: type[YamlEntry]) -> MalformedFile:
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(MalformedFile) as caught:
        read_yaml(path, model)
    return caught.value


@pytest.mark.parametrize(
    ("form", "change", "place", "told"),
    [
        ("hazards", lambda it: it[0].pop("validTo"), "formerLayouts.2010", "no longer held"),
        ("hazards", lambda it: it[1].update(validFrom="2014-03"), "formerLayouts.2013", "before"),
        ("hazards", lambda it: it[1].update(validFrom="2011-06"), "customProperties", "overlap"),
        ("hazards", lambda it: it.reverse(), "customProperties", "oldest first"),
        ("hazards", lambda it: it[1].update(name="2010"), "customProperties.2010", "two layouts"),
        ("hazards", lambda it: it[0].update(name="1.0.0"), "customProperties.1.0.0", "current one"),
        ("hazards", lambda it: it[0].update(validTo="2012年"), "2010.validTo", "match"),
        ("hazards", lambda it: it[0].update(templateVersions=[2010]), "2010.templateVersions", "text"),
        ("hazards", lambda it: it[0].update(sheet="隐患"), "2010.sheet", "not known"),
        ("hazards", lambda it: it[0]["columns"].update(found={"labels": ["日期"]}), "2010.found", "no field found"),
        ("hazards", lambda it: it[0]["columns"]["severity"].update(default="一般"), "columns.severity", "`absent: unknown`, or `default`"),
        ("hazards", lambda it: it[0]["columns"].update(severity={"default": "很大"}), "severity.default", "no value"),
        ("hazards", lambda it: it[0]["columns"].update(hazard_no={"absent": "unknown"}), "hazard_no", "no record"),
        ("hazards", lambda it: it[0]["columns"].update(found_on={"default": "2010-01-01"}), "found_on", "no record"),
        ("hazards", lambda it: it[1]["columns"]["category"]["codes"].update(火患="fires"), "category", "no code"),
        ("hazards", lambda it: it[0]["columns"].update(due_on={"labels": ["日 期"]}), "columns", "means both"),
        ("hazards", lambda it: it[0]["columns"].update(due_on={"labels": ["整改完成日期"]}), "columns", "means both"),
        ("safety_inspections", lambda it: it[0]["splits"][0].update(pattern="(?P<uscc>.+"), "pattern", "regular expression"),
        ("safety_inspections", lambda it: it[0]["splits"][0].update(pattern="(?P<uscc>.+)(?=x)(?P<kind>.)"), "pattern", "RE2"),
        ("safety_inspections", lambda it: it[0]["splits"][0].update(pattern="(?P<uscc>.+)"), "pattern", "two at least"),
        ("safety_inspections", lambda it: it[0]["splits"][0].update(pattern="(?P<uscc>.+) (x)(?P<kind>.)"), "pattern", "without a name"),
        ("safety_inspections", lambda it: it[0]["splits"][0].update(example="样例企业"), "example", "does not take it apart"),
        ("safety_inspections", lambda it: it[0]["columns"].update(uscc={"labels": ["代码"]}), "2012.uscc", "is split"),
    ],
)  # fmt: skip
def test_a_fault_of_a_former_layout_is_told_by_its_place(
    form: str, change: Change, place: str, told: str, tmp_path: Path
) -> None:
    document = yaml.safe_load((CONTRACTS_DIR / f"{form}.odcs.yaml").read_text("utf-8"))
    layouts = yaml.safe_load((DATA / f"{form}.yml").read_text("utf-8"))
    document["customProperties"].append({"property": "formerLayouts", "value": layouts})
    path = tmp_path / f"{form}.odcs.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert read_yaml(path, Contract), "as it is written it is right"
    change(layouts)
    error = refused(path, document, Contract)
    assert place in error.place and told in error.message_en, str(error)


@pytest.mark.parametrize(
    ("change", "place", "told"),
    [
        (lambda it: it[0].update(file_name="(?P<month>.+)"), "2010.file_name", "department"),
        (lambda it: it[0].update(sheets=["封面"]), "2010", "not both"),
        (lambda it: it[1]["labels"].update(form=[]), "2013.labels", "both []"),
        (lambda it: it[1]["labels"].update({"return": "填报情况"}), "labels.return", "a list"),
        (lambda it: it[1]["labels"].update(unit=["单位"]), "labels.unit", "not known"),
        (lambda it: it[1].update(valid_from="2011-01"), "former_covers", "overlap"),
    ],
)
def test_a_fault_of_a_former_cover_is_told_by_its_place(change: Change, place: str, told: str, tmp_path: Path) -> None:
    document = yaml.safe_load((DATA / "covers.yml").read_text("utf-8"))
    change(document["former_covers"])
    error = refused(tmp_path / "covers.yml", document, CoversFile)
    assert place in error.place and told in error.message_en, str(error)


def test_a_contract_with_a_fault_in_a_layout_is_refused_by_what_reads_it(tmp_path: Path) -> None:
    document = yaml.safe_load((CONTRACTS_DIR / "hazards.odcs.yaml").read_text("utf-8"))
    layout = {"name": "2010", "validTo": "2012-01", "columns": {"found": {"labels": ["日期"]}}}
    document["customProperties"].append({"property": "formerLayouts", "value": [layout]})
    path = tmp_path / "hazards.odcs.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    load_forms.cache_clear()
    try:
        with pytest.raises(MalformedFile, match="found"):
            load_forms(tmp_path)
    finally:
        load_forms.cache_clear()


@pytest.mark.parametrize(
    ("period", "version", "month", "is_in_force"),
    [
        (Period(("2012",)), "2012", "2020-01", True),
        (Period(("2012",)), None, "2012-01", False),
        (Period(("2012",), "2012-01", "2013-01"), "1", "2012-06", False),
        (Period(("2012",), "2012-01", "2013-01"), None, "2012-06", True),
        (Period((), "2012-01", "2013-01"), "1", "2012-06", True),
        (Period((), "2012-01", "2013-01"), None, "2012-01", True),
        (Period((), "2012-01", "2013-01"), None, "2013-01", False),
        (Period((), None, "2013-01"), None, "2010-01", True),
        (Period((), "2012-01", "2013-01"), None, None, False),
    ],
)
def test_the_layout_in_force_is_told_by_version_and_else_by_month(
    period: Period, version: str | None, month: str | None, is_in_force: bool
) -> None:
    assert period.holds_for(Edition(version, month)) is is_in_force


SPLIT = FormerSplit(("受助人及证件号码",), r"(?P<beneficiary>.+?)\s+(?P<id_number>\w{15,18})", "张三 339900198001010017")
DECLARED = FormerLayout("2012", Period(("2012",)), splits=(SPLIT,))
SPLIT_LAYOUT = layouts_of(replace(load_forms()["assistance"], former_layouts=(DECLARED,)))[0]


def compact(text: str) -> str:
    return re.sub(r"\s", "", normalise_text(text))


@given(st.lists(st.none() | st.text(min_size=1) | st.from_regex(r"\A\w{1,4} +\w{14,19}\Z"), min_size=1))
def test_a_cell_is_taken_apart_or_kept_whole_and_hidden(cells: list[str | None]) -> None:
    whole = pa.array([cell if cell is None or cell.strip() else None for cell in cells], pa.string())
    texts = dict.fromkeys(SPLIT_LAYOUT.form.field_names, whole)
    parts, unread = as_laid_out_today(SPLIT_LAYOUT, texts, {}, len(whole))
    for cell, name, number, is_whole in zip(
        whole.to_pylist(), *(parts[field].to_pylist() for field in SPLIT.fields), unread["id_number"].to_pylist(), strict=True
    ):
        if cell is None:
            assert (name, number, is_whole) == (None, None, False)
        elif is_whole:
            assert name == number == "*" * len(cell)
            assert not re.fullmatch(r"(?s)[A-Za-z]+ [0-9]{18}", cell), "what the pattern takes apart is taken apart"
        else:
            assert (number and name is None) or (number and name in cell) or name
