-- fmt: off
{# Generated from the meta of the models by `make generate`; do not edit. #}
{{ rows_without_own_key('int_faults_found', ['quality_issue_key']) }}
union all
{{ rows_without_own_key('int_checked_subjects', ['subject_key']) }}
union all
{{ rows_without_own_key('fct_quality_issues', ['quality_issue_key']) }}
union all
{{ rows_without_own_key('rpt_stale_waivers', ['waiver_key']) }}
