"""Verdicts that depend on other submissions, as far as they are known on arrival.

They are told to the sender as provisional and stored nowhere: every close makes them anew from all effective rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from union_warehouse.paths import Home
from union_warehouse.quality.row_rules import RowProblem


def judge_provisionally(home: Home, identity: Any, forms: Sequence[Any], received_at: str) -> list[RowProblem]:
    """Row problems that the next close may find."""
    return []
