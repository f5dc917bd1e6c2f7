"""Values of every indicator by reporting unit: as the units stood, or restated to their structure on a day."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from union_warehouse.months import add_months
from union_warehouse.reporting.contributions import contributions

VALUES = ("value_month", "value_year_to_date", "value_month_last_year", "value_year_to_date_last_year")


def unit_values(connection: duckdb.DuckDBPyConnection, month: str, structure_on: date | None = None) -> pa.Table:
    """Values of ``month`` and of its year to date, beside those of the same month a year before.

    Restated values are counted again from the rows: distinct counts of a merged unit are not the sum of its parts.

    Args:
        connection: to a release.
        month: closed month, ``YYYY-MM``.
        structure_on: the units as they stand on that day; None as they stood in each month.

    Returns:
        One row per indicator and unit: indicator_code, reporting_unit_code, is_federation, the four :data:`VALUES` (null
        where a unit did not report, or the release does not reach back), is_missing, missing_unit_count,
        is_carried_forward.
    """
    if structure_on is None:
        return connection.execute(_AS_IT_WAS, {"month": month, "month_last_year": add_months(month, -12)}).to_arrow_table()
    definitions = connection.execute("select * from dim_indicator where rows_sql is not null").to_arrow_table().to_pylist()
    return connection.execute(
        _RESTATED.format(contributions=contributions(definitions, is_restated=True), values=", ".join(map(_value, VALUES))),
        {"month": month, "month_last_year": add_months(month, -12), "structure_on": structure_on},
    ).to_arrow_table()


def _value(name: str) -> str:
    ratio = f"indicator_ratio(over_.{name}, under.{name})"
    return f"cast(if(is_ratio, {ratio}, filled.{name}) as decimal(18, 6)) as {name}"


_AS_IT_WAS = """
    with last_year as (select * from rpt_indicators where month = $month_last_year)
    select this_year.indicator_code, this_year.reporting_unit_code, this_year.is_federation,
        this_year.value_month, this_year.value_year_to_date,
        last_year.value_month as value_month_last_year, last_year.value_year_to_date as value_year_to_date_last_year,
        this_year.is_missing, this_year.missing_unit_count, this_year.is_carried_forward
    from rpt_indicators as this_year
    left join last_year
        on this_year.indicator_code = last_year.indicator_code and this_year.is_federation = last_year.is_federation
        and (this_year.is_federation or this_year.reporting_unit_code = last_year.reporting_unit_code)
    where this_year.month = $month
"""

_RESTATED = """
    with
        span as (
            select month, last_on as month_end from dim_month
            where is_closed and (month between left($month, 4) || '-01' and $month
                or month between left($month_last_year, 4) || '-01' and $month_last_year)
        ),
        contributions as ({contributions}),
        federation as (
            select coalesce(any_value(standing_code), any_value(reporting_unit_code)) as federation_code
            from rpt_indicators
            left join dim_reporting_unit_lineage as lineage
                on reporting_unit_code = unit_code and $structure_on >= lineage.valid_from
                and ($structure_on < lineage.valid_to or lineage.valid_to is null)
            where month = $month and is_federation
        ),
        periods as (
            select indicator_code, aggregation, indicator_kind, part_count, period, last_month,
                case when indicator_kind = 'flow' then first_month else last_month end as first_month
            from dim_indicator
            cross join (
                values ('value_month', $month, $month),
                    ('value_year_to_date', left($month, 4) || '-01', $month),
                    ('value_month_last_year', $month_last_year, $month_last_year),
                    ('value_year_to_date_last_year', left($month_last_year, 4) || '-01', $month_last_year)
            ) as periods (period, first_month, last_month)
            where rows_sql is not null
        ),
        by_period as (
            select periods.*, reporting_unit_code, distinct_key, part_value, amount
            from contributions inner join periods using (indicator_code)
            where contributions.month between first_month and last_month
        ),
        measured as (
            select indicator_code, period, coalesce(reporting_unit_code, federation_code) as reporting_unit_code,
                indicator_measure(aggregation, part_count, distinct_key, part_value, amount, true) as measure
            from by_period, federation
            group by grouping sets (
                (indicator_code, period, aggregation, part_count, federation_code, reporting_unit_code),
                (indicator_code, period, aggregation, part_count, federation_code))
        ),
        -- a unit has a value, if only nil, where a unit that it goes on with has one
        reported as (
            select indicator_code, coalesce(standing_code, reporting_unit_code) as reporting_unit_code,
                bool_or(is_federation) as is_federation, month,
                bool_or(value_month is not null) as has_month, bool_or(value_year_to_date is not null) as has_year,
                bool_or(is_missing) as is_missing, cast(sum(missing_unit_count) as integer) as missing_unit_count,
                bool_or(is_carried_forward) as is_carried_forward
            from rpt_indicators
            left join dim_reporting_unit_lineage as lineage
                on reporting_unit_code = unit_code and $structure_on >= lineage.valid_from
                and ($structure_on < lineage.valid_to or lineage.valid_to is null)
            where month in ($month, $month_last_year)
            group by all
        ),
        grid as (
            select indicator_code, reporting_unit_code, now.is_federation, now.is_missing, now.missing_unit_count,
                now.is_carried_forward, now.has_month, now.has_year, before.has_month as had_month, before.has_year as had_year
            from (from reported where month = $month) as now
            left join (from reported where month = $month_last_year) as before using (indicator_code, reporting_unit_code)
            union all
            -- a unit that a union was moved to, and that reports nothing itself
            select distinct indicator_code, reporting_unit_code, false, false, 0, false, true, true, true, true
            from measured
            where (indicator_code, reporting_unit_code) not in (
                select (indicator_code, reporting_unit_code) from reported where month = $month)
        ),
        filled as (
            select grid.indicator_code, grid.reporting_unit_code, is_federation, is_missing, missing_unit_count, is_carried_forward,
                any_value(measure) filter (where period = 'value_month') as measure_month,
                any_value(measure) filter (where period = 'value_year_to_date') as measure_year,
                any_value(measure) filter (where period = 'value_month_last_year') as measure_month_before,
                any_value(measure) filter (where period = 'value_year_to_date_last_year') as measure_year_before,
                coalesce(measure_month, if(has_month, 0, null)) as value_month,
                coalesce(measure_year, if(has_year, 0, null)) as value_year_to_date,
                coalesce(measure_month_before, if(had_month, 0, null)) as value_month_last_year,
                coalesce(measure_year_before, if(had_year, 0, null)) as value_year_to_date_last_year
            from grid
            left join measured using (indicator_code, reporting_unit_code)
            group by grid.indicator_code, grid.reporting_unit_code, is_federation, is_missing, missing_unit_count,
                is_carried_forward, has_month, has_year, had_month, had_year
        )
    select filled.indicator_code, filled.reporting_unit_code, filled.is_federation,
        {values},
        filled.is_missing, filled.missing_unit_count, filled.is_carried_forward
    from filled
    inner join (select *, indicator_kind = 'ratio' as is_ratio from dim_indicator) as definitions using (indicator_code)
    left join filled as over_
        on definitions.numerator_code = over_.indicator_code and filled.reporting_unit_code = over_.reporting_unit_code
    left join filled as under
        on definitions.denominator_code = under.indicator_code and filled.reporting_unit_code = under.reporting_unit_code
"""
