with
    source as ({{ new_accepted_rows("cultural_activities") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["event_no"]) }} as cultural_activity_key,
            event_no,
            kind as activity_kind,
            level as activity_level,
            title,
            held_on as held_from_on,
            held_to as held_to_on,
            participants as participant_count,
            delegates as delegate_count
        from source
    )

select *
from renamed
