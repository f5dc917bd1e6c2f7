{{ config(materialized="table") }}
{#- How far back the mean reaches: a fixed number of months, so that it says how figures are revised nowadays, and costs a long
    history no more than a short one. -#}
{% set final_months = 36 %}

with
    last_final_months as (
        select month
        from {{ ref("dim_month") }}
        where is_closed and not is_provisional
        order by month desc
        limit {{ final_months }}
    ),

    figures as (
        select
            indicator_code,
            reporting_unit_code,
            month,
            min(value_month) filter (where publication_number = 1) as first_value,
            last(value_month order by publication_number) as latest_value
        from {{ ref("rpt_revisions") }}
        semi join last_final_months using (month)
        group by all
    )

select
    indicator_code,
    reporting_unit_code,
    min(month) as first_month,
    max(month) as last_month,
    cast(count(*) as integer) as figure_count,
    cast(count(*) filter (where latest_value <> first_value) as integer) as revised_count,
    cast(avg(latest_value - first_value) as decimal(18, 6)) as mean_revision,
    cast(avg(abs(latest_value - first_value)) as decimal(18, 6)) as mean_absolute_revision,
    cast(
        sum(abs(latest_value - first_value)) / nullif(sum(abs(latest_value)), 0) as decimal(18, 6)
    ) as relative_mean_absolute_revision
from figures
where first_value is not null and latest_value is not null
group by indicator_code, reporting_unit_code
