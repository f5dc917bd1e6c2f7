"""A file or folder of the state is whole or not there, is there after a power cut, and is written in one place."""

from __future__ import annotations

import ast
import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.workbook_factory import write_workbook
from union_warehouse.files import (
    append_json,
    broken_entries,
    give_name,
    new_folder,
    point_at,
    read_entries,
    write_bytes,
    write_json,
    write_new,
)
from union_warehouse.paths import Home
from union_warehouse.project import PROJECT_DIR
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox

SOURCE = PROJECT_DIR / "src" / "union_warehouse"
WRITES = {"write_text", "write_bytes", "rename", "touch", "symlink_to", "hardlink_to", "link", "symlink", "mkstemp"}
WRITES |= {"NamedTemporaryFile", "write_table", "to_parquet", "copyfile", "copy2", "dump"}
WRITE_MODES = frozenset("wax")
WRITE_BY_THEMSELVES = {
    "files.py": "here it stands",
    "locks.py": "a lock file is empty",
    "child_process.py": "tells the kernel which process to end first",
    "orchestration/airflow_home.py": "an empty stamp",
    "orchestration/in_process.py": "a log",
    "warehouse/dbt_worker.py": "a log",
    "warehouse/build.py": "the build's private files",
    "warehouse/plan.py": "the build's private files",
    "warehouse/publish.py": "within new_folder",
    "submissions/inbox.py": "a note that is whole gets another name",
    "submissions/land.py": "within new_folder",
    "submissions/placing.py": "under a name that nobody reads, before give_name",
}


def _writes(call: ast.Call) -> bool:
    """Whether a call writes, renames or links a file."""
    if not isinstance(call.func, ast.Attribute):
        return False
    name, arguments = call.func.attr, [*call.args, *(keyword.value for keyword in call.keywords)]
    if name == "open":
        modes = [node.value for node in arguments if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        return any(len(mode) <= 3 and WRITE_MODES & set(mode) for mode in modes)
    if name == "replace":  # of a path; that of a text takes two, that of an instant named ones
        return len(call.args) == 1 and not call.keywords
    return name in WRITES


def test_whoever_writes_by_himself_is_named_with_the_reason() -> None:
    writers = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if any(isinstance(node, ast.Call) and _writes(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    }
    assert writers == set(WRITE_BY_THEMSELVES), "write through union_warehouse.files"


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Inodes of the files and folders flushed to disk, in order."""
    inodes: list[int] = []
    flush = os.fsync

    def recorded(descriptor: int) -> None:
        inodes.append(os.fstat(descriptor).st_ino)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    return inodes


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_bytes(path, b"1", is_durable=True),
        lambda path: write_json(path, 1, is_durable=True),
        lambda path: write_new(path, b"1"),
        lambda path: append_json(path.parent, {"said": 1}),
        lambda path: give_name(_written(path.with_name("written")), path),
    ],
    ids=["bytes", "json", "new", "entry of a ledger", "name"],
)
def test_file_is_flushed_before_it_has_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "0001.json"
    steps: list[tuple[bool, bool]] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists())))
    write(path)
    assert steps == [(False, False), (True, True)]


def _written(path: Path) -> Path:
    path.write_bytes(b"1")
    return path


def test_a_folder_that_is_made_is_flushed_too(tmp_path: Path, flushed: list[int]) -> None:
    write_bytes(tmp_path / "made" / "also" / "file", b"1", is_durable=True)
    assert {tmp_path.stat().st_ino, (tmp_path / "made").stat().st_ino} <= set(flushed)


def test_what_lands_is_durable(tmp_path: Path, flushed: list[int]) -> None:
    home = Home(tmp_path / "home")
    place_in_inbox(home, [write_workbook(tmp_path / "good.xlsx")], datetime(2014, 4, 1, tzinfo=UTC))
    (item,) = scan_inbox(home)
    outcome = collect_file(home, item)
    assert outcome.submission_id is not None
    kept = [
        *home.inbox.rglob("*"),
        *home.landing.glob("month=*/**/*"),
        *(home.landing / ".collected").iterdir(),
        home.root / "hash_key",
    ]
    assert {path.name for path in kept} >= {"good.xlsx", "original.xlsx", "manifest.json", "row_problems.parquet", item.marker}
    assert not [path for path in kept if path.stat().st_ino not in flushed]
    answers = [Path(str(outcome.receipt)), *home.outbox.rglob("*")]
    assert len(answers) == 3
    assert not [path for path in answers if path.stat().st_ino not in flushed], "nobody looks again at a file that is collected"


def test_two_writers_at_once_leave_the_file_of_one(tmp_path: Path) -> None:
    contents = [bytes([number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            list(pool.map(lambda data: write_bytes(tmp_path / "file", data), contents))
            assert (tmp_path / "file").read_bytes() in contents
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_two_writers_at_once_get_two_numbers(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda number: append_json(tmp_path, {"number": number}), range(24)))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)
    assert len(set(paths)) == 24
    assert sorted(entry["number"] for entry in read_entries(tmp_path)) == list(range(24))
    assert not broken_entries(tmp_path)


@pytest.mark.parametrize(("harm", "broken"), [("change", "0003.json"), ("remove", "0003.json"), ("tear", "0002.json")])
def test_an_entry_that_is_changed_or_taken_away_shows_in_the_ledger(tmp_path: Path, harm: str, broken: str) -> None:
    for number in range(4):
        append_json(tmp_path, {"number": number})
    second = tmp_path / "0002.json"
    if harm == "remove":
        second.unlink()
    else:
        second.write_text(second.read_text().replace('"number": 1', '"number": 7') if harm == "change" else "{")
    assert broken in [path.name for path in broken_entries(tmp_path)]


def test_what_a_killed_writer_left_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (tmp_path / ".file").write_bytes(b"half of a longer te")
    write_bytes(path, b"whole", is_private=True)
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    os.link(path, tmp_path / ".file")  # killed between giving the name and taking the temporary one away
    with pytest.raises(FileExistsError):
        write_new(path, b"another")
    assert path.read_bytes() == b"whole"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_folder_has_its_name_when_it_is_whole_or_is_gone(tmp_path: Path, flushed: list[int]) -> None:
    folder = tmp_path / "v0001"
    with pytest.raises(ZeroDivisionError), new_folder(folder) as temporary:
        (temporary / "file").write_bytes(b"1")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with new_folder(folder) as temporary:
        (temporary / "within").mkdir()
        (temporary / "within" / "file").write_bytes(b"1")
        assert not folder.exists()
    assert {path.stat().st_ino for path in [tmp_path, folder, *folder.rglob("*")]} <= set(flushed)


def test_a_link_points_elsewhere_in_one_step(tmp_path: Path, flushed: list[int]) -> None:
    link = tmp_path / "current"
    (tmp_path / ".current.new").symlink_to("left by a killed process")
    for target in ("first", "second"):
        point_at(link, target, is_durable=True)
        assert link.readlink() == Path(target)
    assert flushed == [tmp_path.stat().st_ino] * 2


def test_json_is_text_as_people_read_it(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"月": 1})
    text = (tmp_path / "file.json").read_text("utf-8")
    assert "月" in text and text.endswith("\n")
    assert json.loads(text) == {"月": 1}
