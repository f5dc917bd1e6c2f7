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
                {% for column in model.columns.values() %} cast(null as {{ column.data_type }}) as {{ column.name }}, {% endfor %}
            from span
        {% endfor %}
    )

select
    {% for column in model.columns if column not in ("reporting_unit_key", "union_key") %} {{ column }}, {% endfor %}
    {{ version_key("reporting_unit", "contributions.reporting_unit_code", month_end("contributions.month")) }}
    as reporting_unit_key,
    {{ version_key("union", "contributions.union_code", month_end("contributions.month")) }} as union_key
from contributions
