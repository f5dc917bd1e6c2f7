-- First month whose snapshots and indicators may differ from the last audited build: that of the earliest date at which
-- a changed row had or has an effect, or of a submission that began or ceased to count. A spell that only ended takes
-- effect when it ended, however long ago it began.
{% set provenance = ["submission_id", "source_sheet", "source_row", "submission_month", "event_month", "is_late"] %}

with
    {% for fact, definition in fact_definitions().items() %}
        {% set ignored = (
            definition.effects + provenance + definition.derived | default([]) + definition.descriptive | default([])
        ) %}
        {{ fact }}_affected as (select entity_key from {{ ref("int_affected_entities") }} where form = '{{ definition.form }}'),

        {% for version, relation in [('now', ref(fact)), ('before', previous_mart(fact))] if relation %}
            {{ fact }}_{{ version }} as (
                {% for effect_on in definition.effects %}
                    {% if not loop.first %}
                        union all
                    {% endif %}
                    select
                        {{ definition.key }} as entity_key,
                        '{{ effect_on }}' as effect,
                        {{ effect_on }} as effect_on,
                        hash(*columns(* exclude ({{ ignored | join(", ") }}))) as content_hash
                    from {{ relation }}
                    semi join {{ fact }}_affected on {{ definition.key }} = {{ fact }}_affected.entity_key
                    where {{ effect_on }} is not null
                {% endfor %}
            ),
        {% endfor %}
    {% endfor %}

    changes as (
        {% for fact in fact_definitions() %}
            {% if previous_mart(fact) %}
                select effect_on
                from
                    (
                        from {{ fact }}_now
                        except
                        from {{ fact }}_before
                    )
                union all
                select effect_on
                from
                    (
                        from {{ fact }}_before
                        except
                        from {{ fact }}_now
                    )
            {% else %}select effect_on from {{ fact }}_now
            {% endif %}
            union all
        {% endfor %}
        select cast(submissions.month || '-01' as date)
        from {{ source("plan", "changed_submissions") }} as changed
        inner join {{ source("plan", "submissions") }} as submissions using (submission_id, form)
    ),

    this_close as (select * from {{ source("plan", "close") }}),

    first_change as (select strftime(min(effect_on), '%Y-%m') as first_change_month from changes)

select
    -- the opening month, before the beginning, is the base that snapshots are carried forward from
    greatest(coalesce(first_change_month, month), opening_month) as from_month, last_closed_month as to_month
from this_close
cross join first_change
