"""Kill -9 at any moment of a collect, run again: the landing zone and the receipts of an undisturbed run."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.workbook_factory import nil_except, write_csv, write_workbook
from union_warehouse.paths import Home
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox

WRITES = frozenset({"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"})
STEP = 6
"""Every sixth write is a moment to die at: over all files that still meets each kind of write in each state."""


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with files that are accepted, quarantined, unchanged, rejected and unreadable, of two departments."""
    monkeypatch.setenv("UW_HASH_KEY", "the same key in every run of this test")
    home = Home(tmp_path / "template")
    good = write_workbook(tmp_path / "good.xlsx", nil=nil_except("hazards"))
    files = [
        (good, 1),
        (write_csv(tmp_path, "safety_inspections", [{"kind": "?"}, {}]), 3),
        (Path(shutil.copy(good, tmp_path / "again.xlsx")), 2),
        (write_workbook(tmp_path / "bad.xlsx", "WL", cells={"封面!B3": "9"}), 4),
        (_text(tmp_path / "text.xlsx"), 5),
    ]
    for path, day in files:
        place_in_inbox(home, [path], datetime(2014, 4, day, tzinfo=UTC))
    return home.root


def _text(path: Path) -> Path:
    path.write_text("no workbook", encoding="utf-8")
    return path


def _collect_all(home: Home, dies_at: int | None = None) -> None:
    if dies_at is not None:
        _die_at(dies_at)
    for item in scan_inbox(home):
        collect_file(home, item)


def _die_at(write: int) -> None:
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in WRITES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            count += 1
            if count == write:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _in_child(home: Home, dies_at: int | None = None) -> int | None:
    """Collect everything in a process of its own, forked from a server without threads; returns how it ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pandas", "duckdb", "pyarrow.dataset", "union_warehouse.submissions", __name__])
    child = context.Process(target=_collect_all, args=(home, dies_at))
    child.start()
    child.join()
    return child.exitcode


def _content(home: Home) -> dict[str, bytes]:
    """What must be equal: all that landed, every outcome, every receipt."""
    prefix = os.fspath(home.root).encode()
    return {
        _stable_name(path.relative_to(home.root)): path.read_bytes().replace(prefix, b"")
        for folder in (home.landing, home.receipts)
        for path in folder.rglob("*")
        if path.is_file() and ".locks" not in path.parts
    }


def _stable_name(path: Path) -> str:
    """A path without what a marker's name says of the times of a file, which a copy of the home does not share."""
    return path.as_posix().partition("-")[0] if path.parent.name == ".collected" else path.as_posix()


@pytest.mark.build
def test_a_kill_at_any_write_leaves_no_trace(inbox: Path, tmp_path: Path) -> None:
    undisturbed = Home(shutil.copytree(inbox, tmp_path / "undisturbed"))
    assert _in_child(undisturbed) == 0
    expected = _content(undisturbed)
    assert sum(name.endswith("manifest.json") for name in expected) == 4
    deaths = 0
    for write in range(1, 1_000, STEP):
        home = Home(shutil.copytree(inbox, tmp_path / f"killed-{write}"))
        ended = _in_child(home, dies_at=write)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        deaths += 1
        assert _in_child(home) == 0
        assert _content(home) == expected, f"killed at write {write}"
        shutil.rmtree(home.root)
    assert deaths > 15
