with
    effective_rows as ({{ effective_rows("visits") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("visit_key") }})

select
    visit_key,
    visit_no,
    visit_kind,
    visited_on,
    visitor_code,
    uscc,
    visited_person_key,
    worker_count,
    amount_cny,
    {{ fact_columns("visited_on") }}
from current_rows
