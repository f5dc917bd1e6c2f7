-- fmt: off
{# Generated from the meta of the models by `make generate`; do not edit. #}
{{ rows_without_own_key('dim_month', ['month']) }}
union all
{{ rows_without_own_key('dim_code', ['table_name', 'column_name', 'code']) }}
union all
{{ rows_without_own_key('dim_date', ['calendar_on']) }}
union all
{{ rows_without_own_key('dim_reporting_unit', ['reporting_unit_key']) }}
union all
{{ rows_without_own_key('dim_reporting_unit_current', ['reporting_unit_code']) }}
union all
{{ rows_without_own_key('dim_reporting_unit_lineage', ['unit_lineage_key']) }}
union all
{{ rows_without_own_key('dim_union', ['union_key']) }}
union all
{{ rows_without_own_key('dim_union_current', ['union_code']) }}
union all
{{ rows_without_own_key('dim_enterprise', ['uscc']) }}
union all
{{ rows_without_own_key('dim_trade', ['trade']) }}
union all
{{ rows_without_own_key('fct_submissions', ['submission_key']) }}
union all
{{ rows_without_own_key('fct_expected_reports', ['expected_report_key']) }}
union all
{{ rows_without_own_key('dim_indicator', ['indicator_code']) }}
union all
{{ rows_without_own_key('rpt_revisions', ['revision_key']) }}
union all
{{ rows_without_own_key('rpt_mean_revisions', ['indicator_code', 'reporting_unit_code']) }}
union all
{{ rows_without_own_key('rpt_reporting_rates', ['reporting_rate_key']) }}
union all
{{ rows_without_own_key('fct_commitment_progress', ['commitment_progress_key']) }}
union all
{{ rows_without_own_key('rpt_outliers', ['outlier_key']) }}
union all
{{ rows_without_own_key('dim_indicator_versions', ['indicator_version_key']) }}
