with
    source as ({{ new_accepted_rows("union_register") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["event_no"]) }} as union_event_key,
            event_no,
            union_code,
            union_name,
            union_type,
            ownership,
            event as union_event,
            event_on,
            from_unit,
            to_unit,
            former_name
        from source
    )

select *
from renamed
