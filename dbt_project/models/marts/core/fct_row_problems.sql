{{ config(materialized="incremental", incremental_strategy="row_problems", on_schema_change="fail") }}
-- depends_on: {{ ref("int_affected_entities") }} {{ ref("int_earliest_change") }}
{% set waiting = fact_definitions().values() | selectattr("waits_for", "defined") | list %}

with
    effective as (select form, submission_id, month, department from {{ source("plan", "effective_submissions") }}),

    -- verdicts frozen with the submission
    frozen as (
        select
            form,
            cast(null as varchar) as entity_key,
            month as submission_month,
            department as submitted_by_code,
            problems.* exclude (form)
        from {{ ref("stg_row_problems") }} as problems
        inner join effective using (form, submission_id)
        {% if is_incremental() %} semi join {{ source("plan", "changed_submissions") }} using (form, submission_id) {% endif %}
    ),

    -- verdicts that depend on other submissions, judged again at each close
    waiting as (
        {% for fact in waiting %}
            {% if not loop.first %}
                union all
            {% endif %}
            select
                '{{ fact.form }}' as form,
                {{ fact.entity_key }} as entity_key,
                submission_month,
                submitted_by_code,
                submission_id,
                source_sheet,
                source_row,
                '{{ fact.waits_for.column }}' as column_name,
                waiting_rule as rule_code,
                'error' as severity,
                cast(null as varchar) as shown_value,
                rules.message_zh,
                rules.message_en,
                {{ record_key(fact.natural_key) }} as record_key
            from {{ ref(fact.waits_for.judged_by) }}
            inner join {{ source("plan", "rules") }} as rules on waiting_rule = rules.rule_code
        {% endfor %}
    ),

    problems as (
        select *
        from frozen
        union all by name
        select *
        from waiting
    )

select
    form,
    submitted_by_code,
    {{ version_key("reporting_unit", "problems.submitted_by_code", month_end("problems.submission_month")) }} as submitted_by_key,
    submission_month,
    submission_id,
    source_sheet,
    source_row,
    column_name,
    rule_code,
    severity,
    shown_value,
    message_zh,
    message_en,
    record_key,
    entity_key,
    entity_key is not null as is_made_at_close
from problems
