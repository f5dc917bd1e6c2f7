-- The union must be registered, and not dissolved, at the end of the month. Snapshots are rebuilt by month, not by
-- union: every row of a month from the first changed one on.
with
    effective_rows as (
        select stg.*, submission_month as month
        from {{ ref("stg_member_counts") }} as stg
        semi join
            (select submission_id from {{ source("plan", "effective_submissions") }} where form = 'member_counts') as effective
            using (submission_id)
        inner join {{ ref("int_earliest_change") }} as span on stg.submission_month between span.from_month and span.to_month
    )

select effective_rows.*, {{ union_verdict("month_end_on") }} as waiting_rule
from effective_rows
left join {{ ref("int_union_lifespans") }} as lifespans using (union_code)
