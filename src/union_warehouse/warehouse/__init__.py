"""From landed submissions to a published release: plan, build with dbt, publish."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from union_warehouse.warehouse.build import run_dbt
    from union_warehouse.warehouse.plan import plan_close, plan_rebuild
    from union_warehouse.warehouse.publish import publish_release
    from union_warehouse.warehouse.restatements import list_restatements

_DOORS = {
    "run_dbt": "build",
    "plan_close": "plan",
    "plan_rebuild": "plan",
    "list_restatements": "restatements",
    "publish_release": "publish",
}

__all__ = [
    "list_restatements",
    "plan_close",
    "plan_rebuild",
    "publish_release",
    "run_dbt",
]


def __getattr__(name: str) -> Any:
    # Whoever looks at approvals, as `uw status` does, needs nothing of what a close imports.
    if name in _DOORS:
        return getattr(import_module(f"{__name__}.{_DOORS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
