{% set before = previous_mart("rpt_quality_trends") %}

with
    this_close as (select release_id, month as closed_month, known_at from {{ source("plan", "close") }}),

    counted as (
        select
            release_id,
            closed_month,
            this_close.known_at,
            reporting_unit_code,
            rule_code,
            severity,
            count(*) filter (where issue_status in ('open', 'acknowledged', 'reopened')) as open_count,
            count(*) filter (where issue_status = 'waived') as waived_count,
            count(*) filter (where first_seen_release_id = release_id) as new_count,
            count(*) filter (where opened_at = this_close.known_at and first_seen_release_id <> release_id) as reopened_count,
            count(*) filter (where corrected_at = this_close.known_at) as corrected_count,
            count(*) filter (
                where issue_status in ('open', 'acknowledged', 'reopened') and due_on < {{ shanghai_day("this_close.known_at") }}
            ) as overdue_count
        from {{ ref("fct_quality_issues") }}
        cross join this_close
        where issue_status <> 'corrected' or corrected_at = this_close.known_at
        group by all
    )

select {{ model.columns.keys() | join(", ") }}
from
    (
        select *
        from counted
        {% if before %}
            union all by name
            select *
            from {{ before }}
            where release_id <> (select release_id from this_close)
        {% endif %}
    )
