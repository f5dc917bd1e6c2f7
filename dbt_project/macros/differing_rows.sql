{#- An incremental strategy for a model whose result is the months from the first changed one on: those months of its table end as
    the result, and only rows that are new, gone or different are written, so that the rest stays as it lies in the file. Rows need
    no key; of equal ones as many are kept as the result has. -#}
{% macro get_incremental_differing_rows_sql(arguments) -%}
    {%- set held, made = arguments.target_relation, arguments.temp_relation -%}
    {%- set names = arguments.dest_columns | map(attribute="quoted") | join(", ") -%}
    {%- set scope = "month >= (select from_month from " ~ ref("int_earliest_change") ~ ")" -%}
    {%- set differences = "temp." ~ made.identifier ~ "_differences" -%}
    create or replace temporary table {{ differences }} as
    select held.row_id as held_row, made.row_id as made_row
    from ({{ counted_rows(held, names, scope) }}) as held
    full join ({{ counted_rows(made, names, "true") }}) as made using (content_hash, copy_number)
    where held.row_id is null or made.row_id is null
    ;
    delete from {{ held }}
    where rowid in (select held_row from {{ differences }})
    ;
    insert into {{ held }} ({{ names }})
    select {{ names }}
    from {{ made }}
    where rowid in (select made_row from {{ differences }})
{%- endmacro %}

{% macro counted_rows(relation, names, scope) -%}
    select
        rowid as row_id, hash({{ names }}) as content_hash, row_number() over (partition by hash({{ names }})) as copy_number
    from {{ relation }}
    where {{ scope }}
{%- endmacro %}
