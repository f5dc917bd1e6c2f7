"""Instants as text: one spelling, in UTC with microseconds, that sorts as time does."""

from __future__ import annotations

from datetime import UTC, date, datetime

from union_warehouse.working_days import SHANGHAI

_LONG = "%Y-%m-%dT%H:%M:%S.%fZ"
_SHORT = "%Y%m%dT%H%M%S.%fZ"


def to_text(instant: datetime) -> str:
    """``2014-04-03T02:11:00.000000Z`` of an aware instant."""
    return instant.astimezone(UTC).strftime(_LONG)


def from_text(text: str) -> datetime:
    """The aware instant of :func:`to_text`."""
    return datetime.strptime(text, _LONG).replace(tzinfo=UTC)


def to_name(text: str) -> str:
    """``20140403T021100.000000Z``: the spelling in file names."""
    return from_text(text).strftime(_SHORT)


def from_name(name: str) -> str:
    """The text of an instant from its spelling in file names.

    Raises:
        ValueError: ``name`` is no such spelling.
    """
    return to_text(datetime.strptime(name, _SHORT).replace(tzinfo=UTC))


def shanghai_day_sql(column: str) -> str:
    """SQL of the calendar day in Shanghai of a timestamp column in UTC; in models of dbt it is the macro ``shanghai_day``."""
    return f"cast(timezone('{SHANGHAI.key}', timezone('UTC', {column})) as date)"


def shanghai_day(text: str) -> date:
    """The calendar day in Shanghai of an instant."""
    return from_text(text).astimezone(SHANGHAI).date()
