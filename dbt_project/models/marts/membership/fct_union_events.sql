-- depends_on: {{ ref("int_affected_entities") }}
with
    accepted_rows as (select * from {{ ref("int_union_events_judged") }} where waiting_rule is null),

    -- a union is affected with all its events, so these make all versions of it
    current_rows as (select * from accepted_rows {{ latest_per_entity("union_event_key") }}),

    versions as ({{ union_versions("current_rows") }})

select
    union_event_key,
    event_no,
    union_code,
    {{ version_key("union", "current_rows.union_code", "event_on", "versions") }} as union_key,
    union_name,
    union_type,
    ownership,
    union_event,
    event_on,
    from_unit,
    to_unit,
    former_name,
    {{ fact_columns("event_on") }}
from current_rows
