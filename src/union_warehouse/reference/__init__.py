"""Synthetic submissions of a reference year, whose totals are the published figures. The pipeline never imports this."""

from union_warehouse.reference.write import ReferenceYear, write_reference_year

__all__ = ["ReferenceYear", "write_reference_year"]
