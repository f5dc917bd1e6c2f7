"""kill -9 at any moment, run again: the same as if nothing had happened."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import APPROVED, start_uw, uw_json
from tests.releases import copy_of, differing_tables


def kill_when(home: Path, arguments: list[str | Path], is_time: Callable[[], bool], kill: Callable[[int, int], None]) -> None:
    """Start `uw`, and kill it as soon as ``is_time``."""
    process = start_uw(home, *arguments)
    try:
        while not is_time():
            assert process.poll() is None, f"uw {arguments} ended before it could be killed: {process.communicate()}"
            time.sleep(0.002)
        kill(process.pid, signal.SIGKILL)
        process.communicate()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert process.returncode == -signal.SIGKILL


def landed_files(home: Path) -> dict[str, str]:
    """Every file of the landing zone's submissions with the hash of its bytes."""
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (home / "landing").glob("month=*/department=*/v*/*")
    }


def test_killed_while_collecting(tmp_path: Path, reference: Path, january: Path) -> None:
    home = tmp_path / "home"
    submit: list[str | Path] = ["submit", reference / "submissions", "--received-at", reference / "arrivals.csv"]
    manifests = "month=*/department=*/v*/manifest.json"
    kill_when(home, submit, lambda: len(list((home / "landing").glob(manifests))) >= 10, os.killpg)
    assert len(list((home / "landing").glob(manifests))) < 40
    uw_json(home, *submit)
    assert landed_files(home) == landed_files(january)


@pytest.mark.parametrize("kill", [os.killpg, os.kill], ids=["with its dbt", "without its dbt"])
def test_killed_while_building(
    tmp_path: Path, january: Path, february: Path, closings: dict[str, str], kill: Callable[[int, int], None]
) -> None:
    home = copy_of(january, tmp_path)
    close: list[str | Path] = ["close", "2014-02", "--known-at", closings["2014-02"], *APPROVED]
    kill_when(home, close, (home / "build" / "2014-02-r1" / "dbt.log").exists, kill)
    assert (home / "releases" / "current").readlink() == Path("2014-01-r1")
    assert uw_json(home, *close)[0]["release"] == "2014-02-r1"
    assert differing_tables(release_file(home), release_file(february)) == []


def test_killed_while_publishing(tmp_path: Path, january: Path, february: Path, closings: dict[str, str]) -> None:
    home = copy_of(january, tmp_path)
    close: list[str | Path] = ["close", "2014-02", "--known-at", closings["2014-02"], *APPROVED]
    kill_when(home, close, (home / "releases" / ".2014-02-r1" / "parquet").exists, os.killpg)
    assert (home / "releases" / "current").readlink() == Path("2014-01-r1")
    assert uw_json(home, *close)[0]["release"] == "2014-02-r1"
    assert differing_tables(release_file(home), release_file(february)) == []


def release_file(home: Path) -> Path:
    return home / "releases" / "2014-02-r1" / "warehouse.duckdb"
