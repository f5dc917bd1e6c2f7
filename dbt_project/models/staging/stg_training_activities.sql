with
    source as ({{ new_accepted_rows("training_activities") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["activity_no"]) }} as training_activity_key,
            activity_no,
            kind as training_kind,
            role as training_role,
            campaign,
            trade,
            title,
            held_from as held_from_on,
            held_to as held_to_on,
            sessions as session_count,
            teams as team_count,
            participants as participant_count,
            hours as teaching_hours
        from source
    )

select *
from renamed
