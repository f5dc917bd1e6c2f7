-- Counts and sums of units add up to the federation's, each row counted once, at the leaf of the tree of units. Only months
-- made by this close are read; the others were tested when they were made.
with
    months as (
        select month
        from {{ ref("dim_month") }}
        inner join {{ ref("int_earliest_change") }} on month between from_month and to_month
    ),

    figures as (select * from {{ ref("rpt_indicators") }} semi join months using (month) where aggregation in ('count', 'sum'))

select
    indicator_code,
    month,
    sum(value_month) filter (where not is_federation) as units_month,
    sum(value_month) filter (where is_federation) as federation_month,
    sum(value_year_to_date) filter (where not is_federation) as units_year_to_date,
    sum(value_year_to_date) filter (where is_federation) as federation_year_to_date
from figures
group by indicator_code, month
having coalesce(units_month, 0) <> federation_month or coalesce(units_year_to_date, 0) <> federation_year_to_date
