-- The union must be registered, and not dissolved, on the day.
with effective_rows as ({{ effective_rows("union_coverage") }})

select effective_rows.*, {{ union_verdict("covered_from") }} as waiting_rule
from effective_rows
left join {{ ref("int_union_lifespans") }} as lifespans using (union_code)
