"""The row problems of a landed submission: every broken rule of every row, errors and warnings."""

from __future__ import annotations

ROW_PROBLEMS = "row_problems.parquet"
ROW_PROBLEM_COLUMNS = {
    "_submission_id": "VARCHAR",
    "form": "VARCHAR",
    "sheet": "VARCHAR",
    "row": "INTEGER",
    "column": "VARCHAR",
    "rule": "VARCHAR",
    "severity": "VARCHAR",
    "value": "VARCHAR",
    "message_zh": "VARCHAR",
    "message_en": "VARCHAR",
    "record_key": "VARCHAR",
}
"""Name to DuckDB type: the columns of :class:`~union_warehouse.quality.row_rules.RowProblem` between the submission and the
natural key of the row as sent (None where a part of it is blank)."""
