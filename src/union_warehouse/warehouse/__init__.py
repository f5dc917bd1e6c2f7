"""From landed submissions to a published release: plan, build with dbt, publish."""

from union_warehouse.warehouse.build import run_dbt
from union_warehouse.warehouse.plan import plan_close
from union_warehouse.warehouse.publish import publish_release, report_close
from union_warehouse.warehouse.releases import Release, current_release, list_releases, open_release

__all__ = [
    "Release",
    "current_release",
    "list_releases",
    "open_release",
    "plan_close",
    "publish_release",
    "report_close",
    "run_dbt",
]
