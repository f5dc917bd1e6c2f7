with
    effective_rows as ({{ effective_rows("honours") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("honour_key") }})

select
    honour_key,
    honour_no,
    honour,
    title,
    honour_level,
    awarding_body,
    batch,
    recipient_kind,
    recipient_key,
    recipient_name,
    awarded_on,
    {{ fact_columns("awarded_on") }}
from current_rows
