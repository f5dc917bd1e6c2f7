{% set measure = indicator_function("indicator_measure") %}

with
    this_close as (select * from {{ source("plan", "close") }}),

    months as (
        select month, left(month, 4) as year_text, units.reporting_unit_code as federation_code
        from {{ ref("dim_month") }} as dim_month
        inner join {{ ref("int_earliest_change") }} on month between from_month and to_month
        inner join
            {{ ref("dim_reporting_unit") }} as units
            on units.unit_kind = 'federation'
            and units.valid_from <= last_on
            and (units.valid_to > last_on or units.valid_to is null)
        where is_closed
    ),

    indicators as (select * from {{ ref("dim_indicator") }}),

    -- a cumulative value begins in January
    contributions as (
        select *
        from {{ ref("fct_indicator_contributions") }}
        where month >= (select left(from_month, 4) || '-01' from {{ ref("int_earliest_change") }})
    ),

    -- one row per contribution and month whose value, or cumulative value, it is part of
    by_period as (
        select
            contributions.indicator_code,
            aggregation,
            part_count,
            months.month,
            federation_code,
            contributions.reporting_unit_code,
            contributions.month = months.month as is_in_month,
            distinct_key,
            part_value,
            amount
        from contributions
        inner join indicators using (indicator_code)
        inner join
            months
            on contributions.month = months.month
            or (indicator_kind = 'flow' and left(contributions.month, 4) = year_text and contributions.month < months.month)
    ),

    -- every unit and the federation is counted afresh; distinct counts never add up
    measured as (
        select
            indicator_code,
            month,
            coalesce(reporting_unit_code, federation_code) as reporting_unit_code,
            -- without a row in the month the value is not known yet to be nil
            case
                when bool_or(is_in_month)
                then {{ measure }} (aggregation, part_count, distinct_key, part_value, amount, is_in_month)
            end as month_value,
            {{ measure }} (aggregation, part_count, distinct_key, part_value, amount, true) as cumulative_value
        from by_period
        group by
            grouping sets (
                (indicator_code, aggregation, part_count, month, federation_code, reporting_unit_code),
                (indicator_code, aggregation, part_count, month, federation_code)
            )
    ),

    sent as (select distinct form, department, month from {{ source("plan", "effective_submissions") }}),

    first_sent as (select form, department, min(month) as first_month from sent group by form, department),

    expected as (
        select
            expected_submissions.form,
            expected_submissions.department as reporting_unit_code,
            months.month,
            sent.department is null as is_missing,
            coalesce(first_month <= months.month, false) as has_reported
        from {{ source("plan", "expected_submissions") }} as expected_submissions
        inner join months using (month)
        left join sent using (form, department, month)
        left join first_sent using (form, department)
    ),

    missing_units as (
        select form, month, count(*) filter (where is_missing) as missing_unit_count from expected group by form, month
    ),

    grid as (
        select indicator_code, month, reporting_unit_code
        from indicators
        inner join expected using (form)
        union
        select indicator_code, month, federation_code
        from indicators
        cross join months
        union
        select indicator_code, month, reporting_unit_code
        from measured
    ),

    -- a missing unit's flows are unknown, its stocks carried forward, both flagged (domain: Time)
    filled as (
        select
            grid.*,
            grid.reporting_unit_code = federation_code as is_federation,
            indicator_kind,
            numerator_code,
            denominator_code,
            coalesce(is_missing, false) as is_missing,
            case
                when grid.reporting_unit_code = federation_code
                then missing_unit_count
                else cast(coalesce(is_missing, false) as integer)
            end as missing_unit_count,
            case
                when grid.reporting_unit_code = federation_code
                then coalesce(month_value, 0)
                when coalesce(is_missing, false) and (indicator_kind = 'flow' or not has_reported)
                then month_value
                else coalesce(month_value, 0)
            end as month_value,
            case
                when grid.reporting_unit_code = federation_code
                then coalesce(cumulative_value, 0)
                when not coalesce(has_reported, true)
                then cumulative_value
                else coalesce(cumulative_value, 0)
            end as cumulative_value
        from grid
        inner join indicators using (indicator_code)
        inner join months using (month)
        left join measured using (indicator_code, month, reporting_unit_code)
        left join expected using (form, month, reporting_unit_code)
        left join missing_units using (form, month)
    ),

    ratios as (
        select
            filled.indicator_code,
            filled.month,
            filled.reporting_unit_code,
            {{ indicator_function("indicator_ratio") }} (numerators.month_value, denominators.month_value) as ratio
        from filled
        inner join
            filled as numerators
            on filled.numerator_code = numerators.indicator_code
            and filled.month = numerators.month
            and filled.reporting_unit_code = numerators.reporting_unit_code
        inner join
            filled as denominators
            on filled.denominator_code = denominators.indicator_code
            and filled.month = denominators.month
            and filled.reporting_unit_code = denominators.reporting_unit_code
    )

select
    md5(concat_ws('|', indicator_code, month, reporting_unit_code)) as indicator_value_key,
    indicator_code,
    month,
    reporting_unit_code,
    {{ version_key("reporting_unit", "filled.reporting_unit_code", month_end("filled.month")) }} as reporting_unit_key,
    is_federation,
    indicator_kind,
    aggregation,
    cast(case indicator_kind when 'ratio' then ratio else month_value end as decimal(18, 6)) as value_month,
    cast(
        case indicator_kind when 'ratio' then ratio when 'stock' then month_value else cumulative_value end as decimal(18, 6)
    ) as value_year_to_date,
    is_missing,
    cast(missing_unit_count as integer) as missing_unit_count,
    indicator_kind <> 'flow' and missing_unit_count > 0 as is_carried_forward
from filled
inner join indicators using (indicator_code, indicator_kind)
left join ratios using (indicator_code, month, reporting_unit_code)
