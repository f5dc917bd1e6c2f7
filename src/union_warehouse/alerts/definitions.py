"""Who is told what, when and in which words: ``expectations/alerts.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml

from union_warehouse.paths import EXPECTATIONS_DIR
from union_warehouse.working_days import add_working_days

ALERTS_FILE = EXPECTATIONS_DIR / "alerts.yml"
SEVERITIES = ("critical", "warning", "info")
DEPARTMENT = "department"
"""The audience that is many: each reporting unit is told of its own events only."""

Words = Mapping[str, str]
"""Text by language, ``zh`` or ``en``."""


@dataclass(frozen=True)
class Audience:
    """Readers of one message: what they are called, and the languages it is written in."""

    code: str
    name: Words
    languages: tuple[str, ...]

    @property
    def is_technical(self) -> bool:
        """Whether they are shown the ids by which alerts are acknowledged."""
        return "en" in self.languages


@dataclass(frozen=True)
class Phase:
    """A stretch in the life of an event.

    Attributes:
        name: such as ``reminder``.
        from_working_day: when it begins, counted from the day the event stands since.
        severity: one of SEVERITIES.
        audiences: who is told.
        is_end_told: whether those who were told of this phase are told that the event is over.
        title: of the group of such events in a message.
        line: one event; names its facts in braces.
        action: what to do, once for the group.
    """

    name: str
    from_working_day: int
    severity: str
    audiences: tuple[str, ...]
    is_end_told: bool
    title: Words
    line: Words
    action: Words


@dataclass(frozen=True)
class Definition:
    """A kind of event: how long it is watched, what is said when it ends (a notice does not), its phases in order of time."""

    kind: str
    watched_days: int | None
    ended: Words | None
    phases: tuple[Phase, ...]

    def phase_on(self, today: date, since: date) -> Phase | None:
        """The phase on ``today`` of an event that stands since a day; None before its first."""
        begun = [phase for phase in self.phases if add_working_days(since, phase.from_working_day) <= today]
        return begun[-1] if begun else None

    def phase(self, name: str) -> Phase | None:
        """The phase of that name; None where it was taken out since."""
        return next((phase for phase in self.phases if phase.name == name), None)


@dataclass(frozen=True)
class Definitions:
    """Everything that the file says."""

    audiences: Mapping[str, Audience]
    events: Mapping[str, Definition]


@cache
def load_definitions() -> Definitions:
    """The definitions of the project.

    Raises:
        KeyError: an event lacks a part, or names an audience or severity that does not exist.
    """
    content = yaml.safe_load(ALERTS_FILE.read_text("utf-8"))
    audiences = {
        code: Audience(code, {"zh": item["zh"], "en": item["en"]}, tuple(item["languages"]))
        for code, item in content["audiences"].items()
    }
    events = {kind: _definition(kind, item, audiences) for kind, item in content["events"].items()}
    return Definitions(audiences, events)


def _definition(kind: str, item: Mapping[str, Any], audiences: Mapping[str, Audience]) -> Definition:
    phases = tuple(_phase(f"{kind}.{name}", name, phase, audiences) for name, phase in item["phases"].items())
    return Definition(kind, item.get("watched_days"), None if item.get("is_notice") else item["ended"], phases)


def _phase(place: str, name: str, item: Mapping[str, Any], audiences: Mapping[str, Audience]) -> Phase:
    if item["severity"] not in SEVERITIES or not set(item["audiences"]) <= set(audiences):
        raise KeyError(f"{ALERTS_FILE.name}: {place} names an unknown severity or audience")
    return Phase(
        name=name,
        from_working_day=int(item.get("from_working_day", 0)),
        severity=item["severity"],
        audiences=tuple(item["audiences"]),
        is_end_told=bool(item.get("is_end_told", True)),
        title=item["title"],
        line=item["line"],
        action=item["action"],
    )
