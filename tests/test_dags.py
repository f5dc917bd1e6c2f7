"""The DAGs: that every file is parsed, what each promises, and how failures end."""

from __future__ import annotations

import ast
import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.alert_servers import http_server
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import point_at, write_json
from union_warehouse.months import add_months
from union_warehouse.orchestration.airflow_home import POOLS, WRITER_POOL
from union_warehouse.orchestration.close_steps import APPROVAL_STEP, CLOSE_STEPS
from union_warehouse.orchestration.errors import RunFailed, StepStopped
from union_warehouse.orchestration.in_process import InProcessRunner, in_process_runner, output_to
from union_warehouse.orchestration.records import StepRecord, read_records
from union_warehouse.orchestration.runner import results_of
from union_warehouse.paths import Home
from union_warehouse.project import DAGS_DIR, PROJECT_DIR
from union_warehouse.releases.read import MANIFEST_FILE, Release
from union_warehouse.working_days import due_on

DAG_FILES = sorted(path.name for path in DAGS_DIR.glob("*.py"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
# What takes seconds to import and is needed by tasks only.
HEAVY = {"dbt", "duckdb", "great_expectations", "pandas", "pyarrow", "python_calamine"}

# Airflow reads its settings once a process, so these tests share one home.


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("airflow"))


@pytest.fixture(scope="module")
def runner(airflow_home: Home) -> Iterator[InProcessRunner]:
    with in_process_runner(airflow_home) as runner:
        yield runner


@pytest.fixture(scope="module")
def bag(runner: InProcessRunner) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=DAGS_DIR)


def test_every_file_is_parsed_into_the_dag_of_its_name(bag: Any) -> None:
    assert bag.import_errors == {}
    assert sorted(f"{dag_id}.py" for dag_id in bag.dags) == DAG_FILES
    assert sorted(Path(stat.file).name for stat in bag.dagbag_stats if stat.dag_num == 1) == DAG_FILES


@pytest.mark.parametrize("name", DAG_FILES)
def test_conventions(bag: Any, name: str) -> None:
    dag = bag.dags[name.removesuffix(".py")]
    assert len((DAGS_DIR / name).read_text("utf-8").splitlines()) < 100
    assert dag.doc_md and dag.doc_md.strip() == ast.get_docstring(ast.parse((DAGS_DIR / name).read_text("utf-8")))
    assert dag.tags
    assert str(dag.timezone) == "Asia/Shanghai"
    assert dag.start_date.utcoffset() is not None
    assert not dag.catchup
    assert dag.max_active_runs == 1
    assert dag.dagrun_timeout is not None
    for task in dag.tasks:
        assert task.owner == "union-warehouse", task.task_id
        assert task.retries >= 1, task.task_id
        assert task.execution_timeout is not None, task.task_id
        assert task.doc_md or task.partial_kwargs["doc_md"], task.task_id
        assert task.task_id.count("_") >= 1, "named by verb and object"


def test_nothing_heavy_is_imported_when_a_file_is_parsed() -> None:
    files = [*DAGS_DIR.glob("*.py"), *(PROJECT_DIR / "plugins").glob("*.py")]
    for path in files:
        top_level = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)]
        modules = {alias.name for node in top_level if isinstance(node, ast.Import) for alias in node.names}
        modules |= {node.module or "" for node in top_level if isinstance(node, ast.ImportFrom)}
        roots = {module.split(".")[0] for module in modules}
        own = {"inbox_watcher", "release_approval", "retries", "run_callbacks"}
        assert roots <= {*sys.stdlib_module_names, "airflow", "pendulum", "union_warehouse", *own}, path
    # What the imports import in turn: in a fresh interpreter, beyond what Airflow itself brings.
    script = f"""
import sys
sys.path.insert(0, {str(PROJECT_DIR / "plugins")!r})
import airflow.sdk, airflow.triggers.base
before = set(sys.modules)
for path in {[str(path) for path in files]!r}:
    exec(compile(open(path).read(), path, "exec"), {{"__name__": "parsed"}})
print(*sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
"""
    loaded = (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
    )
    assert "union_warehouse" in loaded, "the steps of a close, the named error of the retry rule"
    assert not HEAVY & set(loaded)


def test_pools_that_tasks_name_exist(bag: Any) -> None:
    from airflow.models.pool import Pool

    named = {task.pool for dag in bag.dags.values() for task in dag.tasks}
    assert named == {"default_pool", *POOLS}
    writer = Pool.get_pool(WRITER_POOL)
    assert writer is not None
    assert writer.slots == 1


def test_every_task_of_a_close_holds_the_writer_pool(bag: Any) -> None:
    assert {task.pool for task in bag.dags["close_month"].tasks} == {WRITER_POOL}


def test_a_close_runs_its_steps_in_order_and_ends_with_the_gate(bag: Any) -> None:
    dag = bag.dags["close_month"]
    order = ["plan_close", "check_need", *(step.task_id for step in CLOSE_STEPS)]
    assert [task.task_id for task in dag.topological_sort()] == order
    assert order.index("audit_warehouse") < order.index(APPROVAL_STEP) < order.index("publish_release")
    assert order[-1] == "confirm_release"
    for before, after in pairwise(order):
        assert after in dag.get_task(before).downstream_task_ids
    assert [task.task_id for task in dag.leaves] == ["confirm_release"]


def test_mapped_files_are_labelled(bag: Any) -> None:
    task = bag.dags["collect_submissions"].get_task("collect_file")
    assert task.is_mapped
    assert "label" in task.partial_kwargs["map_index_template"]


def test_the_scheduled_close_is_of_the_month_before(bag: Any) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    timetable = coerce_to_core_timetable(bag.dags["close_month"].timetable)
    start = datetime(2014, 4, 1, tzinfo=SHANGHAI)
    info = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=TimeRestriction(start, None, True))
    assert (info.partition_key, info.run_after) == ("2014-03", datetime(2014, 4, 15, 6, tzinfo=SHANGHAI))


def test_a_backfill_covers_each_month_of_its_range_once(bag: Any) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable

    timetable = coerce_to_core_timetable(bag.dags["close_month"].timetable)
    infos = timetable.iter_partition_dagrun_infos(
        earliest=datetime(2014, 1, 1, tzinfo=UTC), latest=datetime(2014, 12, 31, tzinfo=UTC)
    )
    assert [info.partition_key for info in infos] == [f"2014-{month:02d}" for month in range(1, 13)]


def test_submissions_are_due_before_the_scheduled_close() -> None:
    for index in range(12 * 13):
        month = add_months("2014-01", index)
        following = add_months(month, 1)
        assert due_on(month) < date(int(following[:4]), int(following[5:]), 15), month


@pytest.mark.parametrize(("dag_id", "task_id"), [("close_month", "build_warehouse"), ("collect_submissions", "collect_file")])
def test_a_verdict_is_not_tried_again_but_a_fault_is(bag: Any, dag_id: str, task_id: str) -> None:
    from airflow.sdk import RetryAction

    task = bag.dags[dag_id].get_task(task_id)
    policy = task.partial_kwargs["retry_policy"] if task.is_mapped else task.retry_policy
    assert policy.evaluate(UnionWarehouseError(), 1, 3).action is RetryAction.FAIL
    assert policy.evaluate(OSError("disk full"), 1, 3).action is RetryAction.DEFAULT


def _ignore(_: StepRecord) -> None:
    pass


def test_one_file_that_cannot_be_judged_fails_the_run_and_the_others_are_collected(
    runner: InProcessRunner, airflow_home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from union_warehouse import submissions

    (good := tmp_path / "not a workbook.xlsx").write_text("hello")
    (bad := tmp_path / "disk full.xlsx").write_text("hello too")
    placed = submissions.place_in_inbox(airflow_home, [bad, good], datetime(2014, 2, 1, tzinfo=UTC))
    collect = submissions.collect_file

    def collect_or_fail(home: Home, item: submissions.InboxItem) -> submissions.Outcome:
        if item.path.endswith(bad.name):
            raise OSError("a fault that nobody has seen before")
        return collect(home, item)

    monkeypatch.setattr(submissions, "collect_file", collect_or_fail)
    run = runner.run("collect_submissions", {}, _ignore)
    assert not run.is_success
    assert set(run.failed_tasks) == {"collect_file", "confirm_outcomes"}
    with pytest.raises(RunFailed, match="a fault that nobody has seen before"):
        results_of(airflow_home, run)
    outcomes = [submissions.read_outcome(airflow_home, path.relative_to(airflow_home.inbox).as_posix()) for path in placed]
    assert [outcome and outcome.state for outcome in outcomes] == [None, "rejected"]

    monkeypatch.undo()
    again = runner.run("collect_submissions", {}, _ignore)
    assert again.is_success, "a rejected file is a normal outcome"
    assert results_of(airflow_home, again)["confirm_outcomes"] == {"rejected": 1}
    labels = _rendered_labels(again.run_id)
    assert labels == ["disk full.xlsx"]


def test_an_empty_inbox_is_a_green_run(runner: InProcessRunner, airflow_home: Home) -> None:
    run = runner.run("collect_submissions", {}, _ignore)
    assert results_of(airflow_home, run) == {"list_inbox": {"waiting": 0}, "confirm_outcomes": {}}


def test_a_refused_close_says_why_and_later_steps_do_not_run(runner: InProcessRunner, airflow_home: Home) -> None:
    run = runner.run("close_month", {"month": "2014-01", "known_at": "2014-02-17T18:00:00+08:00"}, _ignore)
    with pytest.raises(StepStopped) as stopped:
        results_of(airflow_home, run)
    assert (stopped.value.code, stopped.value.facts["task"]) == ("nothing_submitted", "plan_close")
    assert {task for task, _ in read_records(airflow_home, run.dag_id, run.run_id)} == {"plan_close"}


def test_a_failed_run_alerts_the_data_engineer_until_one_succeeds(
    runner: InProcessRunner, airflow_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http_server() as hook:
        monkeypatch.setenv("UW_ALERT_DATA_ENGINEER", f"{hook.url}/engineer")
        run = runner.run("close_month", {"month": "2014-01", "known_at": "2014-02-17T18:00:00+08:00"}, _ignore)
        ((_, text),) = hook.take()
        assert "close_month 的任务 plan_close 失败（nothing_submitted）" in text and run.run_id in text

        monkeypatch.setenv("UW_ALERT_DATA_ENGINEER", "")
        (airflow_home.root / "alert_targets.yml").write_text("data_engineer: [", encoding="utf-8")
        assert runner.run("collect_submissions", {}, _ignore).is_success, "nothing about alerts turns a run red"
        (airflow_home.root / "alert_targets.yml").unlink()

        monkeypatch.setenv("UW_ALERT_DATA_ENGINEER", f"{hook.url}/engineer")
        monkeypatch.setattr("union_warehouse.warehouse.plan_close", lambda *_, **__: {"close_id": "x", "is_needed": False})
        assert runner.run("close_month", {"month": "2014-01"}, _ignore).is_success
        ((_, text),) = hook.take()
        assert "close_month 已恢复正常" in text


def test_the_daily_watch_is_red_only_while_a_server_takes_no_message(
    runner: InProcessRunner, airflow_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from union_warehouse.alerts.run_events import note_run

    note_run(airflow_home, "close_month", "killed", datetime.now(UTC), [("build_warehouse", "task_failure")])
    with http_server() as hook:
        hook.status = 503
        monkeypatch.setenv("UW_ALERT_DATA_ENGINEER", f"{hook.url}/engineer")
        run = runner.run("watch_deadlines", {}, _ignore)
        assert run.failed_tasks == ("send_alerts",)
        hook.status = 200
        results = results_of(airflow_home, runner.run("watch_deadlines", {}, _ignore))
        assert results["send_alerts"]["outcomes"]["sent"] == 1
        (paths,) = {path for path, _ in hook.requests}
        assert paths == "/engineer"


def test_a_close_after_the_clock_was_set_back_says_so(
    runner: InProcessRunner, airflow_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts: dict[str, Any] = dict.fromkeys(Release.__annotations__)
    facts |= {
        "release_id": "2014-01-r1",
        "sequence": 1,
        "month": "2014-01",
        "closed_months": ["2014-01"],
        "changed_submissions": [],
    }
    facts["known_at"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    write_json(airflow_home.releases / "2014-01-r1" / MANIFEST_FILE, facts)
    point_at(airflow_home.releases / "current", "2014-01-r1")
    try:
        with http_server() as hook:
            monkeypatch.setenv("UW_ALERT_DATA_ENGINEER", f"{hook.url}/engineer")
            run = runner.run("close_month", {"month": "2014-02"}, _ignore)  # as known when it starts
            assert any("plan_close 失败（known_at_too_early）" in text for _, text in hook.take())
    finally:
        shutil.rmtree(airflow_home.releases)
    with pytest.raises(StepStopped, match="2014-01-r1") as stopped:
        results_of(airflow_home, run)
    assert stopped.value.code == "known_at_too_early"


def test_a_close_without_month_is_refused(runner: InProcessRunner, airflow_home: Home) -> None:
    with pytest.raises(StepStopped, match="month"):
        results_of(airflow_home, runner.run("close_month", {}, _ignore))


def test_a_close_that_is_not_needed_is_green_and_skips_the_rest(
    runner: InProcessRunner, airflow_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from union_warehouse import warehouse

    plan = {"close_id": "2014-01-r2", "is_needed": False, "release_id": "2014-01-r1"}
    monkeypatch.setattr(warehouse, "plan_close", lambda *_, **__: plan)
    run = runner.run("close_month", {"month": "2014-01"}, _ignore)
    assert results_of(airflow_home, run) == {"plan_close": plan}


def test_a_publish_that_left_another_release_current_is_caught_by_the_gate(
    runner: InProcessRunner, airflow_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from union_warehouse import warehouse
    from union_warehouse.orchestration import approval
    from union_warehouse.quality import audit
    from union_warehouse.warehouse import definitions

    plan = {"close_id": "2014-01-r1", "is_needed": True}
    monkeypatch.setattr(warehouse, "plan_close", lambda *_, **__: plan)
    for module, name in ((audit, "audit_landed_forms"), (audit, "audit_warehouse"), (warehouse, "run_dbt")):
        monkeypatch.setattr(module, name, lambda *_: {})
    monkeypatch.setattr(definitions, "check_project_unchanged", lambda *_: None)
    monkeypatch.setattr(approval, "ask", lambda *_: None)
    for name in ("publish_release", "list_restatements"):
        monkeypatch.setattr(warehouse, name, lambda *_: {})
    run = runner.run("close_month", {"month": "2014-01"}, _ignore)
    assert run.failed_tasks == ("confirm_release",)
    with pytest.raises(StepStopped, match="2014-01-r1"):
        results_of(airflow_home, run)


def test_the_daily_watch_stores_what_it_found(runner: InProcessRunner, airflow_home: Home) -> None:
    results = results_of(airflow_home, runner.run("watch_deadlines", {}, _ignore))
    assert (airflow_home.root / results["list_deadlines"]["path"]).is_file()


def test_the_inbox_watcher_announces_each_change_once_and_survives_a_lost_share(
    runner: InProcessRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    import inbox_watcher

    looks: list[Any] = [[], ["a"], ["a"], OSError("share gone"), ["a", "b"], ["b"], ["b", "c"]]

    def look() -> list[str]:
        found = looks.pop(0)
        if isinstance(found, OSError):
            raise found
        return list(found)

    monkeypatch.setattr(inbox_watcher, "_waiting_files", look)

    async def watch() -> list[Any]:
        events = inbox_watcher.InboxTrigger(poke_interval=0).run()
        return [(await anext(events)).payload for _ in range(3)]

    assert asyncio.run(watch()) == [{"waiting": 1}, {"waiting": 2}, {"waiting": 2}]
    assert looks == []


def _rendered_labels(run_id: str) -> list[str | None]:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(TaskInstance).where(TaskInstance.run_id == run_id, TaskInstance.task_id == "collect_file")
        return [instance.rendered_map_index for instance in session.scalars(query)]


@pytest.mark.build
def test_a_log_on_a_full_disk_does_not_swallow_what_is_said_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with suppress(OSError), output_to(Path("/dev/full")):
        sys.stdout.write("of Airflow\n")
    os.write(2, b"error disk_full\n")
    assert "error disk_full" in capfd.readouterr().err


def test_one_process_can_serve_one_home_after_another(tmp_path: Path) -> None:
    from union_warehouse.submissions import place_in_inbox

    for name in ("first", "second", "first"):
        home = Home(tmp_path / name)
        (file := tmp_path / f"{name}.xlsx").write_text(name)
        place_in_inbox(home, [file], datetime.now(UTC))
        with in_process_runner(home) as runner:
            run = runner.run("collect_submissions", {}, _ignore)
        assert results_of(home, run)["confirm_outcomes"] == {"rejected": 1}
        assert (home.airflow / "airflow.db").exists()
