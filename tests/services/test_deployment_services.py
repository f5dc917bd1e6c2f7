"""The services of the deployment, running for real on PostgreSQL as plain processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
import pytest

from tests.alert_servers import http_server
from tests.browser import chromium
from tests.compose import (
    COMPONENTS,
    SECRETS,
    Stack,
    postgresql,
    require_debian,
)
from tests.test_cli import write_nil_workbook
from union_warehouse.orchestration.airflow_home import POOLS
from union_warehouse.paths import Home
from union_warehouse.warehouse.approvals import awaiting_close

CLOSE_TASKS = ["plan_close", "build_warehouse", "audit_warehouse"]
CLOSE_TASKS += ["approve_release", "publish_release", "confirm_release"]
# Users and approvers, as .env names them: the clerk may use Airflow, and approve nothing.
SETTINGS = {"AIRFLOW_USERS": "admin:admin,clerk:user", "UW_APPROVERS": "admin"}
UW = Path(sys.executable).with_name("uw")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    require_debian({"/usr/lib/postgresql/*/bin/initdb": "postgresql", "chromium": "chromium", "fc-list": "fontconfig"})
    folder = tmp_path_factory.mktemp("stack")
    with postgresql(folder / "postgres", SECRETS["POSTGRES_PASSWORD"]) as port:
        stack = Stack(folder, port, {**SECRETS, **SETTINGS})
        try:
            stack.run("init")
            stack.start(*COMPONENTS)
            for component in COMPONENTS:
                stack.wait_until(partial(stack.is_healthy, component), component)
            yield stack
        finally:
            stack.stop()


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=30) as client:
        token = client.post("/auth/token", json={"username": "admin", "password": SECRETS["AIRFLOW_ADMIN_PASSWORD"]}).json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        stack.wait_until(lambda: client.get("/api/v2/dags").json()["total_entries"] == 3, "the DAGs")
        yield client


def test_all_components_are_healthy_with_the_dags_and_pools(stack: Stack, client: httpx.Client) -> None:
    health = client.get("/api/v2/monitor/health").json()
    assert {name: part["status"] for name, part in health.items()} == dict.fromkeys(
        ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
    )
    assert client.get("/api/v2/importErrors").json()["total_entries"] == 0
    dags = {dag["dag_id"]: dag["is_paused"] for dag in client.get("/api/v2/dags").json()["dags"]}
    assert dags == dict.fromkeys(("collect_submissions", "close_month", "watch_deadlines"), False)
    pools = {pool["name"]: pool["slots"] for pool in client.get("/api/v2/pools").json()["pools"]}
    assert {name: pools[name] for name in POOLS} == {name: slots for name, (slots, _) in POOLS.items()}
    passwords = stack.home / "airflow" / "passwords.json"
    assert passwords.stat().st_mode & 0o777 == 0o600
    assert "postgresql" in stack.environment("scheduler")["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


def test_a_wrong_password_is_refused(stack: Stack, tmp_path: Path) -> None:
    workbook = write_nil_workbook(tmp_path / "x.xlsx", "FW", "2014-01")
    shown = uw(stack, "submit", str(workbook), AIRFLOW_API_PASSWORD="wrong")
    assert shown.returncode == 1
    assert "airflow_refused" in shown.stderr


@pytest.fixture(scope="module")
def calendar_close(stack: Stack, client: httpx.Client) -> tuple[list[str], bool]:
    """States of the close that the calendar starts by itself, and whether it published anything."""

    def scheduled() -> list[dict[str, Any]]:
        runs = client.get("/api/v2/dags/close_month/dagRuns").json()["dag_runs"]
        return [run for run in runs if run["run_type"] == "scheduled" and run["state"] in {"success", "failed"}]

    stack.wait_until(scheduled, "the scheduled close")
    return [run["state"] for run in scheduled()], Home(stack.home).releases.exists()


@pytest.fixture(scope="module")
def january(
    stack: Stack, calendar_close: tuple[list[str], bool], tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    """Two departments' submissions, and the close of January, by the REST API."""
    folder = tmp_path_factory.mktemp("workbooks")
    workbooks = [
        write_nil_workbook(folder / f"{month}_{code}.xlsx", code, month)
        for month in ("2013-12", "2014-01")
        for code in ("FW", "BG")
    ]
    submitted = uw(stack, "submit", *map(str, workbooks), "--received-at", "2014-02-05T09:00", "--json")
    return submitted, uw(stack, "close", "2014-01", "--known-at", "2014-02-17T18:00", "--json")


@pytest.fixture(scope="module")
def approved_january(
    stack: Stack, january: tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]
) -> subprocess.CompletedProcess[str]:
    """The approval of January, which publishes it."""
    return uw(stack, "approve", "2014-01", "--comment", "只有两个部门试报", "--json")


def test_the_first_close_is_never_the_calendars(calendar_close: tuple[list[str], bool]) -> None:
    assert calendar_close == (["success"], False)


def test_submit_and_close_by_the_rest_api(
    stack: Stack, january: tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]
) -> None:
    submitted, closed = january
    assert submitted.returncode == 0, submitted.stderr
    assert [row["state"] for row in json.loads(submitted.stdout)] == ["accepted"] * 4
    assert closed.returncode == 3, closed.stderr
    (close,) = json.loads(closed.stdout)
    assert (close["month"], close["release"], close["error"]["rule"]) == ("2014-01", None, "awaiting_approval")
    assert not Home(stack.home).releases.exists(), "nothing is published before somebody approved it"


def test_a_close_waits_on_airflows_page_for_a_named_approver(
    stack: Stack, client: httpx.Client, january: tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]
) -> None:
    passwords = json.loads((stack.home / "airflow" / "passwords.json").read_text("utf-8"))
    clerk = {"AIRFLOW_API_USER": "clerk", "AIRFLOW_API_PASSWORD": passwords["clerk"]}
    refused = uw(stack, "approve", "2014-01", "--comment", "无误", **clerk)
    assert (refused.returncode, "not_an_approver" in refused.stderr) == (1, True), refused.stderr
    waiting = client.get("/api/v2/dags/close_month/dagRuns/~/hitlDetails", params={"response_received": False}).json()
    (detail,) = waiting["hitl_details"]
    assert detail["task_instance"]["state"] == "awaiting_input"
    assert [user["id"] for user in detail["assigned_users"]] == ["admin"]
    assert "2014-01-r1" in detail["subject"]
    assert "| 2014-01 | 长庆街道总工会 CQ | 全部 15 张 all |" in detail["body"], "what is missing is in the task itself"
    command = uw(stack, "approve", "2014-01", "--by", "admin", "--comment", "无误", AIRFLOW_API_URL="")
    assert (command.returncode, "waits_in_airflow" in command.stderr) == (1, True), command.stderr


def test_an_approval_by_the_rest_api_publishes_and_is_kept(
    stack: Stack, approved_january: subprocess.CompletedProcess[str]
) -> None:
    assert approved_january.returncode == 0, approved_january.stderr
    close = json.loads(approved_january.stdout)
    assert (close["month"], close["release"], close["is_new"]) == ("2014-01", "2014-01-r1", True)
    approval = json.loads(uw(stack, "releases", "--json").stdout)[0]["approval"]
    assert (approval["by"], approval["comment"]) == ("admin", "只有两个部门试报")
    figures = json.loads(uw(stack, "figures", "--month", "2014-01", "--json").stdout)
    assert figures["safety.inspections"] is None, "nobody reported it"
    refused = uw(stack, "close", "2014-03", "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)[0]["error"]["rule"] == "earlier_month_open"


@pytest.mark.usefixtures("january")
def test_a_failed_run_is_told_by_the_server(stack: Stack) -> None:
    with http_server() as hook:
        targets = stack.home / "alert_targets.yml"
        targets.write_text(f"data_engineer: {hook.url}/engineer", encoding="utf-8")
        assert uw(stack, "close", "2014-03", "--json").returncode == 1
        stack.wait_until(lambda: hook.requests, "the alert")
        targets.unlink()
        assert "close_month 的任务 plan_close 失败（earlier_month_open）" in hook.take()[0][1]


def test_a_file_dropped_by_hand_is_collected_by_the_watcher(stack: Stack, client: httpx.Client) -> None:
    from union_warehouse.submissions import read_outcome

    home = Home(stack.home)
    home.inbox.mkdir(parents=True, exist_ok=True)
    write_nil_workbook(home.inbox / ".writing", "FW", "2014-02").rename(home.inbox / "dropped.xlsx")
    stack.wait_until(lambda: read_outcome(home, "dropped.xlsx") is not None, "the dropped file")
    outcome = read_outcome(home, "dropped.xlsx")
    assert outcome is not None
    assert (outcome.state, outcome.department, outcome.month) == ("accepted", "FW", "2014-02")
    assert (home.inbox / "dropped.xlsx").exists(), "read, never moved"


@pytest.mark.usefixtures("approved_january")
def test_backfill_closes_a_range_of_months(stack: Stack, client: httpx.Client) -> None:
    command = ["airflow", "backfill", "create", "--dag-id", "close_month", "--from-date", "2014-02-01", "--to-date", "2014-02-28"]
    command += ["--max-active-runs", "1"]
    environment = {**stack.environment("scheduler"), "AIRFLOW_HOME": str(stack.folder / "airflow")}
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=stack.folder)

    def finished() -> list[dict[str, Any]]:
        runs = client.get("/api/v2/dags/close_month/dagRuns").json()["dag_runs"]
        return [run for run in runs if run["run_type"] == "backfill" and run["state"] in {"success", "failed"}]

    stack.wait_until(lambda: awaiting_close(Home(stack.home), "2014-02") is not None, "the question of the backfill")
    approved = uw(stack, "approve", "2014-02", "--comment", "只有一个部门试报")
    assert approved.returncode == 0, approved.stderr
    stack.wait_until(finished, "the backfill")
    assert [(run["partition_key"], run["state"]) for run in finished()] == [("2014-02", "success")]
    releases = json.loads(uw(stack, "releases", "--json").stdout)
    assert [release["release_id"] for release in releases] == ["2014-02-r1", "2014-01-r1"]
    assert datetime.fromisoformat(releases[0]["known_at"]).year > 2014, (
        "known at the start of the run, not at a date inside the month"
    )


def test_the_graph_page_shows_the_tasks(stack: Stack, client: httpx.Client, tmp_path: Path) -> None:
    with urlopen(f"{stack.url}/api/v2/version", timeout=10) as answer:
        assert json.load(answer)["version"].startswith("3.3")
    with chromium(tmp_path / "profile") as page:
        token = client.headers["Authorization"].removeprefix("Bearer ")
        page.open(f"{stack.url}/", {"_token": token})
        page.evaluate("localStorage.setItem('default_dag_view', JSON.stringify('graph'))")
        page.open(f"{stack.url}/dags/close_month")
        shown = page.wait_for_text(CLOSE_TASKS)
        picture = Path(os.environ.get("UW_SCREENSHOTS", tmp_path)) / "close_month.png"
        nodes = page.wait_for_value(
            "document.querySelectorAll('.react-flow__node').length", lambda count: count >= len(CLOSE_TASKS)
        )
        page.screenshot(picture)
    assert [task for task in CLOSE_TASKS if task not in shown] == []
    assert nodes >= len(CLOSE_TASKS), "drawn as a graph"
    assert picture.stat().st_size > 20_000


def uw(stack: Stack, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``uw`` against the stack by its REST API."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "UW_"))}
    given = {
        "UW_HOME": str(stack.home),
        "UW_HASH_KEY": SECRETS["UW_HASH_KEY"],
        "AIRFLOW_API_URL": stack.url,
        "AIRFLOW_API_USER": "admin",
        "AIRFLOW_API_PASSWORD": SECRETS["AIRFLOW_ADMIN_PASSWORD"],
    }
    return subprocess.run(
        [UW, *arguments], capture_output=True, text=True, env={**clean, **given, **environment}, cwd=stack.folder
    )
