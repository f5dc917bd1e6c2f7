{#- The fact that holds the rows of a form: its name is `fact`, the rest as the meta of its model. -#}
{% macro fact_of(form) -%}
    {%- for fact, definition in fact_definitions().items() if definition.form == form -%}
        {{ return(dict(definition, fact=fact)) }}
    {%- endfor -%}
{%- endmacro %}

{#- Rows of affected entities from submissions that count; every row is affected when the fact does not exist yet.
    What the opening submission brought, dated before its month, feeds stocks and not flows (domain: Time). -#}
{% macro effective_rows(form) -%}
    {%- set definition = fact_of(form) %}
    {%- set affected_entities = ref("int_affected_entities") %}
    select
        stg.*, case when bool_or(is_opening_submission) over entity then min(submission_month) over entity end as flows_from_month
    from {{ ref("stg_" ~ form) }} as stg
    semi join
        (select submission_id from {{ source("plan", "effective_submissions") }} where form = '{{ form }}') as effective using (
            submission_id
        )
    {% if fact_exists(definition.fact) -%}
        semi join
            (select entity_key from {{ affected_entities }} where form = '{{ form }}') as affected
            on stg.{{ definition.entity_key }} = affected.entity_key
    {%- endif %}
    window entity as (partition by stg.{{ definition.entity_key }})
{%- endmacro %}

{% macro fact_exists(fact) -%}
    {%- if execute -%}
        {{ return(adapter.get_relation("marts", "main", fact) is not none and not flags.FULL_REFRESH) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}

{#- The row that a later submission month carries replaces the earlier ones of the same entity. -#}
{% macro latest_per_entity(key) -%}
    qualify row_number() over (partition by {{ key }} order by submission_month desc, received_at desc) = 1
{%- endmacro %}

{#- Columns that every fact carries; `event_on` is the date that places the row in a month. -#}
{% macro fact_columns(event_on, unit="submitted_by_code") -%}
    submitted_by_code,
    {{ unit }} as reporting_unit_code,
    {{ version_key("reporting_unit", unit, event_on) }} as reporting_unit_key,
    submission_month,
    {{ month_of(event_on) }} as event_month,
    not is_opening_submission and {{ month_of(event_on) }} < submission_month as is_late,
    coalesce({{ month_of(event_on) }} < flows_from_month, false) as is_opening_stock,
    flows_from_month,
    submission_id,
    source_sheet,
    source_row
{%- endmacro %}

{#- The reporting unit a union belongs to on a day; the sender where the register does not say. -#}
{% macro join_union_on(rows, union_code, day, dim_union=none) -%}
    left join
        {{ dim_union or ref("dim_union") }} as union_on_day
        on {{ rows }}.{{ union_code }} = union_on_day.union_code
        and {{ day }} >= union_on_day.valid_from
        and {{ day }} < {{ end_of_spell("union_on_day.valid_to") }}
{%- endmacro %}

{#- Key of the version of a reporting unit or union that holds on a day: the latest that had begun, so that what ended keeps its last;
    before the first the first; of no day none. `code` and `day` need an alias where the dimension has a column of that name. -#}
{% macro version_key(entity, code, day, versions=none) -%}
    (
        select
            coalesce(
                max_by(version.{{ entity }}_key, version.valid_from) filter (where version.valid_from <= {{ day }}),
                min_by(version.{{ entity }}_key, version.valid_from)
            )
        from {{ versions or ref("dim_" ~ entity) }} as version
        where version.{{ entity }}_code = {{ code }} and {{ day }} is not null
    )
{%- endmacro %}

{#- The last day of a month, of its text. -#}
{% macro month_end(month) -%} last_day(cast({{ month }} || '-01' as date)) {%- endmacro %}

{#- The day after the last of a spell, a day beyond all others while it lasts: `or ... is null` in a join's condition would have every
    pair of rows compared. -#}
{% macro end_of_spell(column) -%} coalesce({{ column }}, date '9999-12-31') {%- endmacro %}
