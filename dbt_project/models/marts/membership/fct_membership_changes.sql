-- depends_on: {{ ref("int_affected_entities") }}
with
    accepted_rows as (select * from {{ ref("int_membership_changes_judged") }} where waiting_rule is null),

    current_rows as (select * from accepted_rows {{ latest_per_entity("membership_change_key") }})

select
    membership_change_key,
    change_no,
    person_key,
    birth_year_band,
    gender,
    current_rows.union_code,
    {{ version_key("union", "current_rows.union_code", "changed_on") }} as union_key,
    membership_change,
    changed_on,
    is_migrant,
    {{ fact_columns("changed_on", "coalesce(union_on_day.reporting_unit_code, submitted_by_code)") }}
from current_rows {{ join_union_on("current_rows", "union_code", "changed_on") }}
