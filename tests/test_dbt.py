"""dbt's own unit tests of the models' logic, and its lint of the project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.builds import write_empty_build
from tests.dbt_conventions import RULES, Manifest, Rule, broken, models
from tests.releases import copy_of
from union_warehouse.contracts.code_labels import code_labels
from union_warehouse.months import month_range
from union_warehouse.paths import BUILD_FILE, MARTS_FILE, Home
from union_warehouse.project import DBT_PROJECT_DIR
from union_warehouse.warehouse import plan_close
from union_warehouse.warehouse.data_dictionary import DICTIONARY_PAGE, dictionary_markdown

DBT = Path(sys.executable).parent / "dbt"
SLOW_TO_LIST = """
import threading
import time
from dbt.adapters.base.impl import BaseAdapter
from dbt.adapters.cache import RelationsCache
from dbt.cli.main import cli

add, list_relations = RelationsCache.add, BaseAdapter.list_relations
is_asked, knows_one = threading.Lock(), threading.Event()

def list_in_turn(adapter, database, schema):
    if database == "previous" and not is_asked.acquire(blocking=False):
        knows_one.wait()
    return list_relations(adapter, database, schema)

def add_slowly(cache, relation):
    add(cache, relation)
    if relation.database == "previous":
        knows_one.set()
        time.sleep(0.03)

BaseAdapter.list_relations, RelationsCache.add = list_in_turn, add_slowly
cli()
"""
"""dbt of which one thread asks what is in the last release while another is still being told."""
CODES = [label[:4] for label in code_labels()]
OPENING_MONTH, LAST_MONTH = "2013-12", "2015-12"


@pytest.fixture(scope="module")
def empty_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of no submissions at all: every relation exists, no row does."""
    folder = tmp_path_factory.mktemp("build")
    write_empty_build(folder, OPENING_MONTH, LAST_MONTH)
    run_dbt(folder, "build", "--exclude-resource-type", "unit_test")
    return folder


def run_dbt(folder: Path, *arguments: str, program: Sequence[str] = (str(DBT),)) -> str:
    command = [*program, *arguments, "--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder)]
    environment = os.environ | {"DO_NOT_TRACK": "1"}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_an_empty_warehouse_builds(empty_build: Path) -> None:
    with duckdb.connect(str(empty_build / MARTS_FILE), read_only=True) as connection:
        units = "select count(*) from dim_reporting_unit where date '2014-01-01' between valid_from and valid_to"
        assert connection.execute(units).fetchone() == (19,)
        assert connection.execute("select count(*) from fct_hazards").fetchone() == (0,)


def test_the_project_is_not_read_again_for_another_home(empty_build: Path, tmp_path: Path) -> None:
    shutil.copytree(empty_build / "target", tmp_path / "target")
    run_dbt(tmp_path, "parse")
    assert json.loads((tmp_path / "target" / "perf_info.json").read_text("utf-8"))["parsed_path_count"] == 0


@pytest.fixture(scope="module")
def manifest(empty_build: Path) -> Manifest:
    """What dbt knows of the project, as JSON."""
    found: Manifest = json.loads((empty_build / "target" / "manifest.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_its_conventions(manifest: Manifest, rule: Rule) -> None:
    assert not broken(rule, manifest), rule.__doc__


def test_the_data_dictionary_is_current(manifest: Manifest) -> None:
    assert DICTIONARY_PAGE.read_text("utf-8") == dictionary_markdown(manifest, CODES), "run `make generate`"


def test_the_data_dictionary_says_keys_codes_and_lineage(manifest: Manifest) -> None:
    page = dictionary_markdown(manifest, CODES)
    (hazards,) = re.findall(r"^## fct_hazards\n.*?(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert "* Forms 来源报表: 隐患整改 `hazards`, 安全检查 `safety_inspections`\n" in hazards
    assert "`fct_indicator_contributions`" in hazards and "`safety.hazards_rectified`" in hazards
    assert "\n| `hazard_key` | 主键 | varchar* | PK |" in hazards
    assert "\n| `hazard_no` | 隐患编号 | varchar | NK |" in hazards
    assert re.search(
        r"^\| `hazard_severity` .*\| hazards\.severity \| .* One of general 一般, major 重大\.", hazards, flags=re.MULTILINE
    )
    assert "\n| `hazard_severity` | `fct_hazards` | `general` 一般, `major` 重大 |" in page
    labels = re.findall(r"^\| `\w+` \| (.*?) \|", page.partition("\n## Codes")[0], flags=re.MULTILINE)
    assert len(labels) > 500
    assert not [label for label in labels if not re.search(r"[\u4e00-\u9fff]", label)]


def test_nothing_is_described_that_is_gone(manifest: Manifest) -> None:
    described = yaml.safe_load((DBT_PROJECT_DIR / "macros" / "_macros.yml").read_text("utf-8"))["macros"]
    macros = {node["name"] for node in manifest["macros"].values() if node["package_name"] == "union_warehouse"}
    assert {macro["name"] for macro in described} == macros


def test_every_column_that_is_built_is_described(empty_build: Path, manifest: Manifest) -> None:
    built: dict[str, set[str]] = {}
    for file in (BUILD_FILE, MARTS_FILE):
        with duckdb.connect(str(empty_build / file), read_only=True) as connection:
            found = "select table_name, list(column_name) from duckdb_columns() where not internal group by all"
            built |= {table: set(columns) for table, columns in connection.execute(found).fetchall()}
    nodes = [node for node in models(manifest).values() if node["config"]["materialized"] != "ephemeral"]
    assert {node["name"]: set(node["columns"]) for node in nodes} == {node["name"]: built[node["name"]] for node in nodes}


def test_unit_tests_of_the_models(empty_build: Path) -> None:
    output = run_dbt(empty_build, "test", "--select", "test_type:unit")
    assert "ERROR=0" in output
    assert "PASS=0" not in output


def test_months_are_due_on_the_fifth_working_day(empty_build: Path) -> None:
    with duckdb.connect(str(empty_build / MARTS_FILE), read_only=True) as connection:
        rows = dict(connection.execute("select month, due_on from dim_month").fetchall())
    assert list(rows) == month_range(OPENING_MONTH, LAST_MONTH)
    assert rows["2014-01"] == date(2014, 2, 12), "official holidays are no working days, make-up Saturdays are"


def test_every_thread_of_a_build_sees_all_of_the_last_close(tmp_path: Path, january: Path, closings: dict[str, str]) -> None:
    home = Home(copy_of(january, tmp_path))
    close_id = plan_close(home, "2014-02", datetime.fromisoformat(closings["2014-02"]))["close_id"]
    folder = home.build / close_id
    run_dbt(folder, "build", "--exclude-resource-type", "unit_test", program=(sys.executable, "-c", SLOW_TO_LIST))
    compiled = {path.stem: path.read_text("utf-8") for path in (folder / "target" / "compiled").rglob("*.sql")}
    for model in (
        "int_earliest_change",
        "int_checked_subjects",
        "int_cross_checks",
        "rpt_restatements",
        "fct_quality_issues",
    ):
        assert '"previous"."main"' in compiled[model], model
    before = set(re.findall(r'"previous"."main"."(fct_\w+)"', compiled["int_earliest_change"]))
    assert before == set(re.findall(r'"marts"."main"."(fct_\w+)"', compiled["int_earliest_change"]))
    assert '"previous"."main"."fct_indicator_contributions"' in compiled["rpt_restatements"]
