"""Run a function in a child process that is cut off when it takes too much, and ends with its parent.

What comes from outside may make a library abort, hang or fill the memory; a child bears that, and its parent learns what
happened. Children are started once, used again for the next call and replaced when they died or have grown.
"""

from __future__ import annotations

import atexit
import fcntl
import mmap
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from union_warehouse.errors import UnionWarehouseError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MEMORY, CPU, WALL, DIED, FAILED = "memory", "cpu", "wall", "died", "failed"
_START_SECONDS = 300
"""A child imports what it needs before its limits begin; on a busy machine that may take long."""
_LARGEST_IDLE_BYTES = 512 * 2**20
_PIPE_BYTES = 2**20
_RESIDENT, _DATA = 1, 5  # in /proc/self/statm
_ALIGNED = 64  # as Arrow wants its columns
_WHOLE_AT_ONCE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE  # a page at a time takes as long as the copying
_OUT_OF_MEMORY = b"memory allocation of"  # how Rust says it before it aborts
_MODULE = "union_warehouse.child_process"


@dataclass(frozen=True)
class Limits:
    """What one call may take: memory beyond what the child has when it begins, processor time, and time on the clock."""

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: int


class ChildStopped(Exception):
    """A call that came to no result.

    Attributes:
        reason: memory, cpu, wall (limits), died (by a signal or an exit), failed (an exception of the function).
        detail: the signal, or class and place of the exception; never its text, which may quote the content.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def call_in_child(
    limits: Limits, function: Callable[Parameters, Result], *args: Parameters.args, **keywords: Parameters.kwargs
) -> Result:
    """What ``function`` returns, called in a child process.

    Args:
        limits: of this call.
        function: of a module, so that the child can import it.
        *args: picklable.
        **keywords: picklable.

    Raises:
        ChildStopped: it was cut off, died, or raised anything but an error of ours.
        UnionWarehouseError: that the function raised.
        RuntimeError: no child could be started: a fault of the machine.
    """
    child = _take_child()
    try:
        answer = child.call(pickle.dumps((function, limits, args, keywords), protocol=pickle.HIGHEST_PROTOCOL), limits)
    except BaseException:
        child.kill()
        raise
    if child.is_worn:
        child.kill()
    else:
        _keep_child(child)
    if isinstance(answer, Exception):
        raise answer
    return answer  # type: ignore[no-any-return]


class _Child:
    """One child process with its pipes."""

    def __init__(self) -> None:
        ours, theirs = os.pipe(), os.pipe()
        alive = os.pipe()  # its other end closes when this process ends, however it ends
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        passed = (ours[0], theirs[1], alive[0])
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", _MODULE, *map(str, passed)],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            pass_fds=passed,
        )
        for descriptor in passed:
            os.close(descriptor)
        self._requests, self._answers = Connection(ours[1], readable=False), Connection(theirs[0], writable=False)
        self._alive = alive[1]
        with suppress(OSError):  # as long as the system has room for it
            fcntl.fcntl(theirs[0], fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self.is_worn = False

    def call(self, request: bytes, limits: Limits) -> Any:
        """Send a request and wait for its answer; what went wrong within it is an exception that is returned."""
        try:
            self._requests.send_bytes(request)
            if not self._answers.poll(_START_SECONDS):
                raise RuntimeError("the child process does not start")
            self._answers.recv_bytes()
        except (OSError, EOFError) as error:
            raise RuntimeError(f"the child process does not start: {self._said()!r}") from error
        self.is_worn = True
        try:
            if not self._answers.poll(limits.wall_seconds):
                return ChildStopped(WALL)
            answer, self.is_worn = _receive(self._answers)
        except (OSError, EOFError):
            return self._death()
        return answer

    def _death(self) -> ChildStopped:
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return ChildStopped(CPU)
        if _OUT_OF_MEMORY in self._said() or code == -signal.SIGKILL:  # the system kills who takes the last memory
            return ChildStopped(MEMORY)
        return ChildStopped(DIED, signal.Signals(-code).name if code < 0 else f"exit {code}")

    def _said(self) -> bytes:
        self._errors.seek(0)
        return self._errors.read()[-2_000:]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._requests.close()
        self._answers.close()
        self._errors.close()
        os.close(self._alive)


_idle: list[_Child] = []
_lock = threading.Lock()


def _take_child() -> _Child:
    with _lock:
        if _idle:
            return _idle.pop()
    return _Child()


def _keep_child(child: _Child) -> None:
    with _lock:
        _idle.append(child)


def _end_children() -> None:
    while _idle:
        _idle.pop().kill()


def _forget_children() -> None:
    """After a fork: the children are the parent's."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


atexit.register(_end_children)
os.register_at_fork(after_in_child=_forget_children)


def _serve(requests: Connection, answers: Connection) -> None:
    """Answer calls until the parent closes the pipe, or memory has grown."""
    is_worn = False
    while not is_worn:
        try:
            function, limits, args, keywords = pickle.loads(requests.recv_bytes())  # noqa: S301 - of our own parent
        except EOFError:
            return
        _limit(limits)
        answers.send_bytes(b"")
        answer = _answer(function, args, keywords)
        _unlimit()
        is_worn = _pages()[_RESIDENT] * resource.getpagesize() > _LARGEST_IDLE_BYTES
        _send(answers, (answer, is_worn))


def _send(connection: Connection, answer: Any) -> None:
    """Send an answer; its large buffers, such as columns of a table, go as they lie."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    connection.send_bytes(pickle.dumps((body, [view.nbytes for view in views])))
    for view in views:
        sent = 0
        while sent < view.nbytes:
            sent += os.write(connection.fileno(), view[sent:])


def _receive(connection: Connection) -> Any:
    """What :func:`_send` sent.

    Raises:
        EOFError: the other end died.
    """
    body, sizes = pickle.loads(connection.recv_bytes())  # noqa: S301 - of our own child
    starts = [0, *accumulate(-(-size // _ALIGNED) * _ALIGNED for size in sizes)]
    room = memoryview(mmap.mmap(-1, starts[-1] + 1, flags=_WHOLE_AT_ONCE))
    views = [room[start : start + size] for start, size in zip(starts, sizes, strict=False)]
    for view in views:
        received = 0
        while received < view.nbytes:
            count = os.readv(connection.fileno(), [view[received:]])
            if not count:
                raise EOFError
            received += count
    return pickle.loads(body, buffers=views)  # noqa: S301 - of our own child


def _answer(function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    try:
        return function(*args, **keywords)
    except UnionWarehouseError as error:
        return error
    except MemoryError:
        return ChildStopped(MEMORY)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return ChildStopped(FAILED, f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}")


def _limit(limits: Limits) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_soft(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + limits.cpu_seconds)
    _set_soft(resource.RLIMIT_DATA, _pages()[_DATA] * resource.getpagesize() + limits.memory_bytes)


def _pages() -> list[int]:
    """Pages of memory that this process has, of each kind."""
    return [int(count) for count in Path("/proc/self/statm").read_text(encoding="ascii").split()]


def _unlimit() -> None:
    _set_soft(resource.RLIMIT_CPU, resource.RLIM_INFINITY)
    _set_soft(resource.RLIMIT_DATA, resource.RLIM_INFINITY)


def _set_soft(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or value > hard):
        value = hard
    resource.setrlimit(limit, (value, hard))


def _end_with_parent(alive: int) -> None:
    """Let the kernel end this process when the other end of ``alive`` closes, whatever it does at that moment."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(alive, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(alive, fcntl.F_SETFL, fcntl.fcntl(alive, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    watched = select.poll()
    watched.register(alive, select.POLLIN)
    if watched.poll(0):
        raise SystemExit(0)


def _main(requests: int, answers: int, alive: int) -> None:
    _end_with_parent(alive)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent that is interrupted
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    _serve(Connection(requests, writable=False), Connection(answers, readable=False))


if __name__ == "__main__":
    # As the module that the parent imported, so that both mean the same classes.
    from union_warehouse import child_process

    child_process._main(*map(int, sys.argv[1:]))
