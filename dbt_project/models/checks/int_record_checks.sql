-- Findings on records that belong together: inspection and hazards, renewal and contract, enterprise and unions, commitment and
-- indicator.
{% set parties = ["contract_kind", compared_text("party")] %}

{% set facts = ["fct_safety_inspections", "fct_hazards", "fct_collective_contracts", "fct_union_coverage", "fct_commitments"] %}

with
    {% for fact in facts %} {{ fact }}_rebuilt as ({{ rebuilt_rows(fact) }}), {% endfor %}

    inspections_to_check as (
        {{ rebuilt_values("fct_safety_inspections", ["inspection_no"]) }}
        union
        {{ rebuilt_values("fct_hazards", ["inspection_no"]) }}
    ),

    parties_to_check as ({{ rebuilt_values("fct_collective_contracts", parties) }}),

    enterprises_to_check as ({{ rebuilt_values("fct_union_coverage", ["uscc"]) }}),

    commitments_to_check as ({{ rebuilt_values("fct_commitments", ["commitment_key"]) }}),

    inspections as ({{ rows_sharing(ref("fct_safety_inspections"), ["inspection_no"], "inspections_to_check") }}),

    hazards as (
        select
            inspection_no,
            count(*) as hazard_rows,
            string_agg(distinct submitted_by_code, ', ' order by submitted_by_code) as submitted_by_codes
        from ({{ rows_sharing(ref("fct_hazards"), ["inspection_no"], "inspections_to_check") }})
        group by inspection_no
    ),

    inspections_that_differ as (
        select
            'inspection_hazards_agree' as rule_code,
            {{ finding_place("safety_inspections", "inspections", "inspections.inspection_no") }},
            coalesce(submitted_by_codes, '') as other_place,
            {{ evidence({"hazards_found_count": "hazards_found_count", "hazard_rows": "coalesce(hazard_rows, 0)"}) }} as evidence,
            {{ subject_key("inspection", ["inspections.inspection_no"]) }} as subject_key
        from inspections
        left join hazards using (inspection_no)
        where hazards_found_count <> coalesce(hazard_rows, 0)
    ),

    contracts as ({{ rows_sharing(ref("fct_collective_contracts"), parties, "parties_to_check") }}),

    renewals_of_nothing as (
        select
            'renewal_follows_contract' as rule_code,
            {{ finding_place("collective_contracts", "renewal", "renewal.contract_no") }},
            '' as other_place,
            {{
                evidence(
                    {
                        "contract_kind": "renewal.contract_kind",
                        "party": "renewal.party",
                        "signed_on": "renewal.signed_on",
                        "earlier_contracts": "0",
                    }
                )
            }} as evidence,
            {{ subject_key("party", ["renewal.contract_kind", compared_text("renewal.party")]) }} as subject_key
        from contracts as renewal
        anti join
            contracts as earlier
            on renewal.contract_kind = earlier.contract_kind
            and {{ compared_text("renewal.party") }} = {{ compared_text("earlier.party") }}
            and earlier.signed_on < renewal.signed_on
        where renewal.signing = 'renewed'
    ),

    spells as (
        select *, coalesce(covered_to, date '9999-12-31') as open_until
        from ({{ rows_sharing(ref("fct_union_coverage"), ["uscc"], "enterprises_to_check") }})
    ),

    spells_in_pairs as (
        select
            one.*,
            string_agg(
                other.submitted_by_code || ' ' || {{ record_key(["uscc", "union_code", "covered_from"], "other") }},
                ', '
                order by other.union_code, other.covered_from
            ) as other_place,
            list(other.union_code order by other.union_code, other.covered_from) as other_union_codes,
            list(other.covered_from order by other.union_code, other.covered_from) as other_covered_from,
            list(other.covered_to order by other.union_code, other.covered_from) as other_covered_to
        from spells as one
        inner join
            spells as other
            on one.uscc = other.uscc
            and one.union_code <> other.union_code
            and one.covered_from < other.open_until
            and other.covered_from < one.open_until
        group by all
    ),

    enterprises_in_two_unions as (
        select
            'enterprise_in_one_union' as rule_code,
            {{ finding_place("union_coverage", "pairs", record_key(["uscc", "union_code", "covered_from"])) }},
            other_place,
            {{
                evidence(
                    {
                        "union_code": "union_code",
                        "covered_from": "covered_from",
                        "covered_to": "covered_to",
                        "other_union_codes": "other_union_codes",
                        "other_covered_from": "other_covered_from",
                        "other_covered_to": "other_covered_to",
                    }
                )
            }} as evidence,
            {{ subject_key("enterprise", ["uscc"]) }} as subject_key
        from spells_in_pairs as pairs
    ),

    commitments as ({{ rows_sharing(ref("fct_commitments"), ["commitment_key"], "commitments_to_check") }}),

    commitments_to_nothing as (
        select
            'commitment_names_indicator' as rule_code,
            {{ finding_place("commitments", "commitments", record_key(["commitment_no", "commitment_year"])) }},
            '' as other_place,
            {{ evidence({"indicator_code": "indicator_code"}) }} as evidence,
            {{ subject_key("commitment", ["commitment_key"]) }} as subject_key
        from commitments
        anti join {{ ref("dim_indicator") }} as indicators using (indicator_code)
    )

select *
from inspections_that_differ
union all by name
select *
from renewals_of_nothing
union all by name
select *
from enterprises_in_two_unions
union all by name
select *
from commitments_to_nothing
