with
    effective_rows as ({{ effective_rows("safety_inspections") }}),

    current_rows as (select * from effective_rows {{ latest_per_entity("safety_inspection_key") }})

select
    safety_inspection_key,
    inspection_no,
    uscc,
    enterprise_name,
    inspected_on,
    inspection_kind,
    lead_agency,
    inspector_count,
    hazards_found_count,
    inspection_result,
    {{ fact_columns("inspected_on") }}
from current_rows
