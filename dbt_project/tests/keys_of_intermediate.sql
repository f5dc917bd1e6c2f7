-- fmt: off
{# Generated from the meta of the models by `make generate`; do not edit. #}
{{ rows_without_own_key('int_affected_entities', ['form', 'entity_key']) }}
union all
{{ rows_without_own_key('int_earliest_change', ['to_month']) }}
union all
{{ rows_without_own_key('int_union_lifespans', ['union_code']) }}
union all
{{ rows_without_own_key('int_union_events_judged', ['union_event_key']) }}
union all
{{ rows_without_own_key('int_union_coverage_judged', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('int_membership_changes_judged', ['membership_change_key']) }}
union all
{{ rows_without_own_key('int_member_counts_judged', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('int_qualification_promotions_judged', ['submission_id', 'source_sheet', 'source_row']) }}
union all
{{ rows_without_own_key('int_hazards_judged', ['submission_id', 'source_sheet', 'source_row']) }}
