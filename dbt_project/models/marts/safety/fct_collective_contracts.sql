with
    effective_rows as ({{ effective_rows("collective_contracts") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("collective_contract_key") }})

select
    collective_contract_key,
    contract_no,
    contract_kind,
    contract_coverage,
    party,
    signing,
    signed_on,
    valid_from_on,
    valid_to_on,
    uscc,
    enterprise_count,
    worker_count,
    {{ fact_columns("signed_on") }}
from current_rows
