{#- Every fact once: the form that feeds it, the key of its entities, the dates on which a change of a row takes effect, columns that
    follow from those dates, and columns that no figure depends on. What is rebuilt follows from it. -#}
{% macro fact_definitions() -%}
    {{
        return(
            {
                "fct_union_events": {
                    "form": "union_register",
                    "key": "union_event_key",
                    "effects": ["event_on"],
                    "descriptive": ["union_name", "former_name"],
                },
                "fct_union_coverage": {
                    "form": "union_coverage",
                    "key": "union_coverage_key",
                    "effects": ["covered_from", "covered_to", "congress_and_affairs_since_on"],
                    "derived": ["has_workers_congress", "has_open_affairs"],
                    "descriptive": ["enterprise_name"],
                },
                "fct_membership_changes": {
                    "form": "member_changes",
                    "key": "membership_change_key",
                    "effects": ["changed_on"],
                    "descriptive": ["member_name_mask"],
                },
                "fct_safety_inspections": {
                    "form": "safety_inspections",
                    "key": "safety_inspection_key",
                    "effects": ["inspected_on"],
                    "descriptive": ["enterprise_name", "lead_agency", "inspector_count"],
                },
                "fct_hazards": {
                    "form": "hazards",
                    "key": "hazard_key",
                    "effects": ["found_on", "rectified_on"],
                    "derived": ["is_open", "days_to_rectify"],
                    "descriptive": ["hazard_description", "due_on"],
                },
                "fct_programme_enrolments": {
                    "form": "programme_enrolments",
                    "key": "programme_enrolment_key",
                    "effects": ["enrolled_on", "ended_on"],
                    "descriptive": ["enterprise_name"],
                },
                "fct_collective_contracts": {
                    "form": "collective_contracts",
                    "key": "collective_contract_key",
                    "effects": ["signed_on"],
                },
                "fct_training_activities": {
                    "form": "training_activities",
                    "key": "training_activity_key",
                    "effects": ["held_to_on"],
                },
                "fct_qualification_promotions": {
                    "form": "qualification_promotions",
                    "key": "qualification_promotion_key",
                    "effects": ["certified_on"],
                },
                "fct_honours": {
                    "form": "honours",
                    "key": "honour_key",
                    "effects": ["awarded_on"],
                    "descriptive": ["title", "awarding_body", "batch", "recipient_name"],
                },
                "fct_assistance": {
                    "form": "assistance",
                    "key": "assistance_key",
                    "effects": ["granted_on"],
                    "descriptive": ["beneficiary_name_mask", "id_number_mask"],
                },
                "fct_rights_cases": {
                    "form": "rights_cases",
                    "key": "rights_case_key",
                    "effects": ["closed_on"],
                    "derived": ["is_open"],
                },
                "fct_employment_services": {
                    "form": "employment_services",
                    "key": "employment_service_key",
                    "effects": ["held_on"],
                },
                "fct_cultural_activities": {
                    "form": "cultural_activities",
                    "key": "cultural_activity_key",
                    "effects": ["held_from_on"],
                },
                "fct_visits": {
                    "form": "visits",
                    "key": "visit_key",
                    "effects": ["visited_on"],
                    "descriptive": ["visitor_name_mask", "visited_person_mask"],
                },
                "fct_commitments": {
                    "form": "commitments",
                    "key": "commitment_key",
                    "effects": ["reported_from_on", "reported_to_on"],
                    "descriptive": ["milestone"],
                },
            }
        )
    }}
{%- endmacro %}
