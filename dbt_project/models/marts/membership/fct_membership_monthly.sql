{{ config(incremental_strategy="changed_months") }}

with
    span as (select * from {{ ref("int_earliest_change") }}),

    months as (select month, last_on from {{ ref("dim_month") }} inner join span on month between from_month and to_month),

    lifespans as (select * from {{ ref("int_union_lifespans") }}),

    accepted_rows as (select * from {{ ref("int_member_counts_judged") }} where waiting_rule is null),

    -- a union counts once, in the unit it belongs to at the end of the month, whoever else reports it
    reported as (
        select accepted_rows.*, coalesce(union_on_day.reporting_unit_code, submitted_by_code) as reporting_unit_code
        from accepted_rows {{ join_union_on("accepted_rows", "union_code", "month_end_on") }}
        qualify
            row_number() over (
                partition by accepted_rows.union_code, submission_month
                order by submitted_by_code = coalesce(union_on_day.reporting_unit_code, submitted_by_code) desc, received_at desc
            )
            = 1
    ),

    {% if is_incremental() %}
        base as (
            select snapshots.*
            from {{ this }} as snapshots
            inner join span on month = strftime(cast(from_month || '-01' as date) - interval 1 month, '%Y-%m')
        ),
    {% endif %}

    unions as (
        select union_code
        from reported
        {% if is_incremental() %}
            union
            select union_code
            from base
        {% endif %}
    ),

    union_months as (
        select union_code, month, last_on
        from unions
        cross join months
        left join lifespans using (union_code)
        where dissolved_on is null or dissolved_on > last_on
        union
        select reported.union_code, submission_month, month_end_on
        from reported
    ),

    known as (
        select
            union_months.union_code,
            union_months.month,
            union_months.last_on as month_end_on,
            opening_count,
            joined_count,
            transferred_in_count,
            transferred_out_count,
            left_count,
            closing_count,
            women_count,
            mutual_aid_count,
            reporting_unit_code,
            submitted_by_code,
            submission_month,
            submission_id,
            source_sheet,
            source_row
        from union_months
        left join reported on union_months.union_code = reported.union_code and union_months.month = reported.submission_month
        {% if is_incremental() %}
            union all
            select
                union_code,
                month,
                month_end_on,
                opening_count,
                joined_count,
                transferred_in_count,
                transferred_out_count,
                left_count,
                closing_count,
                women_count,
                mutual_aid_count,
                reporting_unit_code,
                submitted_by_code,
                submission_month,
                submission_id,
                source_sheet,
                source_row
            from base
        {% endif %}
    ),

    -- a union without an accepted row keeps its last stocks, flagged; its movements are unknown, not nil
    carried as (
        select
            union_code,
            month,
            month_end_on,
            opening_count,
            joined_count,
            transferred_in_count,
            transferred_out_count,
            left_count,
            last_value(closing_count ignore nulls) over until_now as closing_count,
            last_value(women_count ignore nulls) over until_now as women_count,
            last_value(mutual_aid_count ignore nulls) over until_now as mutual_aid_count,
            opening_count is null as is_carried_forward,
            last_value(reporting_unit_code ignore nulls) over until_now as last_reporting_unit_code,
            last_value(submitted_by_code ignore nulls) over until_now as submitted_by_code,
            last_value(submission_month ignore nulls) over until_now as submission_month,
            last_value(submission_id ignore nulls) over until_now as submission_id,
            last_value(source_sheet ignore nulls) over until_now as source_sheet,
            last_value(source_row ignore nulls) over until_now as source_row
        from known
        window until_now as (partition by union_code order by month rows between unbounded preceding and current row)
    )

select
    md5(concat_ws('|', carried.union_code, month)) as membership_monthly_key,
    carried.union_code,
    {{ version_key("union", "carried.union_code", "month_end_on") }} as union_key,
    month,
    month_end_on,
    opening_count,
    joined_count,
    transferred_in_count,
    transferred_out_count,
    left_count,
    closing_count,
    women_count,
    mutual_aid_count,
    is_carried_forward,
    submitted_by_code,
    coalesce(union_on_day.reporting_unit_code, last_reporting_unit_code) as reporting_unit_code,
    {{ version_key("reporting_unit", "coalesce(union_on_day.reporting_unit_code, last_reporting_unit_code)", "month_end_on") }}
    as reporting_unit_key,
    submission_month,
    submission_id,
    source_sheet,
    source_row
from carried
inner join span on month between from_month and to_month {{ join_union_on("carried", "union_code", "month_end_on") }}
where closing_count is not null
