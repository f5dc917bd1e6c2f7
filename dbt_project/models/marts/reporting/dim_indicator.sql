{{ config(materialized="table") }}
{#- One text of JSON, not a literal a value: dbt takes longer to word a thousand literals than DuckDB to read them. -#}
{% set facts = fact_definitions() %}
{% set rows = [] %}
{% set all_indicators = indicators() %}
{% for code, definition in all_indicators.items() %}
    {% set dimensions = facts[definition.fact].dimensions if definition.fact else [] %}
    {% set breaks = series_breaks(code, definition) %}
    {% for part in (definition.get("numerator"), definition.get("denominator")) if part %}
        {% do breaks.extend(series_breaks(part, all_indicators[part])) %}
    {% endfor %}
    {% if definition.unit == "CNY" and "amount_of" not in definition %}
        {{
            exceptions.raise_compiler_error(
                "Indicator " ~ code ~ " does not say whose money it is: amount_of an indicator, or ~"
            )
        }}
    {% endif %}
    {% do rows.append(
        {
            "indicator_code": code,
            "name_zh": definition.name_zh,
            "name_en": definition.get("name_en"),
            "definition_zh": definition.get("definition_zh"),
            "unit": definition.unit,
            "unit_zh": config.get("meta").unit_labels.get(definition.unit),
            "owner_code": definition.get("owner"),
            "indicator_kind": definition.kind,
            "aggregation": definition.aggregation,
            "part_count": definition.get("parts"),
            "counts_persons": definition.unit in config.get("meta").person_units,
            "amount_of_code": definition.get("amount_of"),
            "part_of_code": definition.get("part_of"),
            "is_additive_over_units": is_additive_over_units(definition),
            "is_additive_over_months": is_additive_over_months(definition),
            "counts_for": counts_for(definition, all_indicators, facts),
            "counts_for_zh": config.get("meta").attribution_labels[counts_for(definition, all_indicators, facts)],
            "is_nought_without_rows": definition.is_nought_without_rows | default(true),
            "form": definition.get("form"),
            "numerator_code": definition.get("numerator"),
            "denominator_code": definition.get("denominator"),
            "is_published": definition.is_published | default(true),
            "restatement_tolerance": definition.restatement_tolerance | default(var("restatement_tolerance")),
            "fact": definition.get("fact"),
            "dimensions": (["month", "reporting_unit_code"] + dimensions) | join(", "),
            "series_breaks": breaks | unique | sort | join(", ") or none,
            "rows_sql": contributions(code, definition, facts) if definition.fact else none,
        }
    ) %}
{% endfor %}
{% set types = {} %}
{% for column in model.columns.values() %} {% do types.update({column.name: column.data_type}) %} {% endfor %}

select unnest(indicator)
from (select unnest(from_json('{{ dbt.escape_single_quotes(tojson(rows)) }}', '{{ tojson([types]) }}')) as indicator)
