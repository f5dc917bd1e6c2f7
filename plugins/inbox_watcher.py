"""Watch the inbox: an event as soon as a complete file waits. Nothing is moved, deleted or remembered on disk.

Lives in a plugin because the DAG file, the triggerer and the dag processor all import it. It stays light: the stages are
imported in the triggerer only.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

logger = logging.getLogger(__name__)


class InboxTrigger(BaseEventTrigger):
    """Fires when the inbox holds a file that no event announced, and again while an announced file still waits.

    What was announced is known to this process only: after a restart of the triggerer waiting files are announced once
    more, which is harmless since collecting a file twice does nothing. So no file can be lost.

    Args:
        poke_interval: seconds between two looks at the inbox.
        repeat_after: seconds after which files that still wait are announced again.
    """

    def __init__(self, poke_interval: float = 5.0, repeat_after: float = 300.0) -> None:
        """Keep the two intervals."""
        super().__init__()
        self.poke_interval = poke_interval
        self.repeat_after = repeat_after

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, from which the triggerer makes it again."""
        return "inbox_watcher.InboxTrigger", {"poke_interval": self.poke_interval, "repeat_after": self.repeat_after}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the inbox for ever; one event per change, whatever the number of files."""
        announced: dict[str, float] = {}
        while True:
            try:
                waiting = await asyncio.to_thread(_waiting_files)
            except OSError as error:
                # A file taken away while it was looked at, or a share that is gone for a while: the next look decides.
                logger.warning("the inbox could not be read: %s", error)
                waiting = []
            now = time.monotonic()
            due = [path for path in waiting if now - announced.get(path, float("-inf")) >= self.repeat_after]
            if due:
                announced = dict.fromkeys(waiting, now)
                yield TriggerEvent({"waiting": len(waiting)})
            await asyncio.sleep(self.poke_interval)


def _waiting_files() -> list[str]:
    from union_warehouse.paths import Home
    from union_warehouse.submissions import waiting_files

    return waiting_files(Home.from_environment())
