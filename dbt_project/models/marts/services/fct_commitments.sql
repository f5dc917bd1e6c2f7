with
    effective_rows as ({{ effective_rows("commitments") }}),

    -- what a month reports holds until the next report, at most to the end of the commitment's year
    spells as (
        select
            *,
            cast(submission_month || '-01' as date) as reported_from_on,
            least(
                coalesce(
                    lead(cast(submission_month || '-01' as date)) over (partition by commitment_key order by submission_month),
                    make_date(commitment_year + 1, 1, 1)
                ),
                make_date(commitment_year + 1, 1, 1)
            ) as reported_to_on
        from effective_rows
    )

select
    md5(concat_ws('|', commitment_key, submission_month)) as commitment_month_key,
    commitment_key,
    commitment_no,
    commitment_year,
    indicator_code,
    target_value,
    milestone,
    progress_percent,
    reported_from_on,
    reported_to_on,
    {{ fact_columns("reported_from_on") }}
from spells
