{{ config(materialized="table") }}
-- The versions of the release before, and those that this one begins to use: a definition that changed, and why.
{% set before = previous_mart("dim_indicator_versions") %}

with
    this_close as (select release_id, known_at from {{ source("plan", "close") }}),

    held as (
        {% if before %}select * from {{ before }}
        {% else %}
            select
                {% for column in model.columns.values() %}
                    cast(null as {{ column.data_type }}) as {{ column.name }} {{ "," if not loop.last }}
                {% endfor %}
            where false
        {% endif %}
    ),

    latest as (
        select
            indicator_code,
            max(version_number) as version_number,
            arg_max(definition_version, version_number) as definition_version
        from held
        group by indicator_code
    ),

    changes as (
        select indicator_code, reason, decided_by, holds_since
        from {{ source("plan", "definition_changes") }}
        where definition = 'indicator ' || indicator_code
    ),

    begun as (
        select
            md5(concat_ws('|', indicator_code, coalesce(latest.version_number, 0) + 1)) as indicator_version_key,
            indicator_code,
            cast(coalesce(latest.version_number, 0) + 1 as integer) as version_number,
            definitions.definition_version,
            release_id as first_release_id,
            known_at as first_known_at,
            indicators.name_zh,
            indicators.definition_zh,
            indicators.rows_sql,
            reason,
            decided_by,
            coalesce(holds_since, 'beginning') as holds_since
        from {{ source("plan", "indicator_definitions") }} as definitions
        inner join {{ ref("dim_indicator") }} as indicators using (indicator_code)
        cross join this_close
        left join latest using (indicator_code)
        left join changes using (indicator_code)
        where definitions.definition_version is distinct from latest.definition_version
    )

select {{ model.columns.keys() | join(", ") }}
from
    (
        select *
        from begun
        union all by name
        select *
        from held
    )
