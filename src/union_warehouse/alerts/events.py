"""What may be reported: one event a thing that needs somebody, under an id that is the same on every day it is found."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Any

_NUMBERS = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])"
    r"|(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)"
)
_KEPT = 80
"""Characters of a record's number that are shown: it is typed by people, and is no place for a story."""


@dataclass(frozen=True)
class Event:
    """Something that is open on the day it is looked for.

    Attributes:
        kind: its definition in ``expectations/alerts.yml``.
        unit: code of the reporting unit that it concerns, or None.
        key: what distinguishes it from others of its kind and unit: a month, a number, a release.
        since: the day it is open since, from which its phases count.
        facts: what its words name.
        mark: what makes it worth telling again when it changes.
        until: last day of interest, where it may come before the one that the definition's ``watched_days`` say.
    """

    kind: str
    unit: str | None
    key: str
    since: date
    facts: dict[str, Any] = field(default_factory=dict)
    mark: str = ""
    until: date | None = None

    @property
    def id(self) -> str:
        """Such as ``missing_submission:CQ:2014-01``."""
        return ":".join(part for part in (self.kind, self.unit, self.key) if part)


def record_number(text: str) -> str:
    """A number that a department gave to a record, with identity and phone numbers that somebody typed there masked."""
    return _NUMBERS.sub("***", unicodedata.normalize("NFKC", text))[:_KEPT]
