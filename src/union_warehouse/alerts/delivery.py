"""Hand messages to Apprise, many at once: a mail server that does not answer must not hold up the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from union_warehouse.alerts.messages import Message, split
from union_warehouse.alerts.targets import Target

SENT, REFUSED, INVALID = "sent", "not delivered", "invalid target"
_WORKERS = 8
_TIMEOUT = 20.0
"""Seconds that one piece of a message may take; Apprise gives up on a silent server after four."""
# What a robot takes in one message, in bytes. WeCom: 2048 of UTF-8, title included; DingTalk: 20000 of a request in which a
# Chinese character takes six. Apprise counts characters, and both answer 200 to what they drop for its length.
_LIMITS = {"wecombot": 2000, "dingtalk": 9000}


def deliver(messages: Sequence[tuple[Target, Message]]) -> Iterator[tuple[int, str]]:
    """Send each message to its target; yields the place of each and what became of it, in the order in which they end.

    What became of it is SENT, REFUSED (no connection, or an answer that is an error) or INVALID (no URL that Apprise knows).
    """
    # Apprise writes addresses, and URLs that it does not understand, to its logger.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        waiting = {pool.submit(_send, target, message): place for place, (target, message) in enumerate(messages)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _send(target: Target, message: Message) -> str:
    from apprise import Apprise, NotifyFormat, NotifyType

    kinds = {
        "critical": NotifyType.FAILURE,
        "warning": NotifyType.WARNING,
        "info": NotifyType.INFO,
        "resolved": NotifyType.SUCCESS,
    }
    service = Apprise()
    if not service.add(target.url):
        return INVALID
    limit = _LIMITS.get(target.scheme)
    pieces = [(message.title, message.body)] if limit is None else [("", piece) for piece in split(message, limit)]
    sent = all(
        service.notify(body, title, kinds[message.severity], NotifyFormat.TEXT, timeout=_TIMEOUT) for title, body in pieces
    )
    return SENT if sent else REFUSED
