"""Reporting units that are merged, moved and renamed: the real case, Xiacheng merged into Gongshu on 9 April 2021.

History can be shown as it was, or restated to the units of a later day; nothing is counted twice either way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.audited_year import Row, change, count, coverage, founding, hazard, inspection, promotion
from tests.landings import land
from tests.releases import publish_approved
from tests.star_joins import documented_references, marts_of, totals, unresolved
from tests.workbook_factory import write_csv
from union_warehouse.contracts import Federation
from union_warehouse.paths import Home
from union_warehouse.releases import open_release
from union_warehouse.reporting.figures import NoSuchUnit, figures
from union_warehouse.reporting.report import build_document
from union_warehouse.reporting.report.document import Table
from union_warehouse.reporting.trace import trace
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox
from union_warehouse.warehouse import run_dbt
from union_warehouse.warehouse.plan import plan_from_landing

MONTHS = ["2021-03", "2021-04", "2021-05"]
TODAY = date(2021, 6, 30)

Forms = Mapping[str, Sequence[Row]]


def joins(day: date, **people: tuple[int, str]) -> list[Row]:
    """Who joins which union; the name is the number of the change."""
    return [change(person, union, "join", day, person) | {"change_no": number} for number, (person, union) in people.items()]


SUBMISSIONS: list[tuple[str, str, Forms]] = [
    (
        "2021-02",
        "JY",
        {
            "union_register": [founding("U-J")],
            "union_coverage": [coverage(1, "U-J")],
            "member_counts": [count("U-J", 10)],
            "programme_enrolments": [
                {
                    "uscc": coverage(1, "U-J")["uscc"],
                    "enterprise_name": "示例企业1",
                    "programme": "harmonious",
                    "level": "compliant",
                    "enrolled_on": date(2020, 6, 1),
                }
            ],
        },
    ),
    (
        "2021-02",
        "CQ",
        {
            "union_register": [founding("U-C")],
            "union_coverage": [coverage(2, "U-C")],
            "member_counts": [count("U-C", 20)],
        },
    ),
    (
        "2021-03",
        "JY",
        {
            "member_changes": joins(date(2021, 3, 8), M1=(1, "U-J"), M2=(2, "U-J")),
            "member_counts": [count("U-J", 10, joined=2)],
            "safety_inspections": [inspection(1, date(2021, 3, 5), hazards_found=1)],
            "hazards": [hazard(1, "J1", date(2021, 3, 5)) | {"due_on": date(2021, 6, 1)}],
        },
    ),
    (
        "2021-03",
        "CQ",
        {
            "member_changes": joins(date(2021, 3, 9), M3=(3, "U-C"), M4=(1, "U-C")),
            "member_counts": [count("U-C", 20, joined=2)],
        },
    ),
    ("2021-03", "XJ", {"qualification_promotions": [promotion(1, "U-C") | {"certified_on": date(2021, 3, 4)}]}),
    (
        "2021-04",
        "JY",
        {"member_changes": joins(date(2021, 4, 2), M5=(4, "U-J")), "member_counts": [count("U-J", 12, joined=1)]},
    ),
    ("2021-04", "CQ", {"member_changes": [], "member_counts": [count("U-C", 22)]}),
    (
        "2021-05",
        "GJY",
        {
            "union_register": [founding("U-G", date(2021, 5, 6))],
            # the second joined the same merged unit in March, in another union
            "member_changes": joins(date(2021, 5, 7), M6=(2, "U-G")),
            "member_counts": [count("U-J", 13), count("U-G", 0, joined=1)],
            "hazards": [hazard(1, "J1", date(2021, 3, 5)) | {"due_on": date(2021, 6, 1), "rectified_on": date(2021, 5, 10)}],
        },
    ),
    (
        "2021-05",
        "WL",
        {
            "union_register": [
                founding("U-C", date(2021, 5, 10)) | {"event_no": "E-moved", "event": "moved", "from_unit": "CQ", "to_unit": "WL"}
            ],
            "member_counts": [count("U-C", 22)],
        },
    ),
]


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Three months around the merger, landed by hand, built by dbt and published."""
    home = Home(tmp_path_factory.mktemp("merged"))
    for month, department, forms in SUBMISSIONS:
        land(home, month, department, forms, is_opening=month == "2021-02")
    plan_from_landing(home, "2021-05-r1", MONTHS, datetime(2030, 1, 1, tzinfo=UTC))
    run_dbt(home, "2021-05-r1")
    publish_approved(home, "2021-05-r1")
    return home


def value(home: Home, indicator: str, month: str | None, department: str | None, structure_on: date | None = None) -> float:
    found = figures(home, 2021, month, department, structure_on=structure_on).to_pandas()
    return float(str(found.set_index("indicator_code").loc[indicator, "value"]))


def test_history_as_it_was(merged: Home) -> None:
    assert value(merged, "member.joined", "2021-03", "JY") == 2
    with pytest.raises(NoSuchUnit):
        figures(merged, 2021, "2021-03", "GJY")
    assert value(merged, "member.joined", "2021-05", "GJY") == 1
    assert value(merged, "member.joined", None, "JY") == 3
    assert value(merged, "member.joined", None, "CQ") == 2, "its union was moved later"
    assert value(merged, "member.joined", None, None) == 4, "persons 1 and 2 joined twice"
    assert value(merged, "training.qualification_promotions", None, "CQ") == 1, "sent by an office"


def test_history_restated_to_the_structure_of_a_day(merged: Home) -> None:
    assert value(merged, "member.joined", "2021-03", "GJY", TODAY) == 2
    assert value(merged, "member.joined", None, "GJY", TODAY) == 3, "the second counts once in the merged unit"
    assert value(merged, "member.joined", None, "WL", TODAY) == 2, "the union moved, and its history with it"
    assert value(merged, "training.qualification_promotions", None, "WL", TODAY) == 1, "whoever sent it"
    assert value(merged, "member.joined", None, None, TODAY) == 4
    with pytest.raises(NoSuchUnit, match="GJY"):
        figures(merged, 2021, None, "JY", structure_on=TODAY)
    assert value(merged, "member.joined", "2021-03", "JY", date(2021, 4, 8)) == 2, "the day before the merger"


def test_the_federation_is_the_one_of_its_time(merged: Home) -> None:
    march, may = figures(merged, 2021, "2021-03"), figures(merged, 2021, "2021-05")
    assert set(march["reporting_unit_code"].to_pylist()) == {"XC"}
    assert set(may["reporting_unit_code"].to_pylist()) == {"GS"}
    restated = figures(merged, 2021, "2021-03", structure_on=TODAY)
    assert set(restated["reporting_unit_code"].to_pylist()) == {"GS"}


@pytest.mark.parametrize("month", [*MONTHS, None])
def test_restating_moves_values_between_units_and_never_changes_the_total(merged: Home, month: str | None) -> None:
    compared = ["indicator_code", "value", "value_month", "value_year_to_date"]
    assert figures(merged, 2021, month, structure_on=TODAY).select(compared).equals(figures(merged, 2021, month).select(compared))


def test_nothing_is_counted_at_two_places(merged: Home) -> None:
    with open_release(merged) as connection:
        wrong = connection.execute(
            """select indicator_code, month from rpt_indicators where aggregation in ('count', 'sum') group by all
            having coalesce(sum(value_month) filter (where not is_federation), 0) <> sum(value_month) filter (where is_federation)"""
        ).fetchall()
        hazards = connection.execute("select hazard_no, submitted_by_code, rectified_on from fct_hazards").fetchall()
        spells = connection.execute(
            "select reporting_unit_code, valid_from, valid_to from dim_union where union_code = 'U-J' order by 2"
        ).fetchall()
    assert wrong == []
    assert hazards == [("H1", "GJY", date(2021, 5, 10))], "the merged unit goes on with the hazard of the one before it"
    assert spells == [("JY", date(2010, 5, 1), date(2021, 4, 9)), ("GJY", date(2021, 4, 9), None)]


def test_a_row_carries_the_versions_of_its_unit_and_union_that_hold_on_its_day(merged: Home) -> None:
    marts = marts_of(merged, "2021-05-r1")
    with open_release(merged) as connection:
        for reference in documented_references(marts):
            assert totals(connection, marts[reference.table], reference) == totals(connection, marts[reference.table]), reference
            assert not unresolved(connection, reference), reference
        versions = """select {row}, unit.unit_name, parent_code, dim_union.reporting_unit_code, dim_union.valid_from
            from {fact} as fact join dim_reporting_unit as unit using (reporting_unit_key) join dim_union using (union_key)
            where {where} order by all"""
        joins = connection.execute(
            versions.format(row="change_no", fact="fct_membership_changes", where="change_no in ('M3', 'M5', 'M6')")
        ).fetchall()
        months = connection.execute(
            versions.format(row="month", fact="fct_membership_monthly", where="fact.union_code = 'U-C'")
        ).fetchall()
        moved = connection.execute(
            versions.format(row="event_no", fact="fct_union_events", where="fact.union_code = 'U-C'")
        ).fetchall()
        current = connection.execute(
            "select reporting_unit_code, parent_code, is_current from dim_reporting_unit_current where reporting_unit_code in ('CQ', 'JY')"
        ).fetchall()
    founded, moved_on = date(2010, 5, 1), date(2021, 5, 10)
    assert joins == [
        ("M3", "长庆街道总工会", "XC", "CQ", founded),
        ("M5", "教育工会", "XC", "JY", founded),
        ("M6", "拱墅区教育工会", "GS", "GJY", date(2021, 5, 6)),
    ]
    assert [row[2:] for row in months] == [("XC", "CQ", founded)] * 2 + [("GS", "CQ", founded), ("GS", "WL", moved_on)]
    assert [row[3:] for row in moved] == [("CQ", founded), ("WL", moved_on)]
    assert sorted(current) == [("CQ", "GS", True), ("JY", "XC", False)]


def test_stocks_go_on_in_the_unit_that_stands_for_the_sender(merged: Home) -> None:
    for indicator in ("org.enterprises_with_union", "harmony.compliant"):
        assert value(merged, indicator, "2021-03", "JY") == 1
        assert value(merged, indicator, "2021-04", "GJY") == 1
        assert value(merged, indicator, "2021-05", "GJY") == 1
        assert value(merged, indicator, "2021-05", None) == value(merged, indicator, "2021-05", None, TODAY)
    assert value(merged, "member.mutual_aid_participants", "2021-05", "GJY") == 2


def test_a_report_lists_the_units_of_the_structure_asked_for(merged: Home) -> None:
    def units(structure_on: date | None) -> set[str]:
        document = build_document(merged, 2021, structure_on=structure_on)
        tables = [block for section in document.sections for block in section.blocks if isinstance(block, Table)]
        return {row[0] for table in tables if table.header[0] == "单位" for row in table.rows}

    assert {"教育工会", "拱墅区教育工会"} <= units(None)
    assert "拱墅区教育工会" in units(TODAY) and "教育工会" not in units(TODAY)


@pytest.mark.parametrize("structure_on", [None, TODAY])
def test_a_trace_adds_up_in_either_structure(merged: Home, structure_on: date | None) -> None:
    for department in (None, "GJY", "CQ", "WL"):
        for indicator in ("member.joined", "safety.hazards_rectified", "org.enterprises_with_union", "harmony.coverage_rate"):
            found = trace(merged, indicator, 2021, None, department, structure_on=structure_on)
            assert found.total == found.value, (indicator, department)


def test_a_merged_department_goes_on_with_the_records_of_those_before_it(home: Home, tmp_path: Path) -> None:
    federation = Federation.load()
    assert federation.standing_code("JY") == "GJY"
    assert set(federation.units_sharing_records("GJY")) == {"GJY", "JY"}
    opened = write_csv(tmp_path / "1", "hazards", [{"found_on": date(2021, 1, 10), "due_on": date(2021, 6, 1)}], "JY", "2021-01")
    known: dict[str, Any] = {"hazard_no": "HJY-2021-01-0001", "found_on": date(2021, 1, 10), "due_on": date(2021, 6, 1)}
    rows = [known | {"rectified_on": date(2021, 5, 6)}, {"found_on": date(2021, 1, 10), "due_on": date(2021, 6, 1)}]
    later = write_csv(tmp_path / "2", "hazards", rows, "GJY", "2021-05")
    problems = []
    for path, received_at in ((opened, datetime(2021, 2, 3, tzinfo=UTC)), (later, datetime(2021, 6, 3, tzinfo=UTC))):
        place_in_inbox(home, [path], received_at)
        (outcome,) = [collect_file(home, item) for item in scan_inbox(home)]
        problems.append([(item["row"], item["rule"]) for item in outcome.problems if not item["provisional"]])
    assert problems == [[], [(3, "date_before_window")]], "an update keeps its old date; a new record may not have one"
