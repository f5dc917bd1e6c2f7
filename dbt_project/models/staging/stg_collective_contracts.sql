with
    source as ({{ new_accepted_rows("collective_contracts") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["contract_no"]) }} as collective_contract_key,
            contract_no,
            kind as contract_kind,
            coverage as contract_coverage,
            party,
            {{ compared_text("party") }} as compared_party,
            signing,
            signed_on,
            valid_from as valid_from_on,
            valid_to as valid_to_on,
            uscc,
            enterprises as enterprise_count,
            workers as worker_count
        from source
    )

select *
from renamed
