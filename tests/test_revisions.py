"""How figures were revised: each as it was published first, second …, and which months may still change."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.commands import uw
from union_warehouse.paths import Home
from union_warehouse.project import PROJECT_DIR
from union_warehouse.releases import open_release
from union_warehouse.reporting.comparison import compare_releases
from union_warehouse.reporting.figures import figures
from union_warehouse.reporting.report import build_document

FIRST, SECOND = "2014-01-r1", "2014-02-r1"
PUBLISHED = "select * from rpt_indicators semi join (from dim_indicator where is_published) using (indicator_code)"


@pytest.fixture(scope="module")
def releases(february: Path) -> duckdb.DuckDBPyConnection:
    """Both releases, attached as first and second."""
    connection = duckdb.connect()
    for name, release in (("first", FIRST), ("second", SECOND)):
        connection.execute(f"attach '{february / 'releases' / release / 'warehouse.duckdb'}' as {name} (read_only)")
    return connection


def test_the_triangle_gives_every_figure_as_each_release_published_it(releases: duckdb.DuckDBPyConnection) -> None:
    for name, until in (("first", FIRST), ("second", SECOND)):
        releases.execute(f"use {name}")
        in_release = releases.execute(
            f"create or replace temp table stated as {PUBLISHED}; select count(*) from stated"
        ).fetchone()
        releases.execute(
            """
            create or replace temp table told as
            select indicator_code, month, reporting_unit_code, value_month, value_year_to_date from second.rpt_revisions
            where release_id <= $until
            qualify row_number() over (partition by indicator_code, month, reporting_unit_code order by publication_number desc) = 1
            """,
            {"until": until},
        )
        columns = "indicator_code, month, reporting_unit_code, value_month, value_year_to_date"
        for left, right in (("stated", "told"), ("told", "stated")):
            differing = f"select {columns} from {left} except select {columns} from {right}"
            assert releases.execute(differing).fetchall() == [], (name, left)
        assert in_release
        assert in_release[0] > 1000


def test_a_release_adds_what_it_publishes_first_and_what_it_revises(february: Path, releases: duckdb.DuckDBPyConnection) -> None:
    revised = compare_releases(Home(february), FIRST, SECOND)
    releases.execute("use second")
    added = releases.execute(
        """
        select month, publication_number, count(*), count(revision_month) from rpt_revisions
        where release_id = $release group by all order by all
        """,
        {"release": SECOND},
    ).fetchall()
    new = releases.execute(f"select count(*) from ({PUBLISHED}) where month = '2014-02'").fetchone()
    counts = {(month, number): count for month, number, count, _ in added}
    assert counts[("2014-02", 1)] == (new or (0,))[0], "as published first"
    assert counts[("2014-01", 2)] == len(revised) > 0, "late rows of January"
    assert counts.keys() == {("2014-02", 1), ("2014-01", 2)}, "nothing of what stayed as it was"
    row = releases.execute(
        """
        select revised.revision_month, revised.months_after, revised.was_provisional, revised.value_month - initial.value_month
        from rpt_revisions as revised inner join rpt_revisions as initial using (indicator_code, month, reporting_unit_code)
        where revised.publication_number = 2 and initial.publication_number = 1 and revised.revision_month <> 0 limit 1
        """
    ).fetchone()
    assert row
    assert row[0] == row[3]
    assert row[1:3] == (1, True)


@pytest.mark.parametrize(
    "query", re.findall(r"```sql\n(.*?)```", (PROJECT_DIR / "docs" / "revisions.md").read_text("utf-8"), flags=re.DOTALL)
)
def test_the_queries_of_the_page_run(releases: duckdb.DuckDBPyConnection, query: str) -> None:
    releases.execute("use second")
    for statement in query.split(";\n"):
        if statement.strip():
            found = releases.execute(statement)
            assert found.fetchall() or "rpt_mean_revisions" in statement, "no month is final yet"


def test_a_month_is_provisional_until_the_third_month_after_it_is_closed(february: Path) -> None:
    with open_release(Home(february)) as connection:
        months = connection.execute(
            "select month, is_closed, final_with_month, is_provisional from dim_month order by 1"
        ).fetchall()
        assert connection.execute("select count(*) from rpt_mean_revisions").fetchone() == (0,), "no month is final"
    assert months == [
        ("2013-12", False, "2014-03", False),
        ("2014-01", True, "2014-04", True),
        ("2014-02", True, "2014-05", True),
    ]
    assert set(
        figures(Home(february), 2014, "2014-01").select(["is_provisional", "final_with_month"]).to_pylist()[0].items()
    ) == {
        ("is_provisional", True),
        ("final_with_month", "2014-04"),
    }
    assert "provisional until 2014-05 is closed" in uw(february, "figures", "--month", "2014-02")
    document = build_document(Home(february), 2014)
    assert document.subtitle.endswith("2014年1—2月为初步数")
    cells = {row[0]: row[1] for block in document.appendices[-1].blocks for row in getattr(block, "rows", ())}
    assert cells["初步数"] == "2014年1—2月，最迟2014年5月关账后定稿"
    assert build_document(Home(february), 2014, structure_on=date(2014, 2, 1)).subtitle.count("初步数") == 1
