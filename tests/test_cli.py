"""The command ``uw`` as a user meets it: through its console script, and through click where no process is needed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click import Context
from click.testing import CliRunner, Result

from reference_data import PUBLISHED_FIGURES
from tests import workbook_factory as factory
from tests.commands import imported_by
from union_warehouse.cli import COMMANDS, main
from union_warehouse.cli.demo import Comparison
from union_warehouse.cli.values import parse_moment, read_arrivals
from union_warehouse.contracts import Federation, forms_owed
from union_warehouse.locks import exclusive
from union_warehouse.paths import Home

UW = Path(sys.executable).with_name("uw")


def uw(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``uw`` as a user does, with its state in ``home``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "UW_"))}
    return subprocess.run(
        [UW, *arguments], capture_output=True, text=True, env={**clean, "UW_HOME": str(home), **environment}, cwd=home.parent
    )


def invoke(home: Path, *arguments: str, **environment: str) -> Result:
    """Run ``uw`` in this process."""
    return CliRunner(env={"UW_HOME": str(home), "AIRFLOW_API_URL": "", **environment}).invoke(main, arguments)


def write_nil_workbook(path: Path, department: str, month: str, **cover: str) -> Path:
    """A workbook of a department to which nothing happened in ``month``."""
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet("封面")
    labels = {"单位代码": department, "报送月份": month, "模板版本": "1", "填报人": "王合成", "联系电话": "13800000000", **cover}
    for index, (label, value) in enumerate(labels.items()):
        sheet.write_row(index, 0, (label, value))
    sheet.write_row(len(labels) + 1, 0, ("表单", "报送方式"))
    for index, form in enumerate(forms_owed(Federation.load().units(month)[department])):
        sheet.write_row(len(labels) + 2 + index, 0, (form.sheet, "零报告"))
    workbook.close()
    return path


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}], ids=repr
)
def test_a_locale_without_chinese_changes_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    factory.write_workbook(tmp_path / "三月.xlsx", rows={"hazards": [{"category": "火"}]})
    here, there = uw(tmp_path / "home", "check", "三月.xlsx"), uw(tmp_path / "home", "check", "三月.xlsx", **environment)
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)
    assert "隐患类别" in there.stdout


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    shown = invoke(tmp_path, command, "--help")
    assert shown.exit_code == 0
    assert "Usage: " in shown.output
    found = main.get_command(Context(main), command)
    assert found is not None and found.help


@pytest.mark.parametrize(
    "arguments", ["--help", "nosuch", "figures --yaer", "figures --help", "close", "alerts --help", "demo --help"]
)
def test_help_and_usage_errors_import_nothing_heavy(arguments: str, tmp_path: Path) -> None:
    assert imported_by(tmp_path, *arguments.split()) == set()


@pytest.mark.parametrize(
    ("arguments", "imported"),
    [
        ("releases", {"duckdb"}),
        ("query select", {"duckdb"}),
        ("figures --year 2014", {"duckdb", "pyarrow"}),
        ("status --month 2014-01", {"duckdb", "pyarrow", "yaml"}),
        ("approve 2014-01 --by 王主席 --comment 已核实", {"duckdb"}),
    ],
)
def test_a_look_at_a_release_imports_what_it_needs(arguments: str, imported: set[str], tmp_path: Path) -> None:
    assert imported_by(tmp_path, *arguments.split()) == imported


@pytest.mark.build
def test_a_second_uw_says_that_it_waits_for_the_first(tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir(mode=0o700)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "UW_"))}
    with exclusive(home / "airflow" / "run.lock"):
        second = subprocess.Popen(
            [UW, "close", "2014-01"], stderr=subprocess.PIPE, text=True, env={**environment, "UW_HOME": str(home)}
        )
        assert second.stderr is not None
        assert "另一个 uw" in second.stderr.readline()
        assert second.poll() is None
    _, errors = second.communicate()
    assert second.returncode == 1
    assert "nothing_submitted" in errors


def test_the_commands_are_those_that_are_documented() -> None:
    reading = {"status", "issues", "figures", "trace", "report", "query", "releases", "verify", "diff"}
    expected = {
        "template",
        "submit",
        "check",
        "receipt",
        "close",
        "rebuild",
        "approve",
        "reread",
        "alerts",
        "demo",
        "demo-data",
        *reading,
    }
    assert set(COMMANDS) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("submit",),
        ("submit", "no such file.xlsx"),
        ("demo-data", "out", "--year", "2020", "--months-after", "5"),
        ("submit", __file__, "--received-at", "yesterday"),
        ("submit", __file__, "--received-at", "2999-01-01T00:00"),
        ("submit", __file__, "--received-at", "no such table.csv"),
        ("check",),
        ("close",),
        ("close", "March"),
        ("close", "2014-13"),
        ("close", "2014-05..2014-03"),
        ("close", "2014-03", "--known-at", "2999-01-01"),
        ("close", "2014-03", "--approve-by", "王主席"),
        ("close", "2014-03", "--comment", "无误"),
        ("approve",),
        ("approve", "2014-03", "--by", "王主席"),
        ("approve", "2014-03", "--comment", "无误"),
        ("figures",),
        ("figures", "--year", "2014", "--month", "2015-01"),
        ("report",),
        ("report", "--year", "2014", "--month", "2015-01"),
        ("report", "--year", "2014", "--template", "no such file.yml"),
        ("status", "--month", "2014"),
        ("query",),
        ("query", "select 1", "--format", "xml"),
        ("query", "select 1", "-o", "rows.csv", "--format", "json"),
        ("figures", "--year", "2014", "--output", "figures.txt"),
        ("status", "--format", "table", "-o", "status.csv"),
        ("diff", "2014-01-r1", "2014-02-r1", "--json", "--format", "csv"),
        ("alerts", "acknowledge", "missing_submission:CQ:2014-01"),
        ("alerts", "send", "--as-of", "2999-01-01"),
        ("no-such-command",),
    ],
)
def test_wrong_usage_ends_with_2_and_touches_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = invoke(home, *arguments)
    assert shown.exit_code == 2, shown.output
    assert not home.exists()


@pytest.mark.parametrize(
    "arguments", [("figures", "--year", "2014"), ("query", "select 1"), ("figures", "--month", "2014-01", "--json")]
)
def test_a_named_error_is_told_in_two_languages_without_traceback(arguments: tuple[str, ...], tmp_path: Path) -> None:
    shown = uw(tmp_path / "home", *arguments)
    assert shown.returncode == 1
    assert shown.stdout == ""
    assert "错误 no_release" in shown.stderr
    assert "error no_release: nothing has been published yet; close a month first" in " ".join(shown.stderr.split())
    assert "Traceback" not in shown.stderr


def test_reading_an_empty_home_is_not_an_error(tmp_path: Path) -> None:
    assert json.loads(invoke(tmp_path, "status", "--json").stdout) == {"months": [], "departments": []}
    assert json.loads(invoke(tmp_path, "releases", "--json").stdout) == []
    assert invoke(tmp_path, "status").exit_code == 0


def test_status_of_a_month_names_who_is_missing(tmp_path: Path) -> None:
    found = json.loads(invoke(tmp_path, "status", "--month", "2014-03", "--json").stdout)
    by_code = {item["department"]: item for item in found["departments"]}
    assert by_code["CQ"]["missing"] == by_code["CQ"]["expected"] == 15
    assert found["months"][0]["state"] == "open"


def test_times_without_offset_are_those_of_shanghai(tmp_path: Path) -> None:
    expected = datetime(2014, 4, 3, 2, 11, tzinfo=UTC)
    assert {parse_moment(text) for text in ("2014-04-03T10:11", "2014-04-03 10:11:00", "2014-04-03T02:11Z")} == {expected}
    assert parse_moment("2014-04-03") == datetime(2014, 4, 2, 16, tzinfo=UTC)
    assert parse_moment("2014-04-03", is_date_its_end=True) == datetime(2014, 4, 3, 15, 59, 59, 999999, tzinfo=UTC)
    (table := tmp_path / "arrivals.csv").write_text(
        "file,received_at\nin/a.xlsx,2014-04-03T02:11:00Z\nb/x.csv,2014-04-03T10:11\n"
    )
    arrivals = read_arrivals(table)
    assert arrivals["in/a.xlsx"] == arrivals["a.xlsx"] == arrivals[str(tmp_path / "in/a.xlsx")] == expected
    table.write_text("file,arrived\na,b\n")
    with pytest.raises(ValueError, match="received_at"):
        read_arrivals(table)
    table.write_text("file,received_at\na,soon\n")
    with pytest.raises(ValueError, match="line 2"):
        read_arrivals(table)


def test_check_says_the_verdicts_and_stores_nothing(tmp_path: Path) -> None:
    good = write_nil_workbook(tmp_path / "ok.xlsx", "FW", "2014-03")
    (bad := tmp_path / "not a workbook.xlsx").write_text("hello")
    shown = uw(tmp_path / "home", "check", str(good), str(bad), "--json")
    assert shown.returncode == 1
    rows = json.loads(shown.stdout)
    assert [(row["file"], row["state"]) for row in rows] == [("ok.xlsx", "accepted"), ("not a workbook.xlsx", "rejected")]
    assert rows[1]["problems"][0]["rule"] == "not_a_workbook"
    assert set(rows[1]["problems"][0]) >= {"form", "sheet", "row", "column", "rule", "severity", "message", "message_en"}
    assert uw(tmp_path / "home", "check", str(good)).returncode == 0
    landing = tmp_path / "home" / "landing"
    assert not landing.exists() or not list(landing.rglob("manifest.json"))


def test_check_prints_the_headers_of_the_senders_sheet(tmp_path: Path) -> None:
    path = factory.write_workbook(
        tmp_path / "x.xlsx", rows={"hazards": [{"category": "火灾"}]}, nil=factory.nil_except("hazards")
    )
    shown = invoke(tmp_path / "home", "check", str(path), COLUMNS="200")
    assert shown.exit_code == 1
    assert "隐患类别" in shown.output
    assert "category" not in shown.output


@pytest.mark.build
def test_submit_runs_the_dag_and_prints_json_only(tmp_path: Path) -> None:
    (folder := tmp_path / "in").mkdir()
    write_nil_workbook(folder / "one.xlsx", "FW", "2014-03")
    (folder / "two.xlsx").write_text("hello")
    write_nil_workbook(folder / "three.xlsx", "BG", "2014-03")
    home = Home(tmp_path / "home")
    # Airflow maps at most so many files in one run; the command runs it until none is left.
    shown = uw(home.root, "submit", str(folder), "--received-at", "2014-04-03T10:11", "--json", AIRFLOW__CORE__MAX_MAP_LENGTH="2")
    assert shown.returncode == 1, shown.stderr
    rows: list[dict[str, Any]] = json.loads(shown.stdout)
    states = {row["file"]: (row["state"], row["department"], row["month"], row["version"]) for row in rows}
    assert states == {
        "one.xlsx": ("accepted", "FW", "2014-03", 1),
        "three.xlsx": ("accepted", "BG", "2014-03", 1),
        "two.xlsx": ("rejected", None, None, None),
    }
    for row in rows:
        assert (home.root / row["receipt"]).is_file()
    manifest = json.loads((home.landing / "month=2014-03/department=FW/v0001/manifest.json").read_text("utf-8"))
    assert manifest["received_at"] == "2014-04-03T02:11:00.000000Z"
    runs = list((home.root / "runs/collect_submissions").iterdir())
    assert len(runs) == 2
    assert list((home.airflow / "logs").glob("uw-*.log")), "what Airflow says goes to a file"

    closed = uw(home.root, "close", "2014-04..2014-05", "--known-at", "2014-04-20", "--json")
    assert closed.returncode == 1
    (answer,) = json.loads(closed.stdout)
    assert (answer["month"], answer["release"], answer["error"]["rule"]) == ("2014-04", None, "month_not_over")
    assert "Traceback" not in closed.stderr
    assert not home.releases.exists()


def test_the_demo_never_deletes_what_it_did_not_make(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "landing").mkdir(parents=True)
    (home / "landing" / "precious").write_text("keep")
    shown = uw(home, "demo")
    assert shown.returncode == 1
    assert "not_a_demo_home" in shown.stderr
    assert (home / "landing" / "precious").read_text() == "keep"


@pytest.mark.parametrize("arguments", [["demo"], ["demo-data", "out"]], ids=" ".join)
def test_without_the_generator_the_demo_says_what_to_install(arguments: list[str], tmp_path: Path) -> None:
    product_only = "import sys; sys.modules['reference_data'] = None; from union_warehouse.cli import main; main()"
    environment = {**os.environ, "UW_HOME": str(tmp_path / "home")}
    shown = subprocess.run(
        [sys.executable, "-c", product_only, *arguments], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert shown.returncode == 1
    assert "reference_data_missing" in shown.stderr and "pip install ./reference_data" in shown.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "published", "precision", "value", "is_equal"),
    [
        ("flow", 109, None, 109, True),
        ("flow", 109, None, 110, False),
        ("flow", 109, None, None, False),
        ("flow_rounded", 22600, 100, 22650, True),
        ("flow_rounded", 22600, 100, 22651, False),
        ("ratio_at_least", 0.95, 0.05, 0.95, True),
        ("ratio_at_least", 0.95, 0.05, 1.0, True),
        ("ratio_at_least", 0.95, 0.05, 0.949, False),
        ("flow_at_least", 89000, 1000, 89999, True),
        ("flow_at_least", 89000, 1000, 90000, False),
    ],
)
def test_equal_means_what_was_published(
    kind: str, published: float, precision: float | None, value: float | None, is_equal: bool
) -> None:
    assert Comparison("indicator", published, value, kind, precision).is_equal is is_equal


def test_the_published_figures_are_all_there() -> None:
    with PUBLISHED_FIGURES.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 81


def test_an_unreachable_airflow_is_told_by_its_address(tmp_path: Path) -> None:
    workbook = write_nil_workbook(tmp_path / "one.xlsx", "FW", "2014-03")
    shown = uw(tmp_path / "home", "submit", str(workbook), AIRFLOW_API_URL="http://127.0.0.1:9")
    assert shown.returncode == 1
    assert "airflow_unreachable" in shown.stderr
    assert "http://127.0.0.1:9" in shown.stderr
    assert "Traceback" not in shown.stderr
