"""An expectation of GX's own that only counts: theirs runs its query twice, for the number of failing rows and for the rows.

Importing this module imports Great Expectations, which takes seconds, and makes the expectation known to it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation


class FailingRowCountExpectation(UnexpectedRowsExpectation):  # type: ignore[misc]
    """No row fails; of those that do, only the number is given."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}
