"""From landed submissions to a published release: plan, build with dbt, publish."""

from union_warehouse.warehouse.build import run_dbt
from union_warehouse.warehouse.plan import plan_close
from union_warehouse.warehouse.publish import list_restatements, publish_release

__all__ = [
    "list_restatements",
    "plan_close",
    "publish_release",
    "run_dbt",
]
