"""China's working days, from the project's holiday table, and the instants that follow from them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

from union_warehouse.months import first_day, last_day
from union_warehouse.working_days import SHANGHAI, is_working_day


@cache
def working_days(month: str) -> npt.NDArray[np.datetime64]:
    """Working days of ``month`` as ``datetime64[D]``."""
    days = (first_day(month) + timedelta(days=offset) for offset in range(last_day(month).day))
    return np.array([day for day in days if is_working_day(day)], dtype="datetime64[D]")


def nth_working_day(month: str, number: int) -> date:
    """The working day of ``month`` counted from 1."""
    day: date = working_days(month)[number - 1].item()
    return day


def instant(day: date, at: time) -> datetime:
    """A time of day in Shanghai as a UTC instant."""
    return datetime.combine(day, at, SHANGHAI).astimezone(UTC)
