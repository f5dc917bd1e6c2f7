-- What the months that are made anew were made of in the last audited build. The table of contributions is read by name:
-- the model that rebuilds it comes after this one.
{% set contributions = adapter.get_relation("build", "intermediate", "int_indicator_contributions") if execute %}

{% if contributions %} {{ contributions_by_slot(contributions) }}
{% else %}
    select
        cast(null as varchar) as indicator_code,
        cast(null as varchar) as month,
        cast(null as varchar) as reporting_unit_code,
        cast(null as varchar) as submission_slot,
        cast(null as varchar) as distinct_value,
        cast(null as varchar) as part_value,
        cast(null as decimal(18, 2)) as amount,
        cast(null as bigint) as row_count
    from {{ ref("int_earliest_change") }}
    where false
{% endif %}
