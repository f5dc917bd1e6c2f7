{#- Limits, and what they rest on (benchmarks/README.md, forecasts). Where no earlier year is known the pace of the first half of a year says
    little of its end: it called four commitments of ten wrongly in June. 1.645 standard deviations on either side hold nine of ten values. -#}
{% set months_of_a_year, most_earlier_years, months_undetermined, deviations = 12, 3, 6, 1.645 %}

with
    months as (
        select month, last_on, year_number, month_number
        from {{ ref("dim_month") }}
        inner join {{ ref("int_earliest_change") }} on month between from_month and to_month
        where is_closed
    ),

    -- the latest report of the commitment's year
    reported as (
        select months.*, commitments.*
        from {{ ref("fct_commitments") }} as commitments
        inner join months on last_on >= reported_from_on and last_on < reported_to_on
    ),

    whole_years as (
        select year_number
        from {{ ref("dim_month") }}
        where is_closed
        group by year_number
        having count(*) = {{ months_of_a_year }}
    ),

    federation as (
        select indicator_code, indicator_kind, month, year_number, month_number, value_year_to_date as value
        from {{ ref("rpt_indicators") }}
        inner join {{ ref("dim_month") }} using (month)
        where is_federation and indicator_code in (select indicator_code from reported)
    ),

    -- how widely a total of such rows varies: rows that come by chance give it a variance of the sum of their squares
    squares as (
        select indicator_code, month, sum(amount * amount) as sum_of_squares
        from {{ ref("fct_indicator_contributions") }}
        where indicator_code in (select indicator_code from federation where indicator_kind = 'flow')
        group by indicator_code, month
    ),

    -- a stock by its changes from month to month instead
    changes as (
        select
            indicator_code,
            month,
            var_samp(change) over (
                partition by indicator_code order by month rows between {{ months_of_a_year - 1 }} preceding and current row
            ) as variance_of_change
        from
            (
                select indicator_code, month, value - lag(value) over (partition by indicator_code order by month) as change
                from federation
                where indicator_kind = 'stock'
            )
    ),

    cumulated as (
        select
            federation.*,
            coalesce(
                sum(sum_of_squares) over (partition by indicator_code, year_number order by month_number), 0
            ) as squares_so_far
        from federation
        left join squares using (indicator_code, month)
    ),

    -- every month of a whole year beside what the year came to
    seasons as (
        select
            indicator_code,
            year_number,
            month_number,
            value as value_so_far,
            last_value(value) over whole_year as value_of_year,
            squares_so_far,
            last_value(squares_so_far) over whole_year - squares_so_far as squares_to_come
        from cumulated
        semi join whole_years using (year_number)
        window
            whole_year as (
                partition by indicator_code, year_number
                order by month_number
                rows between unbounded preceding and unbounded following
            )
    ),

    earlier as (
        select
            reported.commitment_key,
            reported.month,
            count(*) as earlier_year_count,
            avg(value_so_far) as earlier_progress_value,
            avg(value_of_year) as earlier_year_value,
            avg(squares_so_far) as earlier_squares_so_far,
            avg(squares_to_come) as earlier_squares_to_come
        from reported
        inner join
            seasons
            on reported.indicator_code = seasons.indicator_code
            and reported.month_number = seasons.month_number
            and seasons.year_number between reported.year_number - {{ most_earlier_years }} and reported.year_number - 1
        where value_so_far is not null and value_of_year is not null
        group by reported.commitment_key, reported.month
    ),

    measured as (
        select
            reported.*,
            cumulated.indicator_kind,
            cumulated.value as progress_value,
            squares_so_far,
            variance_of_change,
            coalesce(earlier_year_count, 0) as earlier_year_count,
            earlier_progress_value,
            earlier_year_value,
            earlier_squares_so_far,
            earlier_squares_to_come,
            {{ months_of_a_year }} - reported.month_number as months_to_come,
            case
                when cumulated.indicator_kind = 'ratio'
                then 'level'
                when unit = 'milestone'
                then 'milestone'
                when cumulated.indicator_kind = 'stock'
                then 'stock'
                when earlier_year_count > 0
                then 'seasonal'
                when cumulated.indicator_kind = 'flow'
                then 'linear'
            end as forecast_method,
            coalesce(december.value, cumulated.value) as value_at_start
        from reported
        left join {{ ref("dim_indicator") }} using (indicator_code)
        left join cumulated using (indicator_code, month)
        left join changes using (indicator_code, month)
        left join earlier using (commitment_key, month)
        left join
            federation as december
            on reported.indicator_code = december.indicator_code
            and december.month = (reported.year_number - 1) || '-12'
    ),

    forecast as (
        select
            *,
            case
                forecast_method
                when 'level'
                then progress_value
                when 'milestone'
                then least(1, progress_value / month_number * {{ months_of_a_year }})
                -- a stock grows from where it stood at the end of the last year
                when 'stock'
                then value_at_start + (progress_value - value_at_start) / month_number * {{ months_of_a_year }}
                -- what came in the rest of the earlier years, times the drift from them, in which a year like them weighs as much
                when 'seasonal'
                then
                    progress_value
                    + (earlier_year_value - earlier_progress_value)
                    * coalesce((earlier_year_value + progress_value) / nullif(earlier_year_value + earlier_progress_value, 0), 1)
                else progress_value / month_number * {{ months_of_a_year }}
            end as forecast_value,
            case
                forecast_method
                when 'stock'
                then variance_of_change * months_to_come * (1 + months_to_come / month_number)
                when 'seasonal'
                then earlier_squares_to_come * (1 + 1 / earlier_year_count)
                when 'linear'
                then squares_so_far * months_to_come / month_number * (1 + months_to_come / month_number)
            end as forecast_variance
        from measured
    ),

    bounded as (
        select
            *,
            greatest(
                forecast_value - {{ deviations }} * sqrt(forecast_variance), if(indicator_kind = 'flow', progress_value, 0)
            ) as forecast_low_value,
            forecast_value + {{ deviations }} * sqrt(forecast_variance) as forecast_high_value,
            -- by more than chance moves a count
            progress_value < earlier_progress_value - sqrt(2 * earlier_squares_so_far) as is_behind_earlier_years
        from forecast
    )

select
    md5(concat_ws('|', commitment_key, month)) as commitment_progress_key,
    commitment_no,
    commitment_year,
    month,
    indicator_code,
    target_value,
    cast(progress_value as decimal(18, 6)) as progress_value,
    cast(progress_value / nullif(target_value, 0) as decimal(18, 6)) as progress_rate,
    cast(earlier_progress_value as decimal(18, 6)) as earlier_progress_value,
    cast(earlier_year_count as integer) as earlier_year_count,
    forecast_method,
    cast(forecast_value as decimal(18, 6)) as forecast_value,
    cast(if(forecast_variance is null, null, forecast_low_value) as decimal(18, 6)) as forecast_low_value,
    cast(forecast_high_value as decimal(18, 6)) as forecast_high_value,
    case
        when progress_value is null
        then 'unknown'
        when progress_value >= target_value
        then 'done'
        when months_to_come = 0
        then 'missed'
        when forecast_value >= target_value
        then 'on_track'
        when forecast_high_value >= target_value and not is_behind_earlier_years
        then 'as_last_year'
        when
            earlier_year_count = 0
            and forecast_method in ('linear', 'stock')
            and (month_number <= {{ months_undetermined }} or forecast_high_value >= target_value)
        then 'undetermined'
        else 'at_risk'
    end as commitment_status,
    milestone,
    reporting_unit_code,
    {{ version_key("reporting_unit", "bounded.reporting_unit_code", "last_on") }} as reporting_unit_key,
    submission_id,
    source_sheet,
    source_row
from bounded
