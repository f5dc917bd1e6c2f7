{{ config(incremental_strategy="differing_rows") }}
{% set marts = ["dim_enterprise", "dim_reporting_unit", "dim_reporting_unit_lineage", "dim_union"] %}
{% set facts = fact_definitions() %}
{% for fact in facts %} {% do marts.append(fact) %} {% endfor %}

with
    -- under their plain names, as a release holds them; not materialized, since each is read for a few months of a long history
    {% for mart in marts %} {{ mart }} as not materialized(select * from {{ ref(mart) }}), {% endfor %}

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
            ({{ contributions(code, definition, facts) }})
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

select indicator_code, month, reporting_unit_code, distinct_value, part_value, amount, submission_id, source_sheet, source_row
from contributions
