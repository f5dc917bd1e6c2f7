"""A child process bears what would take its parent down: it is cut off, replaced, and ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from union_warehouse import child_process
from union_warehouse.child_process import ChildStopped, Limits, call_in_child

LIMITS = Limits(2**30, cpu_seconds=60, wall_seconds=120)


def test_a_child_that_takes_too_much_is_cut_off_and_replaced() -> None:
    first = call_in_child(LIMITS, os.getpid)
    assert call_in_child(LIMITS, os.getpid) == first, "a child serves more than one call"
    for limits, function, argument, reason in (
        (Limits(2**28, 60, 120), bytearray, 2**31, "memory"),
        (Limits(2**30, 60, 1), time.sleep, 600, "wall"),
        (LIMITS, os._exit, 3, "died"),
        (LIMITS, int, "x", "failed"),
    ):
        with pytest.raises(ChildStopped) as stopped:
            call_in_child(limits, function, argument)  # type: ignore[arg-type]
        assert stopped.value.reason == reason
        assert "'x'" not in stopped.value.detail, "an exception's text may quote a person"
    assert call_in_child(LIMITS, os.getpid) != first


def test_processor_time_is_limited() -> None:
    with pytest.raises(ChildStopped) as stopped:
        call_in_child(Limits(2**30, 1, 600), pow, 7, 10**9)
    assert stopped.value.reason == "cpu"


def test_a_child_ends_with_its_parent() -> None:
    parent = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, signal\nfrom union_warehouse.child_process import Limits, call_in_child\n"
            "print(call_in_child(Limits(2**30, 60, 60), os.getpid), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)",
        ],
        capture_output=True,
        check=False,
    )
    assert parent.returncode == -signal.SIGKILL
    child = Path(f"/proc/{int(parent.stdout)}")
    while child.exists():  # pytest's own limit ends this
        time.sleep(0.01)


def test_a_fork_leaves_the_children_to_its_parent() -> None:
    mine = call_in_child(LIMITS, os.getpid)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if not child_process._idle else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert call_in_child(LIMITS, os.getpid) == mine
