"""Indicator values of a release."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.code_words import COMMITMENT_STATUSES, INDICATOR_KINDS
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.months import parse_month
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.releases.read import release_folder
from union_warehouse.reporting.table_files import YES_NO, Table
from union_warehouse.reporting.unit_values import unit_values

_LABELS = {
    "indicator_code": "指标代码",
    "name_zh": "指标名称",
    "unit_zh": "计量单位",
    "definition_zh": "口径",
    "counts_for_zh": "归属",
    "indicator_kind": "指标类型",
    "month": "月份",
    "reporting_unit_code": "单位代码",
    "value_month": "当月值",
    "value_year_to_date": "累计值",
    "value_last_year": "上年同期",
    "change": "同比增减",
    "commitment_target": "年度目标",
    "commitment_rate": "完成比例",
    "commitment_forecast": "全年预测",
    "commitment_forecast_low": "预测下限",
    "commitment_forecast_high": "预测上限",
    "commitment_earlier_progress": "往年同期进展",
    "commitment_status": "进度状态",
    "is_month_hidden": "当月值是否不公开",
    "is_year_to_date_hidden": "累计值是否不公开",
    "is_last_year_hidden": "上年同期是否不公开",
    "is_missing": "是否缺报",
    "is_incomplete": "是否不完整",
    "owing_unit_count": "应报单位数",
    "missing_unit_count": "缺报单位数",
    "missing_report_count": "年内缺报份数",
    "is_carried_forward": "是否沿用上期",
    "is_provisional": "是否初步数",
    "final_with_month": "定稿月份",
    "series_breaks": "口径变更月份",
    "release_id": "发布版本",
}


class NoFigures(UnionWarehouseError):
    """The release holds no figures for what was asked."""

    code = "no_figures"
    message_zh = "版本中没有 {period} 的指标；该期间尚未关账，可用 uw releases 查看各版本所含月份。"
    message_en = (
        "the release has no figures for {period}: not closed yet; `uw releases` shows the months that each release holds."
    )


class NoSuchUnit(UnionWarehouseError):
    """The release holds no figures of that reporting unit for the period."""

    code = "no_such_unit"
    message_zh = "{period} 没有单位 {department} 的指标；当期的单位为：{units}。"
    message_en = "there are no figures of unit {department} for {period}; the units are: {units}."


def figures(
    home: Home,
    year: int,
    month: str | None = None,
    department: str | None = None,
    release_id: str | None = None,
    structure_on: date | None = None,
    hides_below: int | None = None,
) -> pa.Table:
    """Indicator values of a month, or of a year up to its last closed month.

    Args:
        home: the warehouse's state.
        year: calendar year.
        month: ``YYYY-MM`` of that year; None for the year.
        department: code of a reporting unit; None for the whole federation.
        release_id: None for the current release.
        structure_on: history restated to the units as they stand on that day; None as they stood.
        hides_below: a unit's value that counts fewer persons is hidden; None if all is shown (docs/disclosure.md).

    Returns:
        One row per published indicator: indicator_code, name_zh, name_en, definition_zh, counts_for and counts_for_zh (for
        whom a row counts), unit, unit_zh, indicator_kind, month, reporting_unit_code, value (of the month, or cumulative for the year; a stock or ratio is that of the month end; null
        where nobody reported it), value_month, value_year_to_date, value_last_year (``value`` of the same month a year before;
        null where it was not reported over the whole period), change, change_year_to_date (value less last year's; null unless
        both were reported), commitment_target (of the year, for the federation), commitment_rate (share of it reached),
        commitment_forecast, commitment_forecast_low and _high (the interval that holds nine of ten years),
        commitment_earlier_progress (mean of the years before at this month), commitment_status, is_month_hidden,
        is_year_to_date_hidden and is_last_year_hidden (whether the value is there and not shown), is_missing (nobody reported),
        is_incomplete, owing_unit_count, missing_unit_count, missing_report_count (of the year so far), is_reported,
        is_carried_forward, is_provisional (the month may still change by rows that come late), final_with_month (whose close
        makes it final), series_breaks (first months that count by another rule than the month before, comma-separated),
        release_id.

    Raises:
        NoFigures: the release does not hold that period.
        NoSuchUnit: nor that unit, in the structure asked for.
        StructureNotPublic: both ``structure_on`` and ``hides_below`` are given.
        HiddenValueTold: a hidden value could be worked out from what is shown.
        NoRelease: nothing has been published yet.
        InvalidMonth: ``month`` is not ``YYYY-MM``.
    """
    folder = release_folder(home, release_id)
    with open_release(home, folder.name) as connection:
        last = last_closed_month(connection, year, None if month is None else parse_month(month))
        chosen = values_of(unit_values(connection, last, structure_on, hides_below), department, last)
        connection.register("chosen", chosen)
        period = "month" if month else "year_to_date"
        return connection.execute(
            f"""
            with
                commitments as (
                    select indicator_code, max(target_value) as commitment_target, max(progress_rate) as commitment_rate,
                        max(forecast_value) as commitment_forecast, max(forecast_low_value) as commitment_forecast_low,
                        max(forecast_high_value) as commitment_forecast_high,
                        max(earlier_progress_value) as commitment_earlier_progress, max(commitment_status) as commitment_status
                    from fct_commitment_progress
                    where month = $month and $is_federation
                    group by indicator_code
                )
            select indicator_code, name_zh, name_en, definition_zh, counts_for, counts_for_zh, unit, unit_zh, indicator_kind, $month as month, reporting_unit_code,
                cast(value_{period} as double) as value,
                cast(value_month as double) as value_month,
                cast(value_year_to_date as double) as value_year_to_date,
                cast(value_{period}_last_year as double) as value_last_year,
                cast(change_{period} as double) as change,
                cast(change_year_to_date as double) as change_year_to_date,
                cast(commitment_target as double) as commitment_target,
                cast(commitment_rate as double) as commitment_rate,
                cast(commitment_forecast as double) as commitment_forecast,
                cast(commitment_forecast_low as double) as commitment_forecast_low,
                cast(commitment_forecast_high as double) as commitment_forecast_high,
                cast(commitment_earlier_progress as double) as commitment_earlier_progress,
                commitment_status, is_hidden_value_month as is_month_hidden,
                is_hidden_value_year_to_date as is_year_to_date_hidden, is_hidden_value_{period}_last_year as is_last_year_hidden, is_missing, is_incomplete, owing_unit_count, missing_unit_count, missing_report_count, is_reported,
                is_carried_forward, is_provisional, final_with_month, series_breaks, $release_id as release_id
            from chosen
            inner join (select is_provisional, final_with_month from dim_month where month = $month) on true
            inner join dim_indicator using (indicator_code)
            left join commitments using (indicator_code)
            where is_published
            order by indicator_code
            """,
            {
                "month": last,
                "release_id": folder.name,
                "is_federation": department is None or pc.all(chosen["is_federation"]).as_py(),
            },
        ).to_arrow_table()


def figures_table(found: pa.Table) -> Table:
    """What :func:`figures` found, to be written."""
    return Table(
        name="figures",
        label="指标值",
        rows=found,
        labels=_LABELS,
        words={
            "indicator_kind": INDICATOR_KINDS,
            "commitment_status": COMMITMENT_STATUSES,
            **dict.fromkeys(
                (
                    "is_month_hidden",
                    "is_year_to_date_hidden",
                    "is_last_year_hidden",
                    "is_missing",
                    "is_incomplete",
                    "is_reported",
                    "is_carried_forward",
                    "is_provisional",
                ),
                YES_NO,
            ),
        },
        shares=frozenset({"commitment_rate"}),
    )


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
        raise NoFigures(period=month or year)
    return str(found[0])


def values_of(units: pa.Table, department: str | None, period: str) -> pa.Table:
    """The rows of `unit_values` of one unit, of the federation if ``department`` is None.

    Raises:
        NoSuchUnit: there are none.
    """
    chosen = units.filter(pc.field("is_federation") if department is None else pc.field("reporting_unit_code") == department)
    if not chosen.num_rows:
        known = sorted(units["reporting_unit_code"].unique().to_pylist())
        raise NoSuchUnit(period=period, department=department, units=", ".join(known))
    return chosen
