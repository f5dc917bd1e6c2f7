"""What is read from releases and the landing zone: figures, and who has reported."""

from union_warehouse.reporting.figures import figures
from union_warehouse.reporting.status import month_status

__all__ = ["figures", "month_status"]
