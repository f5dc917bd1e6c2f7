with
    source as ({{ new_accepted_rows("safety_inspections") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["inspection_no"]) }} as safety_inspection_key,
            inspection_no,
            uscc,
            enterprise_name,
            inspected_on,
            kind as inspection_kind,
            lead_agency,
            inspectors as inspector_count,
            hazards_found as hazards_found_count,
            result as inspection_result
        from source
    )

select *
from renamed
