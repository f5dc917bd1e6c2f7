select
    md5(concat_ws('|', unit_code, standing_code)) as unit_lineage_key,
    unit_code,
    standing_code,
    coalesce(valid_from, date '0001-01-01') as valid_from,
    valid_to,
    valid_to is null as is_current
from {{ source("plan", "unit_lineage") }}
