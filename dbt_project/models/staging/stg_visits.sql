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
            visitor__text as visitor_name_mask,
            uscc,
            person as visited_person_key,
            person__text as visited_person_mask,
            workers as worker_count,
            amount as amount_cny
        from source
    )

select *
from renamed
