"""The auditor before dbt: every landed row is judged again, and what fails is exactly what is in quarantine."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.audited_year import MONTH, change, count, coverage, credit_code, founding, hazard, inspection
from tests.landings import land, note_files, plan_build
from union_warehouse.paths import Home
from union_warehouse.quality.audit import AuditFailed, audit_landed_forms
from union_warehouse.quality.gx_duckdb import open_workbench

CLOSE = f"{MONTH}-r1"


def validate_one_null() -> Any:
    from great_expectations.expectations import ExpectColumnValuesToNotBeNull

    with open_workbench() as workbench:
        workbench.execute("create table numbers as select unnest([1, null]) as number")
        return workbench.batch("numbers").validate(ExpectColumnValuesToNotBeNull(column="number"))


def test_gx_needs_the_patch_and_works_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    result = validate_one_null()
    assert (result.success, result.result["unexpected_count"]) == (False, 1)
    without = tuple(name for name in engine._PERSISTED_CONNECTION_DIALECTS if str(name) != "duckdb")
    monkeypatch.setattr(engine, "_PERSISTED_CONNECTION_DIALECTS", without)
    monkeypatch.setattr("union_warehouse.quality.gx_duckdb.keep_duckdb_connections", lambda: None)
    assert "list index out of range" in str(validate_one_null().exception_info), "GX works without the patch: remove it"


def test_files_under_audit_are_free_again(tmp_path: Path) -> None:
    path = tmp_path / "file.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table numbers as select 1 as number")
    with open_workbench({"audited": path}) as workbench:
        assert workbench.execute("select * from audited.numbers") == [(1,)]
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into numbers values (2)")


FAULTS: dict[str, list[tuple[dict[str, Any], str, str]]] = {
    "hazards": [
        ({"category": "flames"}, "category", "outside_enum"),
        ({"category": None}, "category", "missing_required"),
        ({"due_on": date(2014, 1, 1)}, "due_on", "due_after_found"),
        ({"found_on": date(2014, 2, 1)}, "found_on", "date_after_month"),
        ({"found_on": date(2013, 9, 30)}, "found_on", "date_before_window"),
        ({"rectified_on": None, "rectified_on__text": "下周"}, "rectified_on", "wrong_type"),
        ({"hazard_no": "H1"}, "hazard_no", "duplicate_key"),
    ],
    "safety_inspections": [
        ({"uscc": credit_code(1)[:-1] + "0"}, "uscc", "invalid_uscc"),
        ({"uscc": None, "uscc__text": "9.13301E+17"}, "uscc", "float_identifier"),
        ({"inspectors": -1}, "inspectors", "negative_value"),
        ({"hazards_found": None, "hazards_found__text": "=A1"}, "hazards_found", "formula_without_value"),
    ],
    "member_changes": [({"id_number__valid": False}, "id_number", "invalid_resident_id")],
    "member_counts": [({"closing": 99}, "closing", "closing_identity")],
}
GOOD = {
    "hazards": hazard(1, "J1"),
    "safety_inspections": inspection(2),
    "member_changes": change(1, "U1"),
    "member_counts": count("U1", 10),
}
NUMBERED = {
    "hazards": "hazard_no",
    "safety_inspections": "inspection_no",
    "member_changes": "change_no",
    "member_counts": "union_code",
}


def land_faults(home: Home, told: bool) -> list[tuple[str, int, str, str]]:
    """Land one good row and one row per fault of each form; quarantine names the faults, or leaves them out."""
    forms, problems = {}, []
    for form, faults in FAULTS.items():
        forms[form] = [GOOD[form]]
        for row, (fault, column, rule) in enumerate(faults, start=3):
            forms[form].append(GOOD[form] | {NUMBERED[form]: f"N{row}"} | fault)
            problems.append((form, row, column, rule))
            if rule == "duplicate_key":
                problems.append((form, 2, column, rule))
    land(home, MONTH, "CQ", forms, problems if told else ())
    return problems


def test_rows_at_fault_are_those_in_quarantine(home: Home) -> None:
    problems = land_faults(home, told=True)
    outcome = audit_landed_forms(home, plan_build(home, MONTH))
    assert outcome["failed_rows"] == len(problems)
    assert outcome["warnings"] == []
    summary = json.loads((home.audits / CLOSE / "summary.json").read_text("utf-8"))["landed_forms"]
    enum = next(item for item in summary["hazards"] if item["expectation"] == "hazards.category__outside_enum")
    assert enum["severity"] == "error"
    assert enum["unexpected_count"] == 1
    assert enum["sample_rows"] == [{"category": "flames", "_submission_id": f"{MONTH}/CQ/v0001", "_row": 3}]


def test_a_fault_that_the_row_checks_missed_stops_the_close(home: Home) -> None:
    problems = land_faults(home, told=False)
    with pytest.raises(AuditFailed) as raised:
        audit_landed_forms(home, plan_build(home, MONTH))
    assert raised.value.facts["expectations"] == [f"{form}.agrees_with_quarantine" for form in sorted(FAULTS)]
    assert "hazards.agrees_with_quarantine x8" in raised.value.message_zh
    found = [sample for samples in raised.value.facts["samples"].values() for sample in samples]
    assert {sample["found_only_by"] for sample in found} == {"audit"}
    assert {"submission_id": f"{MONTH}/CQ/v0001", "row": 3, "rule": "outside_enum", "column": "category"}.items() <= next(
        sample for sample in found if sample["rule"] == "outside_enum"
    ).items()
    assert sum(len(FAULTS[form]) for form in FAULTS) + 1 == len(problems)


@pytest.mark.parametrize("rule", ["outside_enum", "invented_rule"])
def test_a_sound_row_in_quarantine_stops_the_close(home: Home, rule: str) -> None:
    land(home, MONTH, "CQ", {"hazards": [hazard(1, "J1"), hazard(2, "J1")]}, [("hazards", 3, "category", rule)])
    with pytest.raises(AuditFailed, match=f"row=3, rule={rule}, found_only_by=row checks"):
        audit_landed_forms(home, plan_build(home, MONTH))


def test_a_row_accepted_in_spite_of_its_error_stops_the_close(home: Home) -> None:
    submission = land(
        home, MONTH, "CQ", {"hazards": [hazard(1, "J1") | {"category": "flames"}]}, [("hazards", 2, "category", "outside_enum")]
    )
    path = home.landing / f"month={MONTH}" / "department=CQ" / submission.rsplit("/", 1)[1] / "hazards.parquet"
    duckdb.execute(f"copy (select * replace (true as _is_accepted) from '{path}') to '{path}.new' (format parquet)")
    Path(f"{path}.new").replace(path)
    note_files(path.parent)
    with pytest.raises(AuditFailed) as raised:
        audit_landed_forms(home, plan_build(home, MONTH))
    assert raised.value.facts["expectations"] == ["hazards.accepted_without_error"]


def test_a_date_accepted_before_is_not_tested_again(home: Home) -> None:
    land(home, "2013-06", "CQ", {"hazards": [hazard(1, "J1", date(2013, 6, 3))]}, received_at="2013-07-02T08:00:00Z")
    again = hazard(1, "J1", date(2013, 6, 3)) | {"rectified_on": date(2014, 1, 9)}
    unknown = hazard(2, "J1", date(2013, 6, 3))
    land(home, MONTH, "CQ", {"hazards": [again, unknown]}, [("hazards", 3, "found_on", "date_before_window")])
    assert audit_landed_forms(home, plan_build(home, MONTH))["failed_rows"] == 1


def test_an_opening_row_may_hold_any_past_date(home: Home) -> None:
    forms = {"union_register": [founding("U1", date(1950, 1, 1))], "union_coverage": [coverage(1, "U1", date(1950, 1, 1))]}
    land(home, MONTH, "CQ", forms, is_opening=True)
    assert audit_landed_forms(home, plan_build(home, MONTH))["failed_rows"] == 0


def test_only_submissions_that_begin_to_count_are_audited(home: Home) -> None:
    replaced = [hazard(1, "J1") | {"category": "flames"}]
    land(home, MONTH, "CQ", {"hazards": replaced}, received_at="2014-02-01T00:00:00Z")
    land(home, MONTH, "CQ", {"hazards": [hazard(1, "J1")]}, number=2, received_at="2014-02-02T00:00:00Z")
    land(home, MONTH, "WL", {"hazards": []})
    assert audit_landed_forms(home, plan_build(home, MONTH))["failed_rows"] == 0
