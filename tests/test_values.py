"""Value parsers: properties over all inputs, and one example per spelling that departments use."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import workbook_factory as factory
from union_warehouse.contracts import PersonalData, load_forms
from union_warehouse.paths import Home
from union_warehouse.personal_data import HashKey, hash_values, load_hash_key, mask_values
from union_warehouse.workbooks.cells import cell_texts, normalise_text, normalise_texts
from union_warehouse.workbooks.identifiers import explain_uscc, resident_number_valid, uscc_valid
from union_warehouse.workbooks.values import parse_column, parse_date, parse_decimal, parse_integer, parse_month

DAYS = st.dates(date(1930, 1, 1), date(2170, 12, 31))
FULL_WIDTH = {ord(character): ord(character) + 0xFEE0 for character in "0123456789-/.,"}
SPELLINGS = [
    "{0:%Y-%m-%d}",
    "{0:%Y/%m/%d}",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}年{0.month}月{0.day}日",
    "{0:%Y%m%d}",
    "{0:%Y.%m.%d}",
    "{0.year}-{0.month}-{0.day}",
    "{0.year} 年 {0.month} 月 {0.day} 日",
    "{0:%Y-%m-%d} 00:00:00",
    "{0:%Y-%m-%d}T13:45:00",
]


@given(DAYS, st.sampled_from(SPELLINGS))
def test_every_spelling_of_a_day_is_that_day(day: date, spelling: str) -> None:
    assert parse_date(spelling.format(day)) == day


@given(DAYS, st.sampled_from(SPELLINGS))
def test_full_width_digits_are_digits(day: date, spelling: str) -> None:
    assert parse_date(normalise_text(spelling.format(day).translate(FULL_WIDTH))) == day


@given(DAYS)
def test_serial_numbers_are_what_excel_means(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert parse_date(str(serial)) == day
    assert parse_date(f"{serial}.75") == day


def test_serial_number_of_the_findings() -> None:
    assert parse_date("46239") == date(2026, 8, 5)


@pytest.mark.parametrize(
    "text",
    ["2014-02-30", "2014-13-01", "2014-3/5", "14-3-5", "3月5日", "soon", "", "20140230", "2014-03", "１", "0000-01-01", "123456"],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(st.text())
def test_parsers_never_raise(text: str) -> None:
    for parse in (parse_date, parse_integer, parse_decimal, parse_month):
        parse(text)


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.booleans(), st.sampled_from(["", ".0", ".00", "."]))
def test_integers_in_every_spelling(number: int, has_separators: bool, tail: str) -> None:
    assert parse_integer((f"{number:,}" if has_separators else str(number)) + tail) == number


@pytest.mark.parametrize("text", ["3.5", "1,23", "12人", "1e3", "", "-", "1 2", "1000000000000000000", "TRUE", "２"])
def test_what_is_no_integer_is_none(text: str) -> None:
    assert parse_integer(text) is None


@given(st.decimals(-(10**12) + 1, 10**12 - 1, places=2), st.booleans())
def test_amounts_are_exact(amount: Decimal, has_separators: bool) -> None:
    assert parse_decimal(f"{amount:,}" if has_separators else str(amount)) == amount


@pytest.mark.parametrize("text", ["0.125", "1000000000000", "12元", "1.2.3", "1.-2"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert parse_decimal(text) is None


def test_trailing_zeros_are_no_places() -> None:
    assert parse_decimal("1.5000") == Decimal("1.50")


@pytest.mark.parametrize(
    "text",
    ["2014-03", "2014/3", "2014年3月", "2014年3月份", "201403", "2014-03-01", "2014-03-01 00:00:00", "２０１４年３月", "2014.3"],
)
def test_every_spelling_of_a_month(text: str) -> None:
    assert parse_month(text) == "2014-03"


@pytest.mark.parametrize("text", ["", "三月", "2014-13", "2014", "03-2014"])
def test_what_is_no_month_is_none(text: str) -> None:
    assert parse_month(text) is None


CELLS = st.one_of(
    st.just(""),
    st.text(max_size=8),
    st.integers(-(10**6), 10**6).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    DAYS,
    st.datetimes(datetime(1930, 1, 1), datetime(2170, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
)


@given(st.lists(CELLS, min_size=1))
def test_a_column_of_cells_is_its_cells(cells: list[object]) -> None:
    assert cell_texts(cells).to_pylist() == [cell_texts([cell])[0].as_py() for cell in cells]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (12.0, "12"),
        (3.5, "3.5"),
        (0.1 + 0.2, "0.3"),
        (123456789012.25, "123456789012.25"),
        (99999999999.0, "99999999999"),
        (-4.0, "-4"),
        (330103199001011234.0, "3.30103E+17"),
        (True, "TRUE"),
        (date(2014, 3, 5), "2014-03-05"),
        (datetime(2014, 3, 5), "2014-03-05"),
        (datetime(2014, 3, 5, 8, 30), "2014-03-05 08:30:00"),
        ("", None),
        ("　 ", None),
        ("NA", "NA"),
        ("None", "None"),
        (timedelta(hours=1), "1:00:00"),
    ],
)
def test_cells_read_as_excel_shows_them(cell: object, text: str | None) -> None:
    assert cell_texts([cell]).to_pylist() == [text]
    assert cell_texts([cell, "x"]).to_pylist() == [text, "x"]


@given(st.lists(st.one_of(st.none(), st.text(min_size=1).filter(lambda text: text.strip()))))
@example(["0\x1f𝕊", "\x1f0"])
def test_a_column_is_normalised_as_its_texts(texts: list[str | None]) -> None:
    column = pa.array([None if text is None or cell_texts([text])[0].as_py() is None else text for text in texts], pa.string())
    expected = [None if text is None else (normalise_text(text) or None) for text in column.to_pylist()]
    found = normalise_texts(column).to_pylist()
    assert [value and value.strip() for value in found] == expected


@given(st.lists(st.sampled_from(["routine", "ROUTINE", "日常", " 日 常", "special", "其它", None])))
def test_enums_take_code_or_label(texts: list[str | None]) -> None:
    field = load_forms()["safety_inspections"].field("kind")
    expected = [
        {"日常": "routine", "日常 ": "routine"}.get(
            (text or "").replace(" ", ""), text and (text.lower() if text != "其它" else text)
        )
        for text in texts
    ]
    assert parse_column(field, pa.array(texts, pa.string())).to_pylist() == expected


@given(st.integers(0, 9_999_999), st.integers(0, 17), st.sampled_from(factory.USCC_ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_seen(number: int, position: int, character: str) -> None:
    code = factory.uscc(number)
    changed = code[:position] + character + code[position + 1 :]
    assert uscc_valid(pa.array([code, changed, None])).to_pylist() == [True, changed == code, None]


@given(st.integers(0, 999), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_of_a_resident_number_is_seen(number: int, position: int, character: str) -> None:
    correct = factory.resident_number(number)
    changed = correct[:position] + character + correct[position + 1 :]
    assert resident_number_valid(pa.array([correct, changed, None])).to_pylist() == [True, changed == correct, None]


@pytest.mark.parametrize(
    "text",
    ["33990019800230001X", "339900198013010011", "", "一" * 18, "3399001980010100", "１２３４５６７８９０１２３４５６７８"],
)
def test_what_is_no_resident_number(text: str) -> None:
    assert resident_number_valid(pa.array([text])).to_pylist() == [False]


def test_a_day_that_never_was_fails_with_a_right_check_character() -> None:
    body = "33990019800230001"
    check = "10X98765432"[sum(int(digit) * 2 ** (17 - position) for position, digit in enumerate(body)) % 11]
    assert resident_number_valid(pa.array([body + check])).to_pylist() == [False]


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("YY0000220", "组织机构代码"),
        ("YY000022-0", "组织机构代码"),
        ("330103000002790", "工商注册号"),
        ("9133", "长度"),
        ("91330103YY000000I1", "I"),
        ("91330103YY00000001", "校验码"),
    ],
)
def test_a_wrong_credit_code_is_told_apart(code: str, word: str) -> None:
    assert word in explain_uscc(code)[0]


@given(st.binary(min_size=16, max_size=100), st.lists(st.one_of(st.none(), st.text())))
def test_hashes_are_hmac_sha256(secret: bytes, values: list[str | None]) -> None:
    expected = [None if value is None else hmac.digest(secret, value.encode(), hashlib.sha256).hex() for value in values]
    assert hash_values(HashKey(secret), pa.array(values, pa.string())).to_pylist() == expected


@given(st.text(alphabet="王李张小明12X", min_size=1, max_size=20))
def test_masks_keep_length_and_hide(text: str) -> None:
    name, number = (mask_values(kind, pa.array([text]))[0].as_py() for kind in (PersonalData.NAME, PersonalData.RESIDENT_ID))
    assert len(name) == len(number) == len(text)
    assert name == text[0] + "*" * (len(text) - 1)
    assert number.count("*") >= min(len(text), max(len(text) - 6, 1))


def test_masks_of_real_shapes() -> None:
    assert mask_values(PersonalData.NAME, pa.array(["王小明", None])).to_pylist() == ["王**", None]
    assert mask_values(PersonalData.RESIDENT_ID, pa.array(["339900198001010018", "12"])).to_pylist() == [
        "3399************18",
        "**",
    ]


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UW_HASH_KEY", raising=False)
    first = load_hash_key(Home(tmp_path))
    assert load_hash_key(Home(tmp_path)) == first
    assert (tmp_path / "hash_key").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("UW_HASH_KEY", "another key of many bytes")
    assert load_hash_key(Home(tmp_path)).fingerprint != first.fingerprint
    assert len(first.fingerprint) == 16
