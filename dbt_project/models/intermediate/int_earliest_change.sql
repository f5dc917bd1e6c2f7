-- First month whose snapshots and indicators may differ from the last audited build: that of the earliest date at which
-- a changed row had or has an effect, or of a submission that began or ceased to count. A spell that only ended takes
-- effect when it ended, however long ago it began. Or a month of which something else is expected than before.
{% set provenance = [
    "submission_id",
    "source_sheet",
    "source_row",
    "submission_month",
    "event_month",
    "is_late",
    "reporting_unit_key",
] %}

{% set facts, previous = {}, {} %}
{% set is_from_nothing = starts_from_nothing() %}
{% for fact, definition in fact_definitions().items() if definition.takes_effect_on %}
    {% do facts.update({fact: definition}) %} {% do previous.update({fact: none if is_from_nothing else previous_mart(fact)}) %}
{% endfor %}

with
    {% for fact, definition in facts.items() %}
        {% set ignored = (
            definition.takes_effect_on + provenance + definition.derived
            | default([]) + definition.descriptive
            | default([])
        ) %}
        {{ fact }}_affected as (select entity_key from {{ ref("int_affected_entities") }} where form = '{{ definition.form }}'),

        {% for version, relation in [('now', ref(fact)), ('before', previous[fact])] if relation %}
            {{ fact }}_{{ version }} as (
                {% for effect_on in definition.takes_effect_on %}
                    {% if not loop.first %}
                        union all
                    {% endif %}
                    select
                        {{ definition.entity_key }} as entity_key,
                        '{{ effect_on }}' as effect,
                        {{ effect_on }} as effect_on,
                        hash(*columns(* exclude ({{ ignored | join(", ") }}))) as content_hash
                    from {{ relation }}
                    semi join {{ fact }}_affected on {{ definition.entity_key }} = {{ fact }}_affected.entity_key
                    where {{ effect_on }} is not null
                {% endfor %}
            ),
        {% endfor %}
    {% endfor %}

    changes as (
        {% for fact in facts %}
            {% if previous[fact] %}
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
        union all
        -- who owes what says whether a figure is missing
        select cast(month || '-01' as date)
        from {{ source("plan", "changed_expectations") }}
    ),

    this_close as (select * from {{ source("plan", "close") }}),

    first_change as (select strftime(min(effect_on), '%Y-%m') as first_change_month from changes)

select
    -- the opening month, before the beginning, is the base that snapshots are carried forward from
    greatest(coalesce(first_change_month, month), opening_month) as from_month, last_closed_month as to_month
from this_close
cross join first_change
