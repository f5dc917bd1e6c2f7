"""What is read from releases and the landing zone: figures, the rows behind them, what changed, who has reported."""

from union_warehouse.reporting.comparison import compare_releases
from union_warehouse.reporting.figures import figures
from union_warehouse.reporting.status import month_status
from union_warehouse.reporting.trace import trace

__all__ = ["compare_releases", "figures", "month_status", "trace"]
