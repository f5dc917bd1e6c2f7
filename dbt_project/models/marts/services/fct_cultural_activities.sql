with
    effective_rows as ({{ effective_rows("cultural_activities") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("cultural_activity_key") }})

select
    cultural_activity_key,
    event_no,
    activity_kind,
    activity_level,
    title,
    held_from_on,
    held_to_on,
    participant_count,
    delegate_count,
    date_diff('day', held_from_on, coalesce(held_to_on, held_from_on)) + 1 as day_count,
    {{ fact_columns("held_from_on") }}
from current_rows
