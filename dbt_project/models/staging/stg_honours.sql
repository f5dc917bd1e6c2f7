with
    source as ({{ new_accepted_rows("honours") }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(["honour_no"]) }} as honour_key,
            honour_no,
            honour,
            title,
            level as honour_level,
            awarding_body,
            batch,
            recipient_kind,
            recipient as recipient_key,
            if(recipient_kind in ('team', 'organisation', 'item'), recipient__text, null) as recipient_name,
            awarded_on
        from source
    )

select *
from renamed
