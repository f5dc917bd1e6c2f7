-- depends_on: {{ ref("int_affected_entities") }}
with
    accepted_rows as (select * from {{ ref("int_qualification_promotions_judged") }} where waiting_rule is null),

    current_rows as (select * from accepted_rows {{ latest_per_entity("qualification_promotion_key") }})

select
    qualification_promotion_key,
    certificate_no,
    person_key,
    birth_year_band,
    gender,
    current_rows.union_code,
    {{ version_key("union", "current_rows.union_code", "certified_on") }} as union_key,
    trade,
    grade_from,
    grade_to,
    coalesce(grade_to = grade_from - 1, grade_to = 5) as is_one_grade_up,
    certified_on,
    {{ fact_columns("certified_on", "coalesce(union_on_day.reporting_unit_code, submitted_by_code)") }}
from current_rows {{ join_union_on("current_rows", "union_code", "certified_on") }}
