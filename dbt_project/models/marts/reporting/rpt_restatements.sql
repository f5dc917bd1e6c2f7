{{ config(materialized="incremental", incremental_strategy="append", on_schema_change="fail") }}
-- depends_on: {{ ref('rpt_indicators') }} {{ ref('int_earliest_change') }}
{% set before = previous_mart("rpt_indicators") %}

with
    this_close as (select * from {{ source("plan", "close") }}),

    compared as (
        {% if before %}
            select
                indicator_code,
                month,
                reporting_unit_code,
                before.value_month as old_value_month,
                after.value_month as new_value_month,
                before.value_year_to_date as old_value_year_to_date,
                after.value_year_to_date as new_value_year_to_date
            from (from {{ before }} where month >= (select from_month from {{ ref("int_earliest_change") }})) as before
            inner join {{ ref("rpt_indicators") }} as after using (indicator_code, month, reporting_unit_code)
            where
                before.value_month is distinct from after.value_month
                or before.value_year_to_date is distinct from after.value_year_to_date
        {% else %}
            select
                indicator_code,
                month,
                reporting_unit_code,
                value_month as old_value_month,
                value_month as new_value_month,
                value_year_to_date as old_value_year_to_date,
                value_year_to_date as new_value_year_to_date
            from {{ ref("rpt_indicators") }}
            where false
        {% endif %}
    )

select
    release_id,
    this_close.month as closed_month,
    known_at,
    compared.indicator_code,
    compared.month,
    compared.reporting_unit_code,
    old_value_month,
    new_value_month,
    old_value_year_to_date,
    new_value_year_to_date
from compared
cross join this_close
{% if is_incremental() %} where release_id not in (select release_id from {{ this }}) {% endif %}
