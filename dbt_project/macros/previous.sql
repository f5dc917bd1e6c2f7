{#- dbt lists the relations of a schema when a model first asks for one of them, and takes them into its memory one by one: a
    model of another thread that asks meanwhile learns that a table is not there (dbt-adapters issue 366). So they are asked for
    once before the models start. -#}
{% macro list_last_close() -%} {%- do previous_mart("any") -%} {%- do starts_from_nothing() -%} {%- endmacro %}

{#- A mart as the previous release published it, or none before the first release. -#}
{% macro previous_mart(name) -%}
    {%- if execute -%} {{ return(adapter.get_relation("previous", "main", name)) }} {%- endif -%} {{ return(none) }}
{%- endmacro %}

{#- Whether the build starts from nothing (the plan leaves a table of that name then): what the release before holds is no part of it,
    and may have other columns. -#}
{% macro starts_from_nothing() -%}
    {{ return(execute and adapter.get_relation(target.database, "plan", "starts_from_nothing") is not none) }}
{%- endmacro %}

{#- What the rebuilt months are made of, whatever the version of a submission: it shows whose rows made a difference. -#}
{% macro contributions_by_slot(relation) -%}
    select
        indicator_code,
        month,
        reporting_unit_code,
        {{ submission_slot("submission_id") }} as submission_slot,
        distinct_key,
        part_value,
        amount,
        count(*) as row_count
    from {{ relation }}
    where month >= (select from_month from {{ ref("int_earliest_change") }})
    group by all
{%- endmacro %}
