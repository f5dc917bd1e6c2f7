{#- A mart as the previous release published it, or none before the first release. -#}
{% macro previous_mart(name) -%}
    {%- if execute -%} {{ return(adapter.get_relation("previous", "main", name)) }} {%- endif -%} {{ return(none) }}
{%- endmacro %}
