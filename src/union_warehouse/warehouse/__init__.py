"""From landed submissions to a published release: plan, build with dbt, publish."""

from union_warehouse.warehouse.build import run_dbt
from union_warehouse.warehouse.plan import plan_close
from union_warehouse.warehouse.publish import publish_release, report_close

__all__ = [
    "plan_close",
    "publish_release",
    "report_close",
    "run_dbt",
]
