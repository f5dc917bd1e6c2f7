"""Words and numbers as a Chinese report writes them, and which words are numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from union_warehouse.display import number_text
from union_warehouse.months import month_range

PROPER_NAMES = ("五一", "三八", "五水共治", "双爱", "一线", "下一步", "进一步")
"""Words that hold a numeral without being a number: awards, campaigns, 一线 (front line), 下一步 (the next step)."""

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


def cell_text(value: float, unit: str, *, is_in_ten_thousands: bool = False) -> str:
    """``value`` for a column whose heading names the unit; of money in 万元 with two decimals."""
    if unit in _SHARES:
        return f"{number_text(value * 100)}%"
    return f"{value / _TEN_THOUSAND:,.2f}" if is_in_ten_thousands else number_text(value)


def is_in_ten_thousands(values: Iterable[float | None], unit: str) -> bool:
    """Whether amounts that stand together are written in 万元: from 10,000 yuan on."""
    return unit == _MONEY and any(value is not None and abs(value) >= _TEN_THOUSAND for value in values)


def value_text(value: float, unit: str, unit_zh: str) -> str:
    """``value`` with its unit: shares in percent, money from 10,000 yuan on in 万元 with two decimals."""
    if unit in _SHARES:
        return cell_text(value, unit)
    if is_in_ten_thousands([value], unit):
        return f"{cell_text(value, unit, is_in_ten_thousands=True)}万元"
    return f"{number_text(value)}{unit_zh}"


def change_text(change: float, unit: str, unit_zh: str) -> str:
    """A change against last year, such as ``同比增加12家``."""
    if change == 0:
        return "同比持平"
    if unit in _SHARES:
        return f"同比{'提高' if change > 0 else '下降'}{number_text(abs(change) * 100)}个百分点"
    return f"同比{'增加' if change > 0 else '减少'}{value_text(abs(change), unit, unit_zh)}"


def signed_text(change: float, unit: str, *, is_in_ten_thousands: bool = False) -> str:
    """A change for a column: ``+4``; of a share in 百分点, since +2% would be a growth by a fiftieth."""
    said = (
        f"{number_text(change * 100)}个百分点"
        if unit in _SHARES
        else cell_text(change, unit, is_in_ten_thousands=is_in_ten_thousands)
    )
    return f"{'+' if change > 0 else ''}{said}"


def unit_heading(unit: str, unit_zh: str, *, is_in_ten_thousands: bool = False) -> str:
    """What a column's heading says of the unit."""
    if unit in _SHARES:
        return "%"
    return "万元" if is_in_ten_thousands else unit_zh


def ordinal(number: int) -> str:
    """1 as 一, 12 as 十二, to 99: numbers of headings."""
    tens, ones = divmod(number, _TENS)
    if tens == 0:
        return _ORDINALS[ones - 1]
    return (_ORDINALS[tens - 1] if tens > 1 else "") + "十" + (_ORDINALS[ones - 1] if ones else "")


def release_text(release_id: str) -> str:
    """A release as people name it: ``2015-03-r2`` is 2015年3月第2版."""
    month, _, number = release_id.rpartition("-r")
    return f"{month_text(month)}第{number}版" if month else release_id


def day_text(day: date) -> str:
    """A day: 2015年4月13日."""
    return f"{day.year}年{day.month}月{day.day}日"


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
