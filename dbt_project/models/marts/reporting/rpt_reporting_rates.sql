{{ config(incremental_strategy="report_months") }}

with
    expected as (select * from {{ ref("fct_expected_reports") }} where {{ is_report_month("month") }}),

    counted as (
        select
            month,
            reporting_unit_code,
            form,
            case
                grouping(reporting_unit_code, form)
                when 0
                then 'unit_and_form'
                when 1
                then 'unit'
                when 2
                then 'form'
                else 'federation'
            end as rate_level,
            count(*) filter (where not is_excused) as expected_count,
            count(*) filter (where is_received and not is_excused) as received_count,
            count(*) filter (where is_received_on_time and not is_excused) as received_on_time_count,
            count(*) filter (where is_missing) as silent_count,
            count(*) filter (where is_excused) as excused_count,
            count(*) filter (where is_nil_return and not is_excused) as nil_return_count,
            sum(row_count) as row_count,
            sum(quarantined_count) as quarantined_count,
            sum(required_cell_count) as required_cell_count,
            sum(filled_required_cell_count) as filled_required_cell_count
        from expected
        group by grouping sets ((month, reporting_unit_code, form), (month, reporting_unit_code), (month, form), (month))
    )

select
    md5(concat_ws('|', month, coalesce(reporting_unit_code, ''), coalesce(form, ''))) as reporting_rate_key,
    month,
    reporting_unit_code,
    {{ version_key("reporting_unit", "counted.reporting_unit_code", month_end("counted.month")) }} as reporting_unit_key,
    form,
    rate_level,
    expected_count,
    received_count,
    received_on_time_count,
    silent_count,
    excused_count,
    nil_return_count,
    cast(row_count as bigint) as row_count,
    cast(quarantined_count as bigint) as quarantined_count,
    cast(received_count / nullif(expected_count, 0) as decimal(18, 6)) as completeness_rate,
    cast(received_on_time_count / nullif(expected_count, 0) as decimal(18, 6)) as on_time_of_expected_rate,
    cast(received_on_time_count / nullif(received_count, 0) as decimal(18, 6)) as on_time_of_received_rate,
    cast(filled_required_cell_count / nullif(required_cell_count, 0) as decimal(18, 6)) as filled_required_cell_rate
from counted
