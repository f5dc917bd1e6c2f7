"""Months and their states, and who has reported what, read from the landing zone and the current release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from union_warehouse.code_words import APPROVAL_STATES, MONTH_STATES
from union_warehouse.landing.received import opened_manifests, submitted_months
from union_warehouse.months import month_range, parse_month
from union_warehouse.paths import Home
from union_warehouse.releases.read import current_release
from union_warehouse.reporting.table_files import Table
from union_warehouse.warehouse.approvals import awaiting_close, latest_event_of_month
from union_warehouse.working_days import due_on

_NAMES = ("month", "department", "unit_name")
_COUNTS = {
    "expected": "应报",
    "received": "已报",
    "on_time": "按时",
    "late": "迟报",
    "missing": "缺报",
    "rejected": "退回",
    "excused": "免报",
    "nil_returns": "零报告",
    "quarantined": "待更正行数",
}
_RATES = {
    "completeness_rate": "完整率",
    "on_time_of_expected_rate": "及时率（占应报）",
    "on_time_of_received_rate": "及时率（占已报）",
}
_MONTH_LABELS = {
    "month": "月份",
    "state": "状态",
    "release_id": "发布版本",
    "due_on": "报送截止日",
    **_COUNTS,
    **_RATES,
    "approval_state": "审批状态",
    "approval_by": "审批人",
    "approval_comment": "审批说明",
}
_DEPARTMENT_LABELS = {"month": "月份", "department": "单位代码", "unit_name": "单位名称", **_COUNTS, **_RATES}


def month_status(home: Home, month: str | None = None) -> dict[str, Any]:
    """States of months and reporting of departments, as of now.

    Args:
        home: the warehouse's state.
        month: one month; None for every month from the first submitted or closed one to the last.

    Returns:
        ``months``: month, state (open, closed: built, audited and awaiting approval, published, reopened), release_id,
        due_on, approval (the last request or decision: state, close_id, by, at, comment, approved_in_advance; None where
        nothing needed one) and the sums below; ``departments`` (of
        ``month`` only): department, unit_name and, counted in forms, expected, received (accepted), on_time, late,
        missing, rejected (something was sent, nothing accepted), excused (by a dated exception; not expected), nil_returns; quarantined counts
        rows. Both with completeness_rate (received / expected), on_time_of_expected_rate and on_time_of_received_rate.

    Raises:
        InvalidMonth: ``month`` is not ``YYYY-MM``.
    """
    release = current_release(home)
    closed = release.closed_months if release else ()
    known = [parse_month(month)] if month else sorted({*submitted_months(home), *closed})
    months = month_range(known[0], known[-1]) if known else []
    with opened_manifests(home, months) as connection:
        rows = connection.execute("select * exclude (first_accepted_at, due_on) from reporting_of_departments").to_arrow_table()
        late_arrivals = _months_touched_since(connection, release.known_at if release else None)
    totals = rows.group_by("month").aggregate([(name, "sum") for name in rows.column_names if name not in _NAMES])
    sums = {
        row["month"]: {name.removesuffix("_sum"): value for name, value in row.items() if name != "month"}
        for row in totals.to_pylist()
    }
    return {
        "months": [
            {
                "month": one,
                "state": _state(home, one, one in closed, one in late_arrivals),
                "release_id": release.release_id if release and one in closed else None,
                "due_on": due_on(one).isoformat(),
                "approval": _approval(home, one),
                **sums[one],
                **_rates(sums[one]),
            }
            for one in months
        ],
        "departments": [unit | _rates(unit) for unit in rows.to_pylist()] if month else [],
    }


def status_tables(found: Mapping[str, Any]) -> list[Table]:
    """What :func:`month_status` found, to be written: the months and, where one was asked for, its departments."""
    months = [
        month
        | {"due_on": date.fromisoformat(month["due_on"])}
        | {f"approval_{name}": (month["approval"] or {}).get(name) for name in ("state", "by", "comment")}
        for month in found["months"]
    ]
    words = {"state": MONTH_STATES, "approval_state": APPROVAL_STATES}
    tables = [Table("months", "月份状态", _columns(months, _MONTH_LABELS), _MONTH_LABELS, words, frozenset(_RATES))]
    if found["departments"]:
        rows = _columns(found["departments"], _DEPARTMENT_LABELS)
        tables.append(Table("departments", "单位报送", rows, _DEPARTMENT_LABELS, shares=frozenset(_RATES)))
    return tables


def _columns(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> pa.Table:
    return pa.table({name: [row[name] for row in rows] for name in names})


def _state(home: Home, month: str, is_released: bool, is_touched: bool) -> str:
    if awaiting_close(home, month):
        return "closed"
    if not is_released:
        return "open"
    return "reopened" if is_touched else "published"


def _approval(home: Home, month: str) -> dict[str, Any] | None:
    found = latest_event_of_month(home, month)
    names = ("state", "close_id", "by", "at", "comment", "approved_in_advance")
    return {name: getattr(found, name) for name in names} if found else None


def _rates(counts: Mapping[Any, Any]) -> dict[str, float | None]:
    """DHIS2's reporting rates; None without a denominator."""
    return {
        name: round(counts[counted] / counts[of], 4) if counts[of] else None
        for name, counted, of in (
            ("completeness_rate", "received", "expected"),
            ("on_time_of_expected_rate", "on_time", "expected"),
            ("on_time_of_received_rate", "on_time", "received"),
        )
    }


def _months_touched_since(connection: duckdb.DuckDBPyConnection, known_at: str | None) -> set[str]:
    """Months with an accepted submission that the current release does not know."""
    if known_at is None:
        return set()
    rows = connection.execute(
        "select distinct month from landed_versions where is_accepted and received_at > cast(? as timestamp)",
        [known_at],
    ).fetchall()
    return {row[0] for row in rows}
