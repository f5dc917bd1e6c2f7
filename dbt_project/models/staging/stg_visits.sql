with
    source as ({{ new_accepted_rows("visits") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["visit_no"]) }} as visit_key,
            visit_no,
            kind as visit_kind,
            visited_on,
            visitor_code,
            uscc,
            person as visited_person_key,
            workers as worker_count,
            amount as amount_cny
        from source
    )

select *
from renamed
