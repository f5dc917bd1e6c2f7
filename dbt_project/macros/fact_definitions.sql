-- fmt: off
{#- Generated from the meta of the models by `make generate`; do not edit. -#}
{% macro fact_definitions() -%}
{{ return({
    "fct_union_events": {
        "form": "union_register",
        "entity_key": "union_event_key",
        "natural_key": [
            "event_no"
        ],
        "dimensions": [
            "union_code",
            "union_type",
            "ownership"
        ],
        "takes_effect_on": [
            "event_on"
        ],
        "descriptive": [
            "union_key",
            "union_name",
            "former_name"
        ],
        "waits_for": {
            "form": "union_register",
            "column": "union_code",
            "judged_by": "int_union_events_judged",
            "day": "event_on"
        },
        "unit_follows_union": true
    },
    "fct_union_coverage": {
        "form": "union_coverage",
        "entity_key": "union_coverage_key",
        "natural_key": [
            "uscc",
            "union_code",
            "covered_from"
        ],
        "dimensions": [
            "union_code",
            "ownership"
        ],
        "takes_effect_on": [
            "covered_from",
            "covered_to",
            "congress_and_affairs_since_on"
        ],
        "derived": [
            "has_workers_congress",
            "has_open_affairs"
        ],
        "descriptive": [
            "union_key",
            "enterprise_name",
            "industry",
            "enterprise_size"
        ],
        "waits_for": {
            "form": "union_register",
            "column": "union_code",
            "judged_by": "int_union_coverage_judged",
            "day": "covered_from"
        },
        "judged_together_by": [
            "uscc"
        ],
        "enterprise_name": "enterprise_name",
        "unit_follows_union": true,
        "is_of_spells": true
    },
    "fct_membership_changes": {
        "form": "member_changes",
        "entity_key": "membership_change_key",
        "natural_key": [
            "change_no"
        ],
        "dimensions": [
            "union_code",
            "gender",
            "birth_year_band",
            "membership_change",
            "is_migrant"
        ],
        "takes_effect_on": [
            "changed_on"
        ],
        "descriptive": [
            "union_key"
        ],
        "waits_for": {
            "form": "union_register",
            "column": "union_code",
            "judged_by": "int_membership_changes_judged",
            "day": "changed_on"
        },
        "judged_together_by": [
            "person_key",
            "union_code"
        ],
        "unit_follows_union": true
    },
    "fct_membership_monthly": {
        "form": "member_counts",
        "entity_key": "member_count_key",
        "natural_key": [
            "union_code",
            "month"
        ],
        "dimensions": [
            "union_code"
        ],
        "waits_for": {
            "form": "union_register",
            "column": "union_code",
            "judged_by": "int_member_counts_judged",
            "day": "month_end_on"
        },
        "judged_together_by": [
            "union_code",
            "submission_month"
        ],
        "is_snapshot": true,
        "row_key": "membership_monthly_key",
        "row_key_of": [
            "union_code",
            "submission_month"
        ],
        "unit_follows_union": true
    },
    "fct_safety_inspections": {
        "form": "safety_inspections",
        "entity_key": "safety_inspection_key",
        "natural_key": [
            "inspection_no"
        ],
        "dimensions": [
            "uscc",
            "inspection_kind",
            "lead_agency",
            "inspection_result"
        ],
        "takes_effect_on": [
            "inspected_on"
        ],
        "descriptive": [
            "enterprise_name",
            "lead_agency",
            "inspector_count"
        ],
        "enterprise_name": "enterprise_name"
    },
    "fct_hazards": {
        "form": "hazards",
        "entity_key": "hazard_key",
        "natural_key": [
            "hazard_no"
        ],
        "dimensions": [
            "hazard_category",
            "hazard_severity"
        ],
        "takes_effect_on": [
            "found_on",
            "rectified_on"
        ],
        "derived": [
            "is_open",
            "days_to_rectify"
        ],
        "descriptive": [
            "hazard_description",
            "due_on"
        ],
        "waits_for": {
            "form": "safety_inspections",
            "column": "inspection_no",
            "judged_by": "int_hazards_judged",
            "day": "found_on"
        }
    },
    "fct_programme_enrolments": {
        "form": "programme_enrolments",
        "entity_key": "programme_enrolment_key",
        "natural_key": [
            "uscc",
            "programme",
            "programme_level",
            "enrolled_on"
        ],
        "dimensions": [
            "uscc",
            "programme",
            "programme_level"
        ],
        "takes_effect_on": [
            "enrolled_on",
            "ended_on"
        ],
        "descriptive": [
            "enterprise_name"
        ],
        "enterprise_name": "enterprise_name",
        "is_of_spells": true
    },
    "fct_collective_contracts": {
        "form": "collective_contracts",
        "entity_key": "collective_contract_key",
        "natural_key": [
            "contract_no"
        ],
        "dimensions": [
            "contract_kind",
            "contract_coverage",
            "signing"
        ],
        "takes_effect_on": [
            "signed_on"
        ],
        "descriptive": [
            "successor_contract_no"
        ],
        "judged_together_by": [
            "contract_kind",
            "compared_party"
        ],
        "enterprise_name": "case when contract_coverage = 'enterprise' then party end"
    },
    "fct_honours": {
        "form": "honours",
        "entity_key": "honour_key",
        "natural_key": [
            "honour_no"
        ],
        "dimensions": [
            "honour",
            "honour_level",
            "recipient_kind"
        ],
        "takes_effect_on": [
            "awarded_on"
        ],
        "descriptive": [
            "title",
            "awarding_body",
            "batch",
            "recipient_name"
        ]
    },
    "fct_assistance": {
        "form": "assistance",
        "entity_key": "assistance_key",
        "natural_key": [
            "record_no"
        ],
        "dimensions": [
            "programme",
            "beneficiary_kind",
            "model_worker_level",
            "is_migrant",
            "gender",
            "birth_year_band"
        ],
        "takes_effect_on": [
            "granted_on"
        ]
    },
    "fct_rights_cases": {
        "form": "rights_cases",
        "entity_key": "rights_case_key",
        "natural_key": [
            "case_no"
        ],
        "dimensions": [
            "case_kind",
            "case_outcome"
        ],
        "takes_effect_on": [
            "closed_on"
        ],
        "derived": [
            "is_open"
        ]
    },
    "fct_employment_services": {
        "form": "employment_services",
        "entity_key": "employment_service_key",
        "natural_key": [
            "event_no"
        ],
        "dimensions": [
            "service_kind",
            "service_level"
        ],
        "takes_effect_on": [
            "held_on"
        ]
    },
    "fct_cultural_activities": {
        "form": "cultural_activities",
        "entity_key": "cultural_activity_key",
        "natural_key": [
            "event_no"
        ],
        "dimensions": [
            "activity_kind",
            "activity_level"
        ],
        "takes_effect_on": [
            "held_from_on"
        ]
    },
    "fct_visits": {
        "form": "visits",
        "entity_key": "visit_key",
        "natural_key": [
            "visit_no"
        ],
        "dimensions": [
            "visit_kind",
            "visitor_code"
        ],
        "takes_effect_on": [
            "visited_on"
        ]
    },
    "fct_commitments": {
        "form": "commitments",
        "entity_key": "commitment_key",
        "natural_key": [
            "commitment_no",
            "commitment_year",
            "submission_month"
        ],
        "dimensions": [
            "commitment_no",
            "commitment_year"
        ],
        "takes_effect_on": [
            "reported_from_on",
            "reported_to_on"
        ],
        "descriptive": [
            "milestone"
        ],
        "row_key": "commitment_month_key",
        "row_key_of": [
            "commitment_key",
            "submission_month"
        ]
    },
    "fct_training_activities": {
        "form": "training_activities",
        "entity_key": "training_activity_key",
        "natural_key": [
            "activity_no"
        ],
        "dimensions": [
            "training_kind",
            "training_role",
            "trade"
        ],
        "takes_effect_on": [
            "held_to_on"
        ]
    },
    "fct_qualification_promotions": {
        "form": "qualification_promotions",
        "entity_key": "qualification_promotion_key",
        "natural_key": [
            "certificate_no"
        ],
        "dimensions": [
            "union_code",
            "trade",
            "grade_to",
            "gender",
            "birth_year_band"
        ],
        "takes_effect_on": [
            "certified_on"
        ],
        "descriptive": [
            "union_key"
        ],
        "waits_for": {
            "form": "union_register",
            "column": "union_code",
            "judged_by": "int_qualification_promotions_judged",
            "day": "certified_on"
        },
        "unit_follows_union": true
    }
}) }}
{%- endmacro %}
