-- Enterprises named by an affected entity.
{% set forms = {
    "union_coverage": "union_coverage_key",
    "safety_inspections": "safety_inspection_key",
    "programme_enrolments": "programme_enrolment_key",
    "collective_contracts": "collective_contract_key",
} %}

{% for form, key in forms.items() %}
    {% if not loop.first %}
        union
    {% endif %}
    select uscc
    from {{ ref("stg_" ~ form) }} as stg
    semi join
        (select entity_key from {{ ref("int_affected_entities") }} where form = '{{ form }}') as affected
        on stg.{{ key }} = affected.entity_key
    where uscc is not null
{% endfor %}
