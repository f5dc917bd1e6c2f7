"""What is collected stays collected: the bytes of a file decide, not what the file system says of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.collecting import archive_of, at, collect_one, hazards, tree
from union_warehouse.landing.folders import read_manifests
from union_warehouse.paths import Home
from union_warehouse.submissions import Outcome, collect_file, place_in_inbox, read_outcomes, scan_inbox
from union_warehouse.submissions.inbox import waiting_files


@pytest.fixture(autouse=True)
def nobody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("union_warehouse.submissions.inbox.SETTLE_SECONDS", -10)


def lay(home: Home, made: Path, place: str) -> Path:
    target = home.inbox / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(made.read_bytes())
    return target


def collect_all(home: Home) -> list[Outcome]:
    return [collect_file(home, item) for item in scan_inbox(home)]


def test_a_copied_home_collects_nothing_again(home: Home, tmp_path: Path) -> None:
    first = hazards(tmp_path / "a.xlsx", {})
    collect_one(home, first, at(4))
    lay(home, hazards(tmp_path / "b.xlsx", {}, {}), "CQ/三月.xlsx")
    collect_all(home)
    lay(home, first, "CQ/三月.xlsx")  # the bytes that arrived first, at the place of others
    archive = archive_of(home.inbox / "all.zip", hazards(tmp_path / "c.xlsx", {}, department="WL"))
    assert [outcome.state for outcome in collect_all(home)] == ["accepted", "accepted"]
    lay(home, hazards(tmp_path / "d.xlsx", {}, department="TS"), "TS/三月.xlsx")
    (waiting,) = scan_inbox(home)
    copy = Home(tmp_path / "copy")
    shutil.copytree(home.root, copy.root, copy_function=shutil.copyfile)  # of other times
    landed = {path: data for path, data in tree(copy.landing).items() if path.startswith("month=")}
    (still,) = scan_inbox(copy)
    assert (still.path, still.received_at) == (waiting.path, waiting.received_at)
    assert {path: data for path, data in tree(copy.landing).items() if path.startswith("month=")} == landed
    assert collect_file(copy, still).state == "accepted"
    assert (scan_inbox(copy), waiting_files(copy)) == ([], [])
    told = read_outcomes(copy, archive.relative_to(home.inbox).as_posix())
    assert told is not None and [outcome.submission_id for outcome in told] == ["2014-03/WL/v0001"]
    assert [manifest["received_at"] for manifest in read_manifests(copy) if manifest["department"] == "TS"] == [
        waiting.received_at
    ]


def test_other_bytes_are_seen_although_size_and_time_are_equal(home: Home, tmp_path: Path) -> None:
    file = lay(home, hazards(tmp_path / "a.xlsx", {"hazard_no": "H1"}), "CQ/三月.xlsx")
    collect_all(home)
    status = file.stat()
    changed = hazards(tmp_path / "b.xlsx", {"hazard_no": "H2"}).read_bytes()
    file.write_bytes(changed.ljust(status.st_size, b"\0")[: status.st_size])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert len(collect_all(home)) == 1
    assert scan_inbox(home) == []


def test_other_bytes_in_a_placed_file_do_not_arrive_when_the_first_did(home: Home, tmp_path: Path) -> None:
    collect_one(home, hazards(tmp_path / "a.xlsx", {}), at(4))
    (placed,) = place_in_inbox(home, [tmp_path / "a.xlsx"], at(4))
    placed.write_bytes(hazards(tmp_path / "b.xlsx", {}, {}).read_bytes())
    (item,) = scan_inbox(home)
    assert item.received_at[:4] > "2014"


def test_a_file_that_changed_between_listing_and_reading_is_known_by_what_was_read(home: Home, tmp_path: Path) -> None:
    file = lay(home, hazards(tmp_path / "a.xlsx", {}), "CQ/三月.xlsx")
    (item,) = scan_inbox(home)
    lay(home, hazards(tmp_path / "b.xlsx", {}, {}), "CQ/三月.xlsx")
    assert collect_file(home, item).rows == 2
    assert (scan_inbox(home), file.exists()) == ([], True)
