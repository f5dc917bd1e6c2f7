{{
    config(
        materialized="incremental",
        incremental_strategy="differing_rows",
        on_schema_change="fail",
    )
}}
-- depends_on: {{ ref('dim_enterprise') }} {{ ref('dim_reporting_unit') }} {{ ref('dim_reporting_unit_lineage') }} {{ ref('dim_union') }}
-- depends_on: {{ ref('fct_membership_monthly') }} {% for fact in fact_definitions() %} {{ ref(fact) }} {% endfor %}
with
    span as (
        select month, last_on as month_end
        from {{ ref("dim_month") }}
        inner join {{ ref("int_earliest_change") }} on month between from_month and to_month
        where is_closed
    ),

    contributions as (
        {% for code, definition in indicators().items() if definition.kind != 'ratio' %}
            {% if not loop.first %}
                union all
            {% endif %}
            ({{ contributions(code, definition) }})
        {% else %}
            select
                cast(null as varchar) as indicator_code,
                cast(null as varchar) as month,
                cast(null as varchar) as reporting_unit_code,
                cast(null as varchar) as distinct_value,
                cast(null as varchar) as part_value,
                cast(null as decimal(18, 2)) as amount,
                cast(null as varchar) as submission_id,
                cast(null as varchar) as source_sheet,
                cast(null as integer) as source_row
            from span
        {% endfor %}
    )

select *
from contributions
