with
    source as ({{ new_accepted_rows("rights_cases") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["case_no"]) }} as rights_case_key,
            case_no,
            kind as case_kind,
            received_on,
            closed_on,
            workers as worker_count,
            claimed as claimed_cny,
            recovered as recovered_cny,
            outcome as case_outcome,
            coalesce({{ is_yes("published_case") }}, false) as is_published_case
        from source
    )

select *
from renamed
