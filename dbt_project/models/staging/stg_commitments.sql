with
    source as ({{ new_accepted_rows("commitments") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["commitment_no", "year"]) }} as commitment_key,
            commitment_no,
            year as commitment_year,
            indicator as indicator_code,
            target as target_value,
            milestone,
            percent as progress_percent
        from source
    )

select *
from renamed
