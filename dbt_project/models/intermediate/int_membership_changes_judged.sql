-- The union must be registered on the day, and a person joins the same union again only after leaving it.
with
    effective_rows as ({{ effective_rows("member_changes") }}),

    latest_rows as (select * from effective_rows {{ latest_per_entity("membership_change_key") }}),

    in_order as (
        select
            *,
            lag(membership_change) over (
                partition by person_key, union_code
                order by changed_on, membership_change in ('join', 'transfer_in'), submission_month, received_at, source_row
            ) as change_before
        from latest_rows
    )

select
    in_order.* exclude (change_before),
    case
        when {{ union_verdict("changed_on") }} is not null
        then {{ union_verdict("changed_on") }}
        when membership_change = 'join' and change_before in ('join', 'transfer_in')
        then 'joined_twice'
    end as waiting_rule
from in_order
left join {{ ref("int_union_lifespans") }} as lifespans using (union_code)
