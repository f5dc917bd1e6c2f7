"""Words and numbers as a Chinese report writes them, and which words are numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from union_warehouse.display import number_text
from union_warehouse.months import month_range

PROPER_NAMES = ("五一", "三八", "五水共治", "双爱", "一线")
"""Names that hold a numeral without being a number: awards, campaigns, and 一线 (front line)."""

_NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿两双半倍廿卅壹贰叁肆伍陆柒捌玖拾佰仟萬億%％‰")
_NUMERIC_CATEGORIES = frozenset({"Nd", "Nl", "No"})
_ORDINALS = "一二三四五六七八九十"
_MONEY = "CNY"
_SHARES = frozenset({"ratio", "milestone"})
_TEN_THOUSAND = 10_000
_TENS = 10


def spelled_number(text: str) -> str | None:
    """The first number that ``text`` spells, in digits of any script or in Chinese numerals; None if there is none."""
    rest = re.sub("|".join(PROPER_NAMES), "", text)
    for start, character in enumerate(rest):
        if _is_numeral(character):
            end = start + 1
            while end < len(rest) and _is_numeral(rest[end]):
                end += 1
            return rest[start:end]
    return None


def _is_numeral(character: str) -> bool:
    return character in _NUMERALS or unicodedata.category(character) in _NUMERIC_CATEGORIES


def cell_text(value: float, unit: str) -> str:
    """``value`` for a column whose heading names the unit."""
    return f"{number_text(value * 100)}%" if unit in _SHARES else number_text(value)


def value_text(value: float, unit: str, unit_zh: str) -> str:
    """``value`` with its unit: shares in percent, money in 万元 where two decimals say it exactly."""
    if unit in _SHARES:
        return cell_text(value, unit)
    if unit == _MONEY and abs(value) >= _TEN_THOUSAND and value % 100 == 0:
        return f"{number_text(value / _TEN_THOUSAND)}万元"
    return f"{number_text(value)}{unit_zh}"


def change_text(change: float, unit: str, unit_zh: str) -> str:
    """A change against last year, such as ``同比增加12家``."""
    if change == 0:
        return "同比持平"
    if unit in _SHARES:
        return f"同比{'提高' if change > 0 else '下降'}{number_text(abs(change) * 100)}个百分点"
    return f"同比{'增加' if change > 0 else '减少'}{value_text(abs(change), unit, unit_zh)}"


def signed_text(change: float, unit: str) -> str:
    """A change for a column: ``+4``; of a share in 百分点, since +2% would be a growth by a fiftieth."""
    sign = "+" if change > 0 else ""
    return f"{sign}{number_text(change * 100)}个百分点" if unit in _SHARES else sign + number_text(change)


def unit_heading(unit: str, unit_zh: str) -> str:
    """What a column's heading says of the unit."""
    return "%" if unit in _SHARES else unit_zh


def ordinal(number: int) -> str:
    """1 as 一, 12 as 十二, to 99: numbers of headings."""
    tens, ones = divmod(number, _TENS)
    if tens == 0:
        return _ORDINALS[ones - 1]
    return (_ORDINALS[tens - 1] if tens > 1 else "") + "十" + (_ORDINALS[ones - 1] if ones else "")


def month_text(month: str) -> str:
    """``2014-03`` as ``2014年3月``."""
    return f"{month[:4]}年{int(month[5:])}月"


def span_text(first: str, last: str) -> str:
    """Months of one year: ``2014年``, ``2014年1—3月`` or ``2014年3月``."""
    if first == last:
        return month_text(first)
    if (first[5:], last[5:]) == ("01", "12"):
        return f"{first[:4]}年"
    return f"{first[:4]}年{int(first[5:])}—{int(last[5:])}月"


def months_text(months: Sequence[str]) -> str:
    """Months of one or more years in words, neighbours joined: ``2014年1—3月、2014年6月``."""
    spans: list[list[str]] = []
    for month in sorted(months):
        if spans and spans[-1][0][:4] == month[:4] and month_range(spans[-1][-1], month) == [spans[-1][-1], month]:
            spans[-1].append(month)
        else:
            spans.append([month])
    return "、".join(span_text(span[0], span[-1]) for span in spans)
