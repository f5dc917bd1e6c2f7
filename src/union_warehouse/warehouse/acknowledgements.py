"""Acknowledgements of quality issues: said between two closes, in the ledger from the next one on."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import append_json, read_entries
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.warehouse.operator import operator

_SCHEMA = pa.schema(
    [
        ("quality_issue_key", pa.string()),
        ("acknowledged_by", pa.string()),
        ("acknowledged_at", pa.timestamp("us")),
        ("comment_text", pa.string()),
    ]
)


class NoSuchIssue(UnionWarehouseError):
    """No quality issue of the current release, or more than one, has that key."""

    code = "no_such_issue"
    message_zh = "当前版本中没有唯一对应“{key}”的质量问题（找到 {count} 个）；可用 uw issues --json 查看问题主键。"
    message_en = "{count} quality issues of the current release begin with {key!r}; `uw issues --json` lists their keys."


def acknowledge_issue(home: Home, key: str, by: str, comment: str, at: datetime) -> str:
    """Record that somebody has taken a quality issue on; the next close shows it as acknowledged.

    Args:
        home: the warehouse's state.
        key: quality_issue_key, or the beginning of one.
        by: who.
        comment: what is being done.
        at: when; aware.

    Returns:
        The whole key.

    Raises:
        NoSuchIssue: the current release has no issue, or several, of that key.
        NoRelease: nothing has been published yet.
    """
    with open_release(home) as connection:
        keys = connection.execute(
            "select quality_issue_key from fct_quality_issues where starts_with(quality_issue_key, ?) and issue_status <> 'corrected'",
            [key],
        ).fetchall()
    if len(keys) != 1 or not key:
        raise NoSuchIssue(key=key, count=len(keys))
    (whole,) = keys[0]
    said = {
        "quality_issue_key": whole,
        "acknowledged_by": by,
        "acknowledged_at": at.astimezone(UTC).isoformat(),
        "comment_text": comment,
        **operator(),
    }
    append_json(home.acknowledgements, said)
    return str(whole)


def read_acknowledgements(home: Home, known_at: datetime) -> pa.Table:
    """What was acknowledged by ``known_at``: quality_issue_key, acknowledged_by, acknowledged_at (UTC), comment_text."""
    said = read_entries(home.acknowledgements)
    for one in said:
        one["acknowledged_at"] = datetime.fromisoformat(one["acknowledged_at"])
    return pa.Table.from_pylist([one for one in said if one["acknowledged_at"] <= known_at], schema=_SCHEMA)
