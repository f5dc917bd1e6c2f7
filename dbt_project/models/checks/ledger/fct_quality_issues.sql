-- The ledger goes on from that of the previous release: a fault found again keeps its history, one no longer found is corrected.
{% set before = previous_mart("fct_quality_issues") %}

with
    this_close as (select *, {{ shanghai_day("known_at") }} as known_on from {{ source("plan", "close") }}),

    found as (select * from {{ ref("int_faults_found") }}),

    ledger as (
        select
            found.*,
            cast(null as varchar) as issue_status,
            cast(null as timestamp) as first_seen_at,
            cast(null as varchar) as first_seen_release_id,
            cast(null as timestamp) as last_seen_at,
            cast(null as varchar) as last_seen_release_id,
            cast(null as timestamp) as opened_at,
            cast(null as timestamp) as corrected_at,
            cast(null as integer) as reopened_count
        from found
        where false
        {% if before %}
            -- a ledger that was kept with other columns goes on
            union all by name
            select *
            from {{ before }}
        {% endif %}
    ),

    waivers as (
        select *
        from {{ source("plan", "quality_waivers") }}
        cross join this_close
        where waived_on <= known_on and known_on <= expires_on
    ),

    -- of several waivers the one that lasts longest
    waived as (
        select
            quality_issue_key,
            arg_max(reason, expires_on) as waiver_reason,
            arg_max(waived_by, expires_on) as waived_by,
            max(expires_on) as waiver_expires_on
        from found
        inner join waivers on {{ waiver_covers("waivers", "found") }}
        group by quality_issue_key
    ),

    acknowledged as (
        select
            quality_issue_key,
            arg_max(acknowledged_by, acknowledged_at) as acknowledged_by,
            arg_max(comment_text, acknowledged_at) as acknowledgement_comment,
            max(acknowledged_at) as acknowledged_at
        from {{ source("plan", "issue_acknowledgements") }}
        group by quality_issue_key
    ),

    joined as (
        select
            coalesce(found.quality_issue_key, ledger.quality_issue_key) as quality_issue_key,
            found.quality_issue_key is not null as is_found,
            ledger.quality_issue_key is not null and ledger.issue_status = 'corrected' as was_corrected,
            coalesce(found.rule_code, ledger.rule_code) as rule_code,
            coalesce(found.severity, ledger.severity) as severity,
            coalesce(found.reporting_unit_code, ledger.reporting_unit_code) as reporting_unit_code,
            coalesce(found.form, ledger.form) as form,
            coalesce(found.record_key, ledger.record_key) as record_key,
            coalesce(found.column_name, ledger.column_name) as column_name,
            coalesce(found.month, ledger.month) as month,
            coalesce(found.occurrence_count, 0) as occurrence_count,
            coalesce(found.message_zh, ledger.message_zh) as message_zh,
            coalesce(found.message_en, ledger.message_en) as message_en,
            coalesce(found.evidence, ledger.evidence) as evidence,
            coalesce(found.submission_id, ledger.submission_id) as submission_id,
            coalesce(found.source_sheet, ledger.source_sheet) as source_sheet,
            coalesce(found.source_row, ledger.source_row) as source_row,
            coalesce(ledger.first_seen_release_id, release_id) as first_seen_release_id,
            coalesce(ledger.first_seen_at, known_at) as first_seen_at,
            -- empty while it is found: a row of the ledger changes when something happened, not at every close
            if(is_found, null, coalesce(ledger.last_seen_release_id, previous_release_id)) as last_seen_release_id,
            if(is_found, null, coalesce(ledger.last_seen_at, previous_known_at)) as last_seen_at,
            -- of the present occurrence: one that came back is to be corrected again
            if(was_corrected or ledger.quality_issue_key is null, known_at, ledger.opened_at) as opened_at,
            if(is_found, null, coalesce(ledger.corrected_at, known_at)) as corrected_at,
            coalesce(ledger.reopened_count, 0) + cast(is_found and was_corrected as integer) as reopened_count
        from found
        full join ledger using (quality_issue_key)
        cross join this_close
    )

select
    quality_issue_key,
    rule_code,
    severity,
    reporting_unit_code,
    {{ version_key("reporting_unit", "joined.reporting_unit_code", month_end("joined.month")) }} as reporting_unit_key,
    form,
    record_key,
    column_name,
    month,
    case
        when not is_found
        then 'corrected'
        when waiver_reason is not null
        then 'waived'
        when acknowledged.acknowledged_at >= opened_at
        then 'acknowledged'
        when reopened_count > 0
        then 'reopened'
        else 'open'
    end as issue_status,
    occurrence_count,
    first_seen_at,
    first_seen_release_id,
    last_seen_at,
    last_seen_release_id,
    opened_at,
    corrected_at,
    cast(reopened_count as integer) as reopened_count,
    {{ shanghai_day("opened_at") }} + {{ var("days_to_correct") }} as due_on,
    acknowledged_by,
    acknowledgement_comment,
    waiver_reason,
    waived_by,
    waiver_expires_on,
    message_zh,
    message_en,
    evidence,
    submission_id,
    source_sheet,
    source_row
from joined
left join waived using (quality_issue_key)
left join acknowledged using (quality_issue_key)
