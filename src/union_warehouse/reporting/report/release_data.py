"""What the report needs of a release: figures, values by unit and month, commitments, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from union_warehouse.months import add_months, first_day, last_day, month_range
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.releases.integrity import release_sha256
from union_warehouse.releases.read import Release, read_release
from union_warehouse.reporting.figures import figures
from union_warehouse.reporting.report.period import Period
from union_warehouse.reporting.unit_values import unit_values

BREAK_MARK = "※"
"""Stands with the name of an indicator whose definition changed within the months shown or compared."""
MonthValue = tuple[float | None, float | None]


@dataclass(frozen=True)
class Figure:
    """The federation's value of an indicator in the period.

    Attributes:
        value: None where it has none.
        year_to_date: from January on; for a stock or ratio the value itself.
        last_year: value a year before, None where it was not reported over the whole period.
        change: value less last year's, None unless both were reported.
        change_year_to_date: the same of ``year_to_date``.
        counts_for: for which unit its rows count, in words.
        is_unreported: whether nobody who owes its form sent it.
        is_unpromised: whether it measures a project that the year's commitments do not name.
    """

    code: str
    name: str
    unit: str
    unit_zh: str
    kind: str
    aggregation: str
    form: str
    definition: str
    owner: str
    counts_for: str
    value: float | None
    year_to_date: float | None
    last_year: float | None
    change: float | None
    change_year_to_date: float | None
    is_unreported: bool
    is_unpromised: bool


@dataclass(frozen=True)
class UnitValue:
    """A unit's value of an indicator.

    Attributes:
        is_missing: whether the unit owes the form for the last month and did not send it.
        is_hidden: whether there is a value that the reader is not shown.
    """

    value: float | None
    is_missing: bool
    is_hidden: bool


@dataclass(frozen=True)
class Commitment:
    """A commitment's progress at the end of the period; without ``progress`` only its target.

    Attributes:
        earlier_progress: of the years before at this time, None where none is known.
        forecast: of the end of the year; nine of ten years end from ``forecast_low`` to ``forecast_high``.
    """

    number: str
    indicator: str
    target: float
    progress: float | None = None
    rate: float | None = None
    earlier_progress: float | None = None
    forecast: float | None = None
    forecast_low: float | None = None
    forecast_high: float | None = None
    status: str = "unknown"
    milestone: str = ""


@dataclass(frozen=True)
class Gap:
    """A form that a unit owed and did not send, and the months."""

    form: str
    unit_name: str
    months: tuple[str, ...]


@dataclass(frozen=True)
class ReportData:
    """What a release says of a period.

    Attributes:
        release_sha256: of its ``release.json``: the head of the chain of releases.
        structure_on: units as they stand on that day; None as they stood in the period.
        hides_below: units' values that count fewer persons are not shown; None if all are.
        federation: code of the whole.
        unit_names: every unit of that structure, in order; the federation is the first.
        sender_names: every unit valid in the period, in order: who had to report.
        figures: by indicator.
        by_unit: by indicator and unit; a unit that does not owe the form has none.
        by_month: the federation's value of each month and of the year to date, by indicator and month, this year and last.
        commitments: of the year.
        next_commitments: of the next year, as far as announced.
        gaps: of the period, in the order of forms and units.
        provisional_months: months of the period that may still change by rows that come late, each with the month whose close makes it
            final.
    """

    release: Release
    release_sha256: str
    period: Period
    structure_on: date | None
    hides_below: int | None
    federation: str
    unit_names: Mapping[str, str]
    sender_names: Mapping[str, str]
    figures: Mapping[str, Figure]
    by_unit: Mapping[tuple[str, str], UnitValue]
    by_month: Mapping[tuple[str, str], MonthValue]
    commitments: tuple[Commitment, ...]
    next_commitments: tuple[Commitment, ...]
    gaps: tuple[Gap, ...]
    provisional_months: Mapping[str, str]


def read_report_data(
    home: Home,
    year: int,
    month: str | None,
    release_id: str | None,
    structure_on: date | None = None,
    hides_below: int | None = None,
) -> ReportData:
    """Read a period from a release.

    Raises:
        NoRelease: nothing has been published yet.
        UnknownRelease: there is no release of that id.
        NoFigures: the release does not hold that period.
        StructureNotPublic: both ``structure_on`` and ``hides_below`` are given.
        HiddenValueTold: a hidden value could be worked out from what is shown.
    """
    release = read_release(home, release_id)
    found = figures(home, year=year, month=month, release_id=release.release_id, structure_on=structure_on)
    last = str(found["month"][0])
    first = next(one for one in release.closed_months if one[:4] == last[:4])
    period = Period(month, tuple(month_range(first, last)))
    with open_release(home, release.release_id) as connection:
        first_on, last_on = first_day(period.covered[0]), last_day(last)
        senders = _unit_names(connection, first_on, last_on)
        return ReportData(
            release=release,
            release_sha256=release_sha256(home, release.release_id),
            period=period,
            structure_on=structure_on,
            hides_below=hides_below,
            federation=str(found["reporting_unit_code"][0]),
            unit_names=_unit_names(connection, structure_on, structure_on) if structure_on else senders,
            sender_names=senders,
            figures=_figures(connection, found, period),
            by_unit=_unit_values(connection, period, structure_on, hides_below),
            by_month=_by_month(connection, period),
            commitments=_commitments(connection, period),
            next_commitments=_next_commitments(connection, period),
            gaps=_gaps(connection, period),
            provisional_months=_provisional_months(connection, period),
        )


def _unit_names(connection: duckdb.DuckDBPyConnection, first_on: date, last_on: date) -> dict[str, str]:
    """Units valid on any of these days, by the name they bore last."""
    rows = connection.execute(
        """
        select reporting_unit_code, last(unit_name order by valid_from)
        from (select *, row_number() over () as position from dim_reporting_unit)
        where valid_from <= $last_on and (valid_to > $first_on or valid_to is null)
        group by reporting_unit_code
        order by min(position)
        """,
        {"first_on": first_on, "last_on": last_on},
    ).fetchall()
    return dict(rows)


def _figures(connection: duckdb.DuckDBPyConnection, found: pa.Table, period: Period) -> dict[str, Figure]:
    connection.register("found", found)
    rows = connection.execute(
        """
        with
            -- a series that breaks within what is shown or compared carries a mark wherever it is named
            broken as (
                select indicator_code, string_agg(month, '、' order by month) as months
                from (select indicator_code, unnest(string_split(series_breaks, ', ')) as month from dim_indicator)
                where month > $first_compared and month <= $month
                group by indicator_code
            )
        select found.indicator_code, found.name_zh || if(broken.months is null, '', $mark), found.unit, found.unit_zh, found.indicator_kind, aggregation, form,
            found.definition_zh || coalesce('（' || $mark || '自' || broken.months || '起按此口径，以前月份按原口径）', ''), owner_code, found.counts_for_zh, cast(value as double), cast(value_year_to_date as double), cast(value_last_year as double),
            cast(change as double), cast(change_year_to_date as double), is_missing,
            found.unit = 'milestone' and indicator_code not in (
                select indicator_code from fct_commitment_progress where month = $month
            )
        from found
        inner join dim_indicator using (indicator_code)
        left join broken using (indicator_code)
        order by found.indicator_code
        """,
        {"month": period.last_month, "first_compared": add_months(period.months[0], -12), "mark": BREAK_MARK},
    ).fetchall()
    connection.unregister("found")
    return {row[0]: Figure(*row) for row in rows}


def _unit_values(
    connection: duckdb.DuckDBPyConnection, period: Period, structure_on: date | None, hides_below: int | None
) -> dict[tuple[str, str], UnitValue]:
    value = "value_month" if period.month else "value_year_to_date"
    return {
        (row["indicator_code"], row["reporting_unit_code"]): UnitValue(
            _number(row[value]), bool(row["is_missing"]), bool(row[f"is_hidden_{value}"])
        )
        for row in unit_values(connection, period.last_month, structure_on, hides_below).to_pylist()
        if not row["is_federation"]
    }


def _by_month(connection: duckdb.DuckDBPyConnection, period: Period) -> dict[tuple[str, str], MonthValue]:
    months = [*(add_months(one, -12) for one in period.months), *period.months]
    rows = connection.execute(
        """
        select indicator_code, month, cast(value_month as double), cast(value_year_to_date as double) from rpt_indicators
        where is_federation and month in (from unnest($months))
        """,
        {"months": months},
    ).fetchall()
    return {(code, month): (value, year_to_date) for code, month, value, year_to_date in rows}


def _commitments(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[Commitment, ...]:
    rows = connection.execute(
        """
        select commitment_no, indicator_code, cast(target_value as double), cast(progress_value as double),
            cast(progress_rate as double), cast(earlier_progress_value as double), cast(forecast_value as double),
            cast(forecast_low_value as double), cast(forecast_high_value as double), commitment_status, coalesce(milestone, '')
        from fct_commitment_progress
        where month = $month and commitment_year = $year
        order by try_cast(regexp_extract(commitment_no, '^[0-9]+') as integer) nulls last, commitment_no
        """,
        {"month": period.last_month, "year": int(period.last_month[:4])},
    ).fetchall()
    return tuple(Commitment(*row) for row in rows)


def _next_commitments(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[Commitment, ...]:
    rows = connection.execute(
        """
        select commitment_no, indicator_code, cast(target_value as double)
        from fct_commitments
        where commitment_year = $year and submission_month <= $month
        qualify row_number() over (partition by commitment_no order by submission_month desc) = 1
        order by try_cast(regexp_extract(commitment_no, '^[0-9]+') as integer) nulls last, commitment_no
        """,
        {"month": period.last_month, "year": int(period.last_month[:4]) + 1},
    ).fetchall()
    return tuple(Commitment(*row) for row in rows)


def _gaps(connection: duckdb.DuckDBPyConnection, period: Period) -> tuple[Gap, ...]:
    rows = connection.execute(
        """
        with
            units as (
                select reporting_unit_code, last(unit_name order by valid_from) as unit_name, min(position) as position
                from (select *, row_number() over () as position from dim_reporting_unit)
                group by reporting_unit_code
            )
        select form, coalesce(any_value(unit_name), reporting_unit_code), list_sort(list(distinct month))
        from rpt_indicators
        inner join dim_indicator using (indicator_code)
        left join units using (reporting_unit_code)
        where is_missing and not is_federation and month in (from unnest($months))
        group by form, reporting_unit_code
        order by form, min(position), reporting_unit_code
        """,
        {"months": list(period.covered)},
    ).fetchall()
    return tuple(Gap(form, unit_name, tuple(months)) for form, unit_name, months in rows)


def _provisional_months(connection: duckdb.DuckDBPyConnection, period: Period) -> dict[str, str]:
    rows = connection.execute(
        "select month, final_with_month from dim_month where is_provisional and month in (from unnest($months)) order by month",
        {"months": list(period.covered)},
    ).fetchall()
    return dict(rows)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
