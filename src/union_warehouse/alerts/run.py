"""One run of the alerts: find the events, see who has not been notified, write to them, remember it."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from union_warehouse.alerts.definitions import DEPARTMENT, Definitions, load_definitions
from union_warehouse.alerts.delivery import SENT, deliver
from union_warehouse.alerts.events import Event
from union_warehouse.alerts.ledger import Entry, MessageLog, State, acknowledge_event, load_state, locked_state, save_state
from union_warehouse.alerts.messages import Item, Message, compose
from union_warehouse.alerts.release_events import release_events
from union_warehouse.alerts.run_events import may_be_over, run_events
from union_warehouse.alerts.submission_events import submission_events
from union_warehouse.alerts.targets import Recipient, Target, load_targets
from union_warehouse.landing.instants import to_text
from union_warehouse.paths import Home
from union_warehouse.working_days import SHANGHAI

__all__ = ["Delivery", "acknowledge", "find_events", "plan_messages", "send_alerts", "standing_events"]

logger = logging.getLogger(__name__)

NO_TARGET = "no target"
UNREADABLE = "unreadable_source"
acknowledge = acknowledge_event


@dataclass(frozen=True)
class Delivery:
    """A message that is due: to whom, by which channel (``target`` is None where none is configured), about what."""

    recipient: Recipient
    target: Target | None
    items: tuple[Item, ...]
    message: Message

    @property
    def channel(self) -> str:
        """Name of the channel in the state."""
        return self.target.channel if self.target else f"{self.recipient.code}/none"

    def to_dict(self) -> dict[str, Any]:
        """As a file or a program reads it; without the URL of the target."""
        return {
            "recipient": self.recipient.code,
            "channel": self.channel,
            "severity": self.message.severity,
            "title": self.message.title,
            "body": self.message.body,
            "events": [{"id": item.event_id, "phase": item.phase.name, "is_over": item.is_over} for item in self.items],
        }


def find_events(home: Home, as_of: datetime) -> list[Event]:
    """Everything that is open at ``as_of``, whether or not somebody was notified.

    A source that cannot be read is an event itself: a manifest that is broken must not silence the failure that it caused.
    """
    found: list[Event] = []
    for name, source in _SOURCES.items():
        try:
            found += source(home, as_of)
        except Exception as error:
            # What the error says may quote a value, so its class and place must do.
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.warning(
                "alerts cannot read the %s: %s in %s, line %s", name, type(error).__name__, place.filename, place.lineno
            )
            facts = {"source": name, "error": type(error).__name__}
            found.append(Event(UNREADABLE, None, name, as_of.astimezone(SHANGHAI).date(), facts))
    return found


_SOURCES: Mapping[str, Callable[[Home, datetime], list[Event]]] = {
    "submissions": submission_events,
    "release": release_events,
    "runs": run_events,
}


def plan_messages(home: Home, as_of: datetime) -> list[Delivery]:
    """What :func:`send_alerts` would send at ``as_of``; nothing is sent or remembered.

    Raises:
        AlertsWentBack: ``as_of`` lies before the day of the last messages.
        InvalidTargets: the file of targets is not understood.
    """
    return _plan(home, load_state(home), as_of)


def send_alerts(home: Home, as_of: datetime) -> dict[str, Any]:
    """Send everybody what they have not been sent; run again, it sends nothing.

    Args:
        home: the warehouse's state.
        as_of: the time at which the events are looked for.

    Returns:
        ``as_of``, ``outcomes`` (messages by what became of them) and ``failed`` (channels that did not take theirs).

    Raises:
        AlertsWentBack: ``as_of`` lies before the day of the last messages.
        InvalidTargets: the file of targets is not understood.
    """
    outcomes: Counter[str] = Counter()
    failed = []
    with locked_state(home) as state:
        due = _plan(home, state, as_of)
        log = MessageLog(home, datetime.now(UTC))
        for delivery, outcome in _delivered(due):
            log.write({"as_of": to_text(as_of), "outcome": outcome, **delivery.to_dict()})
            outcomes[outcome] += 1
            if outcome in {SENT, NO_TARGET}:
                _remember(delivery)
            else:
                failed.append(delivery.channel)
            save_state(home, state)
        _drop_finished(home, state)
        save_state(home, state)
    unknown = sorted({delivery.recipient.code for delivery in due if delivery.target is None})
    if unknown:
        logger.warning("no target for the alerts of %s: not sent (docs/alerts.md says how to configure one)", ", ".join(unknown))
    for channel in failed:
        logger.warning("an alert for %s was not delivered; the next run tries again", channel)
    return {"as_of": to_text(as_of), "outcomes": dict(sorted(outcomes.items())), "failed": sorted(failed)}


def standing_events(home: Home) -> list[dict[str, Any]]:
    """Events that are open since the last run: id, severity, phase, since, told (channels) and acknowledged_by."""
    state, events = load_state(home), load_definitions().events
    today = (state.as_of or datetime.now(UTC)).astimezone(SHANGHAI).date()
    found = []
    for event_id, entry in state.entries.items():
        phase = None if entry.is_over or entry.kind not in events else events[entry.kind].phase_on(today, entry.since_day)
        if phase is not None:
            found.append(
                {
                    "id": event_id,
                    "severity": phase.severity,
                    "phase": phase.name,
                    "since": entry.since,
                    "told": sorted(channel for channel in entry.told if not channel.endswith("/none")),
                    "acknowledged_by": entry.acknowledged.get("by") if entry.is_silent(today) else None,
                }
            )
    return found


def _plan(home: Home, state: State, as_of: datetime) -> list[Delivery]:
    """Bring ``state`` up to date with what is found, and group what has not been sent by channel."""
    as_of = state.check_time(as_of)
    definitions, targets = load_definitions(), load_targets(home)
    today = as_of.astimezone(SHANGHAI).date()
    _bring_up_to_date(home, state, find_events(home, as_of), definitions, as_of)
    due: dict[tuple[Recipient, Target | None], list[Item]] = {}
    by_channel = _by_channel(targets)
    for event_id, entry in state.entries.items():
        if entry.is_over:
            news = _over(event_id, entry, by_channel, definitions)
        else:
            news = _standing(event_id, entry, targets, definitions, today)
        for target_of, item in news:
            due.setdefault(target_of, []).append(item)
    ordered = sorted(due.items(), key=lambda one: (one[0][0].code, one[0][1].channel if one[0][1] else ""))
    return [
        Delivery(recipient, target, tuple(items), compose(recipient, items, definitions, home.federation.unit_names, today))
        for (recipient, target), items in ordered
    ]


def _bring_up_to_date(home: Home, state: State, events: Sequence[Event], definitions: Definitions, as_of: datetime) -> None:
    today = as_of.astimezone(SHANGHAI).date()
    found = set()
    for event in events:
        until = _last_day_of_interest(event, definitions.events[event.kind].watched_days)
        if until is None or today <= until:
            state.take(event, until)
            found.add(event.id)
    # While a source cannot be read, what is not found may be open all the same.
    gone = set() if any(event.kind == UNREADABLE for event in events) else state.entries.keys() - found
    for event_id in gone:
        entry = state.entries[event_id]
        definition = definitions.events.get(entry.kind)
        if definition is None or definition.ended is None or entry.is_forgotten(today):
            del state.entries[event_id]
        else:
            entry.is_over = may_be_over(home, entry.kind, entry.key)
    state.as_of = as_of


def _last_day_of_interest(event: Event, watched_days: int | None) -> date | None:
    days = [] if watched_days is None else [event.since + timedelta(days=watched_days)]
    return min([*days, *([event.until] if event.until else [])], default=None)


def _standing(
    event_id: str, entry: Entry, targets: dict[Recipient, list[Target]], definitions: Definitions, today: date
) -> Iterator[tuple[tuple[Recipient, Target | None], Item]]:
    """Who must be notified of an open event."""
    definition = definitions.events[entry.kind]
    phase = definition.phase_on(today, entry.since_day)
    if phase is None or entry.is_silent(today):
        return
    item = Item(event_id, entry, definition, phase, is_over=False)
    for audience in phase.audiences:
        recipient = Recipient(audience, entry.unit) if audience == DEPARTMENT else Recipient(audience)
        channels: Sequence[Target | None] = targets.get(recipient) or [None]
        for target in channels:
            channel = target.channel if target else f"{recipient.code}/none"
            if entry.told.get(channel) != item.stamp:
                yield (recipient, target), item


def _over(
    event_id: str, entry: Entry, by_channel: dict[str, Target], definitions: Definitions
) -> Iterator[tuple[tuple[Recipient, Target | None], Item]]:
    """Who must be notified that an event is over: whoever was notified of it, by a channel that still exists."""
    definition = definitions.events[entry.kind]
    for channel, stamp in entry.told.items():
        phase, target = definition.phase(stamp.partition("|")[0]), by_channel.get(channel)
        if phase is not None and target is not None and phase.is_end_told:
            yield (target.recipient, target), Item(event_id, entry, definition, phase, is_over=True)


def _delivered(due: Sequence[Delivery]) -> Iterator[tuple[Delivery, str]]:
    """Each delivery with what became of it, as soon as that is known."""
    yield from ((delivery, NO_TARGET) for delivery in due if delivery.target is None)
    sendable = [(delivery, delivery.target) for delivery in due if delivery.target is not None]
    for place, outcome in deliver([(target, delivery.message) for delivery, target in sendable]):
        yield sendable[place][0], outcome


def _remember(delivery: Delivery) -> None:
    for item in delivery.items:
        if item.is_over:
            del item.entry.told[delivery.channel]
        else:
            item.entry.told[delivery.channel] = item.stamp


def _drop_finished(home: Home, state: State) -> None:
    """Drop what is over once everybody who can still be notified has been."""
    definitions, by_channel = load_definitions(), _by_channel(load_targets(home))
    for event_id, entry in list(state.entries.items()):
        if entry.is_over and not any(_over(event_id, entry, by_channel, definitions)):
            del state.entries[event_id]


def _by_channel(targets: dict[Recipient, list[Target]]) -> dict[str, Target]:
    return {target.channel: target for found in targets.values() for target in found}
