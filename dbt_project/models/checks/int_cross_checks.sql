{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ forget_rejudged_findings() }}",
    )
}}

with
    findings as (
        select *
        from {{ ref("int_membership_checks") }}
        union all by name
        select *
        from {{ ref("int_record_checks") }}
        union all by name
        select *
        from {{ ref("int_duplicate_checks") }}
    )

select
    rule_code,
    form,
    reporting_unit_code,
    month,
    record_key,
    submission_id,
    source_sheet,
    source_row,
    other_place,
    evidence,
    subject_key
from findings
