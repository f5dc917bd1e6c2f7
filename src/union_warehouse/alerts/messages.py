"""One message a recipient and run: grouped by event, the gravest first, with what to do and where to read more."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from union_warehouse.alerts.definitions import SEVERITIES, Audience, Definition, Definitions, Language, Phase
from union_warehouse.alerts.ledger import Entry
from union_warehouse.alerts.targets import Recipient

DOCS_VARIABLE = "UW_DOCS_URL"
_DEFAULT_DOCS = "docs/alerts.md"
_SHOWN_LINES = 10
_SEVERITY_NAMES = {
    "critical": {"zh": "严重", "en": "critical"},
    "warning": {"zh": "警告", "en": "warning"},
    "info": {"zh": "提示", "en": "note"},
}


@dataclass(frozen=True)
class Item:
    """One event as a recipient reads of it: its phase, or with ``is_over`` that it is over."""

    event_id: str
    entry: Entry
    definition: Definition
    phase: Phase
    is_over: bool

    @property
    def stamp(self) -> str:
        """What is remembered as sent."""
        return f"{self.phase.name}|{self.entry.mark}"


@dataclass(frozen=True)
class Message:
    """What is sent; ``severity`` is the gravest in it, or ``resolved`` where everything in it is over."""

    title: str
    body: str
    severity: str


def compose(
    recipient: Recipient, items: Sequence[Item], definitions: Definitions, names: Mapping[str, str], today: date
) -> Message:
    """The message about ``items``, of which there is at least one; ``names`` are the units' by code."""
    audience = definitions.audiences[recipient.audience]
    standing = [item for item in items if not item.is_over]
    over = [item for item in items if item.is_over]
    parts = [
        _groups(standing, audience, language, names) + _over(over, audience, language, names) for language in audience.languages
    ]
    severity = min((item.phase.severity for item in standing), key=SEVERITIES.index, default="resolved")
    who = names.get(recipient.unit, recipient.unit) if recipient.unit else audience.zh
    return Message(_title(who, standing, over, today), "\n\n".join("\n\n".join(part) for part in parts), severity)


def _title(who: str, standing: Sequence[Item], over: Sequence[Item], today: date) -> str:
    counts = [f"{len(standing)} 项待处理"] if standing else []
    critical = sum(item.phase.severity == "critical" for item in standing)
    counts += [f"其中严重 {critical} 项"] if critical else []
    counts += [f"已解决 {len(over)} 项"] if over else []
    return f"【工会数据】{today.isoformat()} {who}：{'，'.join(counts)}"


def _rank(item: Item) -> tuple[int, str, str]:
    return SEVERITIES.index(item.phase.severity), item.definition.kind, item.phase.name


def _groups(items: Sequence[Item], audience: Audience, language: Language, names: Mapping[str, str]) -> list[str]:
    """A block per kind and phase: severity and title, the events, what to do, where to read more."""
    blocks = []
    ordered = sorted(items, key=lambda item: (_rank(item), item.entry.since, item.event_id))
    for _, group in groupby(ordered, key=_rank):
        members = list(group)
        first = members[0]
        severity, title = _SEVERITY_NAMES[first.phase.severity][language], first.phase.title[language]
        lines = [f"■ {severity}｜{title}（{len(members)}）" if language == "zh" else f"■ {severity}: {title} ({len(members)})"]
        lines += _lines(members, [item.phase.line[language] for item in members], audience, language, names)
        action = _filled(first.phase.action[language], first, names)
        link = f"{os.environ.get(DOCS_VARIABLE) or _DEFAULT_DOCS}#{first.definition.kind}"
        lines += [f"  怎么办：{action}", f"  说明：{link}"] if language == "zh" else [f"  To do: {action}", f"  More: {link}"]
        blocks.append("\n".join(lines))
    return blocks


def _over(items: Sequence[Item], audience: Audience, language: Language, names: Mapping[str, str]) -> list[str]:
    if not items:
        return []
    heading = f"● 已解决（{len(items)}）" if language == "zh" else f"● Over ({len(items)})"
    ordered = sorted(items, key=lambda item: item.event_id)
    words = [(item.definition.ended or item.phase.line)[language] for item in ordered]
    return ["\n".join([heading, *_lines(ordered, words, audience, language, names)])]


def _lines(
    items: Sequence[Item], templates: Sequence[str], audience: Audience, language: Language, names: Mapping[str, str]
) -> list[str]:
    shown = [
        f"  · {_filled(template, item, names)}" + (f" [{item.event_id}]" if audience.is_technical else "")
        for item, template in zip(items[:_SHOWN_LINES], templates[:_SHOWN_LINES], strict=True)
    ]
    more = len(items) - len(shown)
    if more > 0:
        where = " (uw alerts list)" if audience.is_technical else ""
        shown.append(f"  · 另有 {more} 项{where}" if language == "zh" else f"  · and {more} more{where}")
    return shown


def _filled(template: str, item: Item, names: Mapping[str, str]) -> str:
    unit = item.entry.unit
    return template.format(unit=unit, unit_name=names.get(unit, unit) if unit else "", **item.entry.facts)


def split(message: Message, limit: int | None) -> list[str]:
    """The message, title first, in pieces of at most ``limit`` bytes of UTF-8 that end at the end of a line where they can."""
    text = f"{message.title}\n{message.body}"
    if limit is None or len(text.encode()) <= limit:
        return [text]
    pieces, rest = [], text.encode()
    while len(rest) > limit:
        cut = rest.rfind(b"\n", 1, limit) + 1 or limit
        while cut < len(rest) and rest[cut] & 0xC0 == 0x80:  # within a character
            cut -= 1
        pieces.append(rest[:cut].decode().rstrip("\n"))
        rest = rest[cut:]
    return [piece for piece in (*pieces, rest.decode()) if piece]
