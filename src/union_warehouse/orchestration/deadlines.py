"""The daily watch: every alert that is open on a day, as JSON and as lines in the task's log."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Any

from union_warehouse.alerts.definitions import load_definitions
from union_warehouse.alerts.run import find_events
from union_warehouse.files import write_json
from union_warehouse.paths import Home
from union_warehouse.working_days import SHANGHAI

logger = logging.getLogger(__name__)


def record_deadlines(home: Home, as_of: datetime) -> dict[str, Any]:
    """Find what is open at ``as_of``, log it and store it as ``UW_HOME/deadlines/<date>.json``.

    The file holds ``as_of`` and ``events``: id, kind, unit, since, phase, severity and facts, whether or not somebody has been
    told (docs/alerts.md says what each kind means).

    Args:
        home: the warehouse's state.
        as_of: the run's time; its date in Shanghai names the file.

    Returns:
        path of the file, and how many events of each kind it holds.
    """
    today, definitions = as_of.astimezone(SHANGHAI).date(), load_definitions().events
    events = []
    for event in find_events(home, as_of):
        phase = definitions[event.kind].phase_on(today, event.since)
        if phase is not None:
            logger.info("%s  %s  %s", phase.severity, event.id, phase.name)
            events.append(
                {
                    "id": event.id,
                    "kind": event.kind,
                    "unit": event.unit,
                    "since": event.since.isoformat(),
                    "phase": phase.name,
                    "severity": phase.severity,
                    "facts": event.facts,
                }
            )
    path = home.root / "deadlines" / f"{today.isoformat()}.json"
    write_json(path, {"as_of": as_of.isoformat(), "events": events})
    return {"path": path.relative_to(home.root).as_posix(), "events": dict(Counter(event["kind"] for event in events))}
