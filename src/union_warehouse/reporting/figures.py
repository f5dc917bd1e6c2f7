"""Indicator values of a release."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.months import parse_month
from union_warehouse.paths import Home
from union_warehouse.warehouse.releases import open_release

FEDERATION = "XC"


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
        One row per published indicator: indicator_code, name_zh, name_en, unit, indicator_kind, month, value (of the
        month, or cumulative for the year; a stock or ratio is that of the month end), value_month,
        value_year_to_date, is_missing, missing_unit_count, is_carried_forward, release_id.

    Raises:
        NoFigures: the release does not hold that period or unit.
        NoRelease: nothing has been published yet.
        InvalidMonth: ``month`` is not ``YYYY-MM``.
    """
    unit = department or FEDERATION
    if month is not None:
        month = parse_month(month)
    connection = open_release(home, release_id)
    try:
        found = connection.execute(
            """
            with
                chosen as (
                    select max(month) as month from rpt_indicators where left(month, 4) = $year and month <= coalesce($month, '9999-12')
                )
            select indicator_code, name_zh, name_en, unit, indicator_kind, month,
                case when $month is null then value_year_to_date else value_month end as value,
                value_month, value_year_to_date, is_missing, missing_unit_count, is_carried_forward
            from rpt_indicators
            inner join dim_indicator using (indicator_code, indicator_kind)
            semi join chosen using (month)
            where is_published and reporting_unit_code = $unit
            order by indicator_code
            """,
            {"year": str(year), "month": month, "unit": unit},
        ).df()
        path = connection.execute("select path from duckdb_databases() where not internal").fetchall()[0][0]
    finally:
        connection.close()
    if found.empty or (month is not None and found["month"].iloc[0] != month):
        raise NoFigures(period=month or year, department=unit)
    return found.assign(release_id=Path(path).parent.name)
