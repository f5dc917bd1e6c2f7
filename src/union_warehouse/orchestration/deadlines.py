"""What the daily watch finds: who is missing or late, which hazards are overdue. Kept as JSON, and as lines in the task's log."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from union_warehouse.paths import Home
from union_warehouse.working_days import SHANGHAI

logger = logging.getLogger(__name__)


def record_deadlines(home: Home, as_of: datetime) -> dict[str, Any]:
    """Compute what is missing, late and overdue, log it and store it as ``UW_HOME/deadlines/<date>.json``.

    The file holds ``as_of``, and the lists ``submissions`` (month, due_on, department, and of its forms expected, missing,
    late) and ``hazards`` (hazard_no, inspection_no, reporting_unit_code, due_on, days_overdue).

    Args:
        home: the warehouse's state.
        as_of: the run's time; its date in Shanghai names the file.

    Returns:
        path of the file, and how many departments' months are missing or late, and hazards overdue.
    """
    today = as_of.astimezone(SHANGHAI).date()
    submissions, hazards = _submissions(home, today), _overdue_hazards(home, today)
    _log("missing or late submissions", submissions)
    _log("overdue hazards", hazards)
    path = home.root / "deadlines" / f"{today.isoformat()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    found = {"as_of": as_of.isoformat(), "submissions": submissions, "hazards": hazards}
    temporary.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(path)
    return {
        "path": path.relative_to(home.root).as_posix(),
        "missing": sum(bool(item["missing"]) for item in submissions),
        "late": sum(bool(item["late"]) for item in submissions),
        "overdue_hazards": len(hazards),
    }


def _submissions(home: Home, today: date) -> list[dict[str, Any]]:
    from union_warehouse.reporting import month_status

    due = [
        item for item in month_status(home)["months"] if item["due_on"] < today.isoformat() and (item["missing"] or item["late"])
    ]
    return [
        {
            "month": item["month"],
            "due_on": item["due_on"],
            **{key: unit[key] for key in ("department", "expected", "missing", "late")},
        }
        for item in due
        for unit in month_status(home, item["month"])["departments"]
        if unit["missing"] or unit["late"]
    ]


def _overdue_hazards(home: Home, today: date) -> list[dict[str, Any]]:
    from union_warehouse.warehouse.releases import current_release, open_release

    if current_release(home) is None:
        return []
    columns = ("hazard_no", "inspection_no", "reporting_unit_code", "due_on", "days_overdue")
    with open_release(home) as connection:
        rows = connection.execute(
            """
            select hazard_no, inspection_no, reporting_unit_code, cast(due_on as varchar), date_diff('day', due_on, $today)
            from fct_hazards
            where is_open and due_on < $today
            order by due_on, hazard_no, reporting_unit_code
            """,
            {"today": today},
        ).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _log(title: str, rows: Sequence[dict[str, Any]]) -> None:
    logger.info("%s: %d", title, len(rows))
    for row in rows:
        logger.info("  %s", "  ".join(f"{key} {value}" for key, value in row.items()))
