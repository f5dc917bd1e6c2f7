with
    effective_rows as ({{ effective_rows("programme_enrolments") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("programme_enrolment_key") }})

select
    programme_enrolment_key,
    uscc,
    enterprise_name,
    programme,
    programme_level,
    enrolled_on,
    ended_on,
    {{ fact_columns("enrolled_on") }}
from current_rows
