{{ config(materialized="table") }}
{% for code, definition in indicators().items() %}
    {% if not loop.first %}
        union all
    {% endif %}
    select
        {{ text(code) }} as indicator_code,
        {{ text(definition.name_zh) }} as name_zh,
        {{ text(definition.name_en) }} as name_en,
        {{ text(definition.definition_zh) }} as definition_zh,
        {{ text(definition.unit) }} as unit,
        {{ text(config.get("meta").unit_labels[definition.unit]) }} as unit_zh,
        {{ text(definition.owner) }} as owner_code,
        {{ text(definition.kind) }} as indicator_kind,
        {{ text(definition.aggregation) }} as aggregation,
        cast({{ definition.parts or "null" }} as integer) as part_count,
        {{ is_additive_over_units(definition) }} as is_additive_over_units,
        {{ is_additive_over_months(definition) }} as is_additive_over_months,
        {{ text(definition.form) }} as form,
        {{ text(definition.numerator) }} as numerator_code,
        {{ text(definition.denominator) }} as denominator_code,
        {{ definition.is_published | default(true) }} as is_published,
        cast(
            {{ definition.restatement_tolerance | default(var("restatement_tolerance")) }} as decimal(6, 4)
        ) as restatement_tolerance,
        {{ text(definition.fact) }} as fact,
        {{
            text(
                (["month", "reporting_unit_code"] + (fact_definitions()[definition.fact].dimensions if definition.fact else []))
                | join(", ")
            )
        }} as dimensions,
        {{ text(contributions(code, definition) if definition.fact else none) }} as rows_sql
{% endfor %}
