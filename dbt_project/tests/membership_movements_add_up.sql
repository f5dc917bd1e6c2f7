-- Closing = opening + joined + transferred in - transferred out - left, for every union and month that reported
-- (domain: Errors).
select union_code, month, opening_count, joined_count, transferred_in_count, transferred_out_count, left_count, closing_count
from {{ ref("fct_membership_monthly") }}
where
    not is_carried_forward
    and closing_count <> opening_count + joined_count + transferred_in_count - transferred_out_count - left_count
