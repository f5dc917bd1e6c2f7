{{ config(incremental_strategy="append") }}
-- depends_on: {{ ref('rpt_indicators') }} {{ ref('int_earliest_change') }}
{% set before = previous_mart("rpt_indicators") %}
{% set contributions_before = previous_mart("fct_indicator_contributions") %}
{% set listed_before = previous_mart("rpt_restatements") if not is_incremental() %}
{# forms whose rows decide whether, or where, rows of other forms count; what indicators look up, and what rows wait for #}
{% set parents = ["union_coverage", "programme_enrolments"] %}
{% for fact in fact_definitions().values() if fact.waits_for %} {% do parents.append(fact.waits_for.form) %} {% endfor %}

with
    this_close as (select * from {{ source("plan", "close") }}),

    compared as (
        {% if before %}
            select
                indicator_code,
                month,
                reporting_unit_code,
                coalesce(after.is_federation, before.is_federation) as is_federation,
                before.value_month as old_value_month,
                after.value_month as new_value_month,
                before.value_year_to_date as old_value_year_to_date,
                after.value_year_to_date as new_value_year_to_date
            from (from {{ before }} where month >= (select from_month from {{ ref("int_earliest_change") }})) as before
            -- a unit's value may be gone, or new, in a month that was published
            full join
                (
                    select *
                    from {{ ref("rpt_indicators") }}
                    where
                        month between (select from_month from {{ ref("int_earliest_change") }}) and (
                            select max(month) from {{ before }}
                        )
                ) as after using (indicator_code, month, reporting_unit_code)
            where
                (
                    before.value_month is distinct from after.value_month
                    or before.value_year_to_date is distinct from after.value_year_to_date
                )
                -- a new indicator restates nothing, nor does one that is given up
                and indicator_code in (select indicator_code from {{ before }})
                and indicator_code in (select indicator_code from {{ ref("dim_indicator") }})
        {% else %}
            select
                indicator_code,
                month,
                reporting_unit_code,
                is_federation,
                value_month as old_value_month,
                value_month as new_value_month,
                value_year_to_date as old_value_year_to_date,
                value_year_to_date as new_value_year_to_date
            from {{ ref("rpt_indicators") }}
            where false
        {% endif %}
    ),

    contributions_now as ({{ contributions_by_slot(ref("fct_indicator_contributions")) }}),

    contributions_before as (
        {% if contributions_before %}{{ contributions_by_slot(contributions_before) }}
        {% else %}select * from contributions_now where false
        {% endif %}
    ),

    -- whose rows made the difference; the same rows in a new version make none
    differences as (
        select distinct indicator_code, month, reporting_unit_code, submission_slot
        from
            (
                (
                    from contributions_now
                    except
                    from contributions_before
                )
                union all
                (
                    from contributions_before
                    except
                    from contributions_now
                )
            )
    ),

    changed as (
        select form, submission_id, {{ submission_slot("submission_id") }} as submission_slot
        from {{ source("plan", "changed_since_release") }}
        qualify counts_now or not bool_or(counts_now) over (partition by form, {{ submission_slot("submission_id") }})
    ),

    parent_changes as (
        select string_agg(distinct submission_id, ', ' order by submission_id) as submission_ids
        from changed
        where form in ('{{ parents | join("', '") }}')
    ),

    causes as (
        select
            compared.indicator_code,
            compared.month,
            compared.reporting_unit_code,
            string_agg(distinct changed.submission_id, ', ' order by changed.submission_id) as submission_ids
        from compared
        inner join {{ ref("dim_indicator") }} as indicators using (indicator_code)
        inner join
            differences
            on differences.indicator_code in (compared.indicator_code, indicators.numerator_code, indicators.denominator_code)
            and (
                differences.month = compared.month
                or (
                    indicator_kind = 'flow'
                    and left(differences.month, 4) = left(compared.month, 4)
                    and differences.month < compared.month
                )
            )
            and (compared.is_federation or compared.reporting_unit_code = differences.reporting_unit_code)
        inner join {{ ref("dim_indicator") }} as measured on differences.indicator_code = measured.indicator_code
        inner join changed on measured.form = changed.form and differences.submission_slot = changed.submission_slot
        group by all
    ),

    definitions as (
        select
            indicator_code,
            string_agg(
                concat_ws(' ', definition, coalesce(former_version, 'new'), '→', coalesce(present_version, 'gone')),
                ', '
                order by definition
            ) as definitions,
            string_agg(distinct reason, '; ' order by reason) as reasons,
            bool_and(definition_kind = 'units') as is_of_units
        from {{ source("plan", "definition_changes") }}
        group by indicator_code
    ),

    restated as (
        select
            release_id,
            this_close.month as closed_month,
            known_at,
            compared.indicator_code,
            compared.month,
            compared.reporting_unit_code,
            old_value_month,
            new_value_month,
            old_value_year_to_date,
            new_value_year_to_date,
            case
                when definitions.is_of_units
                then 'organisation'
                when definitions.indicator_code is not null
                then 'definition'
                when coalesce(causes.submission_ids, parent_changes.submission_ids) is not null
                then 'submission'
                when compared.month in (select month from {{ source("plan", "changed_expectations") }})
                then 'exception'
            end as cause,
            coalesce(definitions.definitions, causes.submission_ids, parent_changes.submission_ids) as caused_by,
            definitions.reasons as reason
        from compared
        cross join this_close
        cross join parent_changes
        left join
            causes
            on compared.indicator_code = causes.indicator_code
            and compared.month = causes.month
            and compared.reporting_unit_code = causes.reporting_unit_code
        left join definitions on compared.indicator_code = definitions.indicator_code
        {% if is_incremental() %} where release_id not in (select release_id from {{ this }}) {% endif %}
    )

select {{ model.columns.keys() | join(", ") }}
from
    (
        select *
        from restated
        {% if listed_before %}
            union all by name
            select *
            from {{ listed_before }}
        {% endif %}
    )
