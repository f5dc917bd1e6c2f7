{{ config(materialized="incremental", incremental_strategy="report_months", on_schema_change="fail") }}

with
    submissions as (select * from {{ source("plan", "submissions") }}),

    this_close as (select * from {{ source("plan", "close") }}),

    effective as (select form, submission_id, true as is_effective from {{ source("plan", "effective_submissions") }}),

    known as (
        select submissions.*
        from submissions
        inner join this_close on received_at <= known_at and read_at <= known_at
        where {{ is_report_month("submissions.month") }}
    ),

    first_accepted as (
        -- the first accepted version decides whether the month was reported in time (domain: Time)
        select submission_id, form, true as is_first_accepted
        from {{ source("plan", "accepted_submissions") }}
        where {{ is_report_month("month") }}
        qualify row_number() over (partition by department, month, form order by received_at, submission_number) = 1
    )

select
    md5(concat_ws('|', submission_id, coalesce(known.form, ''))) as submission_key,
    submission_id,
    known.month as submission_month,
    known.department as submitted_by_code,
    {{ version_key("reporting_unit", "known.department", month_end("known.month")) }} as submitted_by_key,
    known.form,
    version as version_number,
    reading as reading_number,
    received_at,
    state as submission_state,
    form_state,
    kind as file_kind,
    file_name,
    sha256,
    layout as layout_name,
    return_kind,
    row_count,
    quarantined_count,
    warning_count,
    coalesce(is_effective, false) as is_effective,
    coalesce(is_first_accepted, false) as is_first_accepted,
    coalesce(expected.due_on, dim_month.due_on) as due_on,
    {{ shanghai_day("received_at") }} <= coalesce(expected.due_on, dim_month.due_on) as is_on_time,
    coalesce(received_at > closing_at, false) as is_after_closing
from known
left join effective using (form, submission_id)
left join first_accepted using (form, submission_id)
left join {{ ref("dim_month") }} as dim_month on known.month = dim_month.month
left join
    {{ source("plan", "expected_submissions") }} as expected
    on known.month = expected.month
    and known.department = expected.department
    and known.form = expected.form
