with
    effective_rows as ({{ effective_rows("collective_contracts") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("collective_contract_key") }}),

    -- contracts of a kind and party are rebuilt together, so the next one is among these rows
    followed as (
        select *, min(struct_pack(valid_from_on := valid_from_on, contract_no := contract_no)) over later_ones as successor
        from current_rows
        window
            later_ones as (
                partition by contract_kind, compared_party
                order by valid_from_on range between interval 1 day following and unbounded following
            )
    )

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
    successor.contract_no as successor_contract_no,
    {{ fact_columns("signed_on") }}
from followed
