-- Findings on members: month against month, snapshot against movements, transfers, membership of two unions.
with
    fct_membership_changes_rebuilt as ({{ rebuilt_rows("fct_membership_changes") }}),

    this_close as (select * from {{ source("plan", "close") }}),

    span as (select * from {{ ref("int_earliest_change") }}),

    members_to_check as ({{ members_to_check() }}),

    changes_of_members as (
        select *, {{ subject_key("person", ["person_key"]) }} as subject_key
        from ({{ rows_sharing(ref("fct_membership_changes"), ["person_key"], "members_to_check") }})
    ),

    snapshots as (select * from {{ ref("fct_membership_monthly") }} where not is_carried_forward),

    openings_that_differ as (
        select
            'opening_is_last_closing' as rule_code,
            {{ finding_place("member_counts", "this_month", "this_month.union_code", "month") }},
            last_month.submitted_by_code || ' ' || last_month.month || ' ' || last_month.union_code as other_place,
            {{
                evidence(
                    {
                        "opening_count": "this_month.opening_count",
                        "last_month": "last_month.month",
                        "last_closing_count": "last_month.closing_count",
                    }
                )
            }} as evidence,
            {{ subject_key("month", ["this_month.month"]) }} as subject_key
        from snapshots as this_month
        inner join span on this_month.month between from_month and to_month
        inner join
            snapshots as last_month
            on this_month.union_code = last_month.union_code
            and last_month.month_end_on = cast(date_trunc('month', this_month.month_end_on) as date) - 1
        where this_month.opening_count <> last_month.closing_count
    ),

    union_months_to_check as ({{ union_months_to_check() }}),

    -- a month's count holds what its submission reports, late rows included; a row sent again later has left that
    -- submission, and is found by its date
    {% for name, month in [("reported", "submission_month"), ("dated", "event_month")] %}
        {{ name }}_movements as (
            select
                union_code,
                {{ month }} as month,
                count(*) filter (where membership_change = 'join') as join_rows,
                count(*) filter (where membership_change = 'transfer_in') as transfer_in_rows,
                count(*) filter (where membership_change = 'transfer_out') as transfer_out_rows,
                count(*) filter (where membership_change in ('leave', 'retire', 'deceased', 'expelled')) as leaving_rows
            from ({{ rows_sharing(ref("fct_membership_changes"), ["union_code", month], "union_months_to_check") }})
            group by all
        ),

        {{ name }} as (
            select
                membership_monthly_key,
                coalesce(join_rows, 0) as join_rows,
                coalesce(transfer_in_rows, 0) as transfer_in_rows,
                coalesce(transfer_out_rows, 0) as transfer_out_rows,
                coalesce(leaving_rows, 0) as leaving_rows,
                (joined_count, transferred_in_count, transferred_out_count, left_count) = (
                    coalesce(join_rows, 0),
                    coalesce(transfer_in_rows, 0),
                    coalesce(transfer_out_rows, 0),
                    coalesce(leaving_rows, 0)
                ) as is_equal
            from snapshots
            semi join
                union_months_to_check
                on snapshots.union_code = union_months_to_check.part_1
                and snapshots.month = union_months_to_check.part_2
            left join {{ name }}_movements using (union_code, month)
        ),
    {% endfor %}

    snapshots_that_differ as (
        select
            'snapshot_agrees_with_movements' as rule_code,
            {{ finding_place("member_counts", "snapshots", "union_code", "month") }},
            '' as other_place,
            {{
                evidence(
                    {
                        "joined_count": "joined_count",
                        "join_rows": "reported.join_rows",
                        "transferred_in_count": "transferred_in_count",
                        "transfer_in_rows": "reported.transfer_in_rows",
                        "transferred_out_count": "transferred_out_count",
                        "transfer_out_rows": "reported.transfer_out_rows",
                        "left_count": "left_count",
                        "leaving_rows": "reported.leaving_rows",
                    }
                )
            }} as evidence,
            {{ subject_key("union_month", ["union_code", "month"]) }} as subject_key
        from snapshots
        inner join reported using (membership_monthly_key)
        inner join dated using (membership_monthly_key)
        cross join (select opening_month from this_close)
        -- members of the opening stock have no rows of changes
        where month > opening_month and not reported.is_equal and not dated.is_equal
    ),

    counts as (select * from {{ ref("int_member_counts_judged") }} where waiting_rule is null),

    counts_in_pairs as (
        select
            one.*,
            string_agg(other.submitted_by_code || ' ' || other.union_code, ', ' order by other.submitted_by_code) as other_place,
            list(other.closing_count order by other.submitted_by_code) as other_closing_counts
        from counts as one
        inner join
            counts as other
            on one.union_code = other.union_code
            and one.submission_month = other.submission_month
            and one.submitted_by_code <> other.submitted_by_code
        group by all
    ),

    unions_counted_twice as (
        select
            'union_counted_by_one' as rule_code,
            {{ finding_place("member_counts", "pairs", "union_code") }},
            other_place,
            {{ evidence({"closing_count": "closing_count", "other_closing_counts": "other_closing_counts"}) }} as evidence,
            {{ subject_key("month", ["submission_month"]) }} as subject_key
        from counts_in_pairs as pairs
    ),

    -- judged at the close of the second month after, so that an arrival which is reported late is not called missing before
    departures_without_arrival as (
        select
            'transfer_out_arrives' as rule_code,
            {{ finding_place("member_changes", "departure", "departure.change_no") }},
            '' as other_place,
            {{
                evidence(
                    {
                        "union_code": "departure.union_code",
                        "changed_on": "departure.changed_on",
                        "arrival_expected_until": "cast(departure.changed_on + interval 2 month as date)",
                    }
                )
            }} as evidence,
            departure.subject_key
        from changes_of_members as departure
        cross join this_close
        left join
            changes_of_members as arrival
            on departure.person_key = arrival.person_key
            and departure.union_code <> arrival.union_code
            and arrival.membership_change = 'transfer_in'
            and arrival.changed_on between departure.changed_on and departure.changed_on + interval 2 month
        where
            departure.membership_change = 'transfer_out'
            and arrival.change_no is null
            and strftime(departure.changed_on + interval 2 month, '%Y-%m') <= last_closed_month
    ),

    standing as (
        select *
        from changes_of_members
        qualify
            row_number() over (
                partition by person_key, union_code
                order by changed_on desc, membership_change in ('join', 'transfer_in') desc, submission_month desc, change_no desc
            )
            = 1
    ),

    standing_members as (select * from standing where membership_change in ('join', 'transfer_in')),

    members_in_pairs as (
        select
            one.*,
            string_agg(other.submitted_by_code || ' ' || other.change_no, ', ' order by other.union_code) as other_place,
            list(other.union_code order by other.union_code) as other_union_codes,
            list(other.changed_on order by other.union_code) as other_since
        from standing_members as one
        inner join standing_members as other on one.person_key = other.person_key and one.union_code <> other.union_code
        group by all
    ),

    members_of_two_unions as (
        select
            'member_of_one_union' as rule_code,
            {{ finding_place("member_changes", "pairs", "change_no") }},
            other_place,
            {{
                evidence(
                    {
                        "union_code": "union_code",
                        "since": "changed_on",
                        "other_union_codes": "other_union_codes",
                        "other_since": "other_since",
                    }
                )
            }} as evidence,
            subject_key
        from members_in_pairs as pairs
    )

select *
from openings_that_differ
union all by name
select *
from snapshots_that_differ
union all by name
select *
from unions_counted_twice
union all by name
select *
from departures_without_arrival
union all by name
select *
from members_of_two_unions
