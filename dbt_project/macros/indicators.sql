{#- Indicators are data: entries in the meta of one exposure an area (models/indicators/). -#}
{% macro indicators() -%}
    {%- set entries = {} -%}
    {%- for area in (graph.exposures.values() if execute else []) | sort(attribute="name") -%}
        {%- for code, definition in area.config.meta.get("indicators", {}).items() -%}
            {%- if code in entries -%}
                {{
                    exceptions.raise_compiler_error(
                        "Indicator " ~ code ~ " is declared twice, once in " ~ area.original_file_path
                    )
                }}
            {%- endif -%}
            {%- do entries.update({code: definition}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(entries) }}
{%- endmacro %}

{#- What the model of a fact says of itself: natural_key, dimensions, unit_follows_union (rows count for the unit of their union),
    is_of_spells (its rows end in later months: one Parquet file of a release). -#}
{% macro fact_meta(fact) -%} {{ return(graph.nodes["model.union_warehouse." ~ fact].config.meta) }} {%- endmacro %}

{#- The rows of one fact that contribute to one indicator, month by month of the span. `for_release` words the statement for a
    reader of a release, which holds the marts under their plain names, and adds what traces a row to its cells. -#}
{% macro contributions(code, definition, for_release=false) -%}
    {%- set marts = namespace(of={}) -%}
    {%- for name in [
        definition.fact,
        "fct_union_coverage",
        "fct_programme_enrolments",
        "dim_reporting_unit",
        "dim_enterprise",
        "dim_union",
        "dim_reporting_unit_lineage",
    ] -%}
        {%- do marts.of.update({name: name if for_release else ref(name) | string}) -%}
    {%- endfor -%}
    {%- set where = (
        definition.where
        | replace("{enrolled}", marts.of["fct_programme_enrolments"])
        | replace("{units}", marts.of["dim_reporting_unit"])
        | replace("{enterprises}", marts.of["dim_enterprise"])
    ) -%}
    {%- set is_spell = definition.kind == "stock" and definition.date | length == 2 -%}
    {%- set unit = (
        "coalesce(union_on_day.reporting_unit_code, standing.standing_code)"
        if definition.unit_of
        else "standing.standing_code" if is_spell else "fact.reporting_unit_code"
    ) -%}
    select
        '{{ code }}' as indicator_code,
        {% if definition.kind == "flow" %} {{ month_of(definition.date) }}
        {% else %} span.month
        {% endif %} as month,
        {{ unit }} as reporting_unit_code,
        {{ "cast(fact." ~ definition.distinct_on ~ " as varchar)" if definition.distinct_on else "cast(null as varchar)" }}
        as distinct_value,
        {{ "fact." ~ definition.part_on if definition.part_on else "cast(null as varchar)" }} as part_value,
        cast({{ definition.amount or 1 }} as decimal(18, 2)) as amount,
        {% if for_release %}
            concat_ws(' ', fact.{{ fact_meta(definition.fact).natural_key | join(", fact.") }}) as natural_key,
            {{
                (
                    "covering.covering_union_code"
                    if definition.unit_of == "covering_union"
                    else "fact.union_code" if fact_meta(definition.fact).unit_follows_union else "cast(null as varchar)"
                )
            }} as union_code,
            fact.submitted_by_code,
            fact.submission_month,
        {% endif %}
        fact.submission_id,
        fact.source_sheet,
        fact.source_row
    {% if definition.kind == "flow" %}
        -- of a long history only the rows of the span have their month worded
        from
            (
                select *
                from {{ marts.of[definition.fact] }}
                where {{ definition.date }} >= (select date_trunc('month', min(month_end)) from span)
            ) as fact
        semi join span on {{ month_of(definition.date) }} = span.month
        where ({{ where }}) and {{ month_of(definition.date) }} >= coalesce(flows_from_month, '')
    {% elif not is_spell %}
        from {{ marts.of[definition.fact] }} as fact
        inner join span on fact.{{ definition.date[0] }} = span.month
        where ({{ where }})
    {% else %}
        from {{ marts.of[definition.fact] }} as fact
        inner join span on {{ definition.date[0] }} <= month_end and {{ end_of_spell(definition.date[1]) }} > month_end
        -- a spell goes on when its unit was merged or split: it counts for the unit that stands for it
        inner join
            {{ marts.of["dim_reporting_unit_lineage"] }} as standing
            on fact.reporting_unit_code = standing.unit_code
            and month_end >= standing.valid_from
            and month_end < {{ end_of_spell("standing.valid_to") }}
            {% if definition.unit_of == "union" %} {{ join_union_on("fact", "union_code", "month_end", marts.of["dim_union"]) }}
        {% elif definition.unit_of == "covering_union" %}
            inner join
                (
                    select uscc as covered_uscc, union_code as covering_union_code, covered_from, covered_to
                    from {{ marts.of["fct_union_coverage"] }}
                ) as covering
                on fact.uscc = covered_uscc
                and covered_from <= month_end
                and {{ end_of_spell("covered_to") }} > month_end
                {{ join_union_on("covering", "covering_union_code", "month_end", marts.of["dim_union"]) }}
        {% endif %}
        where ({{ where | replace("ownership", "fact.ownership") if definition.unit_of else where }})
    {% endif %}
{%- endmacro %}

{#- A text literal, or a null of text where there is none. -#}
{% macro text(value) -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(value)) if value else "cast(null as varchar)" }}
{%- endmacro %}
