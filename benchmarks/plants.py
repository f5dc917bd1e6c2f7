"""Faults to plant in the reference year: each a way in which a real department goes wrong, and the rule that should find it.

Departments and months are those in which the generator (reference/situations.py) makes no mistake of its own.
"""

from __future__ import annotations

from benchmarks.planted_sheets import Row
from benchmarks.planting import (
    Plant,
    adding,
    changing,
    changing_all,
    copying,
    dropping_column,
    emptying,
    holding,
    multiplying_total,
    plus,
    repeating_key,
    withholding,
)
from reference_data.mistakes import wrong_check

_JOINS = holding("change", "入会", "join")
_HOST = holding("role", "主办", "host")


def _has_digits_only(cells: Row) -> bool:
    return str(cells["id_number"]).isdigit()


_HAZARD = {"category": "消防", "severity": "一般"}
_LEAVER = {"member_name": "样例", "gender": "女", "change": "转出", "migrant": "否"}

PLANTS = (
    Plant(
        "wrong check character",
        "2014-03",
        "LB",
        "safety_inspections",
        "invalid_uscc",
        changing(lambda c: {"uscc": wrong_check(c["uscc"])}),
    ),
    Plant(
        "wrong check character",
        "2014-03",
        "WL",
        "member_changes",
        "invalid_resident_id",
        changing(lambda c: {"id_number": wrong_check(c["id_number"])}),
    ),
    Plant(
        "identity number as a float",
        "2014-04",
        "TS",
        "member_changes",
        "float_identifier",
        changing(lambda c: {"id_number": float(c["id_number"])}, _has_digits_only),
    ),
    Plant(
        "identity number as a float",
        "2014-03",
        "DX",
        "assistance",
        "float_identifier",
        changing(lambda c: {"id_number": float(c["id_number"])}, _has_digits_only),
    ),
    Plant("key used twice", "2014-03", "CM", "member_changes", "duplicate_key", repeating_key("change_no")),
    Plant("key used twice", "2014-05", "WH", "visits", "duplicate_key", repeating_key("visit_no")),
    Plant(
        "unknown union",
        "2014-03",
        "WH",
        "member_changes",
        "unregistered_union",
        changing(lambda _: {"union_code": "WH20149999"}, _JOINS),
    ),
    Plant(
        "unknown union", "2014-03", "ZH", "union_coverage", "unregistered_union", changing(lambda _: {"union_code": "ZH20149999"})
    ),
    Plant(
        "hazard without inspection",
        "2014-05",
        "CQ",
        "hazards",
        "unknown_inspection",
        adding(
            _HAZARD
            | {
                "hazard_no": "YHCQ201405-9001",
                "inspection_no": "JCCQ201405-9001",
                "found_on": "2014-05-12",
                "due_on": "2014-06-12",
            }
        ),
    ),
    Plant(
        "hazard without inspection",
        "2014-04",
        "DX",
        "hazards",
        "unknown_inspection",
        adding(
            _HAZARD
            | {
                "hazard_no": "YHDX201404-9001",
                "inspection_no": "JCDX201404-9001",
                "found_on": "2014-04-10",
                "due_on": "2014-05-10",
            }
        ),
    ),
    Plant("closing identity broken", "2014-04", "CQ", "member_counts", "closing_identity", changing(plus(7, "closing"))),
    Plant("closing identity broken", "2014-04", "JY", "member_counts", "closing_identity", changing(plus(-2, "closing"))),
    Plant(
        "opening is not last closing",
        "2014-06",
        "TS",
        "member_counts",
        "opening_is_last_closing",
        changing(plus(5, "opening", "closing")),
    ),
    Plant(
        "joined is not the rows",
        "2014-06",
        "WL",
        "member_counts",
        "snapshot_agrees_with_movements",
        changing(plus(3, "joined", "closing")),
    ),
    Plant(
        "activity by two departments",
        "2014-04",
        "CQ",
        "training_activities",
        "training_activity_reported_once",
        copying("LB", lambda _: {"activity_no": "PXCQ201404-9001"}, _HOST),
    ),
    Plant(
        "person assisted twice",
        "2014-04",
        "TS",
        "assistance",
        "assistance_reported_once",
        copying("SQ", lambda _: {"record_no": "BFTS201404-9001"}),
    ),
    Plant(
        "person assisted twice",
        "2014-05",
        "WH",
        "assistance",
        "assistance_reported_once",
        copying("WH", lambda _: {"record_no": "BFWH201405-9001"}),
    ),
    Plant(
        "enterprise in two unions",
        "2014-05",
        "CM",
        "union_coverage",
        "enterprise_in_one_union",
        copying("CQ", lambda _: {"union_code": "CM19980001", "covered_from": "2014-05-12"}, month="2014-03"),
    ),
    Plant(
        "enterprise in two unions",
        "2014-06",
        "DX",
        "union_coverage",
        "enterprise_in_one_union",
        copying("WL", lambda _: {"union_code": "DX20000001", "covered_from": "2014-06-12"}, month="2014-04"),
    ),
    Plant(
        "member of two unions",
        "2014-06",
        "ZH",
        "member_changes",
        "member_of_one_union",
        copying("WL", lambda _: {"change_no": "HYZH201406-9001", "union_code": "ZH20100052"}, _JOINS),
    ),
    Plant(
        "transfer out without transfer in",
        "2014-03",
        "ZJ",
        "member_changes",
        "transfer_out_arrives",
        adding(
            _LEAVER
            | {
                "change_no": "HYZJ201403-9001",
                "id_number": "11010519491231002X",
                "union_code": "ZJ20110022",
                "changed_on": "2014-03-11",
            }
        ),
    ),
    Plant(
        "transfer out without transfer in",
        "2014-04",
        "WL",
        "member_changes",
        "transfer_out_arrives",
        adding(
            _LEAVER
            | {
                "change_no": "HYWL201404-9001",
                "id_number": "440524188001010014",
                "union_code": "WL19960048",
                "changed_on": "2014-04-11",
            }
        ),
    ),
    Plant(
        "renewal without contract",
        "2014-05",
        "DX",
        "collective_contracts",
        "renewal_follows_contract",
        changing(lambda _: {"signing": "续签"}, holding("signing", "新签", "new")),
    ),
    Plant(
        "contract by two departments",
        "2014-07",
        "QY",
        "collective_contracts",
        "contract_reported_once",
        copying("WL", lambda _: {"contract_no": "HTQY201407-9001"}),
    ),
    Plant(
        "inspection by two departments",
        "2014-08",
        "WH",
        "safety_inspections",
        "inspection_reported_once",
        copying("LB", lambda _: {"inspection_no": "JCWH201408-9001"}),
    ),
    Plant(
        "honour by two departments",
        "2014-04",
        "NG",
        "honours",
        "honour_reported_once",
        copying("LB", lambda _: {"honour_no": "RYNG201404-9001"}),
    ),
    Plant(
        "number of another's record",
        "2014-07",
        "TS",
        "visits",
        "record_number_reported_once",
        copying("WL", lambda _: {"visitor_code": "TS-03", "visited_on": "2014-07-03"}),
    ),
    Plant(
        "union counted by two departments", "2014-10", "CQ", "member_counts", "union_counted_by_one", copying("WL", lambda _: {})
    ),
    Plant(
        "hazards found is not the rows",
        "2014-11",
        "TS",
        "safety_inspections",
        "inspection_hazards_agree",
        changing(plus(2, "hazards_found")),
    ),
    Plant(
        "result without hazard",
        "2014-11",
        "WH",
        "safety_inspections",
        "result_needs_hazard",
        changing(lambda _: {"result": "限期整改", "hazards_found": 0}, holding("result", "合格")),
    ),
    Plant(
        "30 times the usual", "2014-10", "WL", "visit.frontline_workers", "flow_value", multiplying_total("workers", 30, "visits")
    ),
    Plant(
        "30 times the usual",
        "2014-10",
        "ZH",
        "assist.hardship_relief.amount",
        "flow_value",
        multiplying_total("amount", 30, "assistance", holding("programme", "困难职工帮扶救助")),
    ),
    Plant("sudden zero", "2014-09", "ZH", "member.joined", "sudden_zero", emptying("member_changes")),
    Plant(
        "sudden zero",
        "2014-10",
        "DX",
        "member.mutual_aid_participants",
        "sudden_zero",
        changing_all("member_counts", {"mutual_aid": 0}),
    ),
    Plant("workbook missing", "2014-06", "CG", "member_changes", "missing_submission", withholding),
    Plant("column missing", "2014-09", "JY", "member_counts", "missing_column", dropping_column("transferred_out")),
    Plant(
        "date before the window",
        "2014-09",
        "SQ",
        "visits",
        "date_before_window",
        changing(lambda _: {"visited_on": "2014-02-03"}),
    ),
    Plant(
        "date after the month", "2014-10", "LB", "visits", "date_after_month", changing(lambda _: {"visited_on": "2014-11-15"})
    ),
    Plant("value outside its list", "2014-04", "QY", "rights_cases", "outside_enum", changing(lambda _: {"outcome": "已了结"})),
    Plant("required cell empty", "2014-09", "NG", "training_activities", "missing_required", changing(lambda _: {"title": None})),
    Plant("negative amount", "2014-03", "WL", "assistance", "negative_value", changing(lambda _: {"amount": -500})),
)
