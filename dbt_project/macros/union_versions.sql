{#- Versions of unions, one a spell under one name and unit, from all accepted events of each (columns of fct_union_events). -#}
{% macro union_versions(union_events) -%}
    with
        units as (select distinct unit_code, unit_name from {{ source("plan", "reporting_units") }}),

        placed as (
            select
                union_code,
                union_name,
                union_type,
                ownership,
                union_event,
                event_on,
                event_no,
                case
                    when union_event = 'established'
                    then submitted_by_code
                    when union_event = 'moved'
                    then coalesce(unit_code, submitted_by_code)
                end as unit_from_now_on
            from {{ union_events }}
            left join units on to_unit in (unit_code, unit_name)
        ),

        -- the receiving unit reports a move; every other event leaves a union where it is
        with_unit as (
            select
                *,
                last_value(unit_from_now_on ignore nulls) over union_history as reporting_unit_code,
                min(event_on) filter (where union_event = 'established') over whole_union as registered_on,
                max(event_on) filter (where union_event = 'dissolved') over whole_union as dissolved_on
            from placed
            window
                whole_union as (partition by union_code),
                union_history as (
                    partition by union_code
                    order by event_on, union_event = 'dissolved', union_event <> 'established', event_no
                    rows between unbounded preceding and current row
                )
        ),

        last_of_day as (
            select *
            from with_unit
            qualify
                row_number() over (
                    partition by union_code, event_on
                    order by union_event = 'dissolved' desc, union_event = 'established', event_no desc
                )
                = 1
        ),

        spells as (select *, lead(event_on) over (partition by union_code order by event_on) as valid_to from last_of_day),

        -- when its unit is merged or split, a union goes on in the unit that stands for it
        standing as (
            select
                spells.* exclude (reporting_unit_code, event_on, valid_to),
                lineage.standing_code as reporting_unit_code,
                greatest(event_on, lineage.valid_from) as valid_from,
                -- the earlier of two ends, of which either may be open
                least(spells.valid_to, lineage.valid_to) as valid_to
            from spells
            inner join
                {{ ref("dim_reporting_unit_lineage") }} as lineage
                on spells.reporting_unit_code = lineage.unit_code
                and {{ end_of_spell("spells.valid_to") }} > lineage.valid_from
                and {{ end_of_spell("lineage.valid_to") }} > event_on
        )

    select
        md5(concat_ws('|', union_code, cast(valid_from as varchar))) as union_key,
        union_code,
        union_name,
        union_type,
        ownership,
        reporting_unit_code,
        registered_on,
        dissolved_on,
        valid_from,
        valid_to,
        valid_to is null as is_current
    from standing
    where union_event <> 'dissolved'
{%- endmacro %}
