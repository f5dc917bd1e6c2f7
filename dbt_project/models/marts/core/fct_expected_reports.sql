{{ config(materialized="incremental", incremental_strategy="report_months", on_schema_change="fail") }}

with
    expected as (select * from {{ source("plan", "expected_submissions") }} where {{ is_report_month("month") }}),

    first_accepted as (
        select submission_month, submitted_by_code, form, received_at, is_on_time
        from {{ ref("fct_submissions") }}
        where is_first_accepted
    ),

    effective as (
        select
            submission_month,
            submitted_by_code,
            form,
            submission_id,
            return_kind,
            row_count,
            quarantined_count,
            warning_count,
            is_after_closing
        from {{ ref("fct_submissions") }}
        where is_effective
    ),

    blank_cells as (
        select form, submission_id, count(*) as blank_cell_count
        from {{ ref("fct_row_problems") }}
        where rule_code = 'missing_required'
        group by form, submission_id
    ),

    -- of each submission its newest reading
    readings as (
        select *
        from {{ ref("fct_submissions") }}
        qualify
            rank() over (partition by submission_month, submitted_by_code, received_at, sha256 order by reading_number desc) = 1
    ),

    -- what could not be read names no form: it may have been any
    sent as (
        select distinct month, department, expected.form
        from expected
        inner join
            readings
            on readings.submission_month = expected.month
            and readings.submitted_by_code = expected.department
            and coalesce(readings.form, expected.form) = expected.form
    )

select
    md5(concat_ws('|', expected.month, expected.department, expected.form)) as expected_report_key,
    expected.month,
    expected.department as reporting_unit_code,
    {{ version_key("reporting_unit", "expected.department", month_end("expected.month")) }} as reporting_unit_key,
    expected.form,
    expected.due_on,
    expected.closing_at,
    expected.is_excused,
    expected.is_unlocked,
    expected.exception_reason,
    expected.exception_given_by,
    first_accepted.received_at is not null as is_received,
    coalesce(first_accepted.is_on_time, false) as is_received_on_time,
    first_accepted.received_at is null and not expected.is_excused as is_missing,
    first_accepted.received_at is null and sent.form is not null as is_only_rejected,
    first_accepted.received_at as first_received_at,
    case
        when first_accepted.received_at is not null
        then greatest({{ shanghai_day("first_accepted.received_at") }} - expected.due_on, 0)
    end as days_late,
    coalesce(effective.is_after_closing, false) and not expected.is_unlocked as is_changed_after_closing,
    effective.submission_id,
    coalesce(return_kind = 'nil', false) as is_nil_return,
    coalesce(row_count, 0) as row_count,
    coalesce(quarantined_count, 0) as quarantined_count,
    coalesce(warning_count, 0) as warning_count,
    cast(coalesce(row_count, 0) as bigint) * required_column_count as required_cell_count,
    cast(coalesce(row_count, 0) as bigint) * required_column_count - coalesce(blank_cell_count, 0) as filled_required_cell_count
from expected
left join
    first_accepted
    on expected.month = first_accepted.submission_month
    and expected.department = first_accepted.submitted_by_code
    and expected.form = first_accepted.form
left join
    effective
    on expected.month = effective.submission_month
    and expected.department = effective.submitted_by_code
    and expected.form = effective.form
left join sent on expected.month = sent.month and expected.department = sent.department and expected.form = sent.form
left join blank_cells on effective.form = blank_cells.form and effective.submission_id = blank_cells.submission_id
