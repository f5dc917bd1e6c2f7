{#- Facts are rebuilt by affected entity: the rows of every entity that a submission which began or ceased to count touches
    are deleted and built again from the submissions that count now. Withdrawn rows vanish, nothing else is read. -#}
{% macro forget_affected(form, key) -%}
    {%- set affected_entities = ref("int_affected_entities") %}
    {% if is_incremental() -%}
        delete from {{ this }} where {{ key }} in (select entity_key from {{ affected_entities }} where form = '{{ form }}')
    {%- endif %}
{%- endmacro %}

{#- Rows of affected entities from submissions that count; every row is affected when the fact does not exist yet.
    What the opening submission brought, dated before its month, feeds stocks and not flows (domain: Time). -#}
{% macro effective_rows(form, key, fact) -%}
    {%- set affected_entities = ref("int_affected_entities") %}
    select
        stg.*, case when bool_or(is_opening_submission) over entity then min(submission_month) over entity end as flows_from_month
    from {{ ref("stg_" ~ form) }} as stg
    semi join
        (select submission_id from {{ source("plan", "effective_submissions") }} where form = '{{ form }}') as effective using (
            submission_id
        )
    {% if fact_exists(fact) -%}
        semi join
            (select entity_key from {{ affected_entities }} where form = '{{ form }}') as affected
            on stg.{{ key }} = affected.entity_key
    {%- endif %}
    window entity as (partition by stg.{{ key }})
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

{#- Frozen verdicts follow their submission; verdicts of the close follow the entity, those of snapshots the month. -#}
{% macro forget_row_problems() -%}
    {%- set affected_entities = ref("int_affected_entities") %}
    {%- set span = ref("int_earliest_change") %}
    {% if is_incremental() -%}
        delete from {{ this }} as problems
        where
            (form, submission_id) in (select (form, submission_id) from {{ source("plan", "changed_submissions") }})
            or (form, entity_key) in (select (form, entity_key) from {{ affected_entities }})
            or (form = 'member_counts' and is_made_at_close and submission_month >= (select from_month from {{ span }}))
    {%- endif %}
{%- endmacro %}

{#- Snapshots and figures are rebuilt from the first month that may differ. -#}
{% macro forget_changed_months() -%}
    {%- set span = ref("int_earliest_change") %}
    {% if is_incremental() -%} delete from {{ this }} where month >= (select from_month from {{ span }}) {%- endif %}
{%- endmacro %}

{#- What was expected and sent is built again for the months of which anything of it changed; what names no month is under ''. -#}
{% macro forget_report_months(month) -%}
    {%- set report_months = source("plan", "report_months") %}
    {% if is_incremental() -%}
        delete from {{ this }} where coalesce({{ month }}, '') in (select month from {{ report_months }})
    {%- endif %}
{%- endmacro %}

{% macro is_report_month(month) -%}
    {%- if is_incremental() -%} coalesce({{ month }}, '') in (select month from {{ source("plan", "report_months") }})
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}

{% macro forget_affected_enterprises() -%}
    {%- set affected_enterprises = ref("int_affected_enterprises") %}
    {% if is_incremental() -%} delete from {{ this }} where uscc in (select uscc from {{ affected_enterprises }}) {%- endif %}
{%- endmacro %}

{#- The day after the last of a spell, a day beyond all others while it lasts: `or ... is null` in a join's condition would have every
    pair of rows compared. -#}
{% macro end_of_spell(column) -%} coalesce({{ column }}, date '9999-12-31') {%- endmacro %}
