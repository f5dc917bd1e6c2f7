"""Values of every indicator by reporting unit: as the units stood, or restated to their structure on a day."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.months import add_months
from union_warehouse.reporting.contributions import contributions
from union_warehouse.reporting.disclosure import HIDDEN_VALUES

VALUES = ("value_month", "value_year_to_date", "value_month_last_year", "value_year_to_date_last_year")
_STATES = "is_missing, is_incomplete, owing_unit_count, missing_unit_count, missing_report_count, is_reported, is_carried_forward"
"""What `rpt_indicators` says of a value, beside whether its year to date was reported in every month."""


class StructureNotPublic(UnionWarehouseError):
    """Values by the units of another day are not made for an audience from which small ones are hidden."""

    code = "structure_not_public"
    message_zh = "按 {structure_on} 建制重列的数值只供内部使用：与当时建制的数值对照即可推算出不公开的数值。请加 --audience federation，或去掉 --structure。"
    message_en = "values by the units of {structure_on} are for the federation only: beside those by the units of the time they would tell what is hidden. Use --audience federation, or leave --structure out."


def unit_values(
    connection: duckdb.DuckDBPyConnection, month: str, structure_on: date | None = None, hides_below: int | None = None
) -> pa.Table:
    """Values of ``month`` and of its year to date, beside those of the same month a year before.

    Restated values are counted again from the rows: distinct counts of a merged unit are not the sum of its parts.

    Args:
        connection: to a release.
        month: closed month, ``YYYY-MM``.
        structure_on: the units as they stand on that day; None as they stood in each month.
        hides_below: a unit's value that counts fewer persons is hidden from the reader; None if all is shown (docs/disclosure.md).

    Returns:
        One row per indicator and unit: indicator_code, reporting_unit_code, is_federation, the four :data:`VALUES` (null
        where nobody reported, they are hidden, or the release does not reach back; of a flow also a year to date of last year of which a
        month was not reported), change_month and change_year_to_date (null unless both sides were reported, a year to
        date of a flow in every month), is_missing, is_incomplete, owing_unit_count, missing_unit_count,
        missing_report_count, is_reported, is_carried_forward, and ``is_hidden_`` with the name of each of the four values.

    Raises:
        StructureNotPublic: both ``structure_on`` and ``hides_below`` are given.
        HiddenValueTold: a hidden value could be worked out from what is shown.
    """
    if structure_on is not None and hides_below is not None:
        raise StructureNotPublic(structure_on=structure_on)
    found = _all_values(connection, month, structure_on)
    hidden = HIDDEN_VALUES.empty_table()
    if hides_below is not None:
        from union_warehouse.reporting.disclosure.hidden_values import hidden_values  # brings scipy, which most readers need not

        hidden = hidden_values(connection, month, hides_below)
    months = {"month": month, "month_last_year": add_months(month, -12)}
    connection.register("all_values", found)
    connection.register("hidden_values", hidden)
    concealed = connection.execute(_CONCEALED, months).to_arrow_table()
    connection.unregister("all_values")
    connection.unregister("hidden_values")
    return concealed


def _all_values(connection: duckdb.DuckDBPyConnection, month: str, structure_on: date | None) -> pa.Table:
    if structure_on is None:
        statement = _AS_IT_WAS + _COMPARED
        return connection.execute(statement, {"month": month, "month_last_year": add_months(month, -12)}).to_arrow_table()
    definitions = connection.execute("select * from dim_indicator where rows_sql is not null").to_arrow_table().to_pylist()
    return connection.execute(
        _RESTATED.format(
            contributions=contributions(definitions, is_restated=True),
            replaced=", ".join(VALUES),
            values=", ".join(map(_value, VALUES)),
        )
        + _COMPARED,
        {"month": month, "month_last_year": add_months(month, -12), "structure_on": structure_on},
    ).to_arrow_table()


def _value(name: str) -> str:
    ratio = f"indicator_ratio(over_.{name}, under.{name})"
    return f"cast(if(is_ratio, {ratio}, filled.{name}) as decimal(18, 6)) as {name}"


_CONCEALED = """
    select all_values.* replace (
            if(this_year.is_month_hidden, null, value_month) as value_month,
            if(this_year.is_year_to_date_hidden, null, value_year_to_date) as value_year_to_date,
            if(last_year.is_month_hidden, null, value_month_last_year) as value_month_last_year,
            if(last_year.is_year_to_date_hidden, null, value_year_to_date_last_year) as value_year_to_date_last_year,
            if(this_year.is_month_hidden or last_year.is_month_hidden, null, change_month) as change_month,
            if(this_year.is_year_to_date_hidden or last_year.is_year_to_date_hidden, null, change_year_to_date) as change_year_to_date),
        coalesce(this_year.is_month_hidden, false) as is_hidden_value_month,
        coalesce(this_year.is_year_to_date_hidden, false) as is_hidden_value_year_to_date,
        coalesce(last_year.is_month_hidden, false) as is_hidden_value_month_last_year,
        coalesce(last_year.is_year_to_date_hidden, false) as is_hidden_value_year_to_date_last_year
    from all_values
    left join (from hidden_values where month = $month) as this_year using (indicator_code, reporting_unit_code)
    left join (from hidden_values where month = $month_last_year) as last_year using (indicator_code, reporting_unit_code)
"""

# Only what was reported on both sides is compared; a sum also in every month of its year.
_COMPARED = f"""
    select paired.indicator_code, reporting_unit_code, is_federation, value_month, value_year_to_date, value_month_last_year,
        if(indicator_kind <> 'flow' or was_reported_year_to_date, value_year_to_date_last_year, null) as value_year_to_date_last_year,
        if(is_reported and was_reported, value_month - value_month_last_year, null) as change_month,
        if(
            is_reported_year_to_date and was_reported_year_to_date, value_year_to_date - value_year_to_date_last_year, null
        ) as change_year_to_date,
        {_STATES}
    from paired
    inner join dim_indicator using (indicator_code)
"""

_AS_IT_WAS = f"""
    with
        last_year as (select * from rpt_indicators where month = $month_last_year),
        paired as (
            select this_year.indicator_code, this_year.reporting_unit_code, this_year.is_federation,
                this_year.value_month, this_year.value_year_to_date,
                last_year.value_month as value_month_last_year, last_year.value_year_to_date as value_year_to_date_last_year,
                this_year.is_reported_year_to_date, last_year.is_reported as was_reported,
                last_year.is_reported_year_to_date as was_reported_year_to_date,
                {", ".join("this_year." + state for state in _STATES.split(", "))}
            from rpt_indicators as this_year
            left join last_year
                on this_year.indicator_code = last_year.indicator_code and this_year.is_federation = last_year.is_federation
                and (this_year.is_federation or this_year.reporting_unit_code = last_year.reporting_unit_code)
            where this_year.month = $month
        )
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
            select indicator_code, coalesce(standing_code, reporting_unit_code) as reporting_unit_code, month,
                bool_or(is_federation) as is_federation,
                bool_or(value_month is not null) as has_month, bool_or(value_year_to_date is not null) as has_year,
                coalesce(bool_and(is_missing) filter (owing_unit_count > 0), false) as is_missing,
                bool_or(is_incomplete) as is_incomplete,
                cast(sum(owing_unit_count) as integer) as owing_unit_count,
                cast(sum(missing_unit_count) as integer) as missing_unit_count,
                bool_or(is_reported) as is_reported, bool_or(is_carried_forward) as is_carried_forward
            from rpt_indicators
            semi join span using (month)
            left join dim_reporting_unit_lineage as lineage
                on reporting_unit_code = unit_code and $structure_on >= lineage.valid_from
                and ($structure_on < lineage.valid_to or lineage.valid_to is null)
            group by all
        ),
        to_date as (
            select reported.* replace (bool_or(has_year) over so_far as has_year),
                if(indicator_kind = 'flow', cast(sum(missing_unit_count) over so_far as integer), missing_unit_count)
                    as missing_report_count,
                if(
                    indicator_kind = 'flow', count(*) filter (is_reported) over so_far = right(month, 2)::integer, is_reported
                ) as is_reported_year_to_date
            from reported
            inner join dim_indicator using (indicator_code)
            window so_far as (partition by indicator_code, reporting_unit_code, left(month, 4) order by month)
        ),
        grid as (
            select now.*, before.has_month as had_month, before.has_year as had_year, before.is_reported as was_reported,
                before.is_reported_year_to_date as was_reported_year_to_date
            from (from to_date where month = $month) as now
            left join (from to_date where month = $month_last_year) as before using (indicator_code, reporting_unit_code)
            union all by name
            -- a unit that a union was moved to, and that reports nothing itself
            select distinct indicator_code, reporting_unit_code, false as is_federation, true as has_month, true as has_year,
                true as had_month, true as had_year, false as is_missing, false as is_incomplete, 0 as owing_unit_count,
                0 as missing_unit_count, 0 as missing_report_count, false as is_reported, false as is_carried_forward
            from measured
            where (indicator_code, reporting_unit_code) not in (
                select (indicator_code, reporting_unit_code) from to_date where month = $month)
        ),
        measures as (
            select indicator_code, reporting_unit_code,
                any_value(measure) filter (where period = 'value_month') as measure_month,
                any_value(measure) filter (where period = 'value_year_to_date') as measure_year,
                any_value(measure) filter (where period = 'value_month_last_year') as measure_month_before,
                any_value(measure) filter (where period = 'value_year_to_date_last_year') as measure_year_before
            from measured
            group by all
        ),
        filled as (
            select grid.*,
                coalesce(measure_month, if(has_month, 0, null)) as value_month,
                coalesce(measure_year, if(has_year, 0, null)) as value_year_to_date,
                coalesce(measure_month_before, if(had_month, 0, null)) as value_month_last_year,
                coalesce(measure_year_before, if(had_year, 0, null)) as value_year_to_date_last_year
            from grid
            left join measures using (indicator_code, reporting_unit_code)
        ),
        paired as (
            select filled.* exclude ({replaced}), {values}
            from filled
            inner join (select *, indicator_kind = 'ratio' as is_ratio from dim_indicator) as definitions using (indicator_code)
            left join filled as over_
                on definitions.numerator_code = over_.indicator_code and filled.reporting_unit_code = over_.reporting_unit_code
            left join filled as under
                on definitions.denominator_code = under.indicator_code and filled.reporting_unit_code = under.reporting_unit_code
        )
"""
