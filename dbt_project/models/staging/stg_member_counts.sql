with
    source as ({{ new_accepted_rows("member_counts") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["union_code", "_month"]) }} as member_count_key,
            union_code,
            last_day(cast(_month || '-01' as date)) as month_end_on,
            opening as opening_count,
            joined as joined_count,
            transferred_in as transferred_in_count,
            transferred_out as transferred_out_count,
            "left" as left_count,
            closing as closing_count,
            women as women_count,
            mutual_aid as mutual_aid_count
        from source
    )

select *
from renamed
