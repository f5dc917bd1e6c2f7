{#- What every staging model shares: provenance columns, the key of the entity, and reading each submission once. -#}
{% macro new_accepted_rows(form) -%}
    select landed.*, lineage.standing_code
    from {{ source("landing", form) }} as landed
    left join
        (select unit_code, standing_code from {{ source("plan", "unit_lineage") }} where valid_to is null) as lineage
        on landed._department = lineage.unit_code
    where _is_accepted {% if is_incremental() -%} and _submission_id not in (select submission_id from {{ this }}) {%- endif %}
{%- endmacro %}

{% macro provenance_columns() -%}
    _submission_id as submission_id,
    _month as submission_month,
    _department as submitted_by_code,
    _received_at as received_at,
    _is_opening as is_opening_submission,
    _sheet as source_sheet,
    _row as source_row
{%- endmacro %}

{#- The same natural key from the same department in a later month is an update of the same entity (domain: Business rules);
    a department goes on with the entities of those that were merged into it. -#}
{% macro entity_key(columns) -%}
    md5(
        concat_ws(
            '|', standing_code, {% for column in columns %} cast({{ column }} as varchar){{ ", " if not loop.last }}{% endfor %}
        )
    )
{%- endmacro %}

{% macro is_yes(column) -%} {{ column }} = 'yes' {%- endmacro %}

{% macro month_of(column) -%} strftime({{ column }}, '%Y-%m') {%- endmacro %}

{#- Month and department of a submission, whatever its version: `2014-05/TS/v0002` is in `2014-05/TS`. -#}
{% macro submission_slot(column) -%} regexp_replace({{ column }}, '/v[^/]*$', '') {%- endmacro %}

{#- The calendar day in Shanghai of an instant in UTC. -#}
{% macro shanghai_day(column) -%} cast(timezone('Asia/Shanghai', timezone('UTC', {{ column }})) as date) {%- endmacro %}
