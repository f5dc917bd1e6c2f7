with
    source as ({{ new_accepted_rows("hazards") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["hazard_no"]) }} as hazard_key,
            hazard_no,
            inspection_no,
            category as hazard_category,
            severity as hazard_severity,
            found_on,
            due_on,
            rectified_on,
            description as hazard_description
        from source
    )

select *
from renamed
