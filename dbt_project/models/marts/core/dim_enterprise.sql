{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ forget_affected_enterprises() }}",
    )
}}

-- depends_on: {{ ref('int_affected_enterprises') }}
with
    named as (
        select uscc, enterprise_name, submission_month
        from {{ ref("fct_union_coverage") }}
        union all
        select uscc, enterprise_name, submission_month
        from {{ ref("fct_safety_inspections") }}
        union all
        select uscc, enterprise_name, submission_month
        from {{ ref("fct_programme_enrolments") }}
        union all
        select uscc, party, submission_month
        from {{ ref("fct_collective_contracts") }}
        where contract_coverage = 'enterprise' and uscc is not null
    ),

    names as (
        select uscc, max_by(enterprise_name, (submission_month, enterprise_name)) as enterprise_name
        from named
        {% if is_incremental() %} semi join {{ ref("int_affected_enterprises") }} using (uscc) {% endif %}
        group by uscc
    ),

    coverage as (
        select
            uscc,
            max_by(ownership, (covered_from, submission_month, ownership)) as ownership,
            min(covered_from) as first_covered_on
        from {{ ref("fct_union_coverage") }}
        group by uscc
    )

select
    uscc,
    enterprise_name,
    ownership,
    coalesce(ownership in ('public_enterprise', 'non_public'), true) as is_enterprise,
    first_covered_on
from names
left join coverage using (uscc)
