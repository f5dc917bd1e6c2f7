"""Figures: their periods, the release that stood on a day, and every one traced to the cells behind it."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands import imported_by, uw, uw_json
from tests.releases import copy_of
from union_warehouse.contracts import Federation
from union_warehouse.paths import MARTS_FILE, Home
from union_warehouse.releases import open_release
from union_warehouse.reporting.figures import figures
from union_warehouse.reporting.trace import UnknownIndicator, trace
from union_warehouse.warehouse import run_dbt
from union_warehouse.warehouse.plan import plan_from_landing

DEPARTMENTS = [None, *Federation.load().units("2014-01")]


@pytest.fixture(scope="module")
def indicators(february: Path) -> list[str]:
    return figures(Home(february), 2014)["indicator_code"].to_pylist()


def test_every_published_indicator_is_defined(indicators: list[str]) -> None:
    from reference_data import PUBLISHED_FIGURES

    published = {line.partition(",")[0] for line in PUBLISHED_FIGURES.read_text("utf-8").splitlines()[1:]}
    assert len(published) == 81
    assert published <= set(indicators)


@pytest.mark.parametrize("month", ["2014-02", None])
def test_every_figure_of_the_federation_is_the_sum_of_its_rows(february: Path, indicators: list[str], month: str | None) -> None:
    values = figures(Home(february), 2014, month).to_pandas().set_index("indicator_code")["value"]
    for indicator in indicators:
        found = trace(Home(february), indicator, 2014, month)
        assert found.total == pytest.approx(found.value), indicator
        assert found.value == pytest.approx(values[indicator], nan_ok=True) or found.value is None, indicator


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), month=st.sampled_from(["2014-01", "2014-02", None]), department=st.sampled_from(DEPARTMENTS))
def test_every_figure_of_a_department_is_the_sum_of_its_rows(
    february: Path, indicators: list[str], data: st.DataObject, month: str | None, department: str | None
) -> None:
    indicator = data.draw(st.sampled_from(indicators))
    found = trace(Home(february), indicator, 2014, month, department)
    assert found.total == (None if found.value is None else pytest.approx(found.value))


@pytest.mark.parametrize(("indicator", "key"), [("safety.inspections", "检查编号"), ("assist.spring_cards", "编号")])
def test_a_trace_leads_to_the_cell_that_the_department_filled(
    february: Path, reference: Path, tmp_path: Path, indicator: str, key: str
) -> None:
    path = tmp_path / "trace.xlsx"
    found = uw_json(february, "trace", indicator, "--month", "2014-02")
    uw(february, "trace", indicator, "--month", "2014-02", "--output", path)
    assert sum(row["contribution"] for row in found["rows"]) == found["value"] == found["total"] > 0
    checked = 0
    for row in found["rows"]:
        assert row["natural_key"]
        if row["file"].endswith(".xlsx"):
            book = openpyxl.load_workbook(reference / "submissions" / row["file"], read_only=True)
            cells = next(book[row["sheet"]].iter_rows(min_row=row["row"], max_row=row["row"], values_only=True))
            assert row["natural_key"] in map(str, cells), (key, row)
            checked += 1
        if checked == 5:
            break
    assert checked
    written = openpyxl.load_workbook(path)
    assert written["明细"].max_row - 1 == len(found["rows"])
    headings, figure = written["指标"].iter_rows(values_only=True)
    assert dict(zip(headings, figure, strict=True))["数值"] == found["value"]


def test_what_is_said_to_add_up_does(february: Path) -> None:
    """Of units and of months; what does not add up is a distinct count, a ratio or, of months, a stock."""
    with open_release(Home(february)) as connection:
        definitions = {row.indicator_code: row for row in connection.execute("from dim_indicator").df().itertuples()}
        of_units = connection.execute(
            """
            select distinct indicator_code from (
                select indicator_code, month,
                    coalesce(sum(value_month) filter (where not is_federation), 0) as units_month,
                    coalesce(sum(value_month) filter (where is_federation), 0) as federation_month,
                    coalesce(sum(value_year_to_date) filter (where not is_federation), 0) as units_year,
                    coalesce(sum(value_year_to_date) filter (where is_federation), 0) as federation_year
                from rpt_indicators group by all
            ) where (units_month, units_year) <> (federation_month, federation_year)
            """
        ).fetchall()
        of_months = connection.execute(
            """
            select distinct indicator_code from (
                select indicator_code, coalesce(value_year_to_date, 0) as year_to_date, coalesce(sum(value_month) over months, 0) as months
                from rpt_indicators
                window months as (partition by indicator_code, reporting_unit_code, left(month, 4) order by month)
            ) where year_to_date <> months
            """
        ).fetchall()
    add_up = {code for code, row in definitions.items() if row.aggregation in ("count", "sum")}
    over_units = {code for code, row in definitions.items() if row.is_additive_over_units}
    over_months = {code for code, row in definitions.items() if row.is_additive_over_months}
    assert over_units == add_up
    assert over_months == {code for code in add_up if definitions[code].indicator_kind == "flow"}
    for additive, differing in ((over_units, of_units), (over_months, of_months)):
        assert differing, "the reference data tell the two apart"
        assert not additive & {code for (code,) in differing}


def test_a_distinct_count_counts_on_the_first_row(february: Path) -> None:
    found = trace(Home(february), "member.joined", 2014)
    assert set(found.rows["contribution"]) <= {0.0, 1.0}
    assert found.rows["contribution"].sum() == found.value


def test_a_figure_that_is_not_the_sum_of_its_rows_is_refused(february: Path, tmp_path: Path) -> None:
    home = copy_of(february, tmp_path)
    path = home / "releases" / "2014-02-r1" / "warehouse.duckdb"
    path.chmod(0o600)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update rpt_indicators set value_month = value_month + 1 where indicator_code = 'member.joined'")
    shown = uw(home, "trace", "member.joined", "--month", "2014-02", "--json", exit_code=1)
    assert json.loads(shown)["rows"], "what it is made of is shown all the same"
    uw(home, "trace", "member.joined", "--month", "2014-02", exit_code=1)
    uw(home, "trace", "member.joined", "--year", "2014")


def test_a_figure_says_what_it_counts_and_for_whom(february: Path) -> None:
    shown = uw(february, "trace", "training.qualification_promotions", "--month", "2014-02")
    assert "口径：当期取得高一级职业资格证书的职工人数，按人去重；按明细所列工会的所属单位统计" in shown
    found = json.loads(uw(february, "figures", "--year", "2014", "--format", "json"))
    counts_for = {row["indicator_code"]: row["counts_for"] for row in found}
    assert counts_for["harmony.participants"] == "covering_union"
    assert counts_for["harmony.compliant"] == "sender"
    assert counts_for["congress.non_public_enterprise_rate"] == "union"


def test_a_trace_shows_no_personal_data(february: Path) -> None:
    output = uw(february, "trace", "member.joined", "--month", "2014-01", "--json")
    assert not re.search(r"\d{17}[\dX]", output)
    assert "姓名" not in output


def test_an_unknown_indicator_is_refused_with_similar_ones(february: Path) -> None:
    with pytest.raises(UnknownIndicator, match=r"member\.joined"):
        trace(Home(february), "member.join", 2014)
    uw(february, "trace", "member.join", "--year", "2014", exit_code=1)
    uw(february, "trace", "member.joined", exit_code=2)


def test_figures_as_of_a_day_are_those_of_the_release_that_stood_then(february: Path, closings: dict[str, str]) -> None:
    day = closings["2014-01"][:10]
    as_of = json.loads(uw(february, "figures", "--year", "2014", "--as-of", day, "--format", "json"))
    assert {row["release_id"] for row in as_of} == {"2014-01-r1"}
    assert as_of == json.loads(uw(february, "figures", "--year", "2014", "--release", "2014-01-r1", "--format", "json"))
    assert {row["month"] for row in json.loads(uw(february, "figures", "--year", "2014", "--format", "json"))} == {"2014-02"}
    uw(february, "figures", "--year", "2014", "--as-of", "2014-01-01", exit_code=1)
    uw(february, "figures", "--year", "2014", "--as-of", day, "--release", "2014-01-r1", exit_code=2)


def test_a_build_as_known_on_a_day_gives_the_figures_published_then(
    february: Path, closings: dict[str, str], tmp_path: Path
) -> None:
    """From the landing zone alone, although more has arrived since."""
    home = Home(copy_of(february, tmp_path))
    known_at = datetime.fromisoformat(closings["2014-01"]).astimezone(UTC)
    plan_from_landing(home, "as-known", ["2014-01"], known_at)
    run_dbt(home, "as-known")
    published = home.releases / "2014-01-r1" / "warehouse.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}' as published (read_only)")
        connection.execute(f"attach '{home.build / 'as-known' / MARTS_FILE}' as rebuilt (read_only)")
        for left, right in (("published", "rebuilt"), ("rebuilt", "published")):
            differing = f"from {left}.rpt_indicators except from {right}.rpt_indicators"
            assert connection.execute(differing).fetchall() == []
        assert connection.execute("select count(*) from rebuilt.rpt_indicators").fetchone()[0] > 1000


def test_figures_give_the_period_the_year_and_the_change(february: Path) -> None:
    month = figures(Home(february), 2014, "2014-02").to_pandas().set_index("indicator_code")
    year = figures(Home(february), 2014).to_pandas().set_index("indicator_code")
    assert month["value"].equals(month["value_month"])
    assert year["value"]["safety.inspections"] == month["value_year_to_date"]["safety.inspections"]
    stock = "org.enterprises_with_union"
    assert month["value_month"][stock] == month["value_year_to_date"][stock], "a stock never adds up over months"
    assert month["value_last_year"].isna().all(), "the release does not reach back"


def test_the_rows_of_an_indicator_can_be_asked_of_any_release(february: Path) -> None:
    with open_release(Home(february)) as connection:
        defined = connection.execute("select indicator_code, rows_sql from dim_indicator where rows_sql is not null").fetchall()
        for code, rows_sql in defined:
            span = "with span as (select month, last_on as month_end from dim_month where is_closed)"
            assert connection.execute(f"{span} select count(*) from ({rows_sql})").fetchone(), code


@pytest.mark.parametrize(
    ("arguments", "imported"),
    [
        ("releases", {"duckdb"}),
        ("query 'show tables'", {"duckdb"}),
        ("figures --year 2014", {"duckdb", "pyarrow"}),
        ("figures --year 2014 --structure today", {"duckdb", "pyarrow"}),
        ("status --month 2014-02", {"duckdb", "pyarrow", "yaml"}),
    ],
)
def test_a_look_at_a_release_makes_no_data_frame(february: Path, arguments: str, imported: set[str]) -> None:
    assert imported_by(february, *shlex.split(arguments)) == imported


def test_json_of_figures_is_an_object_of_numbers(february: Path) -> None:
    found = json.loads(uw(february, "figures", "--year", "2014", "--json"))
    assert all(value is None or isinstance(value, (int, float)) for value in found.values())


def test_no_unit_covers_more_enterprises_than_have_a_union(february: Path) -> None:
    with open_release(Home(february)) as connection:
        rates = connection.execute(
            "select reporting_unit_code, value_month from rpt_indicators where indicator_code = 'harmony.coverage_rate'"
        ).fetchall()
    assert len([rate for _, rate in rates if rate]) > 5
    assert [(unit, rate) for unit, rate in rates if rate is not None and rate > 1] == []
