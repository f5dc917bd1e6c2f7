with
    source as ({{ new_accepted_rows("member_changes") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["change_no"]) }} as membership_change_key,
            change_no,
            id_number as person_key,
            id_number__birth_year_band as birth_year_band,
            gender,
            union_code,
            change as membership_change,
            changed_on,
            {{ is_yes("migrant") }} as is_migrant
        from source
    )

select *
from renamed
