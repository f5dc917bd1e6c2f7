{{ config(incremental_strategy="append") }}
-- depends_on: {{ ref('int_earliest_change') }}
{% set published_before = this if is_incremental() else previous_mart("rpt_revisions") %}

with
    this_close as (select release_id, month as closed_month, known_at, last_closed_month from {{ source("plan", "close") }}),

    figures as (
        select indicator_code, month, reporting_unit_code, is_federation, value_month, value_year_to_date
        from {{ ref("rpt_indicators") }}
        semi join (select indicator_code from {{ ref("dim_indicator") }} where is_published) using (indicator_code)
        where month >= (select from_month from {{ ref("int_earliest_change") }})
    ),

    -- of the months that were made again, what was published last; a build that was killed may have left rows of this release
    published as (
        {% if published_before %}
            select * exclude (release_id)
            from {{ published_before }}
            anti join this_close using (release_id)
            where month >= (select from_month from {{ ref("int_earliest_change") }})
            qualify
                row_number() over (partition by indicator_code, month, reporting_unit_code order by publication_number desc) = 1
        {% else %}select *, 0 as publication_number from figures where false
        {% endif %}
    ),

    -- a figure that is no more is one that became unknown
    differing as (
        select
            indicator_code,
            month,
            reporting_unit_code,
            coalesce(figures.is_federation, published.is_federation) as is_federation,
            coalesce(published.publication_number, 0) + 1 as publication_number,
            figures.value_month,
            figures.value_year_to_date,
            figures.value_month - published.value_month as revision_month,
            figures.value_year_to_date - published.value_year_to_date as revision_year_to_date
        from figures
        full join published using (indicator_code, month, reporting_unit_code)
        where
            published.publication_number is null
            or figures.value_month is distinct from published.value_month
            or figures.value_year_to_date is distinct from published.value_year_to_date
    ),

    revisions as (
        select
            md5(concat_ws('|', indicator_code, month, reporting_unit_code, publication_number)) as revision_key,
            differing.*,
            release_id,
            closed_month,
            known_at,
            cast(
                datediff('month', cast(month || '-01' as date), cast(last_closed_month || '-01' as date)) as integer
            ) as months_after,
            is_provisional as was_provisional
        from differing
        inner join {{ ref("dim_month") }} using (month)
        cross join this_close
        {% if is_incremental() %} where release_id not in (select release_id from {{ this }}) {% endif %}
    )

select {{ model.columns.keys() | join(", ") }}
from
    (
        select *
        from revisions
        {% if published_before and not is_incremental() %}
            union all by name
            select *
            from {{ published_before }}
        {% endif %}
    )
