{#- Indicators are data: int_indicator_contributions' own definition (models/intermediate/_indicators__models.yml). -#}
{% macro indicators() -%}
    {%- if execute -%}
        {{ return(graph.nodes["model.union_warehouse.int_indicator_contributions"].config.meta.indicators) }}
    {%- endif -%}
    {{ return({}) }}
{%- endmacro %}

{#- The rows of one fact that contribute to one indicator, month by month of the span. -#}
{% macro contributions(code, definition) -%}
    {%- set where = (
        definition.where
        | replace("{covered}", ref("fct_union_coverage") | string)
        | replace("{enrolled}", ref("fct_programme_enrolments") | string)
        | replace("{units}", ref("dim_reporting_unit") | string)
        | replace("{enterprises}", ref("dim_enterprise") | string)
    ) -%}
    {%- set unit = (
        "coalesce(union_on_day.reporting_unit_code, fact.reporting_unit_code)"
        if definition.unit_of
        else "fact.reporting_unit_code"
    ) -%}
    select
        '{{ code }}' as indicator_code,
        {% if definition.kind == "flow" %} {{ month_of(definition.date) }}
        {% else %} span.month
        {% endif %} as month,
        {{ unit }} as reporting_unit_code,
        {{ "cast(fact." ~ definition.distinct_on ~ " as varchar)" if definition.distinct_on else "cast(null as varchar)" }}
        as distinct_value,
        cast({{ definition.amount or 1 }} as decimal(18, 2)) as amount,
        submission_id,
        source_sheet,
        source_row
    from {{ ref(definition.fact) }} as fact
    {% if definition.kind == "flow" %}
        semi join span on {{ month_of(definition.date) }} = span.month
        where ({{ where }}) and {{ month_of(definition.date) }} >= coalesce(flows_from_month, '')
    {% elif definition.date | length == 1 %} inner join span on fact.{{ definition.date[0] }} = span.month where ({{ where }})
    {% else %}
        inner join
            span
            on {{ definition.date[0] }} <= month_end
            and ({{ definition.date[1] }} > month_end or {{ definition.date[1] }} is null)
            {% if definition.unit_of == "union" %} {{ join_union_on("fact", "union_code", "month_end") }}
            {% endif %}
        where ({{ where | replace("ownership", "fact.ownership") if definition.unit_of else where }})
    {% endif %}
{%- endmacro %}

{#- A text literal, or a null of text where there is none. -#}
{% macro text(value) -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(value)) if value else "cast(null as varchar)" }}
{%- endmacro %}
