with
    source as ({{ new_accepted_rows("programme_enrolments") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["uscc", "programme", "level", "enrolled_on"]) }} as programme_enrolment_key,
            uscc,
            enterprise_name,
            programme,
            level as programme_level,
            enrolled_on,
            ended_on
        from source
    )

select *
from renamed
