select *
from {{ ref("dim_reporting_unit") }}
qualify row_number() over (partition by reporting_unit_code order by valid_from desc) = 1
