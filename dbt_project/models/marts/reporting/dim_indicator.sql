-- depends_on: {{ ref('int_indicator_contributions') }}
{% for code, definition in indicators().items() %}
    {% if not loop.first %}
        union all
    {% endif %}
    select
        '{{ code }}' as indicator_code,
        '{{ definition.name_zh | replace("' ", " '' ") }}' as name_zh,
        '{{ definition.name_en | replace(" '", "''") }}' as name_en,
        '{{ definition.unit }}' as unit,
        '{{ definition.owner }}' as owner_code,
        '{{ definition.kind }}' as indicator_kind,
        '{{ definition.aggregation }}' as aggregation,
        '{{ definition.form }}' as form,
        {{ "'" ~ definition.numerator ~ "'" if definition.numerator else "cast(null as varchar)" }} as numerator_code,
        {{ "'" ~ definition.denominator ~ "'" if definition.denominator else "cast(null as varchar)" }} as denominator_code,
        {{ definition.is_published | default(true) }} as is_published
{% endfor %}
