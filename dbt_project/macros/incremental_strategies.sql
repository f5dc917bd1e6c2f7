{#- The strategies by which the tables of a build follow a change. Each writes in one transaction: a build can be killed and run again. -#}
{#- By row, for a model whose result is the months from the first changed one on: those months of its table end as
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

{#- The other strategies: the rows in a scope are deleted and those made again inserted. What is not made any more vanishes; nothing
    else is read or written. -#}
{% macro replaced_rows(arguments, scope) -%}
    {%- set names = arguments.dest_columns | map(attribute="quoted") | join(", ") -%}
    delete from {{ arguments.target_relation }}
    where {{ scope }}
    ;
    insert into {{ arguments.target_relation }} ({{ names }})
    select {{ names }}
    from {{ arguments.temp_relation }}
{%- endmacro %}

{#- By entity: those of the model's form that a submission which began or ceased to count touches. -#}
{% macro get_incremental_affected_entities_sql(arguments) -%}
    {%- set meta = model.config.meta -%}
    {{
        replaced_rows(
            arguments,
            meta.entity_key
            ~ " in (select entity_key from "
            ~ ref("int_affected_entities")
            ~ " where form = '"
            ~ meta.form
            ~ "')",
        )
    }}
{%- endmacro %}

{#- By month: from the first one on that may differ. -#}
{% macro get_incremental_changed_months_sql(arguments) -%}
    {{ replaced_rows(arguments, "month >= (select from_month from " ~ ref("int_earliest_change") ~ ")") }}
{%- endmacro %}

{#- By month of a report: those of which anything expected or sent changed; what names no month is under ''. -#}
{% macro get_incremental_report_months_sql(arguments) -%}
    {{ replaced_rows(arguments, in_report_months(model.config.meta.month or "month")) }}
{%- endmacro %}

{% macro in_report_months(month) -%}
    {%- set months = source("plan", "report_months") -%}
    {{- return("coalesce(" ~ month ~ ", '') in (select month from " ~ months ~ ")") -}}
{%- endmacro %}

{% macro is_report_month(month) -%} {{ in_report_months(month) if is_incremental() else "true" }} {%- endmacro %}

{#- By subject of a cross check. -#}
{% macro get_incremental_checked_subjects_sql(arguments) -%}
    {{ replaced_rows(arguments, "subject_key in (select subject_key from " ~ ref("int_checked_subjects") ~ ")") }}
{%- endmacro %}

{#- By submission what was frozen with it; by entity what waits; by month what waits of a snapshot. -#}
{% macro get_incremental_row_problems_sql(arguments) -%}
    {%- set snapshots = fact_definitions().values() | selectattr("is_snapshot", "defined") | map(attribute="form") -%}
    {%- set scope -%}
        (form, submission_id) in (select (form, submission_id) from {{ source("plan", "changed_submissions") }})
        or (form, entity_key) in (select (form, entity_key) from {{ ref("int_affected_entities") }})
        or (
            form in ('{{ snapshots | join("', '") }}')
            and is_made_at_close
            and submission_month >= (select from_month from {{ ref("int_earliest_change") }})
        )
    {%- endset -%}
    {{ replaced_rows(arguments, scope) }}
{%- endmacro %}
