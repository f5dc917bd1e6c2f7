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
from union_warehouse.workbooks.cells import normalise_text

_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?", re.ASCII)
_DATE_FORMS = tuple(
    re.compile(form + r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
    for form in (
        r"(\d{4})-(\d{1,2})-(\d{1,2})",
        r"(\d{4})/(\d{1,2})/(\d{1,2})",
        r"(\d{4})\.(\d{1,2})\.(\d{1,2})",
        r"(\d{4})(\d{2})(\d{2})",
    )
)
_CHINESE_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_MONTH_FORMS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2})?(?: .*)?"),
    re.compile(r"(\d{4})年(\d{1,2})月(?:份|\d{1,2}日)?"),
    re.compile(r"(\d{4})(\d{2})"),
)
_SERIAL_ORIGIN = date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_MAX_INTEGER_DIGITS = 18  # BIGINT holds every number of 18 digits
_MAX_DECIMAL_DIGITS = 12  # before the point of DECIMAL(14,2)
_MINUS_SIGNS = str.maketrans("−–—", "---")
_ARROW_TYPES: Mapping[FieldType, pa.DataType] = {
    FieldType.STRING: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.DECIMAL: pa.decimal128(14, 2),
    FieldType.DATE: pa.date32(),
}


def parse_date(text: str) -> date | None:
    """A calendar date from ``2014-03-05``, ``2014/3/5``, ``2014.3.5``, ``2014年3月5日``, ``20140305`` or Excel's ``41703``.

    A time of day after it is dropped: the cell's format, not the sender, put it there.
    """
    serial = _SERIAL.fullmatch(text)
    if serial:
        return _SERIAL_ORIGIN + timedelta(days=int(serial[1]))
    match = _CHINESE_DATE.fullmatch(re.sub(r"\s", "", text))
    if match is None:
        match = next((found for form in _DATE_FORMS if (found := form.fullmatch(text))), None)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def parse_integer(text: str) -> int | None:
    """A whole number from ``1234``, ``1,234`` or ``1234.0``; a fraction is not one."""
    parts = _number_parts(text)
    if parts is None:
        return None
    sign, whole, fraction = parts
    if fraction or len(whole) > _MAX_INTEGER_DIGITS:
        return None
    return int(sign + whole)


def parse_decimal(text: str) -> Decimal | None:
    """An amount with at most two places, exactly; never through a float."""
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
    if match is None:
        return None
    return match[1].replace("+", ""), match[2].replace(",", "").lstrip("0") or "0", (match[3] or "").rstrip("0")


def parse_month(text: str) -> str | None:
    """A month ``YYYY-MM`` from ``2014-03``, ``2014/3``, ``2014年3月``, ``201403`` or a date in it."""
    compact = re.sub(r"\s+(?=\D)|(?<=\D)\s+", "", normalise_text(text))
    match = next((found for form in _MONTH_FORMS if (found := form.fullmatch(compact))), None)
    if match is None:
        on = parse_date(compact)
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
    kind = _ARROW_TYPES[field.type]
    if field.enum:
        codes = {enum_spelling(spelling): code for code, label in field.enum for spelling in (code, label)}
        return _parse_distinct(texts, lambda text: parse_code(text, codes), kind)
    if field.checker:
        return pc.utf8_upper(pc.replace_substring(texts, " ", ""))
    if field.type is FieldType.STRING:
        return texts
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
