"""Reading apart: what opens a file from outside runs in a child process, and whatever happens there is that file's outcome."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from union_warehouse.child_process import CPU, DIED, FAILED, MEMORY, WALL, ChildStopped, Limits, call_in_child
from union_warehouse.contracts import Federation
from union_warehouse.personal_data import HashKey
from union_warehouse.submissions.identify import Identity, identify
from union_warehouse.submissions.original import Original
from union_warehouse.submissions.reading import Submission, declared_returns, read_submission
from union_warehouse.workbooks.builtin_password import unlock
from union_warehouse.workbooks.cover import ROWS
from union_warehouse.workbooks.limits import (
    READING_CPU_SECONDS,
    READING_MEMORY_BYTES,
    READING_SECONDS_PER_MEGABYTE,
    WALL_PER_CPU_SECONDS,
)
from union_warehouse.workbooks.package import sniff
from union_warehouse.workbooks.problems import ReadingStopped, SubmissionProblem
from union_warehouse.workbooks.sheets import explain_size

_LOGGER = logging.getLogger(__name__)
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_STOPPED = {
    MEMORY: ("所需内存超过上限", "it took more memory than it may"),
    CPU: ("所需时间超过上限", "it took more time than it may"),
    WALL: ("所需时间超过上限", "it took more time than it may"),
    DIED: ("读取程序因文件内容而崩溃", "the reader broke down on its content"),
    FAILED: ("读取程序无法处理文件内容", "the reader cannot cope with its content"),
}


@dataclass(frozen=True)
class Identified:
    """What a file says of itself without being read: see :class:`~union_warehouse.submissions.identify.Identity`."""

    department: str | None = None
    month: str | None = None
    forms: tuple[str, ...] = ()


NOT_IDENTIFIED = Identified()


def identify_apart(original: Original, federation: Federation) -> Identified:
    """Whose submission a file is; nothing of one that cannot be read."""
    if original.data is None:
        return NOT_IDENTIFIED
    try:
        identity = call_apart(original.size, _identity, original.data, original.name, federation)
    except (ChildStopped, SubmissionProblem):  # reading it tells why
        return NOT_IDENTIFIED
    if not identity.is_placed:
        return Identified(forms=tuple(identity.declared))
    return Identified(identity.department, identity.month, tuple(identity.declared))


def read_apart(
    original: Original, received_at: str, key: HashKey, federation: Federation, identified: Identified = NOT_IDENTIFIED
) -> Submission:
    """:func:`~union_warehouse.submissions.reading.read_submission` in a child process; never raised, always told.

    Args:
        original: the file.
        received_at: when it arrived (instants.to_text).
        key: for personal data.
        federation: whose departments send.
        identified: whose it is said to be, if it cannot be read any more.
    """
    if original.data is None:
        return _rejected(federation, _known(identified), *([original.problem] if original.problem else []))
    try:
        return call_apart(original.size, _submission, original.data, original.name, received_at, key, federation)
    except ChildStopped as stopped:
        _LOGGER.warning("reading a file of %d bytes stopped: %s %s", original.size, stopped.reason, stopped.detail)
        return _explained(original.data, original.name, stopped, federation, identified)


def call_apart(
    size: int, function: Callable[Parameters, Result], *args: Parameters.args, **keywords: Parameters.kwargs
) -> Result:
    """What ``function`` makes of a file of ``size`` bytes, called in a child process with limits that fit.

    Raises:
        ChildStopped: it came to no result.
        SubmissionProblem: that it raised.
    """
    cpu = READING_CPU_SECONDS + READING_SECONDS_PER_MEGABYTE * (size >> 20)
    return call_in_child(Limits(READING_MEMORY_BYTES, cpu, cpu * WALL_PER_CPU_SECONDS), function, *args, **keywords)


def _explained(data: bytes, file_name: str, stopped: ChildStopped, federation: Federation, identified: Identified) -> Submission:
    """A second look, which reads nothing, for what made the first one stop; and whose file it is, if that can be told."""
    zh, en = _STOPPED[stopped.reason]
    problem: SubmissionProblem = ReadingStopped(file=file_name, detail_zh=zh, detail_en=en)
    try:
        call_apart(len(data), _explain, data, file_name)
    except SubmissionProblem as found:
        problem = found
    except ChildStopped:
        pass
    try:
        identity = call_apart(len(data), _identity, data, file_name, federation)
    except (ChildStopped, SubmissionProblem):
        identity = _known(identified)
    return _rejected(federation, identity, problem)


def _known(identified: Identified) -> Identity:
    declared = dict.fromkeys(identified.forms, ROWS)
    return Identity(department=identified.department, month=identified.month, declared=declared)


def _rejected(federation: Federation, identity: Identity, *problems: SubmissionProblem) -> Submission:
    return Submission(identity, tuple(declared_returns(identity, federation)), (*identity.problems, *problems))


def _identity(data: bytes, file_name: str, federation: Federation) -> Identity:
    return replace(identify(data, file_name, federation), workbook=None)


def _submission(data: bytes, file_name: str, received_at: str, key: HashKey, federation: Federation) -> Submission:
    submission = read_submission(data, file_name, received_at, key, federation)
    return replace(submission, identity=replace(submission.identity, workbook=None))


def _explain(data: bytes, file_name: str) -> None:
    opened, _ = unlock(data, file_name)
    explain_size(opened, file_name, sniff(opened, file_name))
