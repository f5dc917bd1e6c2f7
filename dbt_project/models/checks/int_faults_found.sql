-- Every fault found at this close, whatever found it, once per identity.
with
    rules as (select * from {{ source("plan", "rules") }}),

    of_rows as (
        select
            rule_code,
            severity,
            submitted_by_code as reporting_unit_code,
            form,
            coalesce(record_key, concat_ws(' ', submission_month, source_sheet, source_row)) as record_key,
            coalesce(column_name, '') as column_name,
            submission_month as month,
            message_zh,
            message_en,
            submission_id,
            source_sheet,
            source_row,
            cast(to_json({'value':shown_value}) as varchar) as evidence
        from {{ ref("fct_row_problems") }}
        -- notices say what was done with a row; there is nothing to correct
        where rule_code not in ('late_row', 'total_row_ignored')
    ),

    of_reports as (
        select
            case when is_only_rejected then 'rejected_report' else 'missing_report' end as rule_code,
            reporting_unit_code,
            form,
            month as record_key,
            '' as column_name,
            month,
            cast(null as varchar) as submission_id,
            cast(null as varchar) as source_sheet,
            cast(null as integer) as source_row,
            cast(to_json({'due_on':due_on}) as varchar) as evidence
        from {{ ref("fct_expected_reports") }}
        where is_missing
    ),

    of_cross_checks as (
        select
            rule_code,
            reporting_unit_code,
            form,
            coalesce(record_key, concat_ws(' ', month, source_sheet, source_row)) as record_key,
            '' as column_name,
            month,
            submission_id,
            source_sheet,
            source_row,
            cast(to_json({'compared_with':other_place, 'values':cast(evidence as json)}) as varchar) as evidence
        from {{ ref("int_cross_checks") }}
    ),

    of_figures as (
        select
            rules.rule_code,
            reporting_unit_code,
            indicators.form,
            concat_ws(' ', indicator_code, month) as record_key,
            '' as column_name,
            month,
            cast(null as varchar) as submission_id,
            cast(null as varchar) as source_sheet,
            cast(null as integer) as source_row,
            evidence
        from {{ ref("rpt_outliers") }}
        inner join {{ ref("dim_indicator") }} as indicators using (indicator_code)
        left join rules on list_contains(rules.outlier_kinds, outlier_kind)
    ),

    -- a row brings its own words; all others have those of their rule
    of_rules as (
        select found.*, rules.severity, rules.message_zh, rules.message_en
        from
            (
                select *
                from of_reports
                union all by name
                select *
                from of_cross_checks
                union all by name
                select *
                from of_figures
            ) as found
        left join rules using (rule_code)
    ),

    faults as (
        select *
        from of_rows
        union all by name
        select *
        from of_rules
    )

select
    md5(concat_ws('|', rule_code, reporting_unit_code, form, record_key, column_name)) as quality_issue_key,
    rule_code,
    reporting_unit_code,
    form,
    record_key,
    column_name,
    min(severity) as severity,
    max(month) as month,
    count(*) as occurrence_count,
    arg_max(message_zh, (month, submission_id)) as message_zh,
    arg_max(message_en, (month, submission_id)) as message_en,
    arg_max(submission_id, (month, submission_id)) as submission_id,
    arg_max(source_sheet, (month, submission_id)) as source_sheet,
    arg_max(source_row, (month, submission_id)) as source_row,
    arg_max(evidence, (month, submission_id)) as evidence
from faults
group by rule_code, reporting_unit_code, form, record_key, column_name
