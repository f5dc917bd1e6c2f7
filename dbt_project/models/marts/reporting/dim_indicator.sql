-- depends_on: {{ ref('int_indicator_contributions') }}
{% for code, definition in indicators().items() %}
    {% if not loop.first %}
        union all
    {% endif %}
    select
        {{ text(code) }} as indicator_code,
        {{ text(definition.name_zh) }} as name_zh,
        {{ text(definition.name_en) }} as name_en,
        {{ text(definition.unit) }} as unit,
        {{ text(definition.owner) }} as owner_code,
        {{ text(definition.kind) }} as indicator_kind,
        {{ text(definition.aggregation) }} as aggregation,
        {{ text(definition.form) }} as form,
        {{ text(definition.numerator) }} as numerator_code,
        {{ text(definition.denominator) }} as denominator_code,
        {{ definition.is_published | default(true) }} as is_published
{% endfor %}
