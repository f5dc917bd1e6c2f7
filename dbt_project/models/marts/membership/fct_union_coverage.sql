{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ forget_affected('union_coverage', 'union_coverage_key') }}",
    )
}}

with
    accepted_rows as (select * from {{ ref("int_union_coverage_judged") }} where waiting_rule is null),

    current_rows as (select * from accepted_rows {{ latest_per_entity("union_coverage_key") }})

select
    union_coverage_key,
    uscc,
    enterprise_name,
    current_rows.union_code,
    current_rows.ownership,
    covered_from,
    covered_to,
    has_workers_congress,
    has_open_affairs,
    covered_from = min(covered_from) over (partition by uscc) as is_first_coverage,
    {{ fact_columns("covered_from", "coalesce(union_on_day.reporting_unit_code, submitted_by_code)") }}
from current_rows {{ join_union_on("current_rows", "union_code", "covered_from") }}
