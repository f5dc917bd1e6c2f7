"""What a close restates: the figures of the previous release that it changes, each with its cause."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import duckdb

from union_warehouse.paths import MARTS_FILE, Home
from union_warehouse.warehouse.definitions_changelog import entry_to_add
from union_warehouse.warehouse.errors import RebuildDiffers
from union_warehouse.warehouse.plan_file import built_files, load_plan
from union_warehouse.warehouse.review import review_close

_NAMED = 5


def list_restatements(home: Home, close_id: str) -> dict[str, Any]:
    """What a close that is built and audited restates.

    Args:
        home: the warehouse's state.
        close_id: the close.

    Returns:
        release_id, month, known_at, restated_count, ``causes`` (figures by cause) and ``restated``: each published figure
        that it changes, with indicator_code, month, reporting_unit_code, old and new value of the month and of the year to
        date, cause (submission, organisation, exception or definition), caused_by and reason. Of a rehearsal also ``reasons``
        (what would need approval, see :class:`Review`) and ``unexplained``: the entry that the changelog of definitions lacks,
        or None.

    Raises:
        RebuildDiffers: a rebuild makes another figure, and no changed definition feeds it.
        BuildIncomplete: the working files of the close cannot be read.
    """
    plan = load_plan(home, close_id)
    with built_files(home, close_id) as built, duckdb.connect(os.fspath(built / MARTS_FILE), read_only=True) as connection:
        restated = connection.execute(
            """
            select indicator_code, month, reporting_unit_code, old_value_month, new_value_month,
                old_value_year_to_date, new_value_year_to_date, cause, caused_by, reason, is_published
            from rpt_restatements inner join dim_indicator using (indicator_code)
            where release_id = ?
            order by month, indicator_code, reporting_unit_code
            """,
            [close_id],
        ).df()
    if plan["rebuilt"] is not None:
        _check_explained(plan, restated)
    published = restated[restated["is_published"]].drop(columns="is_published")
    found = {
        "release_id": close_id,
        "month": plan["month"],
        "known_at": plan["known_at"],
        "restated_count": len(published),
        "causes": published["cause"].fillna("").value_counts().to_dict(),
        "restated": json.loads(published.to_json(orient="records", double_precision=6)),
    }
    if plan["is_rehearsal"]:
        found |= {"reasons": review_close(home, close_id).reasons, "unexplained": _entry_to_add(plan)}
    return found


def forget_rehearsal(home: Home, close_id: str) -> None:
    """Remove the build of a rehearsal; what its audit found stays."""
    shutil.rmtree(home.build / close_id, ignore_errors=True)


def _check_explained(plan: dict[str, Any], restated: Any) -> None:
    """See that a rebuild changes only what the changed definitions feed: the same submissions count in it."""
    unexplained = restated[~restated["cause"].isin(["definition", "organisation"])]
    if len(unexplained):
        rows = unexplained.head(_NAMED).itertuples()
        figures = "; ".join(f"{row.indicator_code} {row.month} {row.reporting_unit_code}" for row in rows)
        raise RebuildDiffers(release_id=plan["previous_release_id"], count=len(unexplained), figures=figures)


def _entry_to_add(plan: dict[str, Any]) -> str | None:
    rebuilt = plan["rebuilt"] or {"changes": []}
    missing = {change["definition"]: change["versions"] for change in rebuilt["changes"] if change["why"] is None}
    return entry_to_add(missing) if missing else None
