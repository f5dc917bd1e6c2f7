with
    official_days as (select * from {{ source("plan", "official_holidays") }}),

    known_years as (select distinct year(calendar_on) as year_number from official_days),

    -- from the year in which the All-China Federation was founded, whose unions are as old, to after what any contract lasts
    days as (
        select cast(day_at as date) as calendar_on
        from generate_series(timestamp '1925-01-01', timestamp '2099-12-31', interval 1 day) as series(day_at)
    )

select
    days.calendar_on,
    {{ month_of("days.calendar_on") }} as month,
    year(days.calendar_on) as year_number,
    if(month(days.calendar_on) <= 6, 1, 2) as half_year_number,
    quarter(days.calendar_on) as quarter_number,
    month(days.calendar_on) as month_number,
    day(days.calendar_on) as day_number,
    isodow(days.calendar_on) as weekday_number,
    case
        when known_years.year_number is not null
        then day_kind is not distinct from 'make_up_workday' or (day_kind is null and isodow(days.calendar_on) <= 5)
    end as is_working_day,
    case when known_years.year_number is not null then day_kind is not distinct from 'holiday' end as is_holiday,
    case when day_kind = 'holiday' then holiday_name end as holiday_name,
    case when day_kind = 'holiday' then holiday_name_zh end as holiday_name_zh
from days
left join official_days using (calendar_on)
left join known_years on year(days.calendar_on) = known_years.year_number
