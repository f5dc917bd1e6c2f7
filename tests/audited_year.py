"""Two months of two departments, landed by hand and built by dbt once, for tests of the auditor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from tests.landings import land, plan_build
from union_warehouse.paths import Home
from union_warehouse.warehouse.build import run_dbt
from union_warehouse.workbooks.identifiers import USCC_ALPHABET

Row = dict[str, Any]
OPENING, MONTH = "2013-12", "2014-01"


def credit_code(number: int) -> str:
    """A synthetic unified social credit code with the right check character."""
    body = f"91330103{number:09d}"
    total = sum(USCC_ALPHABET.index(character) * pow(3, position, 31) for position, character in enumerate(body))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]


def founding(union_code: str, event_on: date = date(2010, 5, 1)) -> Row:
    """A union's founding."""
    return {
        "event_no": f"E-{union_code}",
        "union_code": union_code,
        "union_name": f"{union_code}工会",
        "union_type": "independent",
        "ownership": "non_public",
        "event": "established",
        "event_on": event_on,
    }


def coverage(number: int, union_code: str, covered_from: date = date(2010, 5, 1)) -> Row:
    """An enterprise covered by a union."""
    return {
        "uscc": credit_code(number),
        "enterprise_name": f"示例企业{number}",
        "union_code": union_code,
        "ownership": "non_public",
        "covered_from": covered_from,
        "workers_congress": "yes",
        "open_affairs": "yes",
    }


def change(
    number: int, union_code: str, kind: str = "join", changed_on: date = date(2014, 1, 8), person: int | None = None
) -> Row:
    """A member's change; the person is a stand-in for a keyed hash."""
    key = f"{number if person is None else person:064d}"
    return {
        "change_no": f"C{number}",
        "member_name": key,
        "member_name__text": "某**",
        "id_number": key,
        "id_number__text": "3301**********0000",
        "gender": "female",
        "union_code": union_code,
        "change": kind,
        "changed_on": changed_on,
        "migrant": "no",
    }


def count(union_code: str, opening: int, joined: int = 0, transferred_out: int = 0) -> Row:
    """A union's month."""
    return {
        "union_code": union_code,
        "opening": opening,
        "joined": joined,
        "transferred_in": 0,
        "transferred_out": transferred_out,
        "left": 0,
        "closing": opening + joined - transferred_out,
        "women": 1,
        "mutual_aid": 1,
    }


def inspection(number: int, inspected_on: date = date(2014, 1, 5), hazards_found: int = 0) -> Row:
    """An inspection of one enterprise."""
    return {
        "inspection_no": f"J{number}",
        "uscc": credit_code(number),
        "enterprise_name": f"示例企业{number}",
        "inspected_on": inspected_on,
        "kind": "routine",
        "lead_agency": "街道",
        "inspectors": 2,
        "hazards_found": hazards_found,
        "result": "rectify" if hazards_found else "passed",
    }


def hazard(number: int, inspection_no: str, found_on: date = date(2014, 1, 5)) -> Row:
    """A hazard found by an inspection."""
    return {
        "hazard_no": f"H{number}",
        "inspection_no": inspection_no,
        "category": "fire",
        "severity": "general",
        "found_on": found_on,
        "due_on": date(2014, 2, 20),
    }


def contract(number: int, signed_on: date, signing: str = "new") -> Row:
    """A contract of one enterprise."""
    return {
        "contract_no": f"K{number}",
        "kind": "wages",
        "coverage": "enterprise",
        "party": "示例企业1",
        "signing": signing,
        "signed_on": signed_on,
        "valid_from": signed_on,
        "valid_to": date(2016, 1, 1),
        "uscc": credit_code(1),
        "enterprises": 1,
        "workers": 20,
    }


def activity(number: int, title: str = "讲座", held_on: date = date(2014, 1, 9)) -> Row:
    """A lecture."""
    return {
        "activity_no": f"A{number}",
        "kind": "women_lecture",
        "role": "host",
        "title": title,
        "held_from": held_on,
        "held_to": held_on,
        "sessions": 1,
        "participants": 30,
    }


def enrolment(number: int) -> Row:
    """An enterprise in a programme."""
    return {
        "uscc": credit_code(number),
        "enterprise_name": f"示例企业{number}",
        "programme": "harmonious",
        "level": "compliant",
        "enrolled_on": date(2013, 6, 1),
    }


def promotion(number: int, union_code: str) -> Row:
    """A worker's promotion."""
    return {
        "certificate_no": f"P{number}",
        "member_name": f"{number:064d}",
        "member_name__text": "某**",
        "id_number": f"{number:064d}",
        "id_number__text": "3301**********0000",
        "union_code": union_code,
        "trade": "电工",
        "grade_from": "5",
        "grade_to": "4",
        "certified_on": date(2014, 1, 20),
    }


def land_two_months(home: Home) -> None:
    """Land the opening month and the next of two departments, with a row in quarantine and one that waits."""
    opening: dict[str, dict[str, Sequence[Row]]] = {
        "CQ": {
            "union_register": [founding("U1"), founding("U3")],
            "union_coverage": [coverage(1, "U1"), coverage(3, "U3")],
            "member_counts": [count("U1", 10), count("U3", 5)],
            "programme_enrolments": [enrolment(1), enrolment(3)],
            "collective_contracts": [contract(1, date(2013, 3, 1))],
        },
        "WL": {"union_register": [founding("U2")], "union_coverage": [coverage(2, "U2")], "member_counts": [count("U2", 20)]},
    }
    for department, forms in opening.items():
        land(home, OPENING, department, forms, is_opening=True)
    month: dict[str, dict[str, Sequence[Row]]] = {
        "CQ": {
            "union_register": [],
            "union_coverage": [],
            "member_changes": [change(1, "U1"), change(2, "U1"), change(3, "U1")],
            "member_counts": [count("U1", 10, joined=3), count("U3", 5)],
            "safety_inspections": [inspection(1, hazards_found=1), inspection(3)],
            "hazards": [hazard(1, "J1"), hazard(2, "J99")],
            "collective_contracts": [contract(2, date(2014, 1, 15), "renewed")],
            "training_activities": [activity(1)],
            "qualification_promotions": [promotion(1, "U1"), promotion(2, "U1") | {"grade_from": None, "grade_to": "9"}],
        },
        "WL": {
            "union_register": [],
            "union_coverage": [],
            "member_changes": [change(4, "U2")],
            "member_counts": [count("U2", 20, joined=1)],
            "training_activities": [activity(2, "讲座二")],
            "qualification_promotions": [promotion(3, "U2")],
        },
    }
    errors = {"CQ": [("qualification_promotions", 3, "grade_to", "outside_enum")]}
    for department, forms in month.items():
        land(home, MONTH, department, forms, errors.get(department, ()))


def build_two_months(home: Home) -> str:
    """Land, plan and build; returns the id of the close."""
    land_two_months(home)
    close_id = plan_build(home, MONTH)
    run_dbt(home, close_id)
    return close_id
