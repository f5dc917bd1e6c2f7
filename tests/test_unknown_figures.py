"""What nobody reported is unknown, never nil: in the mart, in figures and in the report; comparisons are of what is known on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.audited_year import Row, count, coverage, founding, inspection
from tests.commands import uw
from tests.federation_folders import exceptions, folder_with
from tests.landings import land
from tests.releases import publish_approved
from union_warehouse.contracts import Federation
from union_warehouse.months import month_range
from union_warehouse.paths import Home
from union_warehouse.quality.audit import audit_warehouse
from union_warehouse.releases import open_release
from union_warehouse.reporting.figures import figures
from union_warehouse.reporting.report import build_document
from union_warehouse.reporting.report.document import Paragraph, Table
from union_warehouse.reporting.trace import trace
from union_warehouse.warehouse import run_dbt
from union_warehouse.warehouse.plan import plan_from_landing

MONTHS = month_range("2014-01", "2015-04")
RELEASE = "2015-04-r1"
INSPECTIONS, STOCK, PROJECT, PROMOTIONS = (
    "safety.inspections",
    "org.enterprises_with_union",
    "project.culture_centre",
    "training.qualification_promotions",
)
OWING = 12
"""Units that owe 安全检查."""


def inspections(month: str, number: int, first: int) -> list[Row]:
    return [inspection(first + one, date.fromisoformat(f"{month}-05")) for one in range(number)]


def commitment(indicator: str, year: int, percent: float) -> Row:
    return {"commitment_no": "1", "year": year, "indicator": indicator, "target": 1, "percent": percent}


SUBMISSIONS: list[tuple[str, str, Mapping[str, Sequence[Row]]]] = [
    (
        "2013-12",
        "CQ",
        {
            "union_register": [founding("U1")],
            "union_coverage": [coverage(1, "U1"), coverage(2, "U1")],
            "member_counts": [count("U1", 10)],
        },
    ),
    *(
        (f"2014-{month:02d}", unit, {"safety_inspections": inspections(f"2014-{month:02d}", 2, 100 * month + 10 * position)})
        for month in range(1, 5)
        for position, unit in enumerate(("CQ", "WL"))
    ),
    ("2014-01", "BG", {"commitments": []}),
    ("2014-05", "CQ", {"safety_inspections": []}),
    ("2014-05", "XJ", {"qualification_promotions": []}),
    ("2014-07", "CQ", {"safety_inspections": [*inspections("2014-06", 1, 700), *inspections("2014-07", 1, 710)]}),
    ("2015-01", "BG", {"commitments": [commitment(PROJECT, 2015, 20)]}),
    ("2015-01", "CQ", {"safety_inspections": inspections("2015-01", 5, 800)}),
    ("2015-02", "CQ", {"safety_inspections": inspections("2015-02", 5, 810), "union_coverage": []}),
    ("2015-02", "WL", {"safety_inspections": inspections("2015-02", 1, 820)}),
    # nobody reports an inspection for March 2015
    ("2015-03", "BG", {"commitments": [commitment(PROJECT, 2015, 28)]}),
    ("2015-04", "CQ", {"safety_inspections": inspections("2015-04", 3, 830)}),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Sixteen months of which few were reported, landed by hand, built, audited and published."""
    folder = tmp_path_factory.mktemp("unknown")
    excused = exceptions("2015-02,TS,safety_inspections,excused,,系统升级,办公室,2015-02-20")
    home = Home(folder / "home", folder_with(folder / "federation", reporting_exceptions=excused))
    for month, unit, forms in SUBMISSIONS:
        land(home, month, unit, forms, is_opening=month == "2013-12")
    plan_from_landing(home, RELEASE, MONTHS, datetime(2030, 1, 1, tzinfo=UTC))
    run_dbt(home, RELEASE)
    audit_warehouse(home, RELEASE)
    publish_approved(home, RELEASE)
    return home


def row_of(home: Home, indicator: str, month: str, unit: str | None = None, **arguments: Any) -> dict[str, Any]:
    """What `uw figures --month` knows of an indicator."""
    found = figures(home, int(month[:4]), month, unit, **arguments).to_pylist()
    (row,) = [row for row in found if row["indicator_code"] == indicator]
    return row


def in_mart(home: Home, indicator: str, month: str, unit: str = "XC") -> tuple[Any, ...]:
    with open_release(home) as connection:
        (row,) = connection.execute(
            """
            select value_month::double, value_year_to_date::double, is_missing, is_incomplete, owing_unit_count, missing_unit_count
            from rpt_indicators where (indicator_code, month, reporting_unit_code) = ($1, $2, $3)
            """,
            [indicator, month, unit],
        ).fetchall()
    return tuple(row)


def test_a_month_that_nobody_reported_is_unknown(built: Home) -> None:
    assert in_mart(built, INSPECTIONS, "2015-03") == (None, 11, True, True, OWING, OWING)
    row = row_of(built, INSPECTIONS, "2015-03")
    assert (row["value"], row["value_last_year"], row["change"]) == (None, 4, None)
    assert (row["is_missing"], row["missing_unit_count"], row["owing_unit_count"]) == (True, OWING, OWING)
    assert in_mart(built, INSPECTIONS, "2015-03", "CQ")[:4] == (None, 10, True, True)
    assert trace(built, INSPECTIONS, 2015, "2015-03").total is None
    shown = uw(built.root, "figures", "--month", "2015-03")
    (line,) = [line for line in shown.splitlines() if INSPECTIONS in line]
    assert "nobody reported" in line
    assert "-4" not in line
    (line,) = [line for line in shown.splitlines() if PROJECT in line]
    assert line.count("28%") == 2


def test_what_was_never_reported_is_unknown_in_every_period(built: Home) -> None:
    """A flow and a stock that nobody ever reported; no year to date of theirs is nil."""
    for indicator in ("visit.frontline_workers", "culture.films", "safety.ankang_cup_enterprises"):
        assert in_mart(built, indicator, "2014-12")[:3] == (None, None, True), indicator
    assert {row["value"] for row in figures(built, 2014).to_pylist() if row["indicator_code"].startswith("assist.")} == {None}


def test_a_nil_return_is_a_known_nought(built: Home) -> None:
    assert in_mart(built, INSPECTIONS, "2014-05") == (0, 16, False, True, OWING, OWING - 1)
    assert in_mart(built, INSPECTIONS, "2014-05", "CQ")[0] == 0
    assert in_mart(built, INSPECTIONS, "2014-05", "WL")[0] is None


def test_where_some_did_not_report_the_others_count_and_the_missing_are_told(built: Home) -> None:
    assert in_mart(built, INSPECTIONS, "2015-02") == (6, 11, False, True, OWING - 1, OWING - 3)
    row = row_of(built, INSPECTIONS, "2015-02")
    assert (row["value"], row["change"], row["missing_unit_count"]) == (6, 2, OWING - 3)


def test_who_is_excused_is_unknown_and_not_missing(built: Home) -> None:
    assert in_mart(built, INSPECTIONS, "2015-02", "TS") == (None, None, False, False, 0, 0)


def test_late_rows_of_a_month_that_nobody_reported_are_known_and_not_compared(built: Home) -> None:
    assert in_mart(built, INSPECTIONS, "2014-06") == (1, 17, True, True, OWING, OWING)
    assert row_of(built, INSPECTIONS, "2014-06")["is_reported"] is False


def test_a_year_to_date_is_compared_only_where_each_of_its_months_was_reported(built: Home) -> None:
    def change(month: str, unit: str | None = None) -> Any:
        found = figures(built, 2015, None, unit).to_pylist() if month is None else figures(built, 2015, month, unit).to_pylist()
        (row,) = [row for row in found if row["indicator_code"] == INSPECTIONS]
        return row["change_year_to_date"]

    assert change("2015-02") == 3
    assert (change("2015-02", "CQ"), change("2015-02", "WL")) == (6, None), "its January is unknown"
    assert change("2015-03") is None
    assert change("2015-04") is None, "nobody reported March"
    row = row_of(built, INSPECTIONS, "2015-04")
    assert (row["value_year_to_date"], row["change"], row["missing_report_count"]) == (14, -1, 4 * OWING - 5)


def test_a_stock_is_carried_forward_once_it_was_reported_and_then_not_compared(built: Home) -> None:
    assert in_mart(built, STOCK, "2015-03")[:4] == (2, 2, True, True)
    row = row_of(built, STOCK, "2015-03")
    assert (row["value"], row["is_carried_forward"], row["change"]) == (2, True, None)
    assert row_of(built, STOCK, "2015-02")["change"] is None, "of last February it is not known"
    assert in_mart(built, STOCK, "2015-03", "WL")[0] is None, "it never reported any"


def test_no_project_is_no_progress_of_nought(built: Home) -> None:
    assert in_mart(built, PROJECT, "2014-01")[:2] == (None, None), "what was reported names no such project"
    row = row_of(built, PROJECT, "2015-03")
    assert (row["value"], row["value_last_year"], row["change"]) == (pytest.approx(0.28), None, None)
    assert row_of(built, PROJECT, "2015-04")["is_carried_forward"]


def test_an_office_whose_rows_count_for_other_units_has_no_figure_of_its_own(built: Home) -> None:
    assert in_mart(built, PROMOTIONS, "2014-05")[:2] == (0, 0)
    assert in_mart(built, PROMOTIONS, "2014-05", "XJ")[:2] == (None, None)


def test_history_restated_to_a_day_keeps_the_same_rule(built: Home) -> None:
    for month in ("2014-06", "2015-02", "2015-04"):
        as_it_was, restated = (
            figures(built, int(month[:4]), month, structure_on=day).to_pylist() for day in (None, date(2015, 4, 30))
        )
        assert restated == as_it_was, month


def test_the_report_says_it_and_compares_nothing_unknown(built: Home) -> None:
    document = build_document(built, 2015, "2015-03")
    said: dict[str | None, str] = {}
    safety = ""
    for part in document.sections:
        for block in part.blocks:
            if isinstance(block, Paragraph):
                said |= {code: text for text, code in block.parts}
                safety += block.text if part.key == "safety" else ""
    assert safety.startswith("2015年3月未报送的指标：参与安康杯竞赛企业、安全生产检查（年内累计11次）、督促整改安全隐患、")
    assert said[PROJECT] == "28%"
    assert said[STOCK] == "2家"
    (table,) = [
        block for part in document.appendices for block in part.blocks if isinstance(block, Table) and "全部指标" in block.caption
    ]
    (cells,) = [row for row in table.rows if row[0] == "安全生产检查"]
    assert cells[2:] == ("未报送", "11", "4", "")


def test_no_figure_is_nil_where_nothing_was_reported(built: Home) -> None:
    """Every figure of every month, unit and indicator: a nought has a report of the unit, or of one unit at least, behind it."""
    owed_or_sent = {(month, unit, form) for month, unit, forms in SUBMISSIONS for form in forms}
    with open_release(built) as connection:
        noughts = connection.execute(
            """
            select month, reporting_unit_code, form, is_federation, indicator_kind from rpt_indicators
            inner join dim_indicator using (indicator_code, indicator_kind)
            where value_month = 0 and indicator_kind <> 'ratio'
            """
        ).fetchall()
    assert noughts
    assert set(Federation.load().units("2015-03")) >= {unit for _, unit, *_, whole, _ in noughts if not whole}
    for month, unit, form, is_federation, kind in noughts:
        assert any(
            (sent == month or (kind == "stock" and sent <= month)) and name == form and (is_federation or sender == unit)
            for sent, sender, name in owed_or_sent
        ), (month, unit, form)
