"""What leaves the federation tells of no one or two persons (docs/disclosure.md)."""

import pyarrow as pa

HIDDEN_VALUES = pa.schema(
    [
        ("indicator_code", pa.string()),
        ("month", pa.string()),
        ("reporting_unit_code", pa.string()),
        ("is_month_hidden", pa.bool_()),
        ("is_year_to_date_hidden", pa.bool_()),
    ]
)
"""What is hidden: one row per indicator, month and unit of which something is."""
