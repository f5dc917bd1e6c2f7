-- Entities to rebuild: those carried by a submission that began or ceased to count, and those whose verdict or
-- attribution depends on one of them (a hazard on its inspection, a member on the register of unions, ...).
{% set facts = fact_definitions().values() %}

with
    changed_submissions as (select form, submission_id from {{ source("plan", "changed_submissions") }}),

    {% for fact in facts %}
        changed_{{ fact.form }} as (
            select *
            from {{ ref("stg_" ~ fact.form) }}
            semi join (select submission_id from changed_submissions where form = '{{ fact.form }}') using (submission_id)
        ),
    {% endfor %}

    {% for fact in facts %}
        touched_{{ fact.form }} as (
            select *
            from changed_{{ fact.form }}
            {% if fact.waits_for %}
                union all
                select *
                from {{ ref("stg_" ~ fact.form) }}
                semi join changed_{{ fact.waits_for.form }} using ({{ fact.waits_for.column }})
            {% endif %}
        ),
    {% endfor %}

    entities as materialized(
        {% for fact in facts %}
            {% if not loop.first %}
                union
            {% endif %}
            select '{{ fact.form }}' as form, {{ fact.entity_key }} as entity_key
            from touched_{{ fact.form }}
            {% if fact.judged_together_by %}
                union
                select '{{ fact.form }}', {{ fact.entity_key }}
                from {{ ref("stg_" ~ fact.form) }}
                semi join touched_{{ fact.form }} using ({{ fact.judged_together_by | join(", ") }})
            {% endif %}
        {% endfor %}
    ),

    enterprises as (
        {% for fact in facts if fact.enterprise_name %}
            {% if not loop.first %}
                union
            {% endif %}
            select uscc
            from {{ ref("stg_" ~ fact.form) }} as stg
            semi join
                (select entity_key from entities where form = '{{ fact.form }}') as affected
                on stg.{{ fact.entity_key }} = affected.entity_key
            where uscc is not null
        {% endfor %}
    )

select form, entity_key
from entities
union all
select 'enterprises', uscc
from enterprises
