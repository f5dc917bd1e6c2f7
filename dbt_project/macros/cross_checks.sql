{#- What makes two rows of a fact the same thing in the world (domain: Warnings), by rule: columns that must agree, which
    rows are compared, and what is shown as evidence. Free text is kept as typed, so it is compared without differences of
    width (`compared_text`). Every entrant of a contest sends a row of it, and every partner one of
    a fair; neither is counted as an event, so only hosts are compared. A visit to a person is known by the person, one to
    nobody in particular by nothing. -#}
{% macro business_keys() -%}
    {{
        return(
            {
                "union_event_reported_once": {
                    "fact": "fct_union_events",
                    "columns": ["union_code", "union_event", "event_on"],
                },
                "member_change_reported_once": {
                    "fact": "fct_membership_changes",
                    "columns": ["person_key", "union_code", "membership_change", "changed_on"],
                    "shown": ["union_code", "membership_change", "changed_on"],
                },
                "training_activity_reported_once": {
                    "fact": "fct_training_activities",
                    "columns": ["training_kind", compared_text("title"), "held_from_on"],
                    "where": "training_role = 'host'",
                    "shown": ["training_kind", "title", "held_from_on", "session_count", "participant_count"],
                },
                "promotion_reported_once": {
                    "fact": "fct_qualification_promotions",
                    "columns": ["person_key", "trade", "grade_to"],
                    "shown": ["trade", "grade_to", "certified_on"],
                },
                "inspection_reported_once": {
                    "fact": "fct_safety_inspections",
                    "columns": ["uscc", "inspected_on", "inspection_kind"],
                    "shown": ["uscc", "inspected_on", "inspection_kind", "hazards_found_count"],
                },
                "contract_reported_once": {
                    "fact": "fct_collective_contracts",
                    "columns": ["contract_kind", "contract_coverage", compared_text("party"), "signed_on"],
                    "shown": ["contract_kind", "contract_coverage", "party", "signed_on", "enterprise_count", "worker_count"],
                },
                "assistance_reported_once": {
                    "fact": "fct_assistance",
                    "columns": ["programme", "person_key", "granted_on"],
                    "shown": ["programme", "granted_on", "amount_cny"],
                },
                "honour_reported_once": {
                    "fact": "fct_honours",
                    "columns": ["honour", "recipient_key", "year(awarded_on)"],
                    "shown": ["honour", "honour_level", "awarded_on"],
                },
                "employment_event_reported_once": {
                    "fact": "fct_employment_services",
                    "columns": ["service_kind", compared_text("title"), "held_on"],
                    "where": "service_role = 'host'",
                    "shown": ["service_kind", "title", "held_on", "post_count", "placement_count"],
                },
                "cultural_event_reported_once": {
                    "fact": "fct_cultural_activities",
                    "columns": ["activity_kind", compared_text("title"), "held_from_on"],
                    "shown": ["activity_kind", "title", "held_from_on", "participant_count"],
                },
                "visit_reported_once": {
                    "fact": "fct_visits",
                    "columns": ["visit_kind", "visitor_code", "coalesce(uscc, visited_person_key)", "visited_on"],
                    "where": "coalesce(uscc, visited_person_key) is not null",
                    "shown": ["visit_kind", "visitor_code", "uscc", "visited_on", "worker_count"],
                },
            }
        )
    }}
{%- endmacro %}

{#- A text as texts are compared: without differences of width and characters that nobody sees, no space at the ends. It is DuckDB's own: a
    function of Python that exchanges Arrow arrays gave freed memory where a statement called it twice (duckdb issue 20606). -#}
{% macro compared_text(column) -%}
    {%- set wide = "！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～　" -%}
    {%- set narrow = "!\"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~ " -%}
    trim(regexp_replace(translate(nfc_normalize({{ column }}), '{{ wide }}', '{{ narrow }}'), '\p{Cf}', '', 'g'))
{%- endmacro %}

{#- Rows of a fact whose entities this close rebuilt, as they are now and as the previous release had them. A model that asks
    for rebuilt_values has them once, under the name `<fact>_rebuilt`: a long fact is read once, however many subjects it names. -#}
{% macro rebuilt_rows(fact) -%}
    {%- set definition = fact_definitions()[fact] %}
    {%- for relation in [ref(fact), none if starts_from_nothing() else previous_mart(fact)] if relation %}
        {% if not loop.first %}
            union all by name
        {% endif %}
        select *
        from {{ relation }}
        where
            {{ definition.entity_key }}
            in (select entity_key from {{ ref("int_affected_entities") }} where form = '{{ definition.form }}')
    {%- endfor %}
{%- endmacro %}

{#- What the rebuilt rows hold in these columns names everything to check again, a row that was withdrawn or corrected included. -#}
{% macro rebuilt_values(fact, columns) -%}
    select distinct {% for column in columns %} {{ column }} as part_{{ loop.index }}{{ "," if not loop.last }} {% endfor %}
    from {{ fact }}_rebuilt
{%- endmacro %}

{#- Key of what findings are about; findings of a subject are replaced together. It never leaves the build: a
    subject may be a person. -#}
{% macro subject_key(topic, values) -%}
    md5(concat_ws('|', '{{ topic }}' {%- for value in values %}, coalesce(cast({{ value }} as varchar), '') {%- endfor %}))
{%- endmacro %}

{#- Rows of `relation` that share the values of a row of `rebuilt` in every one of `columns`. -#}
{% macro rows_sharing(relation, columns, rebuilt) -%}
    select rows_now.*
    from {{ relation }} as rows_now
    semi join
        {{ rebuilt }}
        on {% for column in columns %}
            {{ column }} = {{ rebuilt }}.part_{{ loop.index }} {{ "and" if not loop.last }}
        {% endfor %}
{%- endmacro %}

{#- Columns of a finding that say where its row is. The department that sent the row looks into it. -#}
{% macro finding_place(form, alias, record, month="submission_month") -%}
    '{{ form }}' as form,
    {{ alias }}.submitted_by_code as reporting_unit_code,
    {{ alias }}.{{ month }} as month,
    {{ record }} as record_key,
    {{ alias }}.submission_id,
    {{ alias }}.source_sheet,
    {{ alias }}.source_row
{%- endmacro %}

{#- A natural key as the department knows it. -#}
{% macro record_key(columns, alias="") -%}
    {%- set prefix = alias ~ "." if alias else "" -%}
    concat_ws(' ' {%- for column in columns %}, cast({{ prefix }}{{ column }} as varchar) {%- endfor %})
{%- endmacro %}

{#- The numbers compared, as JSON text. -#}
{% macro evidence(values) -%}
    cast(
        json_object(
            {% for name, value in values.items() %}'{{ name }}', {{ value }}{{ "," if not loop.last }} {% endfor %}
        ) as varchar
    )
{%- endmacro %}

{#- Facts whose records carry a number of their own, or what identifies them, from the department: it is used once in the
    federation (domain: Forms). Those of which a record has a row every month are judged otherwise. -#}
{% macro numbered_facts() -%}
    {%- set facts = {} -%}
    {%- for fact, definition in fact_definitions().items() if not definition.row_key -%}
        {%- do facts.update({fact: definition}) -%}
    {%- endfor -%}
    {{ return(facts) }}
{%- endmacro %}

{#- One finding per row of `rows`, whose rows share a subject_key and name themselves by record_key. -#}
{% macro finding_per_row(rule, form, rows, key, shown) -%}
    {%- set compared = {"rows_in_group": "count(*) + 1"} -%}
    {%- for column in shown -%} {%- do compared.update({column: "one." ~ column}) -%} {%- endfor -%}
    select
        '{{ rule }}' as rule_code,
        {{ finding_place(form, "one", "one.record_key") }},
        string_agg(
            other.submitted_by_code || ' ' || other.record_key, ', ' order by other.submitted_by_code, other.record_key
        ) as other_place,
        {{ evidence(compared) }} as evidence,
        one.subject_key
    from {{ rows }} as one
    inner join {{ rows }} as other on one.subject_key = other.subject_key and one.{{ key }} <> other.{{ key }}
    group by
        {% for column in shown %} one.{{ column }},{% endfor %} one.{{ key }},
        one.subject_key,
        one.submitted_by_code,
        one.submission_month,
        one.record_key,
        one.submission_id,
        one.source_sheet,
        one.source_row
{%- endmacro %}

{#- Persons whose changes were rebuilt, and those whose time to arrive in another union ends in the months rebuilt. -#}
{% macro members_to_check() -%}
    {{ rebuilt_values("fct_membership_changes", ["person_key"]) }}
    union
    select person_key
    from {{ ref("fct_membership_changes") }}
    cross join {{ ref("int_earliest_change") }}
    where membership_change = 'transfer_out' and strftime(changed_on + interval 2 month, '%Y-%m') between from_month and to_month
{%- endmacro %}

{#- Unions and months of snapshots rebuilt, and those that a rebuilt change is reported in or dated in. -#}
{% macro union_months_to_check() -%}
    {%- set fact = "fct_membership_changes" %}
    {{ rebuilt_values(fact, ["union_code", "submission_month"]) }}
    union
    {{ rebuilt_values(fact, ["union_code", "event_month"]) }}
    {%- for relation in [ref("fct_membership_monthly"), none if starts_from_nothing() else previous_mart("fct_membership_monthly")] if relation %}
        union
        select union_code, month
        from {{ relation }}
        inner join {{ ref("int_earliest_change") }} on month between from_month and to_month
    {%- endfor %}
{%- endmacro %}
