"""Suites derived from the contracts, and suites kept as data."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa
import pytest

from union_warehouse.contracts import Form, load_forms
from union_warehouse.quality.landed_rows import uscc_is_valid
from union_warehouse.quality.rules import Rule, RuleKind, load_rules
from union_warehouse.quality.suites import (
    WAREHOUSE_SUITES,
    Check,
    contract_checks,
    expectation_suite,
    shared_rules,
)
from union_warehouse.workbooks.identifiers import USCC_ALPHABET, uscc_valid

FORMS = list(load_forms().values())
OF_THE_BUILD = {name: checks() for name, checks in WAREHOUSE_SUITES.items()}
SUITES = OF_THE_BUILD | {form.name: contract_checks(form) for form in FORMS}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_clause_of_a_contract_is_checked(form: Form) -> None:
    told = {(column, rule) for check in contract_checks(form) for column in check.columns for rule in check.rules}
    expected = {(rule.column, rule.code) for rule in form.rules} | {(form.key[0].name, "duplicate_key")}
    for field in form.fields:
        rules = {"wrong_type", "float_identifier", "formula_without_value"}
        rules |= {"missing_required"} if field.is_required else set()
        rules |= {"outside_enum"} if field.enum else set()
        rules |= {"negative_value"} if field.minimum is not None else set()
        rules |= {f"invalid_{field.checker}"} if field.checker else set()
        rules |= {"date_after_month", "date_before_window"} if field.date_role == "event" else set()
        rules |= {"date_before_window"} if field.date_role == "end" else set()
        expected |= {(field.name, rule) for rule in rules}
    assert told == expected


def test_due_and_validity_dates_are_not_bounded() -> None:
    bounded = shared_rules(load_forms()["hazards"])[("date_after_month",)]
    assert "due_on" not in bounded
    assert "found_on" in bounded


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_is_made_of_real_expectations_under_stable_ids(name: str) -> None:
    first, again = (expectation_suite(name, SUITES[name]) for _ in range(2))
    assert len(first.expectations) == len(SUITES[name]) == len({item.id for item in first.expectations})
    assert first.to_json_dict() == again.to_json_dict()
    assert first.id != expectation_suite("other", SUITES[name]).id


@pytest.mark.parametrize("check", [check for checks in OF_THE_BUILD.values() for check in checks], ids=lambda check: check.id)
def test_a_check_kept_as_data_is_complete(check: Check) -> None:
    assert check.severity in {"stop", "warning"}
    assert check.message_en
    assert any("\u4e00" <= character <= "\u9fff" for character in check.message_zh)
    sql = check.arguments["unexpected_rows_query"]
    assert sql.count("{") == 1, "GX fills in {batch} and nothing else"
    assert not {"member_name", "id_number"} & set(sql.replace(",", " ").split()), "no personal data in samples"


def test_every_error_of_the_close_is_judged_again() -> None:
    rules = load_rules()
    assert len({rule.code for rule in rules}) == len(rules)
    closing = [rule.code for rule in rules if rule.kind is RuleKind.CLOSE]
    assert sorted(rule.judges or "" for rule in rules if rule.kind is RuleKind.SECOND_LOOK) == sorted(closing)
    assert all(bool(rule.failing_rows) == (rule.kind is RuleKind.SECOND_LOOK) for rule in rules)


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.code)
def test_a_rule_is_as_grave_as_its_kind(rule: Rule) -> None:
    severity = {RuleKind.CLOSE: "error", RuleKind.REPORT: "error", RuleKind.SECOND_LOOK: "stop"}
    assert rule.severity == severity.get(rule.kind, "warning")
    assert set(rule.forms) <= set(load_forms())
    assert bool(rule.outlier_kinds) == (rule.kind is RuleKind.FIGURE)


def test_identifiers_are_unique() -> None:
    ids = [check.id for checks in SUITES.values() for check in checks]
    assert len(ids) == len(set(ids))


def test_credit_codes_are_judged_as_on_the_way_in_by_other_means() -> None:
    drawn = random.Random(32100)
    codes = [
        "91350100M000100Y43",
        "91350100M000100Y44",
        "91350100M000100Y4",
        "123456789",
        "330103000012345",
        "91350100I000100Y43",
        "",
    ]
    codes += ["".join(drawn.choices(USCC_ALPHABET, k=18)) for _ in range(3000)]
    told = uscc_valid(pa.array([*codes, None])).to_pylist()
    assert told[:2] == [True, False]
    assert sum(filter(None, told)) > 50
    rows = duckdb.execute(f"select {uscc_is_valid('code')} from (select unnest(?) as code)", [[*codes, None]]).fetchall()
    assert [row[0] for row in rows] == told
