"""A file that is torn or empty, as a power cut or a damaged disk leaves it: made again, or named with what to do."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.collecting import at, collect, hazards, tree
from tests.landings import land, plan_build
from tests.workbook_factory import nil_except, write_csv, write_workbook
from union_warehouse.alerts.ledger import load_state
from union_warehouse.alerts.run_events import note_run, run_events
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import append_json, read_entries
from union_warehouse.landing.errors import UnreadableManifest
from union_warehouse.landing.folders import month_manifests
from union_warehouse.paths import Home
from union_warehouse.personal_data import load_hash_key
from union_warehouse.releases.read import current_release
from union_warehouse.storage import storage_error
from union_warehouse.submissions import collect_file, read_outcomes, scan_inbox
from union_warehouse.warehouse.plan_file import built_files, load_plan

TORN = pytest.mark.parametrize("left", [b"", b"{", b"\0" * 50], ids=["empty", "torn", "zeros"])


@pytest.fixture
def collected(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Two departments' files collected, one of them out of an archive."""
    monkeypatch.setenv("UW_HASH_KEY", "the same key in every run of this test")
    archive = tmp_path / "several.zip"
    packed = write_csv(tmp_path, "safety_inspections", [{}])
    shutil.make_archive(str(archive.with_suffix("")), "zip", packed.parent, packed.name)
    good = write_workbook(tmp_path / "good.xlsx", nil=nil_except("hazards"))
    outcomes = [
        outcome for number, path in enumerate((good, archive)) for outcome in collect(home, path, received_at=at(4, 2 + number))
    ]
    assert [outcome.state for outcome in outcomes] == ["accepted"] * 2
    return home


def answers(home: Home) -> dict[str, bytes]:
    return {name: data for name, data in tree(home.root).items() if not name.startswith("landing/.attempts")}


@TORN
@pytest.mark.parametrize("kind", [".collected", ".unpacked", ".first_accepted"])
def test_what_is_noted_of_files_is_made_again(collected: Home, tmp_path: Path, kind: str, left: bytes) -> None:
    before = answers(collected)
    arrived = sorted(path for path in collected.inbox.glob("received_at=*/*") if path.is_file())
    torn = [path for path in (collected.landing / kind).iterdir() if path.is_file()]
    assert torn
    for path in torn:
        path.write_bytes(left)
    asked = [read_outcomes(collected, path.relative_to(collected.inbox).as_posix()) for path in arrived]
    assert kind == ".first_accepted" or None in asked
    for item in scan_inbox(collected):
        collect_file(collected, item)
    if kind == ".first_accepted":
        collect(collected, hazards(tmp_path / "next.xlsx", {}, month="2014-04"), received_at=at(5))
        assert [manifest["is_opening"] for manifest in month_manifests(collected, "2014-04", "CQ")] == [False]
        assert json.loads(torn[0].read_bytes()) == json.loads(before[torn[0].relative_to(collected.root).as_posix()])
    else:
        assert answers(collected) == before


def test_an_empty_marker_of_a_file_lets_it_be_collected_again(collected: Home) -> None:
    markers = list((collected.landing / ".collected").iterdir())
    for path in markers:
        path.write_bytes(b"")
    assert {item.marker for item in scan_inbox(collected)} == {path.name for path in markers}


@pytest.mark.parametrize("left", [None, b"", b"{", b"\0" * 50, b"{}", b"[]", b"null"])
def test_a_version_without_a_readable_manifest_stops_the_plan_with_its_name(home: Home, left: bytes | None) -> None:
    for department in ("CQ", "XJ"):
        land(home, "2014-01", department, {"hazards": []})
    path = home.landing / "month=2014-01" / "department=CQ" / "v0001" / "manifest.json"
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    with pytest.raises(UnreadableManifest, match="month=2014-01/department=CQ/v0001"):
        plan_build(home, "2014-01")
    with pytest.raises(UnreadableManifest, match="month=2014-01/department=CQ/v0001"):
        month_manifests(home, "2014-01", "CQ")


def _entry(home: Home) -> None:
    read_entries(home.approvals / "2014-01-r1")


def _plan(home: Home) -> None:
    load_plan(home, "2014-01-r1")


def _marts(home: Home) -> None:
    with built_files(home, "2014-01-r1") as folder:
        duckdb.connect(str(folder / "marts.duckdb")).close()


@TORN
@pytest.mark.parametrize(
    ("place", "read", "code"),
    [
        ("approvals/2014-01-r1/0001.json", _entry, "unreadable_entry"),
        ("hash_key", load_hash_key, "unreadable_key"),
        ("alerts/state.json", load_state, "unreadable_alerts"),
        ("releases/current/release.json", current_release, "unreadable_release"),
        ("build/2014-01-r1/plan.json", _plan, "build_incomplete"),
        ("build/2014-01-r1/marts.duckdb", _marts, "build_incomplete"),
    ],
)
def test_what_cannot_be_made_again_is_named(
    home: Home, place: str, read: Callable[[Home], object], code: str, left: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UW_HASH_KEY", raising=False)
    (home.releases / "2014-01-r1").mkdir(parents=True)
    (home.releases / "current").symlink_to("2014-01-r1")
    append_json(home.approvals / "2014-01-r1", {"said": 1})
    path = home.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect(str(path.parent / "build.duckdb")).close()
    path.write_bytes(left)
    with pytest.raises(UnionWarehouseError) as raised:
        read(home)
    assert raised.value.code == code
    assert str(home.root) in raised.value.message_zh


@TORN
def test_a_note_of_a_run_that_is_torn_is_no_event(home: Home, left: bytes) -> None:
    note_run(home, "close_month", "manual", at(4), [("plan_close", "unexpected")])
    assert list(run_events(home, at(5)))
    next((home.alerts / "runs").iterdir()).write_bytes(left)
    assert not list(run_events(home, at(5)))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a/b"), "disk_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full"),
        (OSError(errno.EROFS, "Read-only file system"), "not_writable"),
        (PermissionError(errno.EACCES, "Permission denied"), "not_writable"),
        (duckdb.IOException('IO Error: Could not write file "x": No space left on device'), "disk_full"),
        (sqlite3.OperationalError("database or disk is full"), "disk_full"),
        (sqlite3.OperationalError("disk I/O error"), "disk_failing"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "not_writable"),
    ],
)
def test_what_a_library_says_of_the_disk_is_named(error: Exception, code: str) -> None:
    wrapped = RuntimeError("something failed")
    wrapped.__cause__ = error
    for one in (error, wrapped):
        found = storage_error(one)
        assert found is not None
        assert found.code == code
    assert storage_error(FileNotFoundError(errno.ENOENT, "No such file")) is None
