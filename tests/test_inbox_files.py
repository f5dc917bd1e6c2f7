"""What lies in the inbox: names that are no text, links and folders that mislead, copies, files without permission, archives."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.collecting import archive_of
from tests.workbook_factory import write_csv, write_workbook
from union_warehouse.paths import Home
from union_warehouse.submissions import collect_file, place_in_inbox, read_outcomes, scan_inbox
from union_warehouse.submissions.inbox import SETTLE_SECONDS

RECEIVED = datetime(2014, 4, 2, 8, tzinfo=UTC)


def drop(home: Home, raw: bytes, source: Path) -> None:
    """Put a file into the inbox by hand, long ago."""
    home.inbox.mkdir(parents=True, exist_ok=True)
    path = os.path.join(os.fsencode(home.inbox), raw)  # noqa: PTH118 - a name that is no text
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(source.read_bytes())
    rested = time.time() - SETTLE_SECONDS - 1
    os.utime(path, (rested, rested))


def test_a_name_in_gbk_is_read_as_it_was_written(home: Home, tmp_path: Path) -> None:
    drop(home, "2014年3月_长庆.xlsx".encode("gb18030"), write_workbook(tmp_path / "x.xlsx"))
    drop(home, "街道/2014-03_WL_隐患整改.csv".encode("gb18030"), write_csv(tmp_path, "hazards", department="WL"))
    drop(home, b"\xff\xfe.xlsx", write_workbook(tmp_path / "y.xlsx", "TS"))
    items = scan_inbox(home)
    assert scan_inbox(home) == items
    outcomes = {outcome.department: outcome for outcome in (collect_file(home, item) for item in items)}
    assert {code: outcome.state for code, outcome in outcomes.items()} == dict.fromkeys(("CQ", "WL", "TS"), "accepted")
    assert outcomes["CQ"].file == "2014年3月_长庆.xlsx"
    assert scan_inbox(home) == []


def test_a_submitted_folder_may_hold_such_names(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drop(Home(folder), "长庆".encode("gb18030") * 15 + b".xlsx", write_workbook(tmp_path / "x.xlsx"))
    (place,) = place_in_inbox(home, [folder], RECEIVED)
    assert place.name == "长庆" * 15 + ".xlsx"
    (outcome,) = [collect_file(home, item) for item in scan_inbox(home)]
    assert outcome.state == "accepted"


def test_links_and_special_files_are_not_followed(home: Home, tmp_path: Path) -> None:
    good = write_workbook(tmp_path / "x.xlsx")
    drop(home, "好.xlsx".encode(), good)
    (home.inbox / "link.xlsx").symlink_to(good)
    (home.inbox / "folder").symlink_to(tmp_path)
    os.mkfifo(home.inbox / "fifo.xlsx")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.fspath(home.inbox / "s.xlsx"))
    assert [item.path for item in scan_inbox(home)] == ["好.xlsx"]
    listener.close()


def test_a_file_from_the_future_is_taken(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("union_warehouse.submissions.inbox.SETTLE_SECONDS", 0.5)
    drop(home, b"x.xlsx", write_workbook(tmp_path / "x.xlsx"))
    future = time.time() + 10**6
    os.utime(home.inbox / "x.xlsx", (future, future))
    while not scan_inbox(home):  # until it has rested by the file system's own clock
        time.sleep(0.2)


def test_folders_that_mislead_stop_nobody(home: Home, tmp_path: Path) -> None:
    good = write_workbook(tmp_path / "x.xlsx")
    drop(home, b"received_at=20149999T999999.000000Z," + b"0" * 32 + b"/x.xlsx", good)
    drop(home, b"received_at=soon/y.xlsx", write_workbook(tmp_path / "y.xlsx", "WL"))
    deep = os.open(home.inbox, os.O_RDONLY)
    for _ in range(1_100):
        os.mkdir("d", dir_fd=deep)
        deeper = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = deeper
    os.close(deep)
    assert [item.department for item in scan_inbox(home)] == ["CQ", "WL"]
    _remove(home.inbox / "d")


def _remove(folder: Path) -> None:
    """Of folders so deep that their path is no path any more."""
    subprocess.run(["rm", "-rf", folder], check=True)


def test_a_file_without_permission_is_told_and_taken_once_it_has_it(home: Home, tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("the administrator may read everything")
    drop(home, b"x.xlsx", write_workbook(tmp_path / "x.xlsx"))
    (home.inbox / "x.xlsx").chmod(0o000)
    (outcome,) = [collect_file(home, item) for item in scan_inbox(home)]
    assert [item["rule"] for item in outcome.problems if item["severity"] == "error"] == ["not_readable"]
    (home.inbox / "x.xlsx").chmod(0o600)
    (outcome,) = [collect_file(home, item) for item in scan_inbox(home)]
    assert outcome.state == "accepted"


def test_torn_notes_of_the_inbox_are_made_again(home: Home, tmp_path: Path) -> None:
    place_in_inbox(home, [write_workbook(tmp_path / "x.xlsx"), write_workbook(tmp_path / "y.xlsx", "WL")], RECEIVED)
    items = scan_inbox(home)
    for note in (home.landing / ".pending").iterdir():
        note.write_text("{", encoding="utf-8")
    (home.landing / ".pending" / "what").write_text("", encoding="utf-8")
    assert scan_inbox(home) == items
    first = [collect_file(home, item) for item in items]
    for marker in (home.landing / ".collected").iterdir():
        marker.write_text("{", encoding="utf-8")
    assert [collect_file(home, item) for item in items] == first


def test_a_copy_of_the_inbox_is_not_collected_again(home: Home, tmp_path: Path) -> None:
    (place,) = place_in_inbox(home, [write_workbook(tmp_path / "x.xlsx")], RECEIVED)
    assert [collect_file(home, item).state for item in scan_inbox(home)] == ["accepted"]
    os.utime(place, (1, 1))
    assert scan_inbox(home) == []


def test_an_archive_of_workbooks_is_unpacked(home: Home, tmp_path: Path) -> None:
    first, second = write_workbook(tmp_path / "长庆.xlsx"), write_csv(tmp_path, "hazards", department="WL")
    inner = archive_of(tmp_path / "inner.zip", write_workbook(tmp_path / "inner.xlsx", "TS"))
    path = archive_of(
        tmp_path / "三月.zip", first, second, inner, names={first: "../../逃/长庆.xlsx", second: f"__MACOSX/{second.name}"}
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.write(second, second.name)
    (place,) = place_in_inbox(home, [path], RECEIVED)
    assert read_outcomes(home, place.relative_to(home.inbox).as_posix()) is None
    outcomes = [collect_file(home, item) for item in scan_inbox(home)]
    found = {outcome.file: (outcome.state, outcome.department) for outcome in outcomes}
    assert found == {
        "长庆.xlsx": ("accepted", "CQ"),
        second.name: ("accepted", "WL"),
        "inner.zip": ("rejected", None),
    }
    assert "先解压" in next(outcome for outcome in outcomes if outcome.file == "inner.zip").problems[0]["message"]
    assert scan_inbox(home) == []
    assert sorted(outcome.file for outcome in read_outcomes(home, place.relative_to(home.inbox).as_posix()) or ()) == sorted(
        found
    )


def test_what_systems_and_packers_add_is_no_report_and_is_told_in_one_line(home: Home, tmp_path: Path) -> None:
    names = ["三月/Thumbs.db", "三月/.DS_Store", "__MACOSX/三月/._x.xlsx", "三月/desktop.ini", "三月/readme.txt", "填表说明.docx"]
    path = archive_of(tmp_path / "三月.zip", write_workbook(tmp_path / "x.xlsx"))
    with zipfile.ZipFile(path, "a") as archive:
        for name in names:
            archive.writestr(name, b"no workbook")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("Thumbs.db", "~$x.xlsx", "desktop.ini"):
        (folder / name).write_bytes(b"no workbook")
    (place,) = place_in_inbox(home, [path, folder, folder / "~$x.xlsx"], RECEIVED)
    assert [collect_file(home, item).state for item in scan_inbox(home)] == ["accepted"]
    drop(home, b"Thumbs.db", folder / "Thumbs.db")
    assert scan_inbox(home) == []
    outcomes = read_outcomes(home, place.relative_to(home.inbox).as_posix())
    assert outcomes is not None
    read, left = outcomes
    assert (read.file, left.file, left.state, left.is_clean) == ("x.xlsx", "三月.zip", "unchanged", True)
    assert [(item["rule"], item["severity"]) for item in left.problems] == [("left_in_archive", "warning")]
    assert "三月/readme.txt、填表说明.docx 不是报表" in left.problems[0]["message"]


def test_an_archive_packed_on_windows_keeps_its_names(home: Home, tmp_path: Path) -> None:
    path = archive_of(tmp_path / "x.zip", write_workbook(tmp_path / "x.xlsx"), names={tmp_path / "x.xlsx": "ABCD.xlsx"})
    name = "长庆".encode("gb18030")
    path.write_bytes(path.read_bytes().replace(b"ABCD", name))
    drop(home, b"x.zip", path)
    (outcome,) = [collect_file(home, item) for item in scan_inbox(home)]
    assert (outcome.file, outcome.state) == ("长庆.xlsx", "accepted")
