"""The annual and the monthly report: Word and HTML, in Chinese, every number an indicator's (docs/report.md)."""

from union_warehouse.reporting.report.write import build_document, write_report

__all__ = ["build_document", "write_report"]
