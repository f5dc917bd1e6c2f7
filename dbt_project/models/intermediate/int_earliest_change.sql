-- First month whose snapshots and indicators may differ from the last audited build: that of the earliest date at which
-- a changed row had or has an effect, or of a submission that began or ceased to count. A spell that only ended takes
-- effect when it ended, however long ago it began.
{% set effects = {
    "fct_union_events": ("union_register", "union_event_key", ["event_on"]),
    "fct_union_coverage": (
        "union_coverage",
        "union_coverage_key",
        ["covered_from", "covered_to", "congress_and_affairs_since_on"],
    ),
    "fct_membership_changes": ("member_changes", "membership_change_key", ["changed_on"]),
    "fct_safety_inspections": ("safety_inspections", "safety_inspection_key", ["inspected_on"]),
    "fct_hazards": ("hazards", "hazard_key", ["found_on", "rectified_on"]),
    "fct_programme_enrolments": ("programme_enrolments", "programme_enrolment_key", ["enrolled_on", "ended_on"]),
    "fct_collective_contracts": ("collective_contracts", "collective_contract_key", ["signed_on"]),
    "fct_training_activities": ("training_activities", "training_activity_key", ["held_to_on"]),
    "fct_qualification_promotions": ("qualification_promotions", "qualification_promotion_key", ["certified_on"]),
    "fct_honours": ("honours", "honour_key", ["awarded_on"]),
    "fct_assistance": ("assistance", "assistance_key", ["granted_on"]),
    "fct_rights_cases": ("rights_cases", "rights_case_key", ["closed_on"]),
    "fct_employment_services": ("employment_services", "employment_service_key", ["held_on"]),
    "fct_cultural_activities": ("cultural_activities", "cultural_activity_key", ["held_from_on"]),
    "fct_visits": ("visits", "visit_key", ["visited_on"]),
    "fct_commitments": ("commitments", "commitment_key", ["reported_from_on", "reported_to_on"]),
} %}
{% set provenance = ["submission_id", "source_sheet", "source_row", "submission_month", "event_month", "is_late"] %}
{# what a figure never depends on #}
{% set descriptive = {
    "fct_union_events": ["union_name", "former_name"],
    "fct_union_coverage": ["enterprise_name"],
    "fct_membership_changes": ["member_name_mask"],
    "fct_safety_inspections": ["enterprise_name", "lead_agency", "inspector_count"],
    "fct_hazards": ["hazard_description", "due_on"],
    "fct_programme_enrolments": ["enterprise_name"],
    "fct_honours": ["title", "awarding_body", "batch", "recipient_name"],
    "fct_assistance": ["beneficiary_name_mask", "id_number_mask"],
    "fct_visits": ["visitor_name_mask", "visited_person_mask"],
    "fct_commitments": ["milestone"],
} %}

with
    {% for fact, (form, key, dates) in effects.items() %}
        {% set derived = {
            "fct_hazards": ["is_open", "days_to_rectify"],
            "fct_union_coverage": ["has_workers_congress", "has_open_affairs"],
        }.get(fact, []) %}
        {{ fact }}_affected as (select entity_key from {{ ref("int_affected_entities") }} where form = '{{ form }}'),

        {% for version, relation in [('now', ref(fact)), ('before', previous_mart(fact))] if relation %}
            {{ fact }}_{{ version }} as (
                {% for effect_on in dates %}
                    {% if not loop.first %}
                        union all
                    {% endif %}
                    select
                        {{ key }} as entity_key,
                        '{{ effect_on }}' as effect,
                        {{ effect_on }} as effect_on,
                        hash(
                            *columns(* exclude ({{ (dates + provenance + derived + descriptive.get(fact, [])) | join(", ") }}))
                        ) as content_hash
                    from {{ relation }}
                    semi join {{ fact }}_affected on {{ key }} = {{ fact }}_affected.entity_key
                    where {{ effect_on }} is not null
                {% endfor %}
            ),
        {% endfor %}
    {% endfor %}

    changes as (
        {% for fact in effects %}
            {% if previous_mart(fact) %}
                select effect_on
                from
                    (
                        from {{ fact }}_now
                        except
                        from {{ fact }}_before
                    )
                union all
                select effect_on
                from
                    (
                        from {{ fact }}_before
                        except
                        from {{ fact }}_now
                    )
            {% else %}select effect_on from {{ fact }}_now
            {% endif %}
            union all
        {% endfor %}
        select cast(submissions.month || '-01' as date)
        from {{ source("plan", "changed_submissions") }} as changed
        inner join {{ source("plan", "submissions") }} as submissions using (submission_id, form)
    ),

    this_close as (select * from {{ source("plan", "close") }}),

    first_change as (select strftime(min(effect_on), '%Y-%m') as first_change_month from changes)

select
    -- the opening month, before the beginning, is the base that snapshots are carried forward from
    greatest(coalesce(first_change_month, month), opening_month) as from_month, last_closed_month as to_month
from this_close
cross join first_change
