"""Quality issues of a release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.releases.read import release_folder
from union_warehouse.reporting.issue_statuses import STANDING
from union_warehouse.working_days import SHANGHAI

if TYPE_CHECKING:
    import pandas as pd


def quality_issues(
    home: Home,
    release_id: str | None = None,
    department: str | None = None,
    rule: str | None = None,
    statuses: Sequence[str] = STANDING,
) -> pd.DataFrame:
    """Issues of the ledger (``fct_quality_issues``), the most pressing first.

    Args:
        home: the warehouse's state.
        release_id: None for the current release.
        department: code of a reporting unit; None for all.
        rule: code; None for all.
        statuses: of ``STATUSES``.

    Returns:
        The columns of ``fct_quality_issues`` and is_overdue (stands beyond its due day, today); errors before warnings, overdue ones first, then by due day.

    Raises:
        NoRelease: nothing has been published yet.
    """
    with open_release(home, release_folder(home, release_id).name) as connection:
        return connection.execute(
            """
            select issues.*, issue_status in ('open', 'acknowledged', 'reopened') and due_on < $today as is_overdue
            from fct_quality_issues as issues
            where issue_status in (from unnest($statuses))
                and reporting_unit_code = coalesce($department, reporting_unit_code)
                and rule_code = coalesce($rule, rule_code)
            order by severity, is_overdue desc, due_on, reporting_unit_code, form, record_key, rule_code, column_name
            """,
            {"today": datetime.now(SHANGHAI).date(), "statuses": list(statuses), "department": department, "rule": rule},
        ).df()
