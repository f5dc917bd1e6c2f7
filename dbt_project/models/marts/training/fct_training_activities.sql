with
    effective_rows as ({{ effective_rows("training_activities") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("training_activity_key") }})

select
    training_activity_key,
    activity_no,
    training_kind,
    training_role,
    campaign,
    trade,
    title,
    held_from_on,
    held_to_on,
    session_count,
    team_count,
    participant_count,
    teaching_hours,
    {{ fact_columns("held_to_on") }}
from current_rows
