{{ config(materialized="incremental", incremental_strategy="checked_subjects", on_schema_change="fail") }}
-- depends_on: {{ ref("int_checked_subjects") }}
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
