"""One way to run a DAG and wait for it, whether in this process or on a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from union_warehouse.orchestration.errors import RunFailed, StepStopped
from union_warehouse.orchestration.records import Observer, StepRecord, read_records
from union_warehouse.paths import Home


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        dag_id: its DAG.
        run_id: its run.
        is_success: whether every task that had to run succeeded.
        failed_tasks: tasks that failed, in no order.
        log: where to read more.
        is_awaiting_input: whether it goes on, and waits for a person's answer.
    """

    dag_id: str
    run_id: str
    is_success: bool
    failed_tasks: tuple[str, ...]
    log: str
    is_awaiting_input: bool = False


class Runner(Protocol):
    """Runs a DAG with a configuration and waits until it ended.

    ``waited_since``: since when it had to wait for another ``uw`` before it could run anything; None if it had not.
    """

    @property
    def waited_since(self) -> datetime | None:
        """See the class."""
        ...

    def run(self, dag_id: str, conf: Mapping[str, Any], observer: Observer) -> RunResult:
        """Run ``dag_id`` with ``conf`` to its end, or until it waits for a person; ``observer`` sees each step's record."""
        ...


def results_of(home: Home, run: RunResult) -> dict[str, Any]:
    """What each step of a successful run returned, by task.

    Raises:
        StepStopped: a step stopped with a named error.
        RunFailed: a task failed otherwise, or left no record.
    """
    records = read_records(home, run.dag_id, run.run_id)
    if not run.is_success:
        raise _failure(run, list(records.values()))
    return {record.task_id: record.result for record in records.values() if record.map_index < 0}


def _failure(run: RunResult, records: list[StepRecord]) -> StepStopped | RunFailed:
    # A mapped task that failed explains more than the gate that noticed it, so the first failure in time is reported.
    failed = sorted((record for record in records if record.error), key=lambda record: record.started_at)
    error = failed[0].error if failed else None
    if error and error["code"] != "unexpected":
        return StepStopped(code=error["code"], zh=error["message_zh"], en=error["message_en"], task=failed[0].task_id)
    tasks = ", ".join(sorted({*run.failed_tasks})) or "?"
    return RunFailed(dag_id=run.dag_id, tasks=tasks, reason=error["message_en"] if error else "no record", log=run.log)
