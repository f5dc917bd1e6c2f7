"""Who was sent what: ``UW_HOME/alerts/state.json``, and one file per message that is never changed.

A message is sent, then written down, then the state moves: a process killed in between sends it once more (at least once),
and never forgets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from union_warehouse.alerts.errors import AlertsWentBack, UnknownAlert, UnreadableAlerts
from union_warehouse.alerts.events import Event
from union_warehouse.files import append_json, read_derived, write_json
from union_warehouse.landing.instants import from_text, to_name, to_text
from union_warehouse.locks import exclusive
from union_warehouse.paths import Home
from union_warehouse.working_days import SHANGHAI


@dataclass
class Entry:
    """One event that is open, or that is over and not all who knew of it have been notified.

    Attributes:
        kind: of the event.
        unit: its reporting unit.
        key: what distinguishes it from others.
        since: the day it is open since (ISO), of the last time it was found: a due date can move.
        until: last day of interest (ISO), or None.
        facts: likewise.
        mark: likewise.
        told: what each channel was sent last, ``<phase>|<mark>``.
        acknowledged: by, at, until (a day, or None) of whoever silenced it; empty if nobody did.
        is_over: whether it was not found any more.
    """

    kind: str
    unit: str | None
    key: str
    since: str
    until: str | None
    facts: dict[str, Any]
    mark: str
    told: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str | None] = field(default_factory=dict)
    is_over: bool = False

    @property
    def since_day(self) -> date:
        """``since`` as a day."""
        return date.fromisoformat(self.since)

    def is_silent(self, today: date) -> bool:
        """Whether somebody acknowledged it, and that still holds."""
        until = self.acknowledged.get("until")
        return bool(self.acknowledged) and (until is None or today.isoformat() <= until)

    def is_forgotten(self, today: date) -> bool:
        """Whether it is too old to be of interest."""
        return self.until is not None and today.isoformat() > self.until


@dataclass
class State:
    """Every open event, by id, and the time up to which alerts have been sent (None: never)."""

    as_of: datetime | None
    entries: dict[str, Entry]

    def take(self, event: Event, until: date | None) -> Entry:
        """The entry of an event found now, made or brought up to date."""
        entry = self.entries.setdefault(
            event.id, Entry(event.kind, event.unit, event.key, event.since.isoformat(), None, event.facts, event.mark)
        )
        entry.until = until.isoformat() if until else None
        entry.since, entry.facts, entry.mark, entry.is_over = event.since.isoformat(), event.facts, event.mark, False
        return entry

    def check_time(self, as_of: datetime) -> datetime:
        """``as_of``, or the time of the last run where that is later on the same day.

        Raises:
            AlertsWentBack: it lies on an earlier day.
        """
        if self.as_of is None or as_of >= self.as_of:
            return as_of
        if as_of.astimezone(SHANGHAI).date() < self.as_of.astimezone(SHANGHAI).date():
            raise AlertsWentBack(last=self.as_of.isoformat(), as_of=as_of.isoformat())
        return self.as_of


@contextmanager
def locked_state(home: Home) -> Iterator[State]:
    """The state, while no other process sends or acknowledges; it is kept by :func:`save_state` only."""
    with exclusive(home.alerts / ".lock"):
        yield load_state(home)


def load_state(home: Home) -> State:
    """The state as it was left.

    Raises:
        UnreadableAlerts: it cannot be read.
    """
    path = home.alerts / "state.json"
    if not path.is_file():
        return State(None, {})
    content = read_derived(path)
    if content is None:
        raise UnreadableAlerts(path=path)
    as_of = from_text(content["as_of"]) if content["as_of"] else None
    return State(as_of, {event_id: Entry(**entry) for event_id, entry in content["events"].items()})


def save_state(home: Home, state: State) -> None:
    """Replace the state file as a whole; the lock of :func:`locked_state` is held."""
    # Without indentation, unlike other files: it is written after each message, and json is much faster so.
    events = {event_id: vars(entry) for event_id, entry in sorted(state.entries.items())}
    content = {"as_of": to_text(state.as_of) if state.as_of else None, "events": events}
    write_json(home.alerts / "state.json", content, indent=None, is_durable=True)


def acknowledge_event(home: Home, event_id: str, by: str, until: date | None) -> None:
    """Silence an event until the end of a day, or for good; its end is reported all the same.

    Raises:
        UnknownAlert: no event of that id is open.
    """
    with locked_state(home) as state:
        entry = state.entries.get(event_id)
        if entry is None or entry.is_over:
            raise UnknownAlert(event_id=event_id)
        entry.acknowledged = {"by": by, "at": to_text(datetime.now(UTC)), "until": until.isoformat() if until else None}
        save_state(home, state)


class MessageLog:
    """The messages of one run: ``UW_HOME/alerts/messages/<time>/<number>.json``, each written whole and never changed."""

    def __init__(self, home: Home, started_at: datetime) -> None:
        """A folder of its own for a run that started then."""
        self._folder = home.alerts / "messages" / to_name(to_text(started_at))

    def write(self, message: dict[str, Any]) -> None:
        """Keep one message and what became of it."""
        append_json(self._folder, message)
