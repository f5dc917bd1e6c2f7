{#- Whether a waiver is of a fault; what it leaves blank it does not ask. -#}
{% macro waiver_covers(waiver, fault) -%}
    {{ waiver }}.rule_code = {{ fault }}.rule_code
    and coalesce({{ waiver }}.unit_code, {{ fault }}.reporting_unit_code) = {{ fault }}.reporting_unit_code
    and coalesce({{ waiver }}.form, {{ fault }}.form) = {{ fault }}.form
    and coalesce({{ waiver }}.record_key, {{ fault }}.record_key) = {{ fault }}.record_key
{%- endmacro %}
