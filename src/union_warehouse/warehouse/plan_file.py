"""What a close was planned as: the file ``build/<close_id>/plan.json``."""

from __future__ import annotations

import json
from typing import Any

from union_warehouse.paths import PLAN_FILE, Home


def load_plan(home: Home, close_id: str) -> dict[str, Any]:
    """The plan written by :func:`~union_warehouse.warehouse.plan.plan_close`."""
    plan: dict[str, Any] = json.loads((home.build / close_id / PLAN_FILE).read_text("utf-8"))
    return plan
