-- What the cross checks judge again: every subject (a person, an inspection, a business key, a month of snapshots ...)
-- that a rebuilt row names now, or named before.
{% set subjects = [
    ("inspection", "fct_safety_inspections", ["inspection_no"]),
    ("inspection", "fct_hazards", ["inspection_no"]),
    ("party", "fct_collective_contracts", ["contract_kind", compared_text("party")]),
    ("enterprise", "fct_union_coverage", ["uscc"]),
    ("commitment", "fct_commitments", ["commitment_key"]),
] %}
{% for rule, key in business_keys().items() %} {% do subjects.append((rule, key.fact, key.columns)) %} {% endfor %}
{% for fact, definition in numbered_facts().items() %} {% do subjects.append((fact, fact, definition.natural_key)) %} {% endfor %}

{% set facts = ["fct_membership_changes"] %}
{% for topic, fact, columns in subjects if fact not in facts %} {% do facts.append(fact) %} {% endfor %}

with
    {% for fact in facts %} {{ fact }}_rebuilt as ({{ rebuilt_rows(fact) }}), {% endfor %}

    span as (select * from {{ ref("int_earliest_change") }}),

    {% for topic, fact, columns in subjects %} values_{{ loop.index }} as ({{ rebuilt_values(fact, columns) }}), {% endfor %}

    members_to_check as ({{ members_to_check() }}),

    union_months_to_check as ({{ union_months_to_check() }}),

    subjects as (
        {% for topic, fact, columns in subjects %}
            {% set parts = [] %}
            {% for column in columns %}{% do parts.append("part_" ~ loop.index) %}{% endfor %}
            select {{ subject_key(topic, parts) }} as subject_key
            from values_{{ loop.index }}
            union
        {% endfor %}
        select {{ subject_key("person", ["part_1"]) }}
        from members_to_check
        union
        select {{ subject_key("union_month", ["part_1", "part_2"]) }}
        from union_months_to_check
        union
        select {{ subject_key("month", ["month"]) }}
        from {{ ref("dim_month") }}
        inner join span on month between from_month and to_month
    )

select subject_key
from subjects
