{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ forget_row_problems() }}",
    )
}}

{% set judged = {
    "union_register": ("int_union_events_judged", "union_event_key", "union_code", ["event_no"]),
    "union_coverage": (
        "int_union_coverage_judged",
        "union_coverage_key",
        "union_code",
        ["uscc", "union_code", "covered_from"],
    ),
    "member_changes": ("int_membership_changes_judged", "membership_change_key", "union_code", ["change_no"]),
    "member_counts": ("int_member_counts_judged", "member_count_key", "union_code", ["union_code", "submission_month"]),
    "qualification_promotions": (
        "int_qualification_promotions_judged",
        "qualification_promotion_key",
        "union_code",
        ["certificate_no"],
    ),
    "hazards": ("int_hazards_judged", "hazard_key", "inspection_no", ["hazard_no"]),
} %}

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
        {% for form, (model, key, column, natural_key) in judged.items() %}
            {% if not loop.first %}
                union all
            {% endif %}
            select
                '{{ form }}' as form,
                {{ key }} as entity_key,
                submission_month,
                submitted_by_code,
                submission_id,
                source_sheet,
                source_row,
                '{{ column }}' as column_name,
                waiting_rule as rule_code,
                'error' as severity,
                cast(null as varchar) as shown_value,
                rules.message_zh,
                rules.message_en,
                {{ record_key(natural_key) }} as record_key
            from {{ ref(model) }}
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
