"""Indicator values of a release."""

from __future__ import annotations

import duckdb
import pandas as pd

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.months import parse_month
from union_warehouse.paths import Home
from union_warehouse.warehouse.releases import open_release, release_folder


class NoFigures(UnionWarehouseError):
    """The release holds no figures for what was asked."""

    code = "no_figures"
    message_zh = "版本中没有 {period} 的指标（单位 {department}）；该期间尚未关账，或单位代码有误，可用 uw releases 查看。"
    message_en = (
        "the release has no figures for {period} (unit {department}): not closed yet, or no such unit; see `uw releases`."
    )


def figures(
    home: Home, year: int, month: str | None = None, department: str | None = None, release_id: str | None = None
) -> pd.DataFrame:
    """Indicator values of a month, or of a year up to its last closed month.

    Args:
        home: the warehouse's state.
        year: calendar year.
        month: ``YYYY-MM`` of that year; None for the year.
        department: code of a reporting unit; None for the whole federation.
        release_id: None for the current release.

    Returns:
        One row per published indicator: indicator_code, name_zh, name_en, unit, unit_zh, indicator_kind, month, value (of
        the month, or cumulative for the year; a stock or ratio is that of the month end), value_month,
        value_year_to_date, value_last_year (``value`` of the same month a year before; null where the release does not
        reach back), change (value less that), commitment_target (of the year, for the federation), commitment_rate (share
        of it reached), commitment_status, is_missing, missing_unit_count, is_carried_forward, release_id.

    Raises:
        NoFigures: the release does not hold that period or unit.
        NoRelease: nothing has been published yet.
        InvalidMonth: ``month`` is not ``YYYY-MM``.
    """
    folder = release_folder(home, release_id)
    with open_release(home, folder.name) as connection:
        last = last_closed_month(connection, year, None if month is None else parse_month(month))
        federation = federation_of(connection, last)
        found = connection.execute(
            """
            with
                chosen as (
                    select *, case when $is_month then value_month else value_year_to_date end as value
                    from rpt_indicators
                ),
                last_year as (
                    select indicator_code, value as value_last_year
                    from chosen
                    where month = $month_last_year and reporting_unit_code = $unit
                ),
                commitments as (
                    select indicator_code, max(target_value) as commitment_target, max(progress_rate) as commitment_rate,
                        max(commitment_status) as commitment_status
                    from fct_commitment_progress
                    where month = $month and $unit = $federation
                    group by indicator_code
                )
            select indicator_code, name_zh, name_en, unit, unit_zh, indicator_kind, month, value, value_month, value_year_to_date,
                value_last_year, value - value_last_year as change, commitment_target, commitment_rate, commitment_status,
                is_missing, missing_unit_count, is_carried_forward
            from chosen
            inner join dim_indicator using (indicator_code, indicator_kind)
            left join last_year using (indicator_code)
            left join commitments using (indicator_code)
            where is_published and month = $month and reporting_unit_code = $unit
            order by indicator_code
            """,
            {
                "is_month": month is not None,
                "month": last,
                "month_last_year": f"{int(last[:4]) - 1}{last[4:]}",
                "unit": department or federation,
                "federation": federation,
            },
        ).df()
    if found.empty:
        raise NoFigures(period=month or year, department=department or federation)
    return found.assign(release_id=folder.name)


def last_closed_month(connection: duckdb.DuckDBPyConnection, year: int, month: str | None) -> str:
    """``month`` if the release holds it; without one, the last month of ``year`` that it holds.

    Raises:
        NoFigures: there is none.
    """
    found = connection.execute(
        "select max(month) from dim_month where is_closed and left(month, 4) = ? and month = coalesce(?, month)",
        [str(year), month],
    ).fetchone()
    if found is None or found[0] is None:
        raise NoFigures(period=month or year, department="")
    return str(found[0])


def federation_of(connection: duckdb.DuckDBPyConnection, month: str) -> str:
    """Code of the federation that the units belong to at the end of ``month``: the unit without a parent."""
    found = connection.execute(
        """select reporting_unit_code from dim_reporting_unit, dim_month
        where month = ? and unit_kind = 'federation' and valid_from <= last_on and (valid_to > last_on or valid_to is null)""",
        [month],
    ).fetchone()
    if found is None:
        raise NoFigures(period=month, department="")
    return str(found[0])
