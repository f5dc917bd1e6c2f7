-- Findings on what was reported by two departments or under two numbers: each row of a group, with the others named.
-- Rows that share a business key are reported once: their number is judged by itself only where they share nothing else.
{% set keys_of_fact = {} %}
{% for rule, key in business_keys().items() %} {% do keys_of_fact.update({key.fact: key}) %} {% endfor %}

with
    {% for fact in numbered_facts() %} {{ fact }}_rebuilt as ({{ rebuilt_rows(fact) }}), {% endfor %}

    {% for rule, key in business_keys().items() %}
        {% set definition = fact_definitions()[key.fact] %}
        {% set number = definition.natural_key %}
        {{ rule }}_rebuilt as ({{ rebuilt_values(key.fact, key.columns) }}),

        {{ rule }}_rows as (
            select *, {{ subject_key(rule, key.columns) }} as subject_key, {{ record_key(number) }} as record_key
            from ({{ rows_sharing(ref(key.fact), key.columns, rule ~ "_rebuilt") }})
            where {{ key.where | default("true") }}
            qualify count(*) over (partition by {{ key.columns | join(", ") }}) > 1
        ),

        {{ rule }}_found as (
            {{ finding_per_row(rule, definition.form, rule ~ "_rows", definition.entity_key, key.shown | default(key.columns)) }}
        ),
    {% endfor %}

    {% for fact, definition in numbered_facts().items() %}
        {% set number = definition.natural_key %}
        {% set key = keys_of_fact.get(fact) %}
        {{ fact }}_numbers_rebuilt as ({{ rebuilt_values(fact, number) }}),

        {{ fact }}_rows as (
            select *, {{ subject_key(fact, number) }} as subject_key, {{ record_key(number) }} as record_key
            from ({{ rows_sharing(ref(fact), number, fact ~ "_numbers_rebuilt") }})
            qualify
                count(*) over (partition by {{ number | join(", ") }}) > 1
                {% if key %}
                    and (
                        count(distinct row({{ key.columns | join(", ") }})) over (partition by {{ number | join(", ") }}) > 1
                        or not bool_and({{ key.where | default("true") }}) over (partition by {{ number | join(", ") }})
                    )
                {% endif %}
        ),

        {{ fact }}_found as (
            {{ finding_per_row("record_number_reported_once", definition.form, fact ~ "_rows", definition.entity_key, []) }}
        ),
    {% endfor %}

    findings as (
        {% for rule in business_keys() %}
            select *
            from {{ rule }}_found
            union all by name
        {% endfor %}
        {% for fact in numbered_facts() %}
            {% if not loop.first %}
                union all by name
            {% endif %}
            select *
            from {{ fact }}_found
        {% endfor %}
    )

select *
from findings
