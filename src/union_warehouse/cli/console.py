"""What goes to the terminal: results to standard output, progress and errors to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from union_warehouse.display import json_text
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.orchestration.close_steps import CLOSE_STEPS

if TYPE_CHECKING:
    from union_warehouse.orchestration.records import Observer, StepRecord

# Wide enough for a whole row when the output goes to a file or a pipe, where nobody can widen a window.
_WIDTH_WITHOUT_TERMINAL = 200
_MESSAGE_LENGTH = 3000

_STEP_LABELS = {
    "list_inbox": "list the inbox",
    "confirm_outcomes": "confirm that every file has an outcome",
    "plan_close": "choose the submissions that count",
    **{step.task_id: step.label for step in CLOSE_STEPS},
}
# Steps too short to be worth a line of their own.
_QUIET_STEPS = {"list_inbox", "confirm_outcomes", *(step.task_id for step in CLOSE_STEPS if step.is_quiet)}


def console(stream: IO[str] | None = None) -> Console:
    """A console on ``stream``, by default standard output."""
    stream = stream or sys.stdout
    width = None if stream.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """``value`` as JSON on standard output, Chinese as it is."""
    sys.stdout.write(json_text(value))


def print_table(title: str, columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[Any]]) -> None:
    """A table on standard output.

    Args:
        title: shown above it; empty for none.
        columns: heading, and whether it holds numbers (aligned right).
        rows: one sequence of cells a row; None is shown as nothing.
    """
    table = Table(title=title or None, title_justify="left", title_style="bold")
    for heading, is_number in columns:
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in row))
    console().print(table)


def print_error(error: UnionWarehouseError) -> None:
    """``error`` in Chinese and English on standard error."""
    where = console(sys.stderr)
    where.print(Text(f"错误 {error.code}：", style="bold red") + Text(_shortened(error.message_zh)))
    where.print(Text(f"error {error.code}: ", style="bold red") + Text(_shortened(error.message_en)))


def _shortened(message: str) -> str:
    """At most a screenful; ``--json`` gives the whole message."""
    return message if len(message) <= _MESSAGE_LENGTH else f"{message[:_MESSAGE_LENGTH]} …"


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress lines on the standard error of now, even while Airflow's own output is sent to a file."""
    with _kept_stderr() as stream:
        shown = Progress(console(stream))
        try:
            yield shown
        finally:
            shown.stop()


@contextmanager
def _kept_stderr() -> Iterator[IO[str]]:
    try:
        is_process_stream = sys.stderr.fileno() == 2
    except (OSError, ValueError):
        is_process_stream = False
    if not is_process_stream:
        yield sys.stderr
        return
    with os.fdopen(os.dup(2), "w", encoding="utf-8", buffering=1) as stream:
        yield stream


def _is_waiting(record: StepRecord) -> bool:
    return record.error is not None and record.error["code"] == "awaiting_approval"


class Progress:
    """One line a finished step, and on a terminal a spinner for the running one."""

    def __init__(self, where: Console) -> None:
        """Write to ``where``."""
        self._where = where
        self._status = where.status("") if where.is_terminal else None
        self._prefix = ""
        self._collected = 0

    def say(self, line: str) -> None:
        """Print a line."""
        self._where.print(line)

    def wait(self) -> None:
        """Say that another ``uw`` has to end first."""
        self.say("another uw runs on this UW_HOME; this one waits for it. 另一个 uw 正在同一 UW_HOME 上运行，本命令等待其结束。")

    def begin(self, activity: str) -> None:
        """Show ``activity`` as what runs now; it also names the steps that follow."""
        self._prefix = activity
        if self._status is not None:
            self._status.update(activity)
            self._status.start()

    def stop(self) -> None:
        """Clear the spinner."""
        if self._status is not None:
            self._status.stop()

    @property
    def observer(self) -> Observer:
        """What to give to a runner."""
        return self._see

    def _see(self, record: StepRecord) -> None:
        if record.task_id == "collect_file":
            self._see_file(record)
        elif record.state == "running":
            if self._status is not None:
                self._status.update(f"{self._prefix}: {_STEP_LABELS.get(record.task_id, record.task_id)}")
        elif record.state == "failed" or record.task_id not in _QUIET_STEPS:
            label = _STEP_LABELS.get(record.task_id, record.task_id)
            outcome = "" if record.state == "success" else " (it does)" if _is_waiting(record) else " (failed)"
            self.say(f"  {self._prefix}: {label}{outcome}  {record.seconds:.1f} s")

    def _see_file(self, record: StepRecord) -> None:
        if record.state == "running":
            return
        self._collected += 1
        name = (record.result or {}).get("file", "?")
        line = f"{self._collected} files read; last: {name}"
        if self._status is not None:
            self._status.update(f"{self._prefix}: {line}")
        elif self._collected % 25 == 0:
            self.say(f"  {self._prefix}: {line}")
