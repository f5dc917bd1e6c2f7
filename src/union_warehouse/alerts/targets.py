"""Where messages go: Apprise URLs, with their credentials, from the environment and ``UW_HOME/alert_targets.yml``.

``UW_ALERT_<AUDIENCE>``, and ``UW_ALERT_DEPARTMENT_<CODE>`` of one reporting unit, hold URLs separated by blanks; the file
maps audiences to URLs, ``department`` to a mapping by code of the unit. Both count.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from union_warehouse.alerts.definitions import DEPARTMENT, load_definitions
from union_warehouse.alerts.errors import InvalidTargets
from union_warehouse.paths import Home

TARGETS_FILE = "alert_targets.yml"
PREFIX = "UW_ALERT_"


@dataclass(frozen=True, order=True)
class Recipient:
    """An audience, and of departments which one."""

    audience: str
    unit: str | None = None

    @property
    def code(self) -> str:
        """``leader``, or ``department:CQ``."""
        return f"{self.audience}:{self.unit}" if self.unit else self.audience


@dataclass(frozen=True)
class Target:
    """One address of a recipient; ``url`` is a secret and never printed, ``channel`` names it in state and logs."""

    recipient: Recipient
    url: str

    @property
    def scheme(self) -> str:
        """Such as ``mailto``."""
        return self.url.partition("://")[0].lower()

    @property
    def channel(self) -> str:
        """Such as ``department:CQ/mailto-1f0c22ab``: the recipient, and a fingerprint of the URL."""
        return f"{self.recipient.code}/{self.scheme}-{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"


def load_targets(home: Home) -> dict[Recipient, list[Target]]:
    """Targets by recipient, each once.

    Raises:
        InvalidTargets: the file is not a mapping of audiences to URLs, or there is no such audience or unit.
    """
    found: dict[Recipient, list[Target]] = {}
    for source, recipient, url in [*_from_environment(os.environ), *_from_file(home)]:
        if not _is_known(home, recipient):
            raise InvalidTargets(path=source, place=recipient.code)
        target = Target(recipient, url)
        if target not in found.setdefault(recipient, []):
            found[recipient].append(target)
    return found


def _is_known(home: Home, recipient: Recipient) -> bool:
    if recipient.audience == DEPARTMENT:
        return recipient.unit in home.federation.unit_names
    return recipient.audience in load_definitions().audiences


def _from_environment(environment: Mapping[str, str]) -> Iterable[tuple[str, Recipient, str]]:
    department = f"{PREFIX}{DEPARTMENT.upper()}_"
    for name, value in sorted(environment.items()):
        if name.startswith(department):
            recipient = Recipient(DEPARTMENT, name.removeprefix(department))
        elif name.startswith(PREFIX):
            recipient = Recipient(name.removeprefix(PREFIX).lower())
        else:
            continue
        yield from ((name, recipient, url) for url in value.split())


def _from_file(home: Home) -> Iterable[tuple[str, Recipient, str]]:
    path = home.root / TARGETS_FILE
    if not path.is_file():
        return
    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise InvalidTargets(path=TARGETS_FILE, place=f"line {line}") from None
    if not isinstance(content, dict):
        raise InvalidTargets(path=TARGETS_FILE, place="the whole file")
    for audience, value in content.items():
        if audience == DEPARTMENT and isinstance(value, dict):
            for unit, urls in value.items():
                yield from ((TARGETS_FILE, Recipient(DEPARTMENT, str(unit)), url) for url in _urls(urls, f"{audience}.{unit}"))
        else:
            yield from ((TARGETS_FILE, Recipient(str(audience)), url) for url in _urls(value, str(audience)))


def _urls(value: Any, place: str) -> list[str]:
    urls = [value] if isinstance(value, str) else value
    if not isinstance(urls, list) or not all(isinstance(url, str) and "://" in url for url in urls):
        raise InvalidTargets(path=TARGETS_FILE, place=place)
    return urls
