with
    effective_rows as ({{ effective_rows("rights_cases") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("rights_case_key") }})

select
    rights_case_key,
    case_no,
    case_kind,
    received_on,
    closed_on,
    worker_count,
    claimed_cny,
    recovered_cny,
    case_outcome,
    is_published_case,
    closed_on is null as is_open,
    {{ fact_columns("received_on") }}
from current_rows
