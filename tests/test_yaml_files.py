"""YAML that people write: what is wrong with a file is told with its name and the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from union_warehouse.alerts.definitions import ALERTS_FILE, Definitions
from union_warehouse.contracts import load_forms
from union_warehouse.contracts.odcs import Contract
from union_warehouse.project import CONTRACTS_DIR
from union_warehouse.quality.rules import RULES_SOURCE, Rules
from union_warehouse.quality.suites import MARTS_CHECKS, MartsFile
from union_warehouse.reporting.report.template import TEMPLATE_FILE, Template
from union_warehouse.reporting.templates.carried import CARRY_FORWARD_FILE, CarryForward
from union_warehouse.yaml_files import MalformedFile, YamlEntry, read_yaml

HONOURS = CONTRACTS_DIR / "honours.odcs.yaml"
MODELS: dict[Path, type[YamlEntry]] = {
    ALERTS_FILE: Definitions,
    CARRY_FORWARD_FILE: CarryForward,
    TEMPLATE_FILE: Template,
    HONOURS: Contract,
    MARTS_CHECKS: MartsFile,
    RULES_SOURCE: Rules,
}
DOCUMENTS = {path: yaml.safe_load(path.read_text("utf-8")) for path in MODELS}
REMINDER = "events.missing_submission.phases.reminder"


def at(document: Any, place: str) -> Any:
    for key in place.split("."):
        document = document[int(key) if isinstance(document, list) else key]
    return document


def refused(path: Path, text: str, tmp_path: Path) -> MalformedFile:
    changed = tmp_path / path.name
    changed.write_text(text, encoding="utf-8")
    with pytest.raises(MalformedFile) as caught:
        read_yaml(changed, MODELS[path])
    assert caught.value.path == changed
    for message in (caught.value.message_zh, caught.value.message_en):
        assert path.name in message and caught.value.place in message
    return caught.value


@pytest.mark.parametrize(
    ("path", "place", "change", "told_at", "told"),
    [
        (ALERTS_FILE, REMINDER, lambda it: it.pop("severity"), f"{REMINDER}.severity", "missing"),
        (ALERTS_FILE, REMINDER, lambda it: it.update(severity="grave"), f"{REMINDER}.severity", "'critical'"),
        (ALERTS_FILE, REMINDER, lambda it: it.update(audiences=["boss"]), f"{REMINDER}.audiences", "no audience boss"),
        (ALERTS_FILE, REMINDER, lambda it: it.update(audiences="leader"), f"{REMINDER}.audiences", "a list"),
        (ALERTS_FILE, REMINDER, lambda it: it.update(from_working_day="soon"), f"{REMINDER}.from_working_day", "whole number"),
        (ALERTS_FILE, REMINDER, lambda it: it.update(is_end_told="maybe"), f"{REMINDER}.is_end_told", "true or false"),
        (ALERTS_FILE, REMINDER, lambda it: it.update(audience=["leader"]), f"{REMINDER}.audience", "not known"),
        (ALERTS_FILE, REMINDER, lambda it: it["title"].pop("zh"), f"{REMINDER}.title.zh", "missing"),
        (ALERTS_FILE, REMINDER, lambda it: it["title"].update(fr="dû"), f"{REMINDER}.title.fr", "not known"),
        (ALERTS_FILE, REMINDER, lambda it: it["line"].update(en=" "), f"{REMINDER}.line.en", "empty"),
        (ALERTS_FILE, "events.dag_failure", lambda it: it.pop("ended"), "events.dag_failure", "`ended`"),
        (ALERTS_FILE, "events.late_submission", lambda it: it.pop("is_notice"), "events.late_submission", "`ended`"),
        (ALERTS_FILE, "audiences.leader", lambda it: it.update(languages=[]), "audiences.leader.languages", "empty"),
        (ALERTS_FILE, "events", lambda it: it.update(storm=None), "events.storm", "a mapping"),
        (CARRY_FORWARD_FILE, "rows.hazards", lambda it: it.pop("from"), "rows.hazards.from", "missing"),
        (CARRY_FORWARD_FILE, "rows.hazards", lambda it: it.update(columns={}), "rows.hazards.columns", "empty"),
        (
            CARRY_FORWARD_FILE,
            "rows.hazards.columns",
            lambda it: it.update(hazard_number="hazard_no"),
            "rows.hazards.columns.hazard_number",
            "no field hazard_number",
        ),
        (CARRY_FORWARD_FILE, "rows", lambda it: it.update(hazard=it.pop("hazards")), "rows.hazard", "no contract"),
        (
            CARRY_FORWARD_FILE,
            "rosters",
            lambda it: it.update(unions=it.pop("union_register.union_code")),
            "rosters.unions",
            "no contract",
        ),
        (TEMPLATE_FILE, "title_zh", lambda it: it.pop("month"), "title_zh.month", "missing"),
        (TEMPLATE_FILE, "sections.0", lambda it: it.update(key="other", title_zh=None), "sections.other.title_zh", "text"),
        (TEMPLATE_FILE, "sections", lambda it: it.append(it[0]), "sections", "twice"),
        (TEMPLATE_FILE, "sections.0", lambda it: it.update(charts=[{"by": "months"}]), "charts.1.title_zh", "missing"),
        (HONOURS, "schema.0", lambda it: it.pop("businessName"), "schema.honours.businessName", "missing"),
        (
            HONOURS,
            "schema.0.properties.0",
            lambda it: it.update(primarykey=True),
            "schema.honours.properties.honour_no.primarykey",
            "not known",
        ),
        (HONOURS, "schema.0.properties.0", lambda it: it.pop("primaryKey"), "schema.honours.properties", "no field is a key"),
        (
            HONOURS,
            "schema.0.properties.0",
            lambda it: it.update(logicalType="text"),
            "schema.honours.properties.honour_no.logicalType",
            "'string'",
        ),
        (
            HONOURS,
            "schema.0.properties.0",
            lambda it: it.update(required="always"),
            "schema.honours.properties.honour_no.required",
            "true or false",
        ),
        (
            HONOURS,
            "schema.0.properties.0.customProperties",
            lambda it: it.append({"property": "enumLabels", "value": {"x": "某"}}),
            "schema.honours.properties.honour_no.customProperties.enumLabels",
            "validValues",
        ),
        (
            HONOURS,
            "schema.0.properties.0.customProperties",
            lambda it: it.append({"property": "enumLabelsEn", "value": {"x": "Some"}}),
            "schema.honours.properties.honour_no.customProperties.enumLabelsEn",
            "no validValues",
        ),
        (
            HONOURS,
            "schema.0.properties.0.customProperties",
            lambda it: it.append({"property": "personalDataKept", "value": ["gender"]}),
            "schema.honours.properties.honour_no.customProperties.personalDataKept",
            "identity number",
        ),
        (
            HONOURS,
            "schema.0.properties.0.customProperties",
            lambda it: it.append({"property": "dateRoll", "value": "event"}),
            "schema.honours.properties.honour_no.customProperties.dateRoll",
            "not known",
        ),
        (HONOURS, "schema", lambda it: it.append(it[0]), "schema", "more than 1"),
        (HONOURS, "customProperties", lambda it: it.clear(), "customProperties.owedBy", "missing"),
        (MARTS_CHECKS, "expectations.0", lambda it: it.pop("failing_rows"), "closing_identity.failing_rows", "missing"),
        (MARTS_CHECKS, "expectations.0", lambda it: it.update(severity="error"), "closing_identity.severity", "'stop'"),
        (MARTS_CHECKS, "expectations", lambda it: it.append(it[0]), "expectations", "closing_identity"),
        (RULES_SOURCE, "rules.0", lambda it: it.update(kind="glance"), "unregistered_union.kind", "'close'"),
        (RULES_SOURCE, "rules.0", lambda it: it.pop("message_zh"), "unregistered_union.message_zh", "missing"),
        (RULES_SOURCE, "rules", lambda it: it.append(it[0]), "rules", "twice"),
    ],
)
def test_a_fault_is_told_with_file_and_key(
    path: Path, place: str, change: Callable[[Any], object], told_at: str, told: str, tmp_path: Path
) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    change(at(document, place))
    error = refused(path, yaml.safe_dump(document, allow_unicode=True), tmp_path)
    assert error.place.endswith(told_at) and told in error.message_en, str(error)


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("", "-", "a mapping"),
        ("a: [1\nb: 2\n", "line 2", "expected"),
        ("audiences: {}\nevents: {}\naudiences: {}\n", "line 3", "'audiences' twice"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(text: str, place: str, told: str, tmp_path: Path) -> None:
    error = refused(ALERTS_FILE, text, tmp_path)
    assert error.place == place and told in error.message_en, str(error)


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    document = yaml.safe_load(ALERTS_FILE.read_text("utf-8"))
    at(document, REMINDER).update(severity="grave", remark="x")
    error = refused(ALERTS_FILE, yaml.safe_dump(document, allow_unicode=True), tmp_path)
    assert error.place == f"{REMINDER}.severity" and f"also wrong: {REMINDER}.remark" in error.message_en


def places_of(value: Any) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [()] + [(key, *rest) for key, item in items for rest in places_of(item)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_file_says_it_is_read_or_refused_by_name(tmp_path: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(MODELS)))
    document = yaml.safe_load(path.read_text("utf-8"))
    *parents, key = data.draw(st.sampled_from(places_of(DOCUMENTS[path])[1:]))
    parent = document
    for step in parents:
        parent = parent[step]
    parent[key] = data.draw(st.sampled_from([None, "", "x", 3, -1.5, True, [], {}, [{}], {"x": 1}, {3: None}, "{", ["x", 2]]))
    changed = tmp_path / path.name
    changed.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    try:
        read_yaml(changed, MODELS[path])
    except MalformedFile as error:
        assert error.place and error.reason_zh and error.reason_en


@pytest.mark.parametrize("name", [3, [], {}, None])
def test_a_property_whose_name_is_no_text_is_refused_by_its_place(name: Any, tmp_path: Path) -> None:
    document = yaml.safe_load(HONOURS.read_text("utf-8"))
    field = document["schema"][0]["properties"][3]
    field["customProperties"][0]["property"] = name
    error = refused(HONOURS, yaml.safe_dump(document, allow_unicode=True), tmp_path)
    assert error.place.endswith(f"{field['name']}.customProperties"), str(error)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_malformed_contract_is_told_by_every_command_that_reads_it(tmp_path: Path, data: st.DataObject) -> None:
    document = yaml.safe_load(HONOURS.read_text("utf-8"))
    *parents, key = data.draw(st.sampled_from(places_of(DOCUMENTS[HONOURS])[1:]))
    parent = document
    for step in parents:
        parent = parent[step]
    del parent[key]
    (tmp_path / HONOURS.name).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    load_forms.cache_clear()
    try:
        load_forms(tmp_path)
    except MalformedFile as error:
        assert error.path == tmp_path / HONOURS.name
    finally:
        load_forms.cache_clear()
