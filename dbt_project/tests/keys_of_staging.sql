-- fmt: off
{# Generated from the meta of the models by `make generate`; do not edit. #}
{{ rows_without_own_key('stg_assistance', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_collective_contracts', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_commitments', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_cultural_activities', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_employment_services', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_hazards', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_honours', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_member_changes', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_member_counts', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_programme_enrolments', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_qualification_promotions', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_rights_cases', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_safety_inspections', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_training_activities', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_union_coverage', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_union_register', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('stg_visits', ['submission_id', 'source_sheet', 'source_row']) }}
