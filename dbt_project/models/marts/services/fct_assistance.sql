with
    effective_rows as ({{ effective_rows("assistance") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("assistance_key") }})

select
    assistance_key,
    record_no,
    programme,
    beneficiary_kind,
    person_key,
    birth_year_band,
    gender,
    model_worker_level,
    is_migrant,
    amount_cny,
    granted_on,
    {{ fact_columns("granted_on") }}
from current_rows
