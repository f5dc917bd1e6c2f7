with
    used as (
        select trade, held_to_on as used_on
        from {{ ref("fct_training_activities") }}
        where trade is not null
        union all
        select trade, certified_on
        from {{ ref("fct_qualification_promotions") }}
    )

select trade, min(used_on) as first_used_on, max(used_on) as last_used_on
from used
group by trade
