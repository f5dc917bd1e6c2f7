"""Commitments that run by seasons, from what lands to what the commands and the report say of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.commands import uw
from tests.landings import land
from tests.releases import publish_approved
from union_warehouse.months import month_range
from union_warehouse.paths import Home
from union_warehouse.reporting.report import build_document
from union_warehouse.reporting.report.document import Table
from union_warehouse.warehouse import run_dbt
from union_warehouse.warehouse.plan import plan_from_landing

FILMS = (5, 3, 8, 8, 10, 10, 14, 14, 10, 8, 6, 4)
"""Films of each month of both years: 16 by March, 100 in the year."""
SHOWS = {2014: (1, *(0,) * 10, 9), 2015: (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)}
"""Shows of each month: nearly all in December in the first year, few in the second."""
MONTHS = month_range("2014-01", "2015-12")


@pytest.fixture(scope="module")
def two_years(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which two years of films and shows, both promised, were published."""
    home = Home(tmp_path_factory.mktemp("forecasts") / "home")
    land(home, "2013-12", "XJ", {"cultural_activities": []}, is_opening=True)
    land(home, "2013-12", "BG", {"commitments": []}, is_opening=True)
    for month in MONTHS:
        year, number = int(month[:4]), int(month[5:])
        events = [*_events("film", month, FILMS[number - 1]), *_events("art_troupe_show", month, SHOWS[year][number - 1])]
        land(home, month, "XJ", {"cultural_activities": events})
        promised = {"culture.films": 100, "culture.art_troupe_shows": 24}
        land(home, month, "BG", {"commitments": [_promise(year, code, target) for code, target in promised.items()]})
    plan_from_landing(home, "2015-12-r1", MONTHS, datetime(2016, 2, 1, tzinfo=UTC))
    run_dbt(home, "2015-12-r1")
    publish_approved(home, "2015-12-r1")
    return home


def _events(kind: str, month: str, count: int) -> list[dict[str, Any]]:
    held_on = date.fromisoformat(f"{month}-10")
    common = {"kind": kind, "level": "district", "held_on": held_on, "participants": 80}
    return [common | {"event_no": f"{kind}-{month}-{number}", "title": f"样例{number}"} for number in range(count)]


def _promise(year: int, indicator: str, target: int) -> dict[str, Any]:
    return {"commitment_no": indicator, "year": year, "indicator": indicator, "target": target}


def promised(home: Home, month: str, indicator: str) -> dict[str, Any]:
    rows = json.loads(uw(home.root, "figures", "--month", month, "--format", "json"))
    (row,) = (row for row in rows if row["indicator_code"] == indicator)
    return {key.removeprefix("commitment_"): value for key, value in row.items()}


def test_what_comes_late_in_every_year_is_not_called_late(two_years: Home) -> None:
    films = [promised(two_years, month, "culture.films") for month in ("2014-03", "2015-03", "2014-12", "2015-12")]
    assert [one["rate"] for one in films] == [0.16, 0.16, 1, 1]
    assert [one["status"] for one in films] == ["undetermined", "on_track", "done", "done"]
    first, second, *_ = films
    assert (first["earlier_progress"], first["forecast"]) == (None, 64), "without an earlier year its own pace"
    assert (second["earlier_progress"], second["forecast"]) == (16, 100)
    assert second["forecast_low"] == pytest.approx(100 - 1.645 * (2 * 84) ** 0.5, abs=1e-3)
    assert second["forecast_high"] == pytest.approx(100 + 1.645 * (2 * 84) ** 0.5, abs=1e-3)


def test_what_is_beyond_any_season_is_called_late(two_years: Home) -> None:
    shows = [promised(two_years, month, "culture.art_troupe_shows") for month in ("2014-06", "2014-11", "2015-06", "2015-12")]
    assert [one["status"] for one in shows] == ["undetermined", "at_risk", "at_risk", "missed"]
    assert shows[2]["forecast"] == 10, "what came in December comes again"


def test_command_and_report_say_the_same(two_years: Home) -> None:
    shown = uw(two_years.root, "figures", "--month", "2015-03")
    assert "16.0% of 100, on track, forecast" in shown
    assert "(79–121)" in shown
    blocks = [block for part in build_document(two_years, 2015, "2015-03").parts for block in part.blocks]
    (table,) = (block for block in blocks if isinstance(block, Table) and "实事项目进展" in block.caption)
    rows = {row[1]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    films = rows["免费放映电影"]
    assert (films["进展"], films["往年同期"], films["年末预测"], films["状态"]) == ("16场", "16场", "100 (79–121)", "进度正常")
    assert rows["送文艺演出"]["状态"] == "进度滞后"
