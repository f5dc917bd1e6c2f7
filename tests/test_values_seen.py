"""No value changes in silence: what is read is what its sender sees, or is refused with words that say why."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import xlwt
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.formatted_workbooks import write_formatted
from tests.reading import change_part, change_sheet, format_cell, grid_of, read, with_1904_dates, workbook_of
from tests.workbook_factory import make_grids, nil_except, resident_number, write_csv, write_workbook, write_xls
from union_warehouse.contracts import load_forms
from union_warehouse.workbooks.cells import FORMAT_CHARACTERS, may_hold_format_characters, normalise_text, number_text, visible
from union_warehouse.workbooks.csv_text import read_csv
from union_warehouse.workbooks.number_formats import ShownNumber, show

HAZARDS = "隐患整改"


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        (0.95, "0%", ShownNumber("95%", is_value=True)),
        (0.125, "0.00%", ShownNumber("12.5%", is_value=True)),
        (12, "0000", ShownNumber("0012", is_value=False)),
        (12, '"ET"0000', ShownNumber("ET0012", is_value=False)),
        (1234567, "000-00000", ShownNumber("012-34567", is_value=False)),
        (-3, "000;-000", ShownNumber("-003", is_value=False)),
        (1.5, '0.00"万元"', ShownNumber("1.50万元", is_value=True)),
        (15000, '0.00,"万元"', ShownNumber("15.00万元", is_value=True)),
        (12, '[>=10000]0!.0,"万";0', None),
        (15000, '0!.0,"万"', None),
        (15000, '#!.0000"万"', None),
        (1_500_000, '0.0,,"百万"', None),
        (15000, "#,##0.00", None),
        (15000, "General", None),
        (7, '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', None),
        (5, "0‰", ShownNumber("5‰", is_value=True)),
        (1.2345678901234567e17, "0" * 18, None),
        (float("nan"), "0%", None),
        (1e300, '0.00"万"', None),
        (12, ";;;", ShownNumber("", is_value=False)),
        (-12, '0;"";0', ShownNumber("", is_value=False)),
        (0, "0;-0;;@", None),
        (12, "[Red]", None),
    ],
)
def test_a_format_tells_what_a_person_sees(number: float, code: str, shown: ShownNumber | None) -> None:
    assert show(number, code) == shown


@given(st.integers(0, 10**8), st.integers(2, 10))
def test_zeros_pad_any_number(number: int, places: int) -> None:
    shown = show(number, "0" * places)
    assert shown is not None
    assert shown.text == str(number).zfill(places)


@given(st.floats(), st.text(max_size=30))
def test_no_format_stops_the_reader(number: float, code: str) -> None:
    show(number, code)


@pytest.mark.parametrize("suffix", [".xlsx", ".xls"])
@pytest.mark.parametrize(("field", "value", "told"), [("amount", 12.5, True), ("amount", 0, False), ("record_no", "FAS9", True)])
def test_a_cell_whose_format_shows_nothing_is_read_and_told(
    tmp_path: Path, suffix: str, field: str, value: float | str, told: bool
) -> None:
    grid = grid_of("assistance")
    column = load_forms()["assistance"].field_names.index(field)
    cells = make_grids(nil=nil_except("assistance")) | {"帮扶救助": grid}
    path = write_formatted(tmp_path / f"x{suffix}", cells, "帮扶救助", {(1, column): (value, ";;;")})
    outcome = read(path, "assistance")
    assert (outcome.rows[0][field], outcome.errors) == (value, [])
    assert outcome.warnings == (["hidden_cells"] if told else [])


@pytest.mark.parametrize("stored", [b"<is>%s</is><v>0</v>", b"<v>0</v><is>%s</is>"])
def test_a_text_of_a_cells_own_is_read_whatever_is_stored_beside_it(tmp_path: Path, stored: bytes) -> None:
    text = '<r><t>样例</t></r><r><t>说明</t></r><rPh sb="0" eb="2"><t>ようれい</t></rPh>'.encode()
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {"description": "X"}))
    place = f"{chr(65 + load_forms()['hazards'].field_names.index('description'))}2".encode()
    cell = re.compile(rb'<c r="' + place + rb'"[^>]*>.*?</c>')
    change_sheet(path, HAZARDS, lambda xml: cell.sub(b'<c r="' + place + b'" t="inlineStr">' + stored % text + b"</c>", xml))
    outcome = read(path)
    assert ([row["description"] for row in outcome.rows], outcome.errors) == (["样例说明"], [])


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_how_a_word_is_pronounced_is_no_part_of_it(tmp_path: Path, suffix: str) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {"description": "样例说明"}), suffix)
    word = "样例说明".encode()
    marked = {
        "xl/sharedStrings.xml": (
            b"<t>" + word + b"</t>",
            b'<t>%s</t><rPh sb="0" eb="2"><t>yangli</t></rPh><phoneticPr fontId="1"/>',
        ),
        "content.xml": (
            word,
            b"<text:ruby><text:ruby-base>%s</text:ruby-base><text:ruby-text>yangli</text:ruby-text></text:ruby>",
        ),
    }

    def mark(name: str, content: bytes) -> tuple[str, bytes]:
        sought, ruby = marked.get(name, (b"\0", b""))
        assert name not in marked or sought in content
        return name, content.replace(sought, ruby.replace(b"%s", word))

    outcome = read(change_part(path, mark))
    assert ([row["description"] for row in outcome.rows], outcome.errors) == (["样例说明"], [])


def percent_xls(folder: Path, grid: list[list[Any]]) -> Path:
    path = folder / "x.xls"
    write_xls(path, make_grids("BG", nil=nil_except("commitments", "BG")) | {"实事项目": grid}, number_format="0%")
    return path


def percent_xlsx(folder: Path, grid: list[list[Any]]) -> Path:
    path = workbook_of(folder, "commitments", grid, department="BG")
    for row, line in enumerate(grid, start=1):
        for column, cell in enumerate(line):
            if isinstance(cell, float):
                format_cell(path, "实事项目", f"{chr(65 + column)}{row}", cell, "0%")
    return path


@pytest.mark.parametrize("write", [percent_xls, percent_xlsx])
def test_a_percent_cell_is_its_percentage_in_a_percent_column(
    tmp_path: Path, write: Callable[[Path, list[list[Any]]], Path]
) -> None:
    outcome = read(write(tmp_path, grid_of("commitments", {"percent": 0.95})), "commitments")
    assert ([row["percent"] for row in outcome.rows], outcome.errors) == ([Decimal("95.00")], [])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6) | st.floats(0, 10**6).map(lambda number: round(number, 3)),
            st.sampled_from(["General", "0%", "0.00%", "0000", "000000", '0"号"', '0.00"万元"', '0"元"']),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_number_shows_the_same_in_every_format_of_file(numbers: list[tuple[float, str]]) -> None:
    grid = grid_of("assistance", *({} for _ in numbers))
    cells = {(row, column): number for row, number in enumerate(numbers, start=1) for column in (0, grid[0].index("金额(元)"))}
    grids = make_grids(nil=nil_except("assistance")) | {"帮扶救助": grid}
    with TemporaryDirectory() as folder:
        xlsx, xls, ods = (
            read(write_formatted(Path(folder) / f"x{suffix}", grids, "帮扶救助", cells), "assistance")
            for suffix in (".xlsx", ".xls", ".ods")
        )
    assert xls.rows == xlsx.rows
    assert ods.rows == xlsx.rows
    for row, (number, code) in zip(xlsx.rows, numbers, strict=True):
        assert row["record_no"] == (seen.text if (seen := show(number, code)) else number_text(number))


def test_a_percent_cell_is_refused_where_no_percentage_belongs(tmp_path: Path) -> None:
    path = workbook_of(tmp_path, "member_counts", grid_of("member_counts"))
    outcome = read(format_cell(path, "会员月报", "B2", 0.95, "0%"), "member_counts")
    assert outcome.errors == ["wrong_type"]
    assert "95%" in outcome.messages


@pytest.mark.parametrize(
    ("number", "code", "amount", "errors"),
    [
        (1.5, '0.00"万元"', None, ["wrong_type"]),
        (15000, '0!.0,"万元"', Decimal("15000.00"), []),
        (15000, '#,##0.00"元"', Decimal("15000.00"), []),
    ],
)
def test_a_unit_that_a_format_writes_without_scaling_is_refused(
    tmp_path: Path, number: float, code: str, amount: Decimal | None, errors: list[str]
) -> None:
    path = format_cell(workbook_of(tmp_path, "assistance", grid_of("assistance")), "帮扶救助", "H2", number, code)
    outcome = read(path, "assistance")
    assert ([row["amount"] for row in outcome.rows], outcome.errors) == ([amount], errors)
    assert ("15000" in outcome.messages) == bool(errors)


@pytest.mark.parametrize("number", [1e15, 1.5e18, 1e100, 1e308])
def test_a_number_too_long_for_its_digits_is_no_key(tmp_path: Path, number: float) -> None:
    assert read(workbook_of(tmp_path, "hazards", grid_of("hazards", {"hazard_no": number}))).errors == ["float_identifier"]


def test_zeros_of_a_format_hide_no_lost_digits(tmp_path: Path) -> None:
    number = float(resident_number()[:17] + "0")
    path = workbook_of(tmp_path, "assistance", grid_of("assistance"))
    outcome = read(format_cell(path, "帮扶救助", "E2", number, "0" * 18), "assistance")
    assert outcome.errors == ["float_identifier"]


def test_zeros_of_a_format_belong_to_a_key_and_not_to_a_number(tmp_path: Path) -> None:
    path = format_cell(workbook_of(tmp_path, "safety_inspections", grid_of("safety_inspections")), "安全检查", "A2", 12, "0000")
    (row,) = read(format_cell(path, "安全检查", "G2", 3, "000"), "safety_inspections").rows
    assert (row["inspection_no"], row["inspectors"]) == ("0012", 3)


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_a_day_is_no_code_and_no_text(tmp_path: Path, suffix: str) -> None:
    grid = grid_of("hazards", {"hazard_no": date(2015, 3, 1), "description": date(2014, 3, 5)})
    outcome = read(workbook_of(tmp_path, "hazards", grid, suffix))
    assert outcome.errors == ["wrong_type", "wrong_type"]
    assert "3-1" in outcome.messages


ERRORS = {
    "plain": b'<c r="H2" t="e"><v>#REF!</v></c>',
    "apostrophes": b"<c r='H2' t='e'><v>#REF!</v></c>",
    "spaces": b'<c r="H2" t="e" >\n <v>#REF!</v>\n</c>',
    "with its formula": b'<c r="H2" t="e"><f>A1&amp;B1</f><v>#REF!</v></c>',
    "without a reference": b'<c t="e"><v>#REF!</v></c>',
    "formula": b'<c r="H2"><f>SUM(A1)</f></c>',
    "formula in apostrophes": b"<c r='H2'><f>SUM(A1)</f></c>",
    "formula with an empty value": b'<c r="H2"><f>SUM(A1)</f><v></v></c>',
    "formula as character data": b'<c r="H2"><f><![CDATA[A1&B1]]></f></c>',
    "shared formula": b'<c r="H2"><f t="shared" si="0"/></c>',
}


@pytest.mark.parametrize("spelling", ERRORS)
def test_an_error_value_or_a_formula_without_a_result_is_refused_however_spelt(tmp_path: Path, spelling: str) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {"rectified_on": "2014-03-20", "description": "说明"}))

    def spell(xml: bytes) -> bytes:
        start = xml.rindex(b'<c r="H2"')
        return xml[:start] + ERRORS[spelling] + xml[xml.index(b"</c>", start) + 4 :]

    outcome = read(change_sheet(path, HAZARDS, spell))
    assert outcome.errors in (["wrong_type"], ["formula_without_value"])
    assert outcome.rows[0]["description"] is None


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize("spelt", [b"4&#49;703", b"41<!-- 9 -->703", b"<![CDATA[41703]]>", b"41<?x y?>703"])
def test_a_number_in_pieces_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelt: bytes, is_long: bool) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards"))
    cell = re.compile(rb'(<c r="E2"[^>]*><v>)\d+')
    change_sheet(path, HAZARDS, lambda xml: cell.sub(lambda match: match[1] + spelt, xml))
    if is_long:
        monkeypatch.setattr("union_warehouse.workbooks.xlsx.LONG_XML", 0)
    outcome = read(path)
    assert ([row["found_on"] for row in outcome.rows], outcome.errors) == ([date(2014, 3, 5)], [])


def formula_workbook(path: Path, formula: str) -> Path:
    """A workbook whose writer calculates nothing, with a formula in place of a description."""
    grids = make_grids(nil=nil_except("hazards")) | {HAZARDS: grid_of("hazards")}
    if path.suffix == ".xlsx":
        return write_workbook(path, grids=grids, cells={f"{HAZARDS}!H2": f"={formula}"})
    book = xlwt.Workbook(encoding="utf-8")
    for name, grid in grids.items():
        sheet = book.add_sheet(name)
        for row, cells in enumerate(grid):
            for column, cell in enumerate(cells):
                if cell is not None and (name, row, column) != (HAZARDS, 1, 7):
                    sheet.write(row, column, str(cell))
        if name == HAZARDS:
            sheet.write(1, 7, xlwt.Formula(formula))
    book.save(str(path))
    return path


@pytest.mark.parametrize("suffix", [".xls", ".xlsx"])
@pytest.mark.parametrize("formula", ["A2&B2", "SUM(E2:F2)"])
def test_a_formula_that_its_writer_never_calculated_is_refused(tmp_path: Path, suffix: str, formula: str) -> None:
    outcome = read(formula_workbook(tmp_path / f"x{suffix}", formula))
    assert (outcome.errors, outcome.rows[0]["description"]) == (["formula_without_value"], None)
    assert f"（={formula}）" in outcome.messages


@pytest.mark.parametrize(("flags", "errors"), [(2, ["formula_without_value"]), (0, [])])
def test_a_zero_of_an_xls_that_excel_is_asked_to_calculate_is_none(tmp_path: Path, flags: int, errors: list[str]) -> None:
    path = formula_workbook(tmp_path / "x.xls", "SUM(E2:F2)")
    empty = b"\x03\0\0\0\0\0\xff\xff\0\0"
    assert path.read_bytes().count(empty) == 1
    path.write_bytes(path.read_bytes().replace(empty, bytes(8) + bytes([flags, 0])))
    assert read(path).errors == errors


def test_a_formula_of_an_xls_may_result_in_an_empty_text(tmp_path: Path) -> None:
    outcome = read(formula_workbook(tmp_path / "x.xls", 'IF(A2="","1","")'))
    assert (outcome.errors, outcome.rows[0]["description"]) == ([], None)


def test_a_zero_of_a_workbook_that_was_calculated_is_a_value(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "x.xlsx", rows={"member_counts": [{"opening": 11, "joined": "=1-1"}]}, nil=nil_except("member_counts")
    )
    assert read(path, "member_counts").errors == ["formula_without_value"]
    change_part(path, lambda name, content: (name, content.replace(b' fullCalcOnLoad="1"', b"")))
    outcome = read(path, "member_counts")
    assert (outcome.errors, [row["joined"] for row in outcome.rows]) == ([], [0])


def test_an_error_value_of_an_ods_is_refused(tmp_path: Path) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {"description": "错误"}), ".ods")
    cell = b'<table:table-cell table:formula="of:=A1" office:value-type="string"><text:p>#REF!</text:p></table:table-cell>'
    plain = '<table:table-cell office:value-type="string"><text:p>错误</text:p></table:table-cell>'.encode()
    change_part(path, lambda name, content: (name, content.replace(plain, cell)))
    assert read(path).errors == ["wrong_type"]


@pytest.mark.parametrize(
    ("sent", "day", "warnings"),
    [
        (datetime(2014, 3, 8, 23, 59, 17), date(2014, 3, 9), ["rounded_to_next_day"]),
        (datetime(2014, 3, 8, 23, 58, 59), date(2014, 3, 8), []),
        (datetime(2014, 3, 8, 15, 30), date(2014, 3, 8), []),
        ("2014-03-08 23:59:59", date(2014, 3, 9), ["rounded_to_next_day"]),
        ("41706.9996", date(2014, 3, 9), ["rounded_to_next_day"]),
        ("2014-03-08T16:00:00", date(2014, 3, 8), ["time_of_day_ignored"]),
        ("2014-03-08T16:00:00.000Z", None, []),
    ],
)
def test_a_time_just_before_midnight_is_the_next_day_with_a_warning(
    tmp_path: Path, sent: Any, day: date, warnings: list[str]
) -> None:
    outcome = read(workbook_of(tmp_path, "hazards", grid_of("hazards", {"found_on": sent})))
    assert ([row["found_on"] for row in outcome.rows], outcome.warnings) == ([day], warnings)


def test_a_serial_number_counts_as_its_workbook_counts(tmp_path: Path) -> None:
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {"found_on": 40241}))
    assert [row["found_on"] for row in read(with_1904_dates(path)).rows] == [date(2014, 3, 5)]


@pytest.mark.parametrize("month", [2014.1, 41699, 20143, "41699", "1914-03"])
def test_a_number_is_no_month_of_a_cover(tmp_path: Path, month: Any) -> None:
    outcome = read(workbook_of_month(tmp_path, month))
    assert outcome.errors == ["unknown_month"]
    assert str(month) in outcome.messages


@pytest.mark.parametrize("month", ["2014-03", 201403, date(2014, 3, 1), "2014年3月份 ", "2014年03", "2014.3", "２０１４－０３"])
def test_a_month_in_its_usual_spellings_is_read(tmp_path: Path, month: Any) -> None:
    assert read(workbook_of_month(tmp_path, month)).month == "2014-03"


def workbook_of_month(folder: Path, month: Any) -> Path:
    grids = make_grids(nil=nil_except("hazards"))
    grids["封面"][1][1] = month
    return write_workbook(folder / "x.xlsx", grids=grids)


def test_utf_8_with_broken_bytes_is_no_other_encoding(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "hazards", [{"description": "样例说明"}, {"description": "灭火器过期"}])
    data = path.read_bytes()
    cut = data.rindex("期".encode())
    path.write_bytes(data[: cut + 2] + data[cut + 3 :])
    outcome = read(path)
    assert [row["description"] for row in outcome.rows] == ["样例说明", None]
    assert (outcome.accepted, outcome.warnings) == ([True, False], ["broken_bytes"])
    assert "第 3 行" in outcome.messages


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=20))
@example("一聫")
@example("路路")
@example("釐丂")
def test_gb18030_is_told_from_broken_utf_8(text: str) -> None:
    # 涓颁赴 in GB18030 is 丰丰 in UTF-8, byte by byte: nobody can tell these, and nobody writes the former
    with suppress(UnicodeDecodeError):
        assume(not any(character >= "\u2000" for character in text.encode("gb18030").decode("utf-8")))
    assert read_csv(f"{text},{text}\n".encode("gb18030"), "x.csv").rows == [[text, text]]


@given(st.sampled_from(FORMAT_CHARACTERS), st.integers(0, 3))
def test_what_nobody_sees_is_no_part_of_codes_days_and_numbers(character: str, place: int) -> None:
    text = "2014"[:place] + character + "2014"[place:]
    assert normalise_text(text) == "2014"
    assert f"U+{ord(character):04X}" in visible(text)


def test_the_characters_that_nobody_sees_are_all_of_unicode() -> None:
    controls = {character for character in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(character) in {"Cf", "Cc"}}
    assert controls - set(FORMAT_CHARACTERS) == {character for character in controls if character.isspace()}
    assert controls > set(FORMAT_CHARACTERS)


def test_each_character_that_nobody_sees_is_noticed_in_a_column_and_no_other() -> None:
    assert all(may_hold_format_characters(f"中{character}文".encode()) for character in FORMAT_CHARACTERS)
    assert all(may_hold_format_characters(f"A{character}B".encode()) for character in FORMAT_CHARACTERS)
    assert not may_hold_format_characters("“样例”——（Ａ），℃·é…😀中文\t\r\n\u00a0\u3000".encode())


def test_what_nobody_sees_is_stripped_from_every_kind_of_cell_and_shown_in_messages(tmp_path: Path) -> None:
    grid = grid_of(
        "hazards",
        {"hazard_no": "H\u200b1\x7f", "category": "\ufeff消防", "found_on": "2014-03-05\u202c"},
        {"severity": "重\u200b要"},
    )
    grid[0][0] = f"\ufeff{grid[0][0]}"
    outcome = read(workbook_of(tmp_path, "hazards", grid))
    first = outcome.rows[0]
    assert (first["hazard_no"], first["category"], first["found_on"]) == ("H1", "fire", date(2014, 3, 5))
    assert outcome.errors == ["outside_enum"]
    assert "重‹U+200B›要" in outcome.messages


def test_a_cell_of_nothing_but_what_nobody_sees_is_blank(tmp_path: Path) -> None:
    outcome = read(workbook_of(tmp_path, "hazards", grid_of("hazards", {"rectified_on": "\u200b", "description": "\ufeff "})))
    assert ([(row["rectified_on"], row["description"]) for row in outcome.rows], outcome.errors) == ([(None, None)], [])


def test_what_keeps_excel_from_changing_a_number_is_no_part_of_it(tmp_path: Path) -> None:
    numbers = [resident_number(number) for number in (1, 2, 3)]
    guarded = [f'="{numbers[0]}"', f"{numbers[1]}\t", f"'{numbers[2]}"]
    path = write_csv(tmp_path, "assistance", [{"id_number": text, "record_no": '="0012"'} for text in guarded])
    outcome = read(path, "assistance")
    plain = read(write_csv(tmp_path, "assistance", [{"id_number": text} for text in numbers]), "assistance")
    assert [row["id_number"] for row in outcome.rows] == [row["id_number"] for row in plain.rows]
    assert {row["record_no"] for row in outcome.rows} == {"0012"}
    assert set(outcome.errors) == {"duplicate_key"}


def test_free_text_is_kept_as_typed(tmp_path: Path) -> None:
    typed = "“五四”歌会（第①场）：10㎡、5⁴班…"
    assert [
        row["description"] for row in read(workbook_of(tmp_path, "hazards", grid_of("hazards", {"description": typed}))).rows
    ] == [typed]


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_true_is_no_number(tmp_path: Path, suffix: str) -> None:
    path = workbook_of(tmp_path, "member_counts", grid_of("member_counts", {"mutual_aid": 1}), suffix)
    if suffix == ".ods":
        truth = b' office:value-type="boolean" office:boolean-value="true"'
        number = re.compile(rb'(?: office:value-type="float"| office:value="1"){2}')
        change_part(path, lambda name, content: (name, number.sub(truth, content)))
    else:
        path = workbook_of(tmp_path, "member_counts", grid_of("member_counts", {"mutual_aid": True}), suffix)
    assert "wrong_type" in read(path, "member_counts").errors


def test_keys_that_differ_by_the_zero_of_a_float_are_one(tmp_path: Path) -> None:
    outcome = read(write_csv(tmp_path, "hazards", [{"hazard_no": "12"}, {"hazard_no": "12.0"}]))
    assert outcome.errors == ["duplicate_key", "duplicate_key"]


def test_a_point_of_thousands_is_refused(tmp_path: Path) -> None:
    outcome = read(write_csv(tmp_path, "safety_inspections", [{"inspectors": "1.000"}]), "safety_inspections")
    assert outcome.errors == ["wrong_type"]
    assert "1000" in outcome.messages


def test_percent_of_a_csv_is_what_it_says(tmp_path: Path) -> None:
    assert [
        row["percent"]
        for row in read(write_csv(tmp_path, "commitments", [{"percent": "95%"}], department="BG"), "commitments").rows
    ] == [Decimal("95.00")]


def test_an_error_value_of_an_xls_is_refused(tmp_path: Path) -> None:
    """Xlwt writes no error values, so the boolean record of a cell is turned into one."""
    path = workbook_of(tmp_path, "hazards", grid_of("hazards", {"description": True}), ".xls")
    data = path.read_bytes()
    record = data.index(b"\x05\x02\x08\x00\x01\x00\x07\x00")
    path.write_bytes(data[: record + 10] + b"\x2a\x01" + data[record + 12 :])
    outcome = read(path)
    assert outcome.errors == ["wrong_type"]
    assert "#N/A" in outcome.messages
