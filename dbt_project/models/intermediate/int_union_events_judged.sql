-- An event other than the founding needs a founding on or before its day.
with
    effective_rows as ({{ effective_rows("union_register") }}),

    latest_rows as (select * from effective_rows {{ latest_per_entity("union_event_key") }}),

    foundings as (
        select union_code, min(event_on) as registered_on from latest_rows where union_event = 'established' group by union_code
    )

select
    latest_rows.*,
    case
        when union_event <> 'established' and (registered_on is null or event_on < registered_on) then 'unregistered_union'
    end as waiting_rule
from latest_rows
left join foundings using (union_code)
