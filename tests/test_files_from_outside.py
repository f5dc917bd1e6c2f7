"""One file harms nobody: whatever is dropped into the inbox, the good file beside it is collected, and each bad one is told."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import workbook_factory as factory
from tests.collecting import at
from tests.workbook_factory import write_csv, write_workbook
from union_warehouse import child_process
from union_warehouse.child_process import ChildStopped, Limits, call_in_child
from union_warehouse.paths import Home
from union_warehouse.submissions import Outcome, check_file, collect_file, place_in_inbox, read_outcomes, scan_inbox
from union_warehouse.submissions.attempts import MAX_ATTEMPTS
from union_warehouse.submissions.inbox import SETTLE_SECONDS

RECEIVED = datetime(2014, 4, 2, 8, tzinfo=UTC)
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LIMITS = Limits(2**30, cpu_seconds=60, wall_seconds=120)


def rules(outcome: Outcome) -> list[str]:
    return [item["rule"] for item in outcome.problems if item["severity"] == "error"]


def with_part(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """Rewrite one part of a package."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return path


def hazards_part(path: Path) -> str:
    names = [name for name in factory.make_grids() if name != factory.COVER]
    return f"xl/worksheets/sheet{names.index('隐患整改') + 2}.xml"


def with_rows(path: Path, rows: str) -> Path:
    """A good workbook with more rows in the sheet of hazards."""
    write_workbook(path)
    return with_part(path, hazards_part(path), lambda xml: xml.replace(b"</sheetData>", rows.encode() + b"</sheetData>"))


def stray_cell(path: Path) -> Path:
    return with_rows(path, '<row r="1048576"><c r="ZZ1048576"><v>1</v></c></row>')


def stray_space(path: Path) -> Path:
    """Something that nobody sees, within the limits: it makes millions of cells of a sheet with one row."""
    return with_rows(path, '<row r="200000"><c r="AZ200000" t="inlineStr"><is><t xml:space="preserve"> </t></is></c></row>')


def stray_cell_in_a_row_without_number(path: Path) -> Path:
    return with_rows(path, '<row><c r="XFD1048576" t="n"><v>1</v></c></row>')


def stray_cell_spelt_with_references(path: Path) -> Path:
    return with_rows(path, "<row r='104857&#54;'><c r='Z&#90;1048576'><v>1</v></c></row>")


def endless_text(path: Path) -> Path:
    """A text of a megabyte that is stored once and shown 2,000 times."""
    write_workbook(path)
    with zipfile.ZipFile(path) as package:
        index = package.read("xl/sharedStrings.xml").count(b"<si>")
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>{index}</v></c></row>' for row in range(100, 2_100))
    with_part(path, hazards_part(path), lambda xml: xml.replace(b"</sheetData>", rows.encode() + b"</sheetData>"))
    text = b"<si><t>" + b"x" * 2**20 + b"</t></si></sst>"
    return with_part(path, "xl/sharedStrings.xml", lambda xml: xml.replace(b"</sst>", text))


def formulas_that_never_end(path: Path) -> Path:
    return with_rows(path, "<row><c>" + "<f>" * 20_000 + "</c></row>")


def entities(path: Path) -> Path:
    write_workbook(path)
    return with_part(
        path, hazards_part(path), lambda xml: xml.replace(b"<worksheet ", b'<!DOCTYPE w [<!ENTITY a "b">]><worksheet ', 1)
    )


def document_type_elsewhere(path: Path) -> Path:
    """A document type that stands in another file: nothing but the file sent is ever read."""
    write_workbook(path)
    (path.parent / "elsewhere.dtd").write_text("no document type", encoding="utf-8")
    named = f'<!DOCTYPE w SYSTEM "file://{path.parent}/elsewhere.dtd"><worksheet '.encode()
    return with_part(path, hazards_part(path), lambda xml: xml.replace(b"<worksheet ", named, 1))


def repeated_cells(path: Path) -> Path:
    """An OpenDocument cell that stands for four thousand million."""
    path = write_workbook(path.with_suffix(".ods"))
    return with_part(
        path,
        "content.xml",
        lambda xml: xml.replace(b"<table:table-cell", b'<table:table-cell table:number-columns-repeated="4000000000"', 1),
    )


def damaged_xls(path: Path) -> Path:
    """Record lengths and counts overwritten: what makes calamine allocate without end, or give up."""
    path = write_workbook(path.with_suffix(".xls"))
    data = bytearray(path.read_bytes())
    chance = random.Random(7)
    for _ in range(400):
        struct.pack_into("<I", data, chance.randrange(512, len(data) - 4), chance.choice((0xFFFFFFFF, 0x7FFFFFFF, 0, 0xFFFF)))
    path.write_bytes(data)
    return path


def many_columns(path: Path) -> Path:
    path = path.with_name("2014-03_CQ_hazards.csv")
    path.write_text("," * 20_000 + "\n", encoding="utf-8")
    return path


HOSTILE = [
    (stray_cell, "sheet_too_large"),
    (stray_space, None),
    (stray_cell_in_a_row_without_number, "sheet_too_large"),
    (stray_cell_spelt_with_references, "sheet_too_large"),
    (endless_text, "sheet_too_large"),
    (formulas_that_never_end, "unreadable_file"),
    (entities, "unreadable_file"),
    (document_type_elsewhere, "unreadable_file"),
    (repeated_cells, "sheet_too_large"),
    (damaged_xls, None),
    (many_columns, "sheet_too_large"),
]


@pytest.mark.parametrize(("make", "rule"), HOSTILE, ids=[make.__name__ for make, _ in HOSTILE])
def test_what_would_fill_the_memory_is_told(home: Home, tmp_path: Path, make: Callable[[Path], Path], rule: str | None) -> None:
    outcome = check_file(home, make(tmp_path / "x.xlsx"), RECEIVED)
    if rule is not None:
        assert rule in rules(outcome)
        assert all("请" in item["message"] and item["message_en"] for item in outcome.problems if item["rule"] == rule)


def test_no_document_type_is_fetched(home: Home, tmp_path: Path) -> None:
    (problem,) = check_file(home, document_type_elsewhere(tmp_path / "x.xlsx"), RECEIVED).problems
    assert "DOCTYPE" in problem["message"]
    assert "elsewhere" not in problem["message"]


def test_a_stray_cell_is_named(home: Home, tmp_path: Path) -> None:
    outcome = check_file(home, stray_cell(tmp_path / "x.xlsx"), RECEIVED)
    assert "隐患整改" in outcome.problems[0]["message"] and "ZZ1048576" in outcome.problems[0]["message"]


def test_a_stray_space_is_nothing(home: Home, tmp_path: Path) -> None:
    outcome = check_file(home, stray_space(tmp_path / "x.xlsx"), RECEIVED)
    assert (outcome.state, outcome.rows) == ("accepted", len(outcome.forms))
    assert "unlabelled_column" not in {item["rule"] for item in outcome.problems}


def test_the_good_file_is_collected_beside_all_of_them(home: Home, tmp_path: Path) -> None:
    good = write_workbook(tmp_path / "good.xlsx", "WL")
    bad = [make(tmp_path / f"{number:02d}.xlsx") for number, (make, _) in enumerate(HOSTILE)]
    arrivals = {path.name: RECEIVED.replace(minute=number) for number, path in enumerate([*bad, good])}
    place_in_inbox(home, [*bad, good], arrivals)
    outcomes = {outcome.file: outcome for outcome in (collect_file(home, item) for item in scan_inbox(home))}
    assert outcomes["good.xlsx"].state == "accepted"
    assert len(outcomes) == len(HOSTILE) + 1
    assert scan_inbox(home) == []
    assert not list((home.landing / ".attempts").iterdir())


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


def test_a_file_that_ends_the_process_is_not_tried_for_ever(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note of an attempt is written before the file is opened, so that it survives whatever happens then."""
    place_in_inbox(home, [write_workbook(tmp_path / "x.xlsx")], RECEIVED)
    (item,) = scan_inbox(home)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("union_warehouse.submissions.collect.read_apart", die)
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(Killed):
                collect_file(home, item)
    outcome = collect_file(home, item)
    assert (outcome.state, outcome.department, rules(outcome)) == ("rejected", "CQ", ["reading_stopped"])
    assert collect_file(home, item) == outcome


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
    assert rules(outcome) == ["not_readable"]
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


def archive_of(path: Path, *files: Path, names: dict[Path, str] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, (names or {}).get(file, file.name))
    return path


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


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.zip", b"", "先解压"),
        ("x.xlsx", b"Rar!\x1a\x07\x01\x00" + b"\0" * 50, "先解压"),
        ("x.xls", "编号\t类型\n".encode("gb18030"), "另存为 .xlsx"),
        ("x.eml", b"From: a@example.invalid\r\nSubject: x\r\n", "附件"),
        ("x.xls", b"<html><table></table></html>", "另存为 .xlsx"),
        ("x.xlsx", b"\xff\xd8\xff\xe0JFIF", "图片"),
        ("x.xls", b"{\\rtf1 x}", "RTF"),
    ],
)
def test_what_is_no_workbook_is_told_what_it_is_and_what_to_do(
    home: Home, tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    path = tmp_path / name
    if data:
        path.write_bytes(data)
    else:
        archive_of(path, write_workbook(tmp_path / "in.xlsx"))
    (problem,) = check_file(home, path, RECEIVED).problems
    assert (problem["rule"], words in problem["message"]) == ("not_a_workbook", True)


def test_backslashes_in_a_package_are_read(home: Home, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "x.xlsx")
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name.replace("/", "\\"), content)
    assert check_file(home, path, at(4)).state == "accepted"


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="H2" t="e">\n<v>#REF!</v>\n</c>',
        "<c r='H2' t='e'><v>#REF!</v></c>",
        '<c r="H2" t="e"><f t="array" ref="H2"><![CDATA[A1&B1]]></f><v>#REF!</v></c>',
        "<c r='H2'><f>SUM(A1)</f></c>",
        '<c r="H2"><f>SUM(A1)</f><v></v></c>',
    ],
)
def test_errors_and_formulas_without_value_are_found_however_they_are_spelt(home: Home, tmp_path: Path, cell: str) -> None:
    path = write_workbook(tmp_path / "x.xlsx", rows={"hazards": [{"description": 7}]})
    with_part(path, hazards_part(path), lambda xml: re.sub(rb'<c r="H2".*?</c>', cell.encode(), xml, count=1, flags=re.DOTALL))
    outcome = check_file(home, path, RECEIVED)
    errors = [(item["row"], item["column"]) for item in outcome.problems if item["severity"] == "error"]
    assert errors == [(2, "description")]
