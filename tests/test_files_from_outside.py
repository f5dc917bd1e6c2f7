"""One file harms nobody: whatever is dropped into the inbox, the good file beside it is collected, and each bad one is told."""

from __future__ import annotations

import random
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import workbook_factory as factory
from tests.collecting import archive_of, at
from tests.workbook_factory import write_workbook
from union_warehouse.paths import Home
from union_warehouse.submissions import Outcome, check_file, collect_file, place_in_inbox, scan_inbox
from union_warehouse.submissions.attempts import MAX_ATTEMPTS

RECEIVED = datetime(2014, 4, 2, 8, tzinfo=UTC)
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


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
