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

{#- The rows of a fact that contribute to an indicator, for the months of `span` (month, month_end), with what traces each to its
    cells. Marts stand in it under their plain names: fct_indicator_contributions imports them so and a release holds them so, thus
    the statement that a figure is made of is the one that a reader of the release runs (dim_indicator.rows_sql). -#}
{% macro contributions(code, definition, facts) -%}
    {%- for version in definition_versions(code, definition) -%}
        {%- if not loop.first %}
            union all
        {% endif -%}
        {%- if definition.earlier %}
            select *
            from ({{ rows_that_count(code, version.definition, facts) }}) as counted
            where month > '{{ version.after or "" }}' and month <= '{{ version.until or "9999-12" }}'
        {%- else -%} {{ rows_that_count(code, version.definition, facts) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- By what rule an indicator counts in which months: after a month (none: from the beginning), until one (none: to now). An entry of
    `earlier` holds until its month, and says of what the rule is made what was otherwise then. -#}
{% macro definition_versions(code, definition) -%}
    {%- set rule = ["fact", "where", "date", "amount", "distinct_on", "part_on", "unit_of", "definition_zh", "until"] -%}
    {%- set versions, place = [], namespace(after=none) -%}
    {%- for earlier in (definition.earlier or []) | sort(attribute="until") -%}
        {%- for key in earlier if key not in rule -%}
            {{
                exceptions.raise_compiler_error(
                    "Indicator "
                    ~ code
                    ~ " has another "
                    ~ key
                    ~ " before; what is counted otherwise in every respect is another indicator. An earlier rule may say: "
                    ~ rule
                    | join(", ")
                )
            }}
        {%- endfor -%}
        {%- set former = {} -%}
        {%- do former.update(definition) -%}
        {%- do former.update(earlier) -%}
        {%- do versions.append({"definition": former, "after": place.after, "until": earlier.until}) -%}
        {%- set place.after = earlier.until -%}
    {%- endfor -%}
    {%- do versions.append({"definition": definition, "after": place.after, "until": none}) -%}
    {{- return(versions) -}}
{%- endmacro %}

{#- The first months that an indicator counts by another rule than the month before. -#}
{% macro series_breaks(code, definition) -%}
    {%- set months = [] -%}
    {%- for version in definition_versions(code, definition) if version.after -%}
        {%- set after = modules.datetime.datetime.strptime(version.after, "%Y-%m") -%}
        {%- do months.append((after + modules.datetime.timedelta(days=31)).strftime("%Y-%m")) -%}
    {%- endfor -%}
    {{- return(months) -}}
{%- endmacro %}

{#- The rows that count by one rule. -#}
{% macro rows_that_count(code, definition, facts) -%}
    {%- set is_spell = definition.kind == "stock" and definition.date | length == 2 -%}
    select
        '{{ code }}' as indicator_code,
        fact.counted_month as month,
        {% if not is_spell %} fact.reporting_unit_code
        {% elif definition.unit_of %} coalesce(union_on_day.reporting_unit_code, standing.standing_code)
        {% else %} standing.standing_code
        {% endif %} as reporting_unit_code,
        {{ distinct_key(code, definition.distinct_on) }} as distinct_key,
        {{ "fact." ~ definition.part_on if definition.part_on else "cast(null as varchar)" }} as part_value,
        cast({{ definition.amount or 1 }} as decimal(18, 2)) as amount,
        concat_ws(' ', fact.{{ facts[definition.fact].natural_key | join(", fact.") }}) as natural_key,
        {% if definition.unit_of == "covering_union" %} covering.union_code
        {% elif facts[definition.fact].unit_follows_union %} fact.union_code
        {% else %} cast(null as varchar)
        {% endif %} as union_code,
        fact.submitted_by_code,
        fact.submission_month,
        fact.submission_id,
        fact.source_sheet,
        fact.source_row
    from
        (
            {% if definition.kind == "flow" %}{{ rows_dated_in_month(definition) }}
            {% elif is_spell %}{{ rows_active_at_month_end(definition) }}
            {% else %}{{ rows_of_snapshot(definition) }}
            {% endif %}
        ) as fact
        {% if is_spell %} {{ join_units_of_spells(definition.unit_of) }} {% endif %}
{%- endmacro %}

{#- What a distinct count counts, as a number that is the same for the same person or thing in one indicator, and in no other: a table of
    contributions tells nobody what else a person did. -#}
{% macro distinct_key(code, column) -%}
    {%- if column -%} if(fact.{{ column }} is null, null, md5_number_lower('{{ code }}|' || cast(fact.{{ column }} as varchar)))
    {%- else -%} cast(null as ubigint)
    {%- endif -%}
{%- endmacro %}

{#- Rows of a flow; of a long history only those of the span have their month worded. What the opening stock brought is no flow. -#}
{% macro rows_dated_in_month(definition) -%}
    select rows_from_span.*, {{ month_of(definition.date) }} as counted_month
    from
        (
            select *
            from {{ definition.fact }}
            where {{ definition.date }} >= (select date_trunc('month', min(month_end)) from span)
        ) as rows_from_span
    semi join span on {{ month_of(definition.date) }} = span.month
    where ({{ definition.where }}) and {{ month_of(definition.date) }} >= coalesce(flows_from_month, '')
{%- endmacro %}

{#- Rows of a stock that is reported month by month. -#}
{% macro rows_of_snapshot(definition) -%}
    {%- set month = definition.date[0] -%}
    select snapshots.*, {{ month }} as counted_month
    from {{ definition.fact }} as snapshots
    semi join span on snapshots.{{ month }} = span.month
    where ({{ definition.where }})
{%- endmacro %}

{#- Rows of a stock of spells, once for every month at whose end they last. -#}
{% macro rows_active_at_month_end(definition) -%}
    {%- set begins, ends = definition.date -%}
    select spells.*, span.month as counted_month, month_end
    from {{ definition.fact }} as spells
    inner join span on {{ begins }} <= month_end and {{ end_of_spell(ends) }} > month_end
    where ({{ definition.where }})
{%- endmacro %}

{#- Where a spell counts at a month end: a spell goes on when its unit was merged or split, and counts for the unit that stands for
    it; with `unit_of` for the unit of its union, or of the union that covers its enterprise then. -#}
{% macro join_units_of_spells(unit_of) -%}
    inner join
        dim_reporting_unit_lineage as standing
        on fact.reporting_unit_code = standing.unit_code
        and fact.month_end >= standing.valid_from
        and fact.month_end < {{ end_of_spell("standing.valid_to") }}
        {% if unit_of == "union" %} {{ join_union_on("fact", "union_code", "fact.month_end", "dim_union") }}
    {% elif unit_of == "covering_union" %}
        inner join
            fct_union_coverage as covering
            on fact.uscc = covering.uscc
            and covering.covered_from <= fact.month_end
            and {{ end_of_spell("covering.covered_to") }} > fact.month_end
            {{ join_union_on("covering", "union_code", "fact.month_end", "dim_union") }}
    {% endif %}
{%- endmacro %}

{#- Whether values of units add up to the federation's: each row counts once, for one unit. A person or enterprise may count in
    several, and a ratio is no sum. -#}
{% macro is_additive_over_units(definition) -%} {{ return(definition.aggregation in ("count", "sum")) }} {%- endmacro %}

{#- Whether values of months add up to the year to date: of a stock the year to date is the last month's, and a distinct count
    counts again who counted in an earlier month. -#}
{% macro is_additive_over_months(definition) -%}
    {{ return(definition.kind == "flow" and is_additive_over_units(definition)) }}
{%- endmacro %}

{#- For whom a row of an indicator counts. -#}
{% macro counts_for(definition, all_indicators, facts) -%}
    {%- if definition.kind == "ratio" -%}
        {%- set over = counts_for(all_indicators[definition.numerator], all_indicators, facts) -%}
        {%- set under = counts_for(all_indicators[definition.denominator], all_indicators, facts) -%}
        {{ return(over if over == under else "by_parts") }}
    {%- endif -%}
    {{ return(definition.unit_of or ("union" if facts[definition.fact].unit_follows_union else "sender")) }}
{%- endmacro %}

{#- How rows become a value, once for the build and for whoever reads a release (uw figures --structure, uw trace, analysts): functions
    of DuckDB in the file of the marts, which becomes the release. -#}
{% macro create_indicator_functions() -%}
    {%- set measure = "(aggregation, part_count, distinct_key, part_value, amount, counted) as " ~ indicator_measure() -%}
    {%- set ratio = "(numerator, denominator) as numerator / nullif(denominator, 0)" -%}
    {{ "create or replace macro " ~ indicator_function("indicator_measure") ~ measure }}
    ;
    {{ "create or replace macro " ~ indicator_function("indicator_ratio") ~ ratio }}
{%- endmacro %}

{#- The value of the rows that are `counted`; of count_distinct_all how many have rows of every part. -#}
{% macro indicator_measure() -%}
    case
        aggregation
        when 'count'
        then count(*) filter (where counted)
        when 'sum'
        then sum(amount) filter (where counted)
        when 'count_distinct'
        then count(distinct distinct_key) filter (where counted)
        when 'count_distinct_all'
        then
            coalesce(
                len(
                    list_filter(
                        map_values(
                            list_aggregate(
                                list_transform(
                                    list(distinct{'value':distinct_key, 'part':part_value}) filter (
                                        where counted and part_value is not null
                                    ),
                                    lambda pair:pair.value
                                ),
                                'histogram'
                            )
                        ),
                        lambda parts:parts = part_count
                    )
                ),
                0
            )
    end
{%- endmacro %}

{#- A function of create_indicator_functions, by the name that a build knows it under. -#}
{% macro indicator_function(name) -%} marts.main.{{ name }} {%- endmacro %}
