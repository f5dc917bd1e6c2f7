-- Entities to rebuild: those carried by a submission that began or ceased to count, and those whose verdict or
-- attribution depends on one of them (a hazard on its inspection, a member on the register of unions, ...).
{% set keys = {"member_counts": "member_count_key"} %}
{% for definition in fact_definitions().values() %} {% do keys.update({definition.form: definition.key}) %} {% endfor %}
{% set dependent = [
    "union_register",
    "union_coverage",
    "member_changes",
    "member_counts",
    "qualification_promotions",
    "hazards",
] %}
{% set depend_on_register = ["union_register", "union_coverage", "member_changes", "member_counts", "qualification_promotions"] %}

with
    changed_submissions as (select form, submission_id from {{ source("plan", "changed_submissions") }}),

    {% for form, key in keys.items() %}
        changed_{{ form }} as (
            select *
            from {{ ref("stg_" ~ form) }}
            semi join (select submission_id from changed_submissions where form = '{{ form }}') using (submission_id)
        ),
    {% endfor %}

    changed_unions as (select distinct union_code from changed_union_register),

    {% for form in depend_on_register %}
        touched_{{ form }} as (
            select *
            from changed_{{ form }}
            union
            select *
            from {{ ref("stg_" ~ form) }}
            semi join changed_unions using (union_code)
        ),
    {% endfor %}

    entities as (
        select 'union_register' as form, union_event_key as entity_key
        from touched_union_register
        union
        select 'union_coverage', union_coverage_key
        from {{ ref("stg_union_coverage") }}
        semi join touched_union_coverage using (uscc)
        union
        select 'member_changes', membership_change_key
        from {{ ref("stg_member_changes") }}
        semi join touched_member_changes using (person_key, union_code)
        union
        select 'member_counts', member_count_key
        from {{ ref("stg_member_counts") }}
        semi join touched_member_counts using (union_code, submission_month)
        union
        select 'qualification_promotions', qualification_promotion_key
        from touched_qualification_promotions
        union
        select 'hazards', hazard_key
        from changed_hazards
        union
        select 'hazards', hazard_key
        from {{ ref("stg_hazards") }}
        semi join (select distinct inspection_no from changed_safety_inspections) using (inspection_no)
        {% for form, key in keys.items() if form not in dependent %}
            union
            select '{{ form }}', {{ key }}
            from changed_{{ form }}
        {% endfor %}
    )

select form, entity_key
from entities
