-- From when to when each union exists; a union dissolved on a day still exists on it.
with events as (select * from {{ ref("fct_union_events") }})

select
    union_code,
    min(event_on) filter (where union_event = 'established') as registered_on,
    max(event_on) filter (where union_event = 'dissolved') as dissolved_on
from events
group by union_code
