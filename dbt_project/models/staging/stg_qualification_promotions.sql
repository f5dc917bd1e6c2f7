with
    source as ({{ new_accepted_rows("qualification_promotions") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["certificate_no"]) }} as qualification_promotion_key,
            certificate_no,
            id_number as person_key,
            id_number__birth_year_band as birth_year_band,
            id_number__gender as gender,
            union_code,
            trade,
            cast(grade_from as integer) as grade_from,
            cast(grade_to as integer) as grade_to,
            certified_on
        from source
    )

select *
from renamed
