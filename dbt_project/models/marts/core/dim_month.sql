with
    this_close as (select beginning_month, last_closed_month from {{ source("plan", "close") }}),

    months as (
        select month, due_on, final_with_month, cast(month || '-01' as date) as first_on from {{ source("plan", "months") }}
    )

select
    months.month,
    first_on,
    last_day(first_on) as last_on,
    year(first_on) as year_number,
    quarter(first_on) as quarter_number,
    month(first_on) as month_number,
    due_on,
    months.month >= beginning_month as is_closed,
    final_with_month,
    months.month >= beginning_month and final_with_month > last_closed_month as is_provisional
from months
cross join this_close
