with
    source as (
        select problems.*
        from {{ source("landing", "row_problems") }} as problems
        semi join
            {{ source("plan", "new_submissions") }} as new_submissions
            on problems._submission_id = new_submissions.submission_id
            and problems.form = new_submissions.form
        {% if is_incremental() -%}
            anti join {{ this }} as read on problems._submission_id = read.submission_id and problems.form = read.form
        {%- endif %}
    ),

    personal_columns as (select form, column_name, true as is_personal from {{ source("plan", "personal_columns") }}),

    renamed as (
        select
            _submission_id as submission_id,
            source.form,
            sheet as source_sheet,
            "row" as source_row,
            "column" as column_name,
            "rule" as rule_code,
            severity,
            if(is_personal, null, value) as shown_value,
            message_zh,
            message_en,
            record_key
        from source
        left join personal_columns on source.form = personal_columns.form and source."column" = personal_columns.column_name
    )

select *
from renamed
