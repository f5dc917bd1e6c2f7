"""Receipts: what each sender is told, as a workbook and as JSON (docs/receipts.md)."""

from union_warehouse.submissions.receipts.files import receipt_bytes, receipt_path, write_receipt
from union_warehouse.submissions.receipts.find import find_landed

__all__ = ["find_landed", "receipt_bytes", "receipt_path", "write_receipt"]
