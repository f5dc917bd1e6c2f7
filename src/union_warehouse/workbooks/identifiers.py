"""Check characters of identifiers, whole columns at a time, and what is wrong with one that fails.

USCC: GB 32100 (18 characters without I, O, S, V, Z; weights 3**i mod 31). Resident numbers: GB 11643 (length, date of
birth and check character only: lists of birth places are incomplete and tie a county to a year).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts.model import KeptPart

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

LENGTH = 18
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_RESIDENT_CHECK = np.frombuffer(b"10X98765432", np.uint8)
_USCC_WEIGHTS = np.array([pow(3, position, 31) for position in range(LENGTH - 1)], np.int64)
_RESIDENT_WEIGHTS = np.array([pow(2, LENGTH - 1 - position, 11) for position in range(LENGTH - 1)], np.int64)
_UNKNOWN = 99
_LAST_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
"""Of each month, in a year that is no leap year; there is no month 0."""
_FIRST_BIRTH_YEAR, _LAST_BIRTH_YEAR = 1880, 2100


def _alphabet_table() -> Bytes:
    table = np.full(256, _UNKNOWN, np.uint8)
    table[np.frombuffer(USCC_ALPHABET.encode(), np.uint8)] = np.arange(len(USCC_ALPHABET), dtype=np.uint8)
    return table


_USCC_VALUES = _alphabet_table()


def uscc_valid(codes: pa.Array) -> pa.Array:
    """Whether each unified social credit code is right; null stays null.

    Args:
        codes: capitals, without spaces.
    """
    return _check(codes, _uscc_flags)


def resident_number_valid(numbers: pa.Array) -> pa.Array:
    """Whether each resident identity number is right; null stays null.

    Args:
        numbers: capitals, without spaces.
    """
    return _check(numbers, _resident_flags)


def birth_year_band(numbers: pa.Array, is_valid: pa.Array) -> pa.Array:
    """The ten years in which each person was born, ``1970-1979``; null of a number that is not right (GB 11643: digits 7 to 10)."""
    decade = pc.utf8_slice_codeunits(_right(numbers, is_valid), 6, 9)
    return pc.binary_join_element_wise(decade, "0-", decade, "9", "")


def gender(numbers: pa.Array, is_valid: pa.Array) -> pa.Array:
    """``male`` where the 17th digit is odd, else ``female`` (GB 11643); null of a number that is not right."""
    digit = pc.utf8_slice_codeunits(_right(numbers, is_valid), 16, 17)
    is_male = pc.is_in(digit, pa.array(list("13579")))
    return pc.if_else(pc.is_valid(digit), pc.if_else(is_male, "male", "female"), pa.scalar(None, pa.string()))


def _right(numbers: pa.Array, is_valid: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(is_valid, False), numbers, pa.scalar(None, pa.string()))


KEPT_PARTS: Mapping[KeptPart, Callable[[pa.Array, pa.Array], pa.Array]] = {
    KeptPart.BIRTH_YEAR_BAND: birth_year_band,
    KeptPart.GENDER: gender,
}
"""What is kept of resident identity numbers, from the numbers and whether each is right."""

CHECKERS: Mapping[str, Callable[[pa.Array], pa.Array]] = {"uscc": uscc_valid, "resident_id": resident_number_valid}
"""Checker by its name in the contracts."""


def explain_uscc(code: str) -> tuple[str, str]:
    """Why ``code`` is no unified social credit code, in Chinese and English."""
    if len(code) in (9, 10) and code.replace("-", "").isalnum():
        return "这是9位组织机构代码", "this is a 9-character organisation code"
    if len(code) == 15 and code.isdigit():
        return "这是15位工商注册号", "this is a 15-digit registration number"
    if len(code) != LENGTH:
        return f"长度为{len(code)}位，应为18位", f"it has {len(code)} characters instead of 18"
    wrong = sorted({character for character in code if character not in USCC_ALPHABET})
    if wrong:
        listed = "、".join(wrong)
        return f"含有不允许的字符 {listed}", f"it holds characters that are not allowed: {listed}"
    return "校验码不符，请核对是否抄错", "its check character is wrong; compare it with the certificate"


def _check(texts: pa.Array, check: Callable[[Bytes], Flags]) -> pa.Array:
    """Apply ``check`` to the texts of 18 ASCII characters, as one matrix of bytes; any other text fails."""
    has_length = pc.and_(pc.equal(pc.binary_length(texts), LENGTH), pc.equal(pc.utf8_length(texts), LENGTH))
    flags = np.asarray(has_length.fill_null(False), bool).copy()
    candidates = texts.filter(has_length)
    if len(candidates):
        start = candidates.offset * LENGTH
        data = np.frombuffer(candidates.buffers()[2], np.uint8)[start : start + len(candidates) * LENGTH]
        flags[flags] = check(data.reshape(-1, LENGTH))
    return pa.array(flags, mask=np.asarray(texts.is_null()))


def _uscc_flags(letters: Bytes) -> Flags:
    values = _USCC_VALUES[letters]
    total = values[:, : LENGTH - 1].astype(np.int64) @ _USCC_WEIGHTS
    flags: Flags = (values != _UNKNOWN).all(axis=1) & ((31 - total % 31) % 31 == values[:, LENGTH - 1])
    return flags


def _resident_flags(letters: Bytes) -> Flags:
    digits = letters[:, : LENGTH - 1].astype(np.int64) - ord("0")
    are_digits = ((digits >= 0) & (digits <= 9)).all(axis=1)
    digits[~are_digits] = 0
    check = _RESIDENT_CHECK[(digits @ _RESIDENT_WEIGHTS) % 11]
    birthday = digits[:, 6:14] @ 10 ** np.arange(7, -1, -1)
    flags: Flags = are_digits & (check == letters[:, LENGTH - 1]) & _are_dates(birthday)
    return flags


def _are_dates(numbers: npt.NDArray[np.int64]) -> Flags:
    """Whether each ``YYYYMMDD`` is a day of the calendar."""
    years, months, days = numbers // 10_000, numbers // 100 % 100, numbers % 100
    has_month = (months >= 1) & (months <= 12)
    is_leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    last_days = _LAST_DAYS[np.where(has_month, months, 0)] + (is_leap & (months == 2))
    flags: Flags = (years >= _FIRST_BIRTH_YEAR) & (years <= _LAST_BIRTH_YEAR) & (days >= 1) & (days <= last_days)
    return flags
