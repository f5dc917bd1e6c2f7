"""What the daily watch finds: kept as JSON, and as a table in the task's log."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from union_warehouse.paths import Home

SHANGHAI = ZoneInfo("Asia/Shanghai")
_log = logging.getLogger(__name__)


def record_deadlines(home: Home, as_of: datetime) -> dict[str, Any]:
    """Compute missing, late and overdue as of ``as_of``, log them and store them.

    Args:
        home: the warehouse's state.
        as_of: the run's time; names the file by its date in Shanghai.

    Returns:
        path: of the stored file; and the counts of the status that was stored.
    """
    from union_warehouse.reporting import month_status

    status = month_status(home)
    path = home.root / "deadlines" / f"{as_of.astimezone(SHANGHAI).date().isoformat()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps({"as_of": as_of.isoformat(), **status}, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(path)
    return {"path": path.relative_to(home.root).as_posix()}
