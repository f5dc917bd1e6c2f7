{% set measure = indicator_function("indicator_measure") %}

with
    this_close as (select * from {{ source("plan", "close") }}),

    -- a cumulative value begins in January
    months_of_years as (
        select month, left(month, 4) as year_text, units.reporting_unit_code as federation_code, month >= from_month as is_rebuilt
        from {{ ref("dim_month") }} as dim_month
        inner join {{ ref("int_earliest_change") }} on month between left(from_month, 4) || '-01' and to_month
        inner join
            {{ ref("dim_reporting_unit") }} as units
            on units.unit_kind = 'federation'
            and units.valid_from <= last_on
            and (units.valid_to > last_on or units.valid_to is null)
        where is_closed
    ),

    months as (select * from months_of_years where is_rebuilt),

    indicators as (select * from {{ ref("dim_indicator") }}),

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

    sent as (
        select distinct form, department as reporting_unit_code, month, true as is_sent
        from {{ source("plan", "effective_submissions") }}
    ),

    first_sent as (select form, reporting_unit_code, min(month) as first_month from sent group by form, reporting_unit_code),

    expected as (
        select form, department as reporting_unit_code, month, coalesce(is_excused, false) as is_excused
        from {{ source("plan", "expected_submissions") }}
    ),

    -- what each unit owed or sent: who is excused owes nothing, and what it did not send is unknown all the same
    reports as (
        select
            form,
            reporting_unit_code,
            month,
            coalesce(not is_excused, false) as is_owed,
            coalesce(is_sent, false) as is_reported,
            coalesce(first_month <= month, false) as was_ever_reported
        from expected
        full join sent using (form, reporting_unit_code, month)
        inner join months_of_years using (month)
        left join first_sent using (form, reporting_unit_code)
    ),

    -- a ratio rests on the forms of both its parts
    forms_of_indicators as (
        select indicator_code, form
        from indicators
        union
        select ratios.indicator_code, parts.form
        from indicators as ratios
        inner join indicators as parts on parts.indicator_code in (ratios.numerator_code, ratios.denominator_code)
    ),

    reported_by_units as (
        select
            indicator_code,
            month,
            reporting_unit_code,
            bool_or(is_owed) as is_owed,
            bool_or(is_owed and not is_reported) as is_missing,
            bool_and(is_reported) as is_reported,
            bool_and(was_ever_reported) as was_ever_reported
        from forms_of_indicators
        inner join reports using (form)
        group by all
    ),

    -- the rows of an office, where rows count for the unit of a union, are rows of other units
    offices as (select distinct reporting_unit_code from {{ ref("dim_reporting_unit") }} where unit_kind = 'federation_office'),

    missing_offices as (
        select indicator_code, month, count(*) as missing_office_count
        from reported_by_units
        inner join indicators using (indicator_code)
        semi join offices using (reporting_unit_code)
        where is_missing and counts_for <> 'sender'
        group by all
    ),

    reporting as (
        select
            indicator_code,
            month,
            reporting_unit_code,
            false as is_federation,
            is_missing,
            is_reported,
            was_ever_reported,
            cast(is_owed as integer) as owing_unit_count,
            cast(is_missing as integer)
            + if(offices.reporting_unit_code is null, coalesce(missing_office_count, 0), 0) as missing_unit_count
        from reported_by_units
        left join offices using (reporting_unit_code)
        left join missing_offices using (indicator_code, month)
        union all
        select
            indicator_code,
            month,
            federation_code,
            true,
            coalesce(bool_and(is_missing) filter (where is_owed), false),
            coalesce(bool_or(is_reported), false),
            -- a stock goes on when the units that reported it are no more
            coalesce(any_value(first_month) <= month, false),
            count(*) filter (where is_owed),
            count(*) filter (where is_missing)
        from indicators
        cross join months_of_years
        left join reported_by_units using (indicator_code, month)
        left join (select form, min(first_month) as first_month from first_sent group by form) using (form)
        group by indicator_code, month, federation_code
    ),

    -- the federation goes on under another code
    reporting_to_date as (
        select
            * exclude (is_federation),
            sum(missing_unit_count) over so_far as missing_report_count,
            count(*) filter (where is_reported) over so_far as reported_month_count
        from reporting
        window
            so_far as (
                partition by indicator_code, is_federation, if(is_federation, '', reporting_unit_code), left(month, 4)
                order by month
            )
    ),

    grid as (
        select indicator_code, month, reporting_unit_code
        from reporting
        semi join months using (month)
        union
        select indicator_code, month, reporting_unit_code
        from measured
    ),

    -- the one place that says what is known (domain: Reporting): rows are; no rows are a nought only of what was reported, of a
    -- flow in the period and of a stock at any time up to it, and only where nothing is something to count
    filled as (
        select
            grid.*,
            grid.reporting_unit_code = federation_code as is_federation,
            indicator_kind,
            numerator_code,
            denominator_code,
            coalesce(is_missing, false) as is_missing,
            coalesce(owing_unit_count, 0) as owing_unit_count,
            coalesce(missing_unit_count, 0) as missing_unit_count,
            coalesce(if(indicator_kind = 'flow', missing_report_count, missing_unit_count), 0) as missing_report_count,
            coalesce(is_reported, false) as is_reported,
            coalesce(not is_reported or missing_unit_count > 0, false) as lacks_report,
            case
                when indicator_kind = 'flow'
                then coalesce(reported_month_count, 0) = cast(right(grid.month, 2) as integer)
                else coalesce(is_reported, false)
            end as is_reported_year_to_date,
            is_nought_without_rows and (counts_for = 'sender' or offices.reporting_unit_code is null) as counts_nothing,
            coalesce(
                month_value, if(counts_nothing and if(indicator_kind = 'flow', is_reported, was_ever_reported), 0, null)
            ) as month_value,
            coalesce(cumulative_value, if(counts_nothing and reported_month_count > 0, 0, null)) as cumulative_value
        from grid
        inner join indicators using (indicator_code)
        inner join months using (month)
        left join measured using (indicator_code, month, reporting_unit_code)
        left join reporting_to_date using (indicator_code, month, reporting_unit_code)
        left join offices on grid.reporting_unit_code = offices.reporting_unit_code
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
    missing_unit_count > 0 as is_incomplete,
    cast(owing_unit_count as integer) as owing_unit_count,
    cast(missing_unit_count as integer) as missing_unit_count,
    cast(missing_report_count as integer) as missing_report_count,
    is_reported,
    is_reported_year_to_date,
    indicator_kind <> 'flow' and lacks_report and coalesce(ratio, month_value) is not null as is_carried_forward
from filled
inner join indicators using (indicator_code, indicator_kind)
left join ratios using (indicator_code, month, reporting_unit_code)
