"""Who is written to about what, when and in which words: ``expectations/alerts.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator, with_config
from typing_extensions import TypedDict

from union_warehouse.project import EXPECTATIONS_DIR
from union_warehouse.working_days import add_working_days
from union_warehouse.yaml_files import YamlEntry, fault, keyed_by, read_yaml

ALERTS_FILE = EXPECTATIONS_DIR / "alerts.yml"
SEVERITIES = ("critical", "warning", "info")
DEPARTMENT = "department"
"""The audience that is many: each reporting unit is notified of its own events only."""

Language = Literal["zh", "en"]


@with_config(YamlEntry.model_config)
class Words(TypedDict):
    """A text in every language."""

    zh: str
    en: str


class Audience(YamlEntry):
    """Readers of one message: what they are called, and the languages it is written in."""

    code: str
    zh: str
    en: str
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]

    @property
    def is_technical(self) -> bool:
        """Whether they are shown the ids by which alerts are acknowledged."""
        return "en" in self.languages


class Phase(YamlEntry):
    """A stretch in the life of an event.

    Attributes:
        name: such as ``reminder``.
        from_working_day: when it begins, counted from the day the event is open since.
        severity: one of SEVERITIES.
        audiences: who is notified.
        is_end_told: whether those who were notified of this phase are notified that the event is over.
        title: of the group of such events in a message.
        line: one event; names its facts in braces.
        action: what to do, once for the group.
    """

    name: str
    from_working_day: int = 0
    severity: Literal["critical", "warning", "info"]
    audiences: tuple[str, ...]
    is_end_told: bool = True
    title: Words
    line: Words
    action: Words


class Definition(YamlEntry):
    """A kind of event: how long it is watched, what is said when it ends (a notice does not), its phases in order of time."""

    kind: str
    watched_days: int | None = None
    is_notice: bool = False
    ended: Words | None = None
    phases: Annotated[Mapping[str, Phase], keyed_by("name")]

    @model_validator(mode="after")
    def _ends_unless_it_is_a_notice(self) -> Self:
        if self.is_notice is (self.ended is not None):
            fault("ended 缺失，或通知不应有 ended", "`ended` is missing, or not wanted of a notice")
        return self

    def phase_on(self, today: date, since: date) -> Phase | None:
        """The phase on ``today`` of an event that is open since a day; None before its first."""
        begun = [phase for phase in self.phases.values() if add_working_days(since, phase.from_working_day) <= today]
        return begun[-1] if begun else None

    def phase(self, name: str) -> Phase | None:
        """The phase of that name; None where it was taken out since."""
        return self.phases.get(name)


class Definitions(YamlEntry):
    """Everything that the file says."""

    audiences: Annotated[Mapping[str, Audience], keyed_by("code")]
    events: Annotated[Mapping[str, Definition], keyed_by("kind")]

    @model_validator(mode="after")
    def _audiences_exist(self) -> Self:
        for kind, definition in self.events.items():
            for name, phase in definition.phases.items():
                if unknown := set(phase.audiences) - set(self.audiences):
                    names = ", ".join(sorted(unknown))
                    fault(f"没有受众 {names}", f"there is no audience {names}", "events", kind, "phases", name, "audiences")
        return self


@cache
def load_definitions() -> Definitions:
    """The definitions of the project.

    Raises:
        MalformedFile: the file is not what :class:`Definitions` says.
    """
    return read_yaml(ALERTS_FILE, Definitions)
