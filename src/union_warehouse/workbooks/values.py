"""Texts to values: pure functions of one normalised text, and their use on whole columns.

Each parser returns ``None`` for a text that it does not understand; the row rules turn that into a message. A column
is parsed once per distinct text, so the cost follows the variety of a column, not its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import Field, FieldType
from union_warehouse.contracts.landed import ARROW_TYPES_OF_FIELDS
from union_warehouse.workbooks.cells import normalise_text, text_bytes

_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?", re.ASCII)
_WEEKDAY = r"\(?(?:星期|周|礼拜)[一二三四五六日天]\)?"
_HALF_DAY = r"(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚|夜间|全天)"
_TIME = r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::\d{2}(?:\.\d+)?)?|[时点](?:\d{1,2}分?|半|整)?)"
_AFTER = rf"(?:\s*{_WEEKDAY})?(?:\s*{_HALF_DAY})?(?:(?:T|\s*){_TIME})?"
_DATE_FORMS = tuple(
    re.compile(form + _AFTER)
    for form in (
        r"(\d{4})\s*-\s*(\d{1,2})\s*-\s*(\d{1,2})(?!\d)",
        r"(\d{4})\s*/\s*(\d{1,2})\s*/\s*(\d{1,2})(?!\d)",
        r"(\d{4})\s*\.\s*(\d{1,2})\s*\.\s*(\d{1,2})(?!\d)",
        r"(\d{4})(\d{2})(\d{2})(?:\.0)?(?!\d)",
        r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})(?!\d)\s*[日号]?",
    )
)
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_LAST_MINUTE = 1 - 1 / (24 * 60)
_MONTH_FORMS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2})?(?: .*)?"),
    re.compile(r"(\d{4})年(\d{1,2})(?:月(?:份|\d{1,2}日)?)?"),
    re.compile(r"(\d{4})(\d{2})"),
)
PERCENT = "percent"
_SERIAL_ORIGIN = date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_MAX_INTEGER_DIGITS = 18  # BIGINT holds every number of 18 digits
_MAX_DECIMAL_DIGITS = 12  # before the point of DECIMAL(14,2)
_MINUS_SIGNS = str.maketrans("−–—", "---")
_POINT_OF_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_NOT_OF_IDENTIFIERS = r"\s|^['‘’`]"
"""Spaces, and the apostrophe with which Excel is told that a text follows, typed once too often."""
_WHOLE_FLOAT = r"^(\d+)\.0+$"


def parse_date(text: str) -> date | None:
    """A calendar date from ``2014-03-05``, ``2014/3/5``, ``2014.3.5``, ``2014年3月5日``, ``20140305`` or Excel's ``41703``.

    A weekday, half day or time after it is dropped: the cell's format, not the sender, put it there. The last minute of a
    day is the beginning of the next one: computed times miss midnight, and old systems think that Shanghai was 43 seconds off.
    """
    serial = _SERIAL.fullmatch(text)
    if serial:
        return _SERIAL_ORIGIN + timedelta(days=int(serial[1]) + is_serial_before_midnight(text))
    match = next((found for form in _DATE_FORMS if (found := form.fullmatch(text))), None)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups()[:3])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    is_last_minute = (match["hour"], match["minute"]) == ("23", "59")
    try:
        return date(year, month, day) + timedelta(days=is_last_minute)
    except ValueError:
        return None


def is_serial_before_midnight(text: str) -> bool:
    """Whether a serial number lies in the last minute of its day."""
    match = _SERIAL.fullmatch(text)
    return match is not None and float(match[2] or 0) >= _LAST_MINUTE


def parse_integer(text: str) -> int | None:
    """A whole number from ``1234``, ``1,234`` or ``1234.0``; a fraction is none, nor is ``1.000``, which may be a thousand."""
    parts = _number_parts(text)
    if parts is None:
        return None
    sign, whole, fraction = parts
    if fraction or len(whole) > _MAX_INTEGER_DIGITS:
        return None
    return int(sign + whole)


def parse_decimal(text: str) -> Decimal | None:
    """An amount with at most two places, exactly; never through a float. ``1.500`` may be one and a half thousand."""
    parts = _number_parts(text)
    if parts is None:
        return None
    sign, whole, fraction = parts
    if len(fraction) > 2 or len(whole) > _MAX_DECIMAL_DIGITS:
        return None
    return Decimal(f"{sign}{whole}.{fraction:0<2}")


def _number_parts(text: str) -> tuple[str, str, str] | None:
    """Sign, digits before the point without leading zeros, digits after it without trailing zeros."""
    match = _NUMBER.fullmatch(text.translate(_MINUS_SIGNS))
    if match is None or _POINT_OF_THOUSANDS.fullmatch(match[0]):
        return None
    return match[1].replace("+", ""), match[2].replace(",", "").lstrip("0") or "0", (match[3] or "").rstrip("0")


def parse_month(text: str) -> str | None:
    """A month ``YYYY-MM`` from ``2014-03``, ``2014/3``, ``2014年3月``, ``201403`` or a date in it; no serial number of a day."""
    compact = re.sub(r"\s+(?=\D)|(?<=\D)\s+", "", normalise_text(text))
    match = next((found for form in _MONTH_FORMS if (found := form.fullmatch(compact))), None)
    if match is None:
        on = None if _SERIAL.fullmatch(compact) else parse_date(compact)
        return f"{on:%Y-%m}" if on else None
    year, month = int(match[1]), int(match[2])
    if _FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12:
        return f"{year:04d}-{month:02d}"
    return None


def parse_code(text: str, codes: Mapping[str, str]) -> str:
    """The code that a cell means, given by code or label; else the text itself, which the row rules report."""
    return codes.get(enum_spelling(text), text)


def enum_spelling(text: str) -> str:
    """What of a code or label matters: not case, not spaces."""
    return re.sub(r"\s", "", normalise_text(text)).casefold()


def parse_column(field: Field, texts: pa.Array) -> pa.Array:
    """Typed value of every normalised text of ``field``; null where it is empty or not understood.

    Args:
        field: the contract's field.
        texts: normalised texts.

    Returns:
        Strings, int64, decimal128(14, 2) or date32; enums as codes; identifiers in capitals without spaces.
    """
    kind = ARROW_TYPES_OF_FIELDS[field.type]
    if field.enum:
        codes = {enum_spelling(spelling): code for code, label in field.enum for spelling in (code, label)}
        return _parse_distinct(texts, lambda text: parse_code(text, codes), kind)
    if field.checker:
        return pc.utf8_upper(pc.replace_substring_regex(texts, _NOT_OF_IDENTIFIERS, ""))
    if field.type is FieldType.STRING:
        return (
            texts
            if field.is_free_text or b".0" not in text_bytes(texts)
            else pc.replace_substring_regex(texts, _WHOLE_FLOAT, r"\1")
        )
    if field.unit == PERCENT:
        texts = pc.replace_substring_regex(texts, r"\s*%$", "")
    return _parse_distinct(texts, _PARSERS[field.type], kind)


def _parse_distinct(texts: pa.Array, parse: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    encoded = pc.dictionary_encode(texts)
    values = pa.array([parse(text) for text in encoded.dictionary.to_pylist()], kind)
    return pc.take(values, encoded.indices)


_PARSERS: Mapping[FieldType, Callable[[str], Any]] = {
    FieldType.INTEGER: parse_integer,
    FieldType.DECIMAL: parse_decimal,
    FieldType.DATE: parse_date,
}
