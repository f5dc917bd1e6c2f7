with
    effective_rows as ({{ effective_rows("employment_services") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("employment_service_key") }})

select
    employment_service_key,
    event_no,
    service_kind,
    title,
    service_level,
    service_role,
    held_on,
    post_count,
    placement_count,
    {{ fact_columns("held_on") }}
from current_rows
