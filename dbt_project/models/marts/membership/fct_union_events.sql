-- depends_on: {{ ref("int_affected_entities") }}
with
    accepted_rows as (select * from {{ ref("int_union_events_judged") }} where waiting_rule is null),

    current_rows as (select * from accepted_rows {{ latest_per_entity("union_event_key") }})

select
    union_event_key,
    event_no,
    union_code,
    union_name,
    union_type,
    ownership,
    union_event,
    event_on,
    from_unit,
    to_unit,
    former_name,
    {{ fact_columns("event_on") }}
from current_rows
