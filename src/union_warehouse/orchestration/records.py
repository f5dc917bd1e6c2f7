"""An outcome record for every step of every run: ``UW_HOME/runs/<dag>/<run>/<task>[.<map index>].json``.

The same records serve a run inside this process and one on a server: progress, results and errors are read from them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import read_derived, write_json
from union_warehouse.paths import Home
from union_warehouse.storage import storage_error


@dataclass(frozen=True)
class StepRecord:
    """What became of one step.

    Attributes:
        dag_id: its DAG.
        run_id: its run.
        task_id: its task.
        map_index: its place among mapped tasks, or -1.
        state: running, success or failed; one that stays ``running`` was killed.
        started_at: UTC ISO-8601.
        seconds: time it took; 0 while running.
        result: what it returned.
        error: code, message_zh and message_en of what stopped it.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str
    started_at: str
    seconds: float = 0.0
    result: Any = None
    error: dict[str, str] | None = None


Observer = Callable[[StepRecord], None]
_observers: list[Observer] = []
_unwritten: list[StepRecord] = []
"""Failures of this process that a full or read-only disk took no record of."""


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Call ``observer`` with every record that this process writes in the block."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


def run_step(home: Home, identity: tuple[str, str, str, int], step: Callable[[], Any]) -> Any:
    """Run ``step`` and record what became of it.

    Args:
        home: where the record goes.
        identity: DAG, run, task and map index.
        step: the work; what it returns must be JSON-able.

    Raises:
        Exception: whatever ``step`` raised, after the record of it is written.
    """
    started_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    clock = time.perf_counter()
    try:
        _write(home, StepRecord(*identity, state="running", started_at=started_at))
        result = step()
        _write(home, StepRecord(*identity, "success", started_at, _since(clock), result=result))
    except Exception as error:
        failed = StepRecord(*identity, "failed", started_at, _since(clock), error=describe_error(error))
        try:
            _write(home, failed)
        except OSError:
            _unwritten.append(failed)
        raise
    return result


def describe_error(error: Exception) -> dict[str, str]:
    """``error`` as code, message_zh and message_en; one that is none of ours and no disk's has the code ``unexpected``."""
    named = error if isinstance(error, UnionWarehouseError) else storage_error(error)
    if named is not None:
        return {"code": named.code, "message_zh": named.message_zh, "message_en": named.message_en}
    text = f"{type(error).__name__}: {error}"
    return {"code": "unexpected", "message_zh": text, "message_en": text}


def read_records(home: Home, dag_id: str, run_id: str) -> dict[tuple[str, int], StepRecord]:
    """The records of one run, by task and map index."""
    paths = sorted(_folder(home, dag_id, run_id).glob("[!.]*.json"))
    records = [StepRecord(**values) for path in paths if (values := read_derived(path)) is not None]
    records += [record for record in _unwritten if (record.dag_id, record.run_id) == (dag_id, run_id)]
    return {(record.task_id, record.map_index): record for record in records}


def _since(clock: float) -> float:
    return round(time.perf_counter() - clock, 3)


def _folder(home: Home, dag_id: str, run_id: str) -> Path:
    return home.root / "runs" / dag_id / run_id.replace("/", "_")


def _write(home: Home, record: StepRecord) -> None:
    name = record.task_id if record.map_index < 0 else f"{record.task_id}.{record.map_index}"
    write_json(_folder(home, record.dag_id, record.run_id) / f"{name}.json", asdict(record), indent=None)
    for observer in _observers:
        observer(record)
