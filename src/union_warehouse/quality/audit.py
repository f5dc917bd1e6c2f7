"""The auditor of a close: Great Expectations judges what was landed before dbt, and what was built after it.

Severity decides, in this code and not in GX: a failed ``stop`` expectation ends the close before anything is published,
a ``warning`` is kept and counted, and a fault of single rows (``error``) must be exactly what the row checks found.
Results, a summary and Data Docs of a close stay in ``audits/<close_id>/``.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from union_warehouse.contracts import Form, load_forms
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.landing.effective import versions
from union_warehouse.landing.row_problems import ROW_PROBLEMS
from union_warehouse.paths import BUILD_FILE, MARTS_FILE, Home
from union_warehouse.quality.audit_report import AuditFinding, write_report
from union_warehouse.quality.built_marts import create_scope
from union_warehouse.quality.gx_duckdb import Workbench, open_workbench
from union_warehouse.quality.landed_rows import PROBLEMS, create_landed_table, create_problems_table
from union_warehouse.quality.suites import (
    FAILING_ROW_COUNT,
    WAREHOUSE_SUITES,
    Check,
    contract_checks,
    expectation_suite,
)

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

LANDED_FORMS = "landed_forms"
WAREHOUSE = "warehouse"
_ROW_COLUMNS = ["_submission_id", "_row"]
_LOCATED_ROWS = 10_000
"""Failing rows of one expectation that are compared one by one; beyond, their number is, since GX is slow to list them."""
_SAMPLE_ROWS = 5

FailingRows = set[tuple[str, int]]


class AuditFailed(UnionWarehouseError):
    """An expectation that stops a close failed; nothing was published."""

    code = "audit_failed"
    message_zh = "关账 {close_id} 未通过稽核，上一个发布版本不受影响：{failures_zh}。详见 {report}。"
    message_en = "the audit stopped the close {close_id}; the previous release stands: {failures_en}. See {report}."


def audit_landed_forms(home: Home, close_id: str, once_read: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Audit every landed row, accepted or not, of the submissions that begin to count in this close.

    One batch and one suite per form, derived from its contract. The rows that fail a rule must be exactly the rows that
    quarantine names for it, rule by rule; a difference stops the close.

    Args:
        home: the warehouse's state.
        close_id: the close.
        once_read: called when the rows are read and the files of the build are free: whoever builds may begin.

    Returns:
        close_id, audit, expectations (count evaluated), failed_rows, warnings (id, count, message_zh, message_en),
        seconds, report (folder).

    Raises:
        AuditFailed: names the expectations that failed, with sample rows.
    """
    started = time.perf_counter()
    shutil.rmtree(home.audits / close_id, ignore_errors=True)
    findings: dict[str, list[AuditFinding]] = {}
    results = []
    with open_workbench({"build": home.build / close_id / BUILD_FILE}, writable={"build"}) as workbench:
        forms = _read_landed_forms(workbench, home)
        workbench.execute("detach build")
        once_read()
        for form in forms:
            result, findings[form.name] = _audit_form(workbench, form)
            results.append(result)
    return _conclude(home, close_id, LANDED_FORMS, findings, results, started)


def _read_landed_forms(workbench: Workbench, home: Home) -> list[Form]:
    """Make the audit's tables of what begins to count; the forms that have rows of it.

    What a former contract judged stays as it was judged until it is read again: today's would find other rows wrong.
    """
    today = {form.name: form.fingerprint for form in load_forms().values()}
    landed = workbench.execute(
        """select form, path, parquet_file, contract from build.plan.effective_submissions
        semi join (select form, submission_id from build.plan.changed_submissions where counts_now) using (form, submission_id)
        where parquet_file is not null order by all"""
    )
    judged = [(form, path, file) for form, path, file, contract in landed if contract in {None, today.get(form)}]
    folders = sorted({home.landing / path for _, path, _ in judged})
    if folders:
        create_problems_table(workbench, [folder / ROW_PROBLEMS for folder in folders])
    forms = []
    for form in load_forms().values():
        files = [home.landing / path / file for name, path, file in judged if name == form.name]
        if files:
            create_landed_table(workbench, form, files, partial(_earlier_submissions, workbench, home))
            forms.append(form)
    return forms


def audit_warehouse(home: Home, close_id: str) -> dict[str, Any]:
    """Audit what dbt built: rules across forms and months, and the marts themselves, before they become a release.

    Returns:
        As :func:`audit_landed_forms`.

    Raises:
        AuditFailed: names the expectations that failed, with sample rows.
    """
    started = time.perf_counter()
    folder = home.build / close_id
    findings: dict[str, list[AuditFinding]] = {}
    results = []
    with open_workbench({"build": folder / BUILD_FILE, "marts": folder / MARTS_FILE}) as workbench:
        scope = create_scope(workbench, home)
        for suite, checks_of in WAREHOUSE_SUITES.items():
            checks = checks_of()
            counted = [replace(check, expectation=FAILING_ROW_COUNT) for check in checks]
            result = _validate(workbench, scope, suite, counted, {"result_format": "BASIC"})
            _locate_failures(workbench, scope, suite, checks, result, {"result_format": "COMPLETE"})
            results.append(result)
            findings[suite] = [_judge(check, item) for check, item in _paired(checks, result)]
    return _conclude(home, close_id, WAREHOUSE, findings, results, started)


def _validate(
    workbench: Workbench, table: str, suite_name: str, checks: Sequence[Check], result_format: dict[str, Any]
) -> ExpectationSuiteValidationResult:
    """One GX validation of one suite on one table, under identifiers that depend on names alone.

    A saved ValidationDefinition would serialise suite, definition and result into stores that nobody reads: as much time
    again as the validation itself.
    """
    suite = expectation_suite(suite_name, checks)
    return workbench.batch(table).validate(suite, result_format=result_format)


def _locate_failures(
    workbench: Workbench,
    table: str,
    suite_name: str,
    checks: Sequence[Check],
    result: ExpectationSuiteValidationResult,
    result_format: dict[str, Any],
) -> dict[str, ExpectationValidationResult]:
    """Validate again, with their rows, those of ``checks`` that failed; what is found takes its place in ``result``."""
    failed = [check for check, item in _paired(checks, result) if not item.success]
    if not failed:
        return {}
    rerun = _validate(workbench, table, f"{suite_name}.located", failed, result_format)
    located = {check.id: item for check, item in _paired(failed, rerun)}
    result.results = [located.get(item.expectation_config.meta["check"], item) for item in result.results]
    return located


def _paired(
    checks: Iterable[Check], result: ExpectationSuiteValidationResult
) -> Iterable[tuple[Check, ExpectationValidationResult]]:
    by_id = {item.expectation_config.meta["check"]: item for item in result.results if item.expectation_config}
    return ((check, by_id[check.id]) for check in checks)


def _judge(check: Check, item: ExpectationValidationResult) -> AuditFinding:
    details = item.result or {}
    rows = details.get("details", {}).get("unexpected_rows") or details.get("partial_unexpected_index_list") or []
    count = details.get("observed_value", details.get("unexpected_count", 0 if item.success else None))
    return AuditFinding(check, bool(item.success), count, [dict(row) for row in rows[:_SAMPLE_ROWS]], _exception_of(item))


def _exception_of(item: ExpectationValidationResult) -> str:
    """What GX could not evaluate, empty if it could; it reports either one exception or one per metric."""
    info = item.exception_info or {}
    raised = [info] if "raised_exception" in info else list(info.values())
    messages = [str(entry["exception_message"]).partition("\n")[0] for entry in raised if entry["raised_exception"]]
    return "; ".join(dict.fromkeys(messages))


def _audit_form(workbench: Workbench, form: Form) -> tuple[ExpectationSuiteValidationResult, list[AuditFinding]]:
    """Judge one form: whether each expectation holds on every row, then where those that failed do not."""
    checks = contract_checks(form)
    result = _validate(workbench, form.name, form.name, checks, {"result_format": "BOOLEAN_ONLY"})
    where = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": _ROW_COLUMNS,
        "partial_unexpected_count": _LOCATED_ROWS,
        "return_unexpected_index_query": False,
    }
    located = _locate_failures(workbench, form.name, form.name, checks, result, where)
    findings = [_judge(check, item) for check, item in _paired(checks, result)]
    findings.append(_compare_with_quarantine(workbench, form, checks, located))
    return result, findings


def _compare_with_quarantine(
    workbench: Workbench, form: Form, checks: Iterable[Check], located: dict[str, ExpectationValidationResult]
) -> AuditFinding:
    """The rows that GX found per rule against those that the row checks quarantined for it."""
    quarantined = _quarantined_rows(workbench, form)
    differences: list[dict[str, Any]] = []
    for check in checks:
        if not check.rules:
            continue
        expected: FailingRows = set().union(
            *(quarantined.pop((column, rule), set()) for column in check.columns for rule in check.rules)
        )
        found, count = _found_rows(located.get(check.id))
        differences += _differences(check, found, count, expected)
    for (column, rule), rows in quarantined.items():
        differences += [_difference(row, (rule,), "row checks", column) for row in sorted(rows)]
    return AuditFinding(_agreement_check(form), not differences, len(differences), differences[:_SAMPLE_ROWS], "")


def _quarantined_rows(workbench: Workbench, form: Form) -> dict[tuple[str, str], FailingRows]:
    """Rows in quarantine per column and rule: errors, and those warnings that the contract defines."""
    warnings = ", ".join(f"'{rule.code}'" for rule in form.rules) or "''"
    rows = workbench.execute(
        f"""select column_name, rule_code, _submission_id, _row from {PROBLEMS}
        semi join (select distinct _submission_id from "{form.name}") using (_submission_id)
        where form = '{form.name}' and (severity = 'error' or rule_code in ({warnings}))"""
    )
    quarantined: dict[tuple[str, str], FailingRows] = {}
    for column, rule, submission_id, row in rows:
        quarantined.setdefault((column, rule), set()).add((submission_id, row))
    return quarantined


def _found_rows(item: ExpectationValidationResult | None) -> tuple[FailingRows, int]:
    if item is None:
        return set(), 0
    found = item.result.get("unexpected_index_list") or []
    return {(row["_submission_id"], row["_row"]) for row in found}, int(item.result.get("unexpected_count") or 0)


def _differences(check: Check, found: FailingRows, count: int, expected: FailingRows) -> list[dict[str, Any]]:
    column = check.columns[0] if len(check.columns) == 1 else ""
    differences = [_difference(row, check.rules, "audit", column) for row in sorted(found - expected)]
    if count <= len(found):
        return differences + [_difference(row, check.rules, "row checks", column) for row in sorted(expected - found)]
    if count != len(expected):
        differences.append({"rule": "/".join(check.rules), "audit_rows": count, "row_check_rows": len(expected)})
    return differences


def _difference(row: tuple[str, int], rules: tuple[str, ...], found_by: str, column: str) -> dict[str, Any]:
    place = {"submission_id": row[0], "row": row[1], "rule": "/".join(rules), "found_only_by": found_by}
    return place | ({"column": column} if column else {})


def _agreement_check(form: Form) -> Check:
    return Check(
        f"{form.name}.agrees_with_quarantine",
        "stop",
        "",
        {},
        f"{form.sheet}：稽核发现的问题行与隔离区记录不一致，请检查行规则与稽核规则",
        f"{form.name}: the rows that the audit finds at fault are exactly those in quarantine",
    )


def _earlier_submissions(workbench: Workbench, home: Home, form: str, submissions: Iterable[str]) -> list[tuple[str, Path, str]]:
    """What counted, month by month, for the department when each of ``submissions`` was read: its id, Parquet, and that of the later."""
    names = ", ".join(f"'{submission}'" for submission in submissions)
    rows = workbench.execute(
        f"""with
            later as (
                select submission_id, department, received_at, read_at
                from build.plan.submissions where form = '{form}' and submission_id in ({names})
            ),
            -- a department goes on with what those before it reported
            lines as (select unit_code as department, standing_code as line from build.plan.unit_lineage where valid_to is null),
            seen as (
                select known.*, later.submission_id as later_submission_id
                from build.plan.submissions as known
                inner join lines using (department)
                inner join later on true
                inner join lines as later_lines on later.department = later_lines.department
                where lines.line = later_lines.line
                    and known.received_at < later.received_at
                    and known.read_at <= later.read_at
            )
        select submission_id, path, parquet_file, later_submission_id
        from ({versions("seen", per=["later_submission_id"])})
        where counts and form = '{form}' and parquet_file is not null
        order by all"""
    )
    return [(submission, home.landing / path / file, later) for submission, path, file, later in rows]


def _conclude(
    home: Home,
    close_id: str,
    audit: str,
    findings: dict[str, list[AuditFinding]],
    results: Sequence[ExpectationSuiteValidationResult],
    started: float,
) -> dict[str, Any]:
    """Keep the results, then say what was found or stop the close."""
    folder = home.audits / close_id
    write_report(folder, audit, findings, results)
    every = [finding for suite in findings.values() for finding in suite]
    stopping = [finding for finding in every if finding.stops]
    if stopping:
        raise AuditFailed(
            close_id=close_id,
            audit=audit,
            expectations=[finding.check.id for finding in stopping],
            samples={finding.check.id: finding.samples for finding in stopping},
            failures_zh="；".join(finding.words("zh") for finding in stopping),
            failures_en="; ".join(finding.words("en") for finding in stopping),
            report=(folder / "data_docs" / "index.html").relative_to(home.root).as_posix(),
        )
    return {
        "close_id": close_id,
        "audit": audit,
        "expectations": len(every),
        "failed_rows": sum(finding.count or 0 for finding in every if finding.check.severity == "error"),
        "warnings": [
            {
                "id": finding.check.id,
                "count": finding.count,
                "message_zh": finding.check.message_zh,
                "message_en": finding.check.message_en,
            }
            for finding in every
            if finding.check.severity == "warning" and not finding.success
        ],
        "seconds": round(time.perf_counter() - started, 2),
        "report": folder.relative_to(home.root).as_posix(),
    }
