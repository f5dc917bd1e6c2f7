-- depends_on: {{ ref("int_affected_entities") }}
with
    accepted_rows as (select * from {{ ref("int_hazards_judged") }} where waiting_rule is null),

    current_rows as (select * from accepted_rows {{ latest_per_entity("hazard_key") }})

select
    hazard_key,
    hazard_no,
    inspection_no,
    hazard_category,
    hazard_severity,
    found_on,
    due_on,
    rectified_on,
    hazard_description,
    rectified_on is null as is_open,
    date_diff('day', found_on, rectified_on) as days_to_rectify,
    {{ fact_columns("found_on") }}
from current_rows
