{#- Rule broken by an event of a union on a day, null if none; needs the columns of int_union_lifespans. A monthly count of a
    union dissolved within the month still has its last row. -#}
{% macro union_verdict(day) -%}
    case
        when registered_on is null or {{ day }} < registered_on
        then 'unregistered_union'
        when {{ "date_trunc('month', month_end_on)" if day == "month_end_on" else day }} > dissolved_on
        then 'dissolved_union'
    end
{%- endmacro %}
