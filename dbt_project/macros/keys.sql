{#- Rows of a model whose key another row has too, or that lack a part of it. Of staging only what is new is asked: rows of a
    submission never change. -#}
{% macro rows_without_own_key(model, key) -%}
    select '{{ model }}' as model, concat_ws(' ', {{ key | join(", ") }}) as key_values, count(*) as row_count
    from {{ ref(model) }}
    {% if model.startswith("stg_") %}
        semi join
            (select distinct submission_id from {{ source("plan", "new_submissions") }}) as new_submissions using (submission_id)
    {% endif %}
    group by {{ key | join(", ") }}
    having count(*) > 1 or {{ key | join(" is null or ") }} is null
{%- endmacro %}
