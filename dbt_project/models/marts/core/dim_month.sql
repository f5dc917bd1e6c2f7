with
    this_close as (select * from {{ source("plan", "close") }}),

    months as (
        select
            cast(
                unnest(
                    generate_series(
                        cast(opening_month || '-01' as timestamp), cast(last_closed_month || '-01' as timestamp), interval 1 month
                    )
                ) as date
            ) as first_on
        from this_close
    ),

    -- a submission is due by the end of the 5th working day of the next month (domain: Time)
    days_after as (
        select
            first_on,
            cast(
                unnest(
                    generate_series(
                        cast(last_day(first_on) + 1 as timestamp), cast(last_day(first_on) + 25 as timestamp), interval 1 day
                    )
                ) as date
            ) as day_on
        from months
    ),

    working_days as (
        select first_on, day_on
        from days_after
        left join {{ ref("official_holidays") }} as calendar on day_on = calendar_on
        where
            coalesce(day_kind, case when isodow(day_on) <= 5 then 'workday' else 'weekend' end) in ('workday', 'make_up_workday')
    ),

    due_days as (
        select first_on, day_on as due_on from working_days qualify row_number() over (partition by first_on order by day_on) = 5
    )

select
    strftime(first_on, '%Y-%m') as month,
    first_on,
    last_day(first_on) as last_on,
    year(first_on) as year_number,
    quarter(first_on) as quarter_number,
    month(first_on) as month_number,
    due_on,
    strftime(first_on, '%Y-%m') >= beginning_month as is_closed
from months
inner join due_days using (first_on)
cross join this_close
