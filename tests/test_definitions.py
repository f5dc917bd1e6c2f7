"""A definition changes: the close stops, a rebuild publishes the months by the new definition, and no submission is blamed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.commands import uw, uw_json
from tests.releases import copy_of, differing_tables
from union_warehouse.paths import Home
from union_warehouse.project import PROJECT_DIR
from union_warehouse.warehouse import list_restatements
from union_warehouse.warehouse.definitions import DefinitionChange
from union_warehouse.warehouse.definitions_changelog import explain
from union_warehouse.warehouse.errors import DefinitionsMisdated, DefinitionsUnexplained, RebuildDiffers

CHANGES = {
    "indicator safety.inspections": (
        "dbt_project/models/indicators/_safety__indicators.yml",
        "            definition_zh: 当期安全检查次数\n",
        "            definition_zh: 当期安全检查次数，不含未发现隐患的检查\n",
    ),
    "indicator safety.hazards_rectified": (
        "dbt_project/models/indicators/_safety__indicators.yml",
        "          safety.hazards_rectified:\n",
        """          safety.hazards_rectified:
            earlier:
              - {until: 2014-01, where: "is_open is not null", definition_zh: 整改完成日期在当期的隐患数}
""",
    ),
    "macro month_of": (
        "dbt_project/macros/staging.sql",
        "strftime({{ column }}, '%Y-%m')",
        "strftime(cast({{ column }} as date), '%Y-%m')",
    ),
    "model fct_visits": (
        "dbt_project/models/marts/services/fct_visits.sql",
        "    amount_cny,\n",
        "    amount_cny,\n    amount_cny / 100 as amount_fen,\n",
    ),
    "contract safety_inspections": (
        "expectations/contracts/safety_inspections.odcs.yaml",
        "hazards_found >= 1",
        "hazards_found >= 0",
    ),
    "units reporting_units": ("federation/reporting_units.csv", "Changqing Street Union", "Changqing Subdistrict Union"),
}
"""Each changed definition: the file, what stands there, what will."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project that a test may change."""
    folder = tmp_path / "project"
    for name in ("expectations", "federation", "dbt_project", "dags", "plugins"):
        shutil.copytree(PROJECT_DIR / name, folder / name, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    monkeypatch.setenv("PROJECT_UNDER_TEST", str(folder))
    return folder


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert before in text, f"{path} does not say {before!r}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def change_everything(project: Path) -> None:
    for path, before, after in CHANGES.values():
        change(project / path, before, after)
    indicators = project / "dbt_project" / "models" / "indicators" / "_safety__indicators.yml"
    for indicator, where in (("safety.inspections", "inspection_result <> 'passed'"), ("safety.hazards_rectified", "false")):
        entry = indicators.read_text("utf-8").split(f"          {indicator}:\n")[1]
        before = next(line for line in entry.splitlines() if line.strip().startswith("where:"))
        change(indicators, entry, entry.replace(before, f'            where: "{where}"', 1))
    columns = project / "dbt_project" / "models" / "marts" / "services" / "_services__models.yml"
    dimensions = "        dimensions: [visit_kind, visitor_code]\n"
    change(columns, dimensions, dimensions + "        descriptive: [amount_fen]\n")
    visits = columns.read_text("utf-8").split("  - name: fct_visits\n")[1]
    first = "      - name: visit_key\n"
    change(
        columns,
        visits,
        visits.replace(first, "      - {name: amount_fen, data_type: double, description: Amount (金额).}\n" + first, 1),
    )

    # the names of a fact's columns stand in a generated macro too
    environment = os.environ | {"UW_PROJECT": str(project)}
    subprocess.run([sys.executable, "-m", "union_warehouse.contracts.derive"], env=environment, check=True, capture_output=True)


def read(home: Path, release: str, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "releases" / release / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


FIGURES = "select month, value_month from rpt_indicators where indicator_code = 'safety.{}' and is_federation and month >= '2014'"


def test_a_definition_changes_and_the_history_follows(
    february: Path, project: Path, tmp_path: Path, closings: dict[str, str]
) -> None:
    home = copy_of(february, tmp_path)
    change_everything(project)
    again = ("close", "2014-02", "--known-at", closings["2014-02"])

    error = uw_json(home, *again, exit_code=1)[0]["error"]
    assert error["rule"] == "definitions_changed"
    assert all(name in error["message_en"] for name in CHANGES)
    assert "safety_inspections 2013-12 2014-01 2014-02" in error["message_en"], "read by the former contract"
    assert len(uw_json(home, "releases")) == 2

    (rehearsed,) = uw_json(home, "rebuild", "--dry-run")
    assert (rehearsed["is_rehearsal"], rehearsed["causes"].keys()) == (True, {"definition"})
    assert {row["indicator_code"] for row in rehearsed["restated"]} == {"safety.inspections", "safety.hazards_rectified"}
    assert len(uw_json(home, "releases")) == 2
    assert {path.name for path in (home / "build").glob("2014*")} == {"2014-02-r1"}

    refused = uw_json(home, "rebuild", "--comment", "口径调整", exit_code=1)[0]["error"]
    assert refused["rule"] == "definitions_unexplained"
    entry = rehearsed["unexplained"].replace("…", "只计发现隐患的检查")
    changelog = project / "dbt_project" / "definitions_changelog.yml"
    changelog.write_text(f"changes:\n{entry}\n", encoding="utf-8")
    (entry,) = yaml.safe_load(changelog.read_text("utf-8"))["changes"]
    assert set(entry["definitions"]) == {*CHANGES, "macro fact_definitions"}

    (asked,) = uw_json(home, "rebuild", "--comment", "口径调整", exit_code=3)
    assert (asked["error"]["rule"], asked["reasons"]) == ("awaiting_approval", rehearsed["reasons"])
    rebuilt = uw_json(home, "approve", "2014-02", "--by", "王", "--comment", "同意")
    assert (rebuilt["release"], rebuilt["is_new"]) == ("2014-02-r2", True)
    assert rebuilt["restated"] == [row | {"reason": "只计发现隐患的检查"} for row in rehearsed["restated"]]

    before, after = (dict(read(home, release, FIGURES.format("inspections"))) for release in ("2014-02-r1", "2014-02-r2"))
    assert before.keys() == after.keys() == {"2014-01", "2014-02"}
    assert all(after[month] < before[month] for month in before)

    before, after = (dict(read(home, release, FIGURES.format("hazards_rectified"))) for release in ("2014-02-r1", "2014-02-r2"))
    assert after == {"2014-01": before["2014-01"], "2014-02": 0}, "January keeps the rule that it was published by"
    asked = ("--year", "2014", "--month", "2014-01")
    assert "defined otherwise before 2014-02" in uw(home, "figures", *asked)
    assert uw_json(home, "trace", "safety.hazards_rectified", *asked)["series_breaks"] == "2014-02"

    one, other = (home / "releases" / name / "warehouse.duckdb" for name in ("2014-02-r1", "2014-02-r2"))
    assert differing_tables(one, other, only="fct_s%") == [], "the facts are made of the same rows"
    causes = read(
        home, "2014-02-r2", "select distinct cause, caused_by, reason from rpt_restatements where release_id = '2014-02-r2'"
    )
    assert {(cause, reason) for cause, _, reason in causes} == {("definition", "只计发现隐患的检查")}
    assert all("indicator safety." in caused_by for _, caused_by, _ in causes)
    versions = read(
        home,
        "2014-02-r2",
        "select version_number, first_release_id, reason from dim_indicator_versions where indicator_code = 'safety.inspections' order by 1",
    )
    assert versions == [(1, "2014-01-r1", None), (2, "2014-02-r2", "只计发现隐患的检查")]
    earlier = "select * from rpt_restatements where release_id <> '2014-02-r2'"
    assert len(read(home, "2014-02-r2", earlier)) == len(read(home, "2014-02-r1", earlier)), "the list of restatements goes on"
    triangle = """select publication_number, release_id, value_month from rpt_revisions
        where indicator_code = 'safety.{}' and is_federation and month = '2014-01' order by 1"""
    assert [row[:2] for row in read(home, "2014-02-r2", triangle.format("inspections"))][-1] == (2, "2014-02-r2")
    assert read(home, "2014-02-r2", triangle.format("inspections"))[:-1] == read(
        home, "2014-02-r1", triangle.format("inspections")
    )
    ledger = "select quality_issue_key, first_seen_release_id, opened_at from fct_quality_issues order by 1"
    assert read(home, "2014-02-r2", ledger) == read(home, "2014-02-r1", ledger), "and so does the ledger of issues"
    assert len(read(home, "2014-02-r2", "select amount_fen from fct_visits")) > 0
    assert json.loads((home / "releases" / "2014-02-r2" / "release.json").read_text("utf-8"))["changed_submissions"] == []

    assert uw_json(home, *again)[0]["is_new"] is False


def test_a_rebuild_that_differs_for_no_known_reason_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    folder = home.build / "2014-02-r2-rehearsal"
    folder.mkdir(parents=True)
    plan = {"month": "2014-02", "known_at": "2014-03-10T00:00:00Z", "previous_release_id": "2014-02-r1", "is_rehearsal": True}
    (folder / "plan.json").write_text(json.dumps(plan | {"rebuilt": {"comment": None, "changes": []}}), encoding="utf-8")
    duckdb.connect(str(folder / "build.duckdb")).close()
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(
            """
            create table dim_indicator as select 'member.joined' as indicator_code, true as is_published;
            create table rpt_restatements as
            select '2014-02-r2-rehearsal' as release_id, 'member.joined' as indicator_code, '2014-01' as month, 'XC' as reporting_unit_code,
                1.0 as old_value_month, 2.0 as new_value_month, 1.0 as old_value_year_to_date, 2.0 as new_value_year_to_date,
                null::varchar as cause, null::varchar as caused_by, null::varchar as reason
            """
        )
    with pytest.raises(RebuildDiffers, match=r"member\.joined 2014-01 XC"):
        list_restatements(home, "2014-02-r2-rehearsal")


@pytest.mark.parametrize(
    ("changed", "folder"),
    [(["units reporting_units"], "federation"), (["units reporting_units", "macro month_of"], "dbt_project")],
)
def test_what_only_a_federation_changed_is_explained_in_its_folder(tmp_path: Path, changed: list[str], folder: str) -> None:
    changes = [DefinitionChange(name, "1a", "2b", (), ()) for name in changed]
    with pytest.raises(DefinitionsUnexplained, match=f"{folder}/definitions_changelog.yml"):
        explain(Home(tmp_path), changes, is_required=True)


@pytest.mark.parametrize(("breaks", "is_refused"), [((), True), (("2014-01",), True), (("2014-02",), False)])
def test_a_rule_that_holds_from_a_month_on_keeps_the_former_one(
    tmp_path: Path, breaks: tuple[str, ...], is_refused: bool
) -> None:
    federation = tmp_path / "federation"
    federation.mkdir()
    entry = {"definitions": {"indicator member.joined": "1a → 2b"}, "what": "样例", "why": "样例", "by": "王", "since": "2014-02"}
    (federation / "definitions_changelog.yml").write_text(
        yaml.safe_dump({"changes": [entry]}, allow_unicode=True), encoding="utf-8"
    )
    changes = [DefinitionChange("indicator member.joined", "1a", "2b", ("member.joined",), (), breaks)]
    with pytest.raises(DefinitionsMisdated, match="until: 2014-01") if is_refused else contextlib.nullcontext():
        explain(Home(tmp_path, federation), changes, is_required=True)
