"""Suites of expectations: derived from a contract, from the rules, or read from YAML, as values that GX objects are made of.

A :class:`Check` is one expectation with what the audit needs to judge its result. Identifiers are uuid5 of names, so a
suite is the same bytes on every run.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from union_warehouse.contracts import DateRole, Field, Form, Severity
from union_warehouse.project import EXPECTATIONS_DIR
from union_warehouse.quality.rules import RuleKind, load_rules
from union_warehouse.yaml_files import YamlEntry, fault, read_yaml

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

CROSS_FORM_SUITE = "cross_form"
MARTS_SUITE = "marts"
MARTS_CHECKS = EXPECTATIONS_DIR / "marts.yml"
FAILING_ROW_COUNT = "failing_row_count_expectation"
NATURAL_KEY = "_natural_key"
ACCEPTED_AGREES = "_accepted_agrees"
UNREAD_RULES = ("wrong_type", "float_identifier", "formula_without_value")
Expectation = tuple[str, dict[str, Any]]
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://union-warehouse.invalid/expectations")
_GX_SEVERITY = {"stop": "critical", "warning": "warning", "error": "info"}


@dataclass(frozen=True)
class Check:
    """One expectation.

    Attributes:
        id: unique name, ``<suite>.<what>``.
        severity: ``stop`` ends the close, ``warning`` is reported, ``error`` is a fault of single rows that must be
            exactly what the row checks found.
        expectation: GX expectation type, snake_case.
        arguments: its keyword arguments.
        message_zh: what a failure means and the next step.
        message_en: the same in English.
        reason: why a tolerance is what it is and what still gets caught; empty where there is none.
        columns: for a rule of single rows: the columns that the row checks report.
        rules: for a rule of single rows: the rules that the row checks report.
    """

    id: str
    severity: str
    expectation: str
    arguments: Mapping[str, Any] = field(hash=False)
    message_zh: str
    message_en: str
    reason: str = ""
    columns: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class MartsExpectation(YamlEntry):
    """One entry of ``marts.yml``; ``failing_rows`` is SQL of the rows that break it."""

    id: str
    severity: Literal["stop", "warning"]
    message_zh: str
    message_en: str
    reason: str | None = None
    failing_rows: str


class MartsFile(YamlEntry):
    """The file ``marts.yml``."""

    suite: Literal["marts"]
    expectations: tuple[MartsExpectation, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [item.id for item in self.expectations]
        for name in ids:
            if ids.count(name) > 1:
                fault(f"{name} 重复", f"{name} stands in it twice", "expectations")
        return self


def contract_checks(form: Form) -> tuple[Check, ...]:
    """What ``form``'s contract says of its landed rows.

    The checks read the audit's own table of the landed rows (:mod:`union_warehouse.quality.landed_rows`): the landed
    columns, ``_natural_key``, and one verdict per rule in SQL for what no GX expectation can say. A rule that many fields
    share is one check of the row: GX takes as long for a check as DuckDB for all of them.
    """
    checks = [check for item in form.fields for check in _field_checks(form, item)]
    checks += [_verdict_check(form, columns, rules, _SHARED_RULES[rules]) for rules, columns in shared_rules(form).items()]
    key = ", ".join(item.label for item in form.key)
    checks.append(
        _row_check(
            form,
            (form.key[0].name,),
            ("duplicate_key",),
            ("expect_column_values_to_be_unique", {"column": NATURAL_KEY}),
            (f"{key} 在同一单位同一月份内不得重复", "the natural key is used once within a department and month"),
        )
    )
    for rule in form.rules:
        check = _verdict_check(form, (rule.column,), (rule.code,), (rule.message_zh, rule.message_en))
        checks.append(replace(check, severity=rule.severity.value))
    checks.append(_accepted_check(form))
    return tuple(checks)


_SHARED_RULES = {
    ("missing_required",): ("必填的单元格均已填写", "every required cell is filled"),
    UNREAD_RULES: ("有内容的单元格都能按规定类型读取", "every cell that holds text holds a value of its type"),
    ("date_after_month",): ("事项日期不晚于报送月份", "no event is dated after the submitted month"),
    ("date_before_window",): (
        "事项日期不早于报送月份前三个月的第一天",
        "no event is dated before the third month before the submitted one",
    ),
}


def shared_rules(form: Form) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Rules that are one check of the whole row, with the fields they apply to; rules without a field are left out."""
    event, end = DateRole.EVENT, DateRole.END
    columns = {
        ("missing_required",): [item.name for item in form.fields if item.is_required],
        UNREAD_RULES: [item.name for item in form.fields],
        ("date_after_month",): [item.name for item in form.fields if item.date_role is event],
        ("date_before_window",): [item.name for item in form.fields if item.date_role in (event, end)],
    }
    return {rules: tuple(names) for rules, names in columns.items() if names}


def _field_checks(form: Form, item: Field) -> Iterable[Check]:
    label, name = item.label, (item.name,)
    if item.enum:
        expectation: Expectation = (
            "expect_column_values_to_be_in_set",
            {"column": item.name, "value_set": [code for code, _ in item.enum]},
        )
        yield _row_check(
            form, name, ("outside_enum",), expectation, (f"{label} 须为规定选项之一", f"{item.name} is one of its codes")
        )
    if item.minimum is not None:
        expectation = ("expect_column_values_to_be_between", {"column": item.name, "min_value": item.minimum})
        message = (f"{label} 不得小于 {item.minimum}", f"{item.name} is at least {item.minimum}")
        yield _row_check(form, name, ("negative_value",), expectation, message)
    if item.checker:
        message = (f"{label} 的校验码须正确", f"{item.name} has the right check character")
        yield _verdict_check(form, name, (f"invalid_{item.checker}",), message)


def _row_check(
    form: Form, columns: tuple[str, ...], rules: tuple[str, ...], expectation: Expectation, message: tuple[str, str]
) -> Check:
    return Check(
        f"{form.name}.{verdict_column(columns, rules)}",
        Severity.ERROR.value,
        *expectation,
        *message,
        columns=columns,
        rules=rules,
    )


def _verdict_check(form: Form, columns: tuple[str, ...], rules: tuple[str, ...], message: tuple[str, str]) -> Check:
    arguments = {"column": verdict_column(columns, rules), "value_set": [True]}
    return _row_check(form, columns, rules, ("expect_column_values_to_be_in_set", arguments), message)


def _accepted_check(form: Form) -> Check:
    return Check(
        f"{form.name}.accepted_without_error",
        "stop",
        "expect_column_values_to_be_in_set",
        {"column": ACCEPTED_AGREES, "value_set": [True]},
        "采用的行没有错误，隔离的行至少有一项错误",
        "a row is accepted if, and only if, quarantine holds no error of it",
    )


def verdict_column(columns: tuple[str, ...], rules: tuple[str, ...]) -> str:
    """Name of the audit's own verdict: true, false, or null where the rule does not apply."""
    return f"{'row' if rules in _SHARED_RULES else columns[0]}__{'_or_'.join(rules)}"


@cache
def cross_form_checks() -> tuple[Check, ...]:
    """What ``rules.yml`` says of rows across forms and months: errors judged a second time, and the findings of cross checks."""
    return tuple(
        _failing_rows_check(
            f"{CROSS_FORM_SUITE}.{rule.code}",
            rule.severity,
            rule.failing_rows or _FINDINGS.format(rule_code=rule.code),
            (rule.message_zh, rule.message_en),
            rule.reason or "",
        )
        for rule in load_rules()
        if rule.kind in (RuleKind.SECOND_LOOK, RuleKind.CROSS_CHECK)
    )


_FINDINGS = """
    select * exclude (subject_key) from build.intermediate.int_cross_checks
    semi join build.intermediate.int_checked_subjects using (subject_key)
    where rule_code = '{rule_code}'
"""
"""Findings of one rule whose subject this close judged again, so that each is reported once."""


@cache
def marts_checks() -> tuple[Check, ...]:
    """What must hold of the marts before they become a release: ``marts.yml``.

    Raises:
        MalformedFile: an entry lacks something, or holds what nobody reads.
    """
    return tuple(
        _failing_rows_check(
            f"{MARTS_SUITE}.{item.id}", item.severity, item.failing_rows, (item.message_zh, item.message_en), item.reason or ""
        )
        for item in read_yaml(MARTS_CHECKS, MartsFile).expectations
    )


WAREHOUSE_SUITES: Mapping[str, Callable[[], tuple[Check, ...]]] = {
    CROSS_FORM_SUITE: cross_form_checks,
    MARTS_SUITE: marts_checks,
}
"""The suites that judge a build, by name."""


def _failing_rows_check(check_id: str, severity: str, failing_rows: str, message: tuple[str, str], reason: str) -> Check:
    """A query of failing rows; it may name ``scope`` (what this close touched) and the catalogs ``build`` and ``marts``."""
    return Check(
        check_id,
        severity,
        "unexpected_rows_expectation",
        {"unexpected_rows_query": _within_scope(failing_rows)},
        *message,
        reason=reason,
    )


def _within_scope(sql: str) -> str:
    # GX fills in {batch}, the table of the one scope row; braces of the query's own would confuse it
    return f"with scope as (select * from {{batch}})\nselect * from (\n{sql.strip()}\n) as failing_rows"


def expectation_suite(name: str, checks: Iterable[Check]) -> ExpectationSuite:
    """The GX suite of ``checks``, with identifiers that depend on names alone."""
    from great_expectations import ExpectationSuite

    import union_warehouse.quality.failing_row_count  # noqa: F401  makes FAILING_ROW_COUNT known to GX

    return ExpectationSuite(name=name, id=stable_id(name), expectations=[_configuration(check) for check in checks])


def _configuration(check: Check) -> dict[str, Any]:
    return {
        "type": check.expectation,
        "kwargs": dict(check.arguments),
        "id": stable_id(check.id),
        "severity": _GX_SEVERITY[check.severity],
        "description": f"{check.message_zh} ({check.message_en})",
        "meta": {"check": check.id, "severity": check.severity},
    }


def stable_id(name: str) -> str:
    """A UUID that depends on ``name`` alone."""
    return str(uuid.uuid5(_NAMESPACE, name))
