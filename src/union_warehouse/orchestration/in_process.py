"""Run the DAGs inside this process with Airflow's ``dag.test()``: real tasks and mapping, no scheduler, SQLite."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

from union_warehouse.orchestration.airflow_home import airflow_ready
from union_warehouse.orchestration.records import Observer, observed
from union_warehouse.orchestration.runner import RunResult
from union_warehouse.paths import Home
from union_warehouse.project import DAGS_DIR


@contextmanager
def in_process_runner(home: Home, on_wait: Callable[[], None] | None = None) -> Iterator[InProcessRunner]:
    """Airflow inside this process; what it prints goes to a file under ``UW_HOME/airflow/logs``.

    One process at a time runs it: ``on_wait`` is called if another ``uw`` does so now.
    """
    log = home.airflow / "logs" / f"uw-{_process_name()}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    waited_since: datetime | None = None

    def wait() -> None:
        nonlocal waited_since
        waited_since = datetime.now(UTC)
        if on_wait is not None:
            on_wait()

    with output_to(log), airflow_ready(home, wait):
        yield InProcessRunner(log, waited_since)


class InProcessRunner:
    """See :class:`union_warehouse.orchestration.runner.Runner`."""

    def __init__(self, log: Path, waited_since: datetime | None) -> None:
        """Keep the path of the ``log`` file."""
        self._log = log
        self.waited_since = waited_since

    def run(self, dag_id: str, conf: Mapping[str, Any], observer: Observer) -> RunResult:
        """Run ``dag_id`` task by task in this process."""
        from airflow.utils.state import DagRunState, TaskInstanceState

        with observed(observer):
            dag_run = _load_dag(dag_id).test(run_conf=dict(conf))
        failed = {item.task_id for item in dag_run.get_task_instances() if item.state == TaskInstanceState.FAILED}
        is_success = dag_run.state == DagRunState.SUCCESS
        return RunResult(dag_id, dag_run.run_id, is_success, tuple(sorted(failed)), str(self._log))


def _load_dag(dag_id: str) -> Any:
    """A DAG parsed again: a run leaves its parameters in the object that it ran.

    Raises:
        RuntimeError: its file does not parse.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=DAGS_DIR / f"{dag_id}.py")
    if bag.import_errors:
        raise RuntimeError(f"DAG files do not parse: {bag.import_errors}")
    dag = bag.dags[dag_id]
    for task in dag.tasks:
        # Somebody waits at a terminal: report at once, they decide whether to run it again.
        (task.partial_kwargs if task.is_mapped else vars(task))["retries"] = 0
    return dag


@cache
def _process_name() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}"


@cache
def _log_file(path: Path) -> IO[str]:
    # Never closed: Airflow's loggers keep the stream that they found when they were configured.
    return path.open("a", encoding="utf-8", buffering=1)


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """Send what this process and its children print to ``path``, by Python's streams and by the file descriptors."""
    log = _log_file(path)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    try:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        with redirect_stdout(log), redirect_stderr(log):
            yield
    finally:
        with suppress(OSError):  # its disk may be full, which is told once this process can be heard again
            log.flush()
        for descriptor, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)
