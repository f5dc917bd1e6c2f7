-- A hazard names an inspection that counts, and was not found before it.
with
    effective_rows as ({{ effective_rows("hazards") }}),

    inspections as (
        select inspection_no, min(inspected_on) as inspected_on from {{ ref("fct_safety_inspections") }} group by inspection_no
    )

select
    effective_rows.*,
    case
        when inspected_on is null then 'unknown_inspection' when found_on < inspected_on then 'found_before_inspection'
    end as waiting_rule
from effective_rows
left join inspections using (inspection_no)
