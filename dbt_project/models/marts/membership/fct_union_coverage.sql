-- depends_on: {{ ref("int_affected_entities") }}
with
    accepted_rows as (
        select *, has_workers_congress and has_open_affairs as has_both
        from {{ ref("int_union_coverage_judged") }}
        where waiting_rule is null
    ),

    current_rows as (select * from accepted_rows {{ latest_per_entity("union_coverage_key") }}),

    months_without as (
        select union_coverage_key, max(submission_month) as last_month_without
        from accepted_rows
        where not has_both
        group by union_coverage_key
    ),

    -- what a later month reports of a spell holds from that month on, not back to the beginning of the spell
    established as (
        select
            union_coverage_key,
            case
                when any_value(last_month_without) is null
                then min(covered_from)
                else
                    greatest(
                        min(covered_from),
                        cast(min(submission_month) filter (where submission_month > last_month_without) || '-01' as date)
                    )
            end as congress_and_affairs_since_on
        from accepted_rows
        left join months_without using (union_coverage_key)
        group by union_coverage_key
    )

select
    union_coverage_key,
    uscc,
    enterprise_name,
    current_rows.union_code,
    {{ version_key("union", "current_rows.union_code", "covered_from") }} as union_key,
    current_rows.ownership,
    industry,
    enterprise_size,
    covered_from,
    covered_to,
    has_workers_congress,
    has_open_affairs,
    case when has_both then congress_and_affairs_since_on end as congress_and_affairs_since_on,
    covered_from = min(covered_from) over (partition by uscc) as is_first_coverage,
    {{ fact_columns("covered_from", "coalesce(union_on_day.reporting_unit_code, submitted_by_code)") }}
from current_rows
left join established using (union_coverage_key) {{ join_union_on("current_rows", "union_code", "covered_from") }}
