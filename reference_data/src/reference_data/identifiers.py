"""Valid but synthetic identifiers and names, whole columns at a time.

No identifier here can belong to a real firm or person: credit codes carry an organisation code that begins with ``YY``
(never issued), resident numbers a county that does not exist (``339900`` and the like), names say 样例 (sample).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reference_data.draw import Integers, Strings

Flags = npt.NDArray[np.bool_]

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LETTERS = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_USCC_LETTERS = np.array(list(USCC_ALPHABET))
_USCC_WEIGHTS = np.array([pow(3, position, 31) for position in range(17)])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_RESIDENT_WEIGHTS = np.array([pow(2, 17 - position, 11) for position in range(17)])
_RESIDENT_CHECK = np.array(list("10X98765432"))

_USCC_PREFIX = {
    "non_public": "91",
    "public_enterprise": "91",
    "public_institution": "12",
    "agency": "11",
    "social_organisation": "51",
}
_LOCAL_COUNTY = "339900"
_MIGRANT_COUNTIES = np.array(["349900", "369900", "419900", "529900"])
_FIRST_BIRTHDAY = np.datetime64("1957-01-01")
_BIRTHDAYS = 13_513  # 37 years; prime, so that the permutation below reaches every pair
_FIRST_CHILD_BIRTHDAY = np.datetime64("1996-01-01")
_CHILD_BIRTHDAYS = 4_733  # 13 years; prime too
_SEQUENCES = 479

_SURNAMES = np.array(list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"))


def usccs(serials: Integers, ownership: Strings) -> Strings:
    """Unified social credit codes (GB 32100, organisation part GB 11714), one per serial number.

    Args:
        serials: distinct numbers below 31**6.
        ownership: ownership code of each unit; it decides the registration authority.
    """
    prefix = np.array([list(_USCC_PREFIX[kind] + "330103YY") for kind in ownership], dtype="U1").reshape(len(serials), 10)
    digits = (np.asarray(serials)[:, None] // 31 ** np.arange(5, -1, -1)[None, :]) % 31
    body = np.concatenate([prefix, _USCC_LETTERS[digits]], axis=1)
    organisation = np.searchsorted(_LETTERS, body[:, 8:16])
    check = (11 - (organisation * _ORGANISATION_WEIGHTS).sum(axis=1) % 11) % 11
    body = np.concatenate([body, np.where(check == 10, "X", check.astype("U2"))[:, None].astype("U1")], axis=1)
    total = (np.searchsorted(_USCC_LETTERS, body) * _USCC_WEIGHTS).sum(axis=1)
    return _join(np.concatenate([body, _USCC_LETTERS[(31 - total % 31) % 31][:, None]], axis=1))


def resident_numbers(persons: Integers, is_female: Flags, is_migrant: Flags) -> Strings:
    """Resident identity numbers (GB 11643), one per person serial; distinct serials give distinct numbers."""
    return _resident_numbers(persons, is_female, is_migrant, _FIRST_BIRTHDAY, _BIRTHDAYS)


def child_numbers(persons: Integers, is_female: Flags, is_migrant: Flags) -> Strings:
    """Resident identity numbers of persons born in the years from 1996 to 2008."""
    return _resident_numbers(persons, is_female, is_migrant, _FIRST_CHILD_BIRTHDAY, _CHILD_BIRTHDAYS)


def _resident_numbers(
    persons: Integers, is_female: Flags, is_migrant: Flags, first_birthday: np.datetime64, birthdays: int
) -> Strings:
    scattered = (np.asarray(persons) * 2_654_435 + 97) % (birthdays * _SEQUENCES)
    birthday = (first_birthday + scattered % birthdays).astype("datetime64[D]").astype("U10")
    sequence = 2 * (scattered // birthdays) + 10 + np.where(is_female, 0, 1)
    county = np.where(is_migrant, _MIGRANT_COUNTIES[scattered % len(_MIGRANT_COUNTIES)], _LOCAL_COUNTY)
    text = np.char.add(county, np.char.add(np.char.replace(birthday, "-", ""), np.char.zfill(sequence.astype("U3"), 3)))
    digits = text.astype("U17").view("U1").reshape(-1, 17).astype(np.int64)
    check = _RESIDENT_CHECK[(digits * _RESIDENT_WEIGHTS).sum(axis=1) % 11]
    return np.char.add(text, check)


def person_names(persons: Integers) -> Strings:
    """Names that nobody bears: a surname, 样例 and a number."""
    serials = np.asarray(persons)
    return np.char.add(np.char.add(_SURNAMES[serials % len(_SURNAMES)], "样例"), np.char.zfill(serials.astype("U8"), 5))


def _join(letters: Strings) -> Strings:
    width = letters.shape[1]
    return np.ascontiguousarray(letters.astype("U1")).view(f"U{width}").ravel()
