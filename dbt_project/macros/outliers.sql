{#- How an outlier is distinguished from noise (domain: Warnings). A figure stands out when
      its modified z-score against the unit's own last `months` closed months exceeds `z_score` (Iglewicz and Hoaglin, 1993),
      at least `known` of them known and above nil: a figure that is nil most months has no usual size;
      it lies beyond everything of those months by `floor`, and departs from their median, from the same month last year and from
      what the season makes of the other units (at least `peers` of them; also its z-score among them exceeds the limit) by
      the least departure: `floor` or `share` of what was expected, and `stock_share` of a stock, whichever is most.
    A count below 10 comes and goes by chance (a Poisson count of 10 is nil one month in 20,000, one of 3 one month in 20),
    so less than 10 says nothing, nor does half as much again. What is still caught: a digit too many or too few, a list
    pasted twice, one of 10 rows left out. Money: a few payments make 10,000 yuan. Stocks move in steps when a joint union
    of dozens of firms is founded; a fifth of the stock is more than such a step, and less than a sheet lost or doubled.
    A zero is sudden when what is counted (of a sum: its rows) reached half the floor in every known month, and the floor in
    most; less than a tenth (`nothing_share`) of the least month is nil too, since later submissions bring a few rows of a
    month whose own list is missing. -#}
{% macro outlier_limits() -%}
    {{
        return(
            {
                "months": 12,
                "known": 6,
                "z_score": 3.5,
                "floor": 10,
                "floor_cny": 10000,
                "share": 0.5,
                "stock_share": 0.2,
                "peers": 3,
                "nothing_share": 0.1,
            }
        )
    }}
{%- endmacro %}

{#- Whether a figure departs from an expectation by the least departure; where there is none, it does. -#}
{% macro departs_from(expected) -%}
    {%- set limits = outlier_limits() -%}
    (
        {{ expected }} is null
        or abs(judged_value - {{ expected }})
        >= greatest(floor, {{ limits.share }} * abs({{ expected }}), {{ limits.stock_share }} * coalesce(stock_before, 0))
    )
{%- endmacro %}
