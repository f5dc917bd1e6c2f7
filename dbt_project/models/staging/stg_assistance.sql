with
    source as ({{ new_accepted_rows("assistance") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["record_no"]) }} as assistance_key,
            record_no,
            programme,
            beneficiary_kind,
            id_number as person_key,
            id_number__birth_year_band as birth_year_band,
            id_number__gender as gender,
            model_worker_level,
            {{ is_yes("migrant") }} as is_migrant,
            amount as amount_cny,
            granted_on
        from source
    )

select *
from renamed
