{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ forget_affected('assistance', 'assistance_key') }}",
    )
}}

with
    effective_rows as ({{ effective_rows("assistance", "assistance_key", "fct_assistance") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("assistance_key") }})

select
    assistance_key,
    record_no,
    programme,
    beneficiary_name_mask,
    beneficiary_kind,
    person_key,
    id_number_mask,
    model_worker_level,
    is_migrant,
    amount_cny,
    granted_on,
    {{ fact_columns("granted_on") }}
from current_rows
