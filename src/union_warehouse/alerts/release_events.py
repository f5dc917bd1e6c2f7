"""What a release gives cause for: hazards overdue, contracts that expire, rows that wait, figures, late commitments and releases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from union_warehouse.alerts.events import Event, record_number
from union_warehouse.code_words import COMMITMENT_STATUSES
from union_warehouse.contracts import load_forms
from union_warehouse.display import estimate_text
from union_warehouse.months import WINDOW_MONTHS, add_months, last_day, month_range
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.releases.read import Release, list_releases
from union_warehouse.working_days import SHANGHAI, due_on

_EXPIRES_WITHIN = timedelta(days=60)  # domain: Business rules
_WATCHED_MONTHS = WINDOW_MONTHS + 1
"""Of older months no row can come late any more."""


def release_events(home: Home, as_of: datetime) -> list[Event]:
    """Events of the release that was current at ``as_of``; none before the first."""
    releases = [release for release in list_releases(home) if release.known_at_utc <= as_of]
    if not releases:
        return []
    release, today = releases[0], as_of.astimezone(SHANGHAI).date()
    events = list(_late_releases(release, today))
    with open_release(home, release.release_id) as connection:
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        for table, find in _FINDERS.items():
            if table in tables:
                events += find(connection, today)
    previous = {item.release_id: item.previous_release_id for item in releases}
    stands_since = {item.release_id: item.stands_since for item in releases}
    return [_of_release(event, previous, stands_since) if event.kind == "restated_figures" else event for event in events]


def _late_releases(release: Release, today: date) -> Iterator[Event]:
    """Months after the beginning whose submissions were due and that no release holds."""
    first = max(release.beginning_month, add_months(f"{today:%Y-%m}", -_WATCHED_MONTHS))
    for month in month_range(first, add_months(f"{today:%Y-%m}", -1)):
        if month not in release.closed_months:
            facts = {"month": month, "due_on": due_on(month).isoformat(), "release": release.release_id}
            yield Event("stale_release", None, month, due_on(month), facts)


def _overdue_hazards(connection: duckdb.DuckDBPyConnection, today: date) -> Iterator[Event]:
    rows = connection.execute(
        """
        select reporting_unit_code, hazard_no, hazard_severity, due_on
        from fct_hazards
        where is_open and due_on < $today
        order by due_on, hazard_no, reporting_unit_code
        """,
        {"today": today},
    ).fetchall()
    severities_zh = dict(load_forms()["hazards"].field("severity").enum)
    for unit, number, severity, due in rows:
        shown = record_number(number)
        facts = {
            "hazard_no": shown,
            "hazard_severity": severity,
            "hazard_severity_zh": severities_zh.get(severity, severity),
            "due_on": due.isoformat(),
        }
        yield Event("overdue_hazard", unit, shown, due, facts)


def _expiring_contracts(connection: duckdb.DuckDBPyConnection, today: date) -> Iterator[Event]:
    """Once a unit and month: a month is reported as soon as the first of its contracts has at most 60 days left.

    What expired earlier in this month stays with it: it was not renewed, so the month is not done.
    """
    rows = connection.execute(
        """
        with
            contracts as (
                select *, max(valid_to_on) over (partition by contract_kind, contract_coverage, party) as last_valid_to_on
                from fct_collective_contracts
            )
        select reporting_unit_code, strftime(valid_to_on, '%Y-%m') as month, count(*), min(valid_to_on)
        from contracts
        where valid_to_on >= $first_day and valid_to_on = last_valid_to_on
        group by all
        having min(valid_to_on) <= $until
        order by all
        """,
        {"first_day": today.replace(day=1), "until": today + _EXPIRES_WITHIN},
    ).fetchall()
    for unit, month, count, first in rows:
        facts = {"month": month, "contracts": count, "first_on": first.isoformat()}
        yield Event("expiring_contracts", unit, month, first - _EXPIRES_WITHIN, facts, until=last_day(month))


def _waiting_rows(connection: duckdb.DuckDBPyConnection, today: date) -> Iterator[Event]:
    """Rows that wait for a record of another submission, as the last close judged them."""
    rows = connection.execute(
        """
        select submitted_by_code, submission_month, form, rule_code, any_value(message_zh), count(*)
        from fct_row_problems
        where is_made_at_close and severity = 'error' and submission_month >= $first_month
        group by all
        order by all
        """,
        {"first_month": add_months(f"{today:%Y-%m}", -_WATCHED_MONTHS)},
    ).fetchall()
    for unit, month, form, rule, message, count in rows:
        facts = {
            "month": month,
            "form": form,
            "sheet": load_forms()[form].sheet,
            "rule": rule,
            "reason_zh": message,
            "rows": count,
        }
        yield Event("waiting_rows", unit, f"{month}:{form}:{rule}", last_day(month), facts, mark=str(count))


def _restated_figures(connection: duckdb.DuckDBPyConnection, _today: date) -> Iterator[Event]:
    rows = connection.execute(
        """
        select release_id, known_at, count(*), count(*) filter (where is_federation), min(restated.month)
        from rpt_restatements as restated
        left join (select distinct reporting_unit_code, month, is_federation from rpt_indicators) using (reporting_unit_code, month)
        group by all
        """
    ).fetchall()
    for release_id, known_at, figures, federation_figures, first_month in rows:
        day = known_at.replace(tzinfo=known_at.tzinfo or UTC).astimezone(SHANGHAI).date()
        facts = {
            "release": release_id,
            "figures": figures,
            "federation_figures": federation_figures,
            "first_month": first_month,
        }
        yield Event("restated_figures", None, release_id, day, facts)


def _outliers(connection: duckdb.DuckDBPyConnection, today: date) -> Iterator[Event]:
    rows = connection.execute(
        """
        select reporting_unit_code, indicator_code, month, value, median_value, outlier_kind, name_zh
        from rpt_outliers
        left join dim_indicator using (indicator_code)
        where month >= $first_month
        order by month, reporting_unit_code, indicator_code
        """,
        {"first_month": add_months(f"{today:%Y-%m}", -_WATCHED_MONTHS)},
    ).fetchall()
    for unit, indicator, month, value, median, kind, name in rows:
        facts = {
            "month": month,
            "indicator_code": indicator,
            "indicator_zh": name or indicator,
            "value": _number(value),
            "median": _number(median),
            "outlier_kind": kind,
            "outlier_kind_zh": _OUTLIER_KINDS[kind],
        }
        yield Event("outlier", unit, f"{month}:{indicator}", last_day(month), facts, mark=_number(value))


def _late_commitments(connection: duckdb.DuckDBPyConnection, _today: date) -> Iterator[Event]:
    """Commitments that are late in the last closed month, by the state that figures and reports show."""
    rows = connection.execute(
        """
        select commitment_year, commitment_no, month, indicator_code, name_zh, target_value, progress_value, earlier_progress_value,
            forecast_value, forecast_low_value, forecast_high_value, commitment_status
        from fct_commitment_progress
        left join dim_indicator using (indicator_code)
        where month = (select max(month) from dim_month where is_closed) and commitment_status in ('at_risk', 'missed')
        order by commitment_no
        """
    ).fetchall()
    for year, number, month, indicator, name, target, progress, earlier, forecast, low, high, status in rows:
        shown = record_number(number)
        facts = {
            "commitment_no": shown,
            "month": month,
            "indicator_code": indicator,
            "indicator_zh": name or indicator,
            "target": _number(target),
            "progress": _number(progress),
            "earlier_progress": _number(earlier),
            "forecast": estimate_text(forecast, low, high),
            "commitment_status": status,
            "commitment_status_zh": COMMITMENT_STATUSES[status],
        }
        yield Event("late_commitment", None, f"{year}:{shown}", last_day(month), facts, mark=status)


_OUTLIER_KINDS = {"flow_value": "当月数异常", "stock_change": "存量变化异常", "sudden_zero": "突然为零或缺报"}


def _of_release(event: Event, previous: Mapping[str, str | None], stands_since: Mapping[str, datetime]) -> Event:
    """With the release before, and of the day on which the release was made: of a rebuild long after what it is made of was known."""
    event.facts["previous"] = previous.get(event.key) or "-"
    since = stands_since.get(event.key)
    return replace(event, since=since.astimezone(SHANGHAI).date()) if since else event


def _number(value: Any) -> str:
    return "-" if value is None else f"{float(value):,.2f}".rstrip("0").rstrip(".")


_FINDERS: Mapping[str, Callable[[duckdb.DuckDBPyConnection, date], Iterator[Event]]] = {
    "fct_hazards": _overdue_hazards,
    "fct_collective_contracts": _expiring_contracts,
    "fct_row_problems": _waiting_rows,
    "rpt_restatements": _restated_figures,
    "rpt_outliers": _outliers,
    "fct_commitment_progress": _late_commitments,
}
