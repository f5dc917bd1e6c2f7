with
    source as ({{ new_accepted_rows("union_coverage") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["uscc", "union_code", "covered_from"]) }} as union_coverage_key,
            uscc,
            enterprise_name,
            union_code,
            ownership,
            industry,
            enterprise_size,
            covered_from,
            covered_to,
            {{ is_yes("workers_congress") }} as has_workers_congress,
            {{ is_yes("open_affairs") }} as has_open_affairs
        from source
    )

select *
from renamed
