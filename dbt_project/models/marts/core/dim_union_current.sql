select * from {{ ref("dim_union") }} qualify row_number() over (partition by union_code order by valid_from desc) = 1
