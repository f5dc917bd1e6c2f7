select
    md5(concat_ws('|', unit_code, cast(valid_from as varchar))) as reporting_unit_key,
    unit_code as reporting_unit_code,
    unit_name,
    unit_name_en,
    unit_kind,
    parent_code,
    valid_from,
    valid_to,
    valid_to is null as is_current
from {{ source("plan", "reporting_units") }}
