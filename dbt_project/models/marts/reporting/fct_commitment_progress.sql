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

    federation as (select * from {{ ref("rpt_indicators") }} where is_federation),

    measured as (
        select
            reported.*,
            unit,
            federation.indicator_kind,
            federation.value_year_to_date as progress_value,
            -- a stock grows from where it stood a year ago, a milestone from nothing
            case
                when federation.indicator_kind = 'flow' or unit = 'milestone'
                then 0
                else coalesce(last_year.value_year_to_date, federation.value_year_to_date)
            end as value_at_start
        from reported
        left join {{ ref("dim_indicator") }} using (indicator_code)
        left join federation on reported.indicator_code = federation.indicator_code and reported.month = federation.month
        left join
            federation as last_year
            on reported.indicator_code = last_year.indicator_code
            and last_year.month = (year_number - 1) || '-12'
    ),

    forecast as (
        select
            *,
            case
                when indicator_kind = 'ratio'
                then progress_value
                when unit = 'milestone'
                then least(1, progress_value / month_number * 12)
                else value_at_start + (progress_value - value_at_start) / month_number * 12
            end as forecast_value
        from measured
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
    cast(forecast_value as decimal(18, 6)) as forecast_value,
    case
        when progress_value is null
        then 'unknown'
        when progress_value >= target_value
        then 'done'
        when month_number = 12
        then 'missed'
        when forecast_value >= target_value
        then 'on_track'
        else 'at_risk'
    end as commitment_status,
    milestone,
    reporting_unit_code,
    {{ version_key("reporting_unit", "forecast.reporting_unit_code", "last_on") }} as reporting_unit_key,
    submission_id,
    source_sheet,
    source_row
from forecast
