"""Months as ``YYYY-MM`` text."""

from __future__ import annotations

import re
from datetime import date, timedelta

from union_warehouse.errors import UnionWarehouseError

WINDOW_MONTHS = 3
"""Months before its own of which a submission may still report rows (domain: Business rules)."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class InvalidMonth(UnionWarehouseError):
    """A month that is not ``YYYY-MM``."""

    code = "invalid_month"
    message_zh = "月份“{value}”格式不对，请写成 2014-03 这样的形式。"
    message_en = "the month {value!r} is not understood; write it as 2014-03."


def is_month(value: str) -> bool:
    """Whether ``value`` is ``YYYY-MM``."""
    return _MONTH.fullmatch(value) is not None


def parse_month(value: str) -> str:
    """``value`` if it is a month.

    Raises:
        InvalidMonth: it is not ``YYYY-MM``.
    """
    if not is_month(value):
        raise InvalidMonth(value=value)
    return value


def first_day(month: str) -> date:
    """First day of ``month``."""
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    """Last day of ``month``."""
    return first_day(next_month(month)) - timedelta(days=1)


def next_month(month: str) -> str:
    """The month after ``month``."""
    return add_months(month, 1)


def add_months(month: str, count: int) -> str:
    """``month`` moved by ``count`` months, backwards if negative."""
    index = int(month[:4]) * 12 + int(month[5:]) - 1 + count
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def month_range(first: str, last: str) -> list[str]:
    """Every month from ``first`` to ``last``, both included."""
    months = []
    month = first
    while month <= last:
        months.append(month)
        month = next_month(month)
    return months
