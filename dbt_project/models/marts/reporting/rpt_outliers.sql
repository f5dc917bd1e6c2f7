{% set limits = outlier_limits() %}

with
    span as (select * from {{ ref("int_earliest_change") }}),

    months as (
        select month, year_number * 12 + month_number as month_index, month between from_month and to_month as is_judged
        from {{ ref("dim_month") }}
        cross join span
        where
            is_closed
            -- the months before, and one more for the change of a stock in the first of them
            and first_on >= cast(from_month || '-01' as date) - interval {{ limits.months + 1 }} month
    ),

    -- what comes and goes by chance is not workers visited but visits: the rows that a sum is made of
    summed_rows as (
        select indicator_code, month, reporting_unit_code, count(*) as row_count
        from {{ ref("fct_indicator_contributions") }}
        inner join months using (month)
        inner join {{ ref("dim_indicator") }} using (indicator_code)
        where aggregation = 'sum'
        group by all
    ),

    -- what a department that did not report would have reported is unknown; one that was excused is no matter
    figures as (
        select
            indicator_code,
            reporting_unit_code,
            month,
            month_index,
            is_judged,
            indicator_kind,
            unit,
            case when not is_missing then cast(value_month as double) end as figure,
            case
                when is_missing then null when aggregation = 'sum' then coalesce(row_count, 0) else cast(value_month as double)
            end as event_count
        from {{ ref("rpt_indicators") }}
        inner join months using (month)
        inner join {{ ref("dim_indicator") }} using (indicator_code, indicator_kind, aggregation)
        left join summed_rows using (indicator_code, month, reporting_unit_code)
        where
            not is_federation and is_published and indicator_kind in ('flow', 'stock') and (is_missing or value_month is not null)
    ),

    -- flows are compared as they are, stocks by their change over the month
    series as (
        select
            *,
            case when indicator_kind = 'stock' then lag(figure) over by_month end as stock_before,
            case when indicator_kind = 'stock' then figure - lag(figure) over by_month else figure end as judged_value
        from figures
        window by_month as (partition by indicator_code, reporting_unit_code order by month)
    ),

    compared as (
        select
            judged.*,
            list(past.month order by past.month) as past_months,
            list(past.judged_value order by past.month) as past_values,
            list(past.figure order by past.month) as past_figures,
            count(past.judged_value) as known_count,
            count(*) filter (where past.figure > 0) as positive_count,
            count(past.figure) as figure_count,
            min(past.figure) as least_figure,
            min(past.event_count) as least_event_count,
            median(past.event_count) as median_event_count,
            median(past.judged_value) as median_value,
            mad(past.judged_value) as median_deviation,
            min(past.judged_value) as least_value,
            max(past.judged_value) as greatest_value,
            median(past.figure) as median_figure,
            any_value(past.judged_value) filter (
                where past.month_index = judged.month_index - {{ limits.months }}
            ) as same_month_last_year,
            any_value(past.figure) filter (where past.month_index = judged.month_index - {{ limits.months }}) as figure_last_year
        from series as judged
        inner join
            series as past
            on judged.indicator_code = past.indicator_code
            and judged.reporting_unit_code = past.reporting_unit_code
            and past.month_index between judged.month_index - {{ limits.months }} and judged.month_index - 1
        where judged.is_judged
        group by all
    ),

    -- a figure that is nil most months has no usual size
    regular as (
        select
            *,
            list_avg(list_transform(past_values, lambda past:abs(past - median_value))) as mean_deviation,
            judged_value
            / case indicator_kind when 'stock' then nullif(stock_before, 0) else nullif(median_value, 0) end as relative_value,
            case when unit = 'CNY' then {{ limits.floor_cny }} else {{ limits.floor }} end as floor
        from compared
        where positive_count >= {{ limits.known }}
    ),

    -- what the season does to the others it does to this department too
    seasons as (
        select
            own.indicator_code,
            own.reporting_unit_code,
            own.month,
            median(peer.relative_value) * coalesce(any_value(own.stock_before), any_value(own.median_value)) as expected_by_peers,
            0.6745
            * (any_value(own.relative_value) - median(peer.relative_value))
            / nullif(mad(peer.relative_value), 0) as z_score_among_peers
        from regular as own
        inner join
            regular as peer
            on own.indicator_code = peer.indicator_code
            and own.month = peer.month
            and own.reporting_unit_code <> peer.reporting_unit_code
        where peer.relative_value is not null
        group by all
        having count(*) >= {{ limits.peers }}
    ),

    scored as (
        select
            regular.*,
            expected_by_peers,
            z_score_among_peers,
            (judged_value - median_value) / case
                when median_deviation > 0
                then median_deviation / 0.6745
                when mean_deviation > 0
                then mean_deviation * 1.253314
                -- a figure that never moved is known to the resolution of a count
                else 1
            end as modified_z_score,
            coalesce(figure, 0) <= {{ limits.nothing_share }} * least_figure
            and figure_count >= {{ limits.known }}
            and median_event_count >= {{ limits.floor }}
            and least_event_count >= {{ limits.floor }} / 2
            and coalesce(figure_last_year > 0, true)
            -- nil everywhere is the season; a department that sent nothing is listed in any season
            and (
                figure is null
                or indicator_kind = 'stock'
                or coalesce(expected_by_peers > {{ limits.nothing_share }} * least_figure, true)
            ) as is_sudden_zero
        from regular
        left join seasons using (indicator_code, reporting_unit_code, month)
    ),

    outliers as (
        select
            *,
            case
                when is_sudden_zero then 'sudden_zero' when indicator_kind = 'stock' then 'stock_change' else 'flow_value'
            end as outlier_kind
        from scored
        where
            is_sudden_zero
            or (
                known_count >= {{ limits.known }}
                and abs(modified_z_score) > {{ limits.z_score }}
                -- nil is a matter of what is counted, above
                and figure > 0
                and (judged_value > greatest_value + floor or judged_value < least_value - floor)
                and {{ departs_from("median_value") }}
                and {{ departs_from("same_month_last_year") }}
                and {{ departs_from("expected_by_peers") }}
                and coalesce(abs(z_score_among_peers) > {{ limits.z_score }}, true)
            )
    )

select
    md5(concat_ws('|', indicator_code, month, reporting_unit_code)) as outlier_key,
    reporting_unit_code,
    {{ version_key("reporting_unit", "outliers.reporting_unit_code", month_end("outliers.month")) }} as reporting_unit_key,
    indicator_code,
    month,
    outlier_kind,
    cast(case when is_sudden_zero then figure else judged_value end as decimal(18, 6)) as value,
    cast(case when is_sudden_zero then median_figure else median_value end as decimal(18, 6)) as median_value,
    cast(case when not is_sudden_zero then modified_z_score end as decimal(18, 4)) as modified_z_score,
    cast({{ limits.z_score }} as decimal(4, 2)) as threshold,
    cast(
        json_object(
            'months',
            past_months,
            'values',
            case when is_sudden_zero then past_figures else past_values end,
            'same_month_last_year',
            case when is_sudden_zero then figure_last_year else same_month_last_year end,
            'expected_by_peers',
            round(expected_by_peers, 2),
            'least_departure',
            floor,
            'is_missing',
            figure is null
        ) as varchar
    ) as evidence
from outliers
