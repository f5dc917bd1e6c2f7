"""Due dates by China's official working-day calendar (domain: Time)."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from union_warehouse.months import last_day
from union_warehouse.project import EXPECTATIONS_DIR

HOLIDAYS_FILE = EXPECTATIONS_DIR / "official_holidays.csv"
SHANGHAI = ZoneInfo("Asia/Shanghai")
DUE_WORKING_DAY = 5
CLOSING_WORKING_DAY = 8
CLOSING_TIME = time(18, 0)


@cache
def _official_days() -> dict[date, str]:
    with HOLIDAYS_FILE.open(encoding="utf-8", newline="") as file:
        return {date.fromisoformat(row["calendar_on"]): row["day_kind"] for row in csv.DictReader(file)}


@cache
def first_month() -> str:
    """The first month that the calendar knows: none before it can be reported, for nobody could say when it was due."""
    return f"{min(_official_days()):%Y-%m}"


def is_working_day(day: date) -> bool:
    """Whether ``day`` is a working day: make-up Saturdays are, official holidays are not."""
    kind = _official_days().get(day)
    return kind == "make_up_workday" or (kind is None and day.isoweekday() <= 5)


def add_working_days(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``, before it if negative; ``day`` itself if 0."""
    step = timedelta(days=1 if count > 0 else -1)
    remaining = abs(count)
    while remaining:
        day += step
        remaining -= is_working_day(day)
    return day


def due_on(month: str) -> date:
    """Day by the end of which (in Shanghai) submissions for ``month`` are due: the 5th working day of the next month."""
    return add_working_days(last_day(month), DUE_WORKING_DAY)


def closing_at(month: str) -> datetime:
    """When ``month`` is closed and locked (UTC): three working days after the due day, 18:00 in Shanghai."""
    day = add_working_days(last_day(month), CLOSING_WORKING_DAY)
    return datetime.combine(day, CLOSING_TIME, SHANGHAI).astimezone(UTC)
