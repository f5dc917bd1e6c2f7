with
    source as ({{ new_accepted_rows("employment_services") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["event_no"]) }} as employment_service_key,
            event_no,
            kind as service_kind,
            title,
            level as service_level,
            role as service_role,
            held_on,
            posts as post_count,
            placements as placement_count
        from source
    )

select *
from renamed
