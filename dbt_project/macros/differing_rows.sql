{#- An incremental strategy for a model whose result is the months from the first changed one on: those months of its table end as
    the result, and only rows that are new, gone or different are written, so that the rest stays as it lies in the file. Rows need
    no key; of equal ones as many are kept as the result has. -#}
{% macro get_incremental_differing_rows_sql(arguments) -%}
    {%- set scope = "month >= (select from_month from " ~ ref("int_earliest_change") ~ ")" -%}
    {%- do return(write_differing_rows(arguments.target_relation, arguments.temp_relation, arguments.dest_columns, scope)) -%}
{%- endmacro %}

{% macro write_differing_rows(target, result, columns, scope) -%}
    {%- set names = columns | map(attribute="quoted") | join(", ") -%}
    {%- set differences = "temp." ~ result.identifier ~ "_differences" -%}
    create or replace temporary table {{ differences }} as
    select held.row_id as held_row, made.row_id as made_row
    from ({{ counted_rows(target, names, scope) }}) as held
    full join ({{ counted_rows(result, names, "true") }}) as made using (content_hash, copy_number)
    where held.row_id is null or made.row_id is null
    ;
    delete from {{ target }}
    where rowid in (select held_row from {{ differences }})
    ;
    insert into {{ target }} ({{ names }})
    select {{ names }}
    from {{ result }}
    where rowid in (select made_row from {{ differences }})
{%- endmacro %}

{% macro counted_rows(relation, names, scope) -%}
    select
        rowid as row_id, hash({{ names }}) as content_hash, row_number() over (partition by hash({{ names }})) as copy_number
    from {{ relation }}
    where {{ scope }}
{%- endmacro %}
