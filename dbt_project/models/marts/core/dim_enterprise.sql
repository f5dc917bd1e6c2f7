{{ config(materialized="incremental", incremental_strategy="affected_entities", on_schema_change="fail") }}

with
    named as (
        {% for fact, definition in fact_definitions().items() if definition.enterprise_name %}
            {% if not loop.first %}
                union all
            {% endif %}
            select uscc, {{ definition.enterprise_name }} as enterprise_name, submission_month
            from {{ ref(fact) }}
        {% endfor %}
    ),

    affected as (select entity_key as uscc from {{ ref("int_affected_entities") }} where form = 'enterprises'),

    names as (
        select uscc, max_by(enterprise_name, (submission_month, enterprise_name)) as enterprise_name
        from named
        {% if is_incremental() %} semi join affected using (uscc) {% endif %}
        where uscc is not null and enterprise_name is not null
        group by uscc
    ),

    coverage as (
        select
            uscc,
            max_by(ownership, (covered_from, submission_month, ownership)) as ownership,
            max_by(industry, (covered_from, submission_month, industry)) filter (where industry is not null) as industry,
            max_by(enterprise_size, (covered_from, submission_month, enterprise_size)) filter (
                where enterprise_size is not null
            ) as enterprise_size,
            min(covered_from) as first_covered_on
        from {{ ref("fct_union_coverage") }}
        group by uscc
    )

select
    uscc,
    enterprise_name,
    ownership,
    industry,
    enterprise_size,
    coalesce(ownership in ('public_enterprise', 'non_public'), true) as is_enterprise,
    first_covered_on
from names
left join coverage using (uscc)
