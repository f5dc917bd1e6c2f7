"""Rows that are never accepted: no correction follows, and no figure counts them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from reference_data.mistakes import wrong_check
from reference_data.world import Truth

JOINED_TWICE = ("CQ", 9, "a person who joins the union again without having left: the second row waits for ever")
UNREGISTERED_UNION = ("WL", 8, "a coverage by a union that nobody registered: the row waits for ever")
WRONG_NUMBER = ("SQ", 3, "a beneficiary whose identity number fails its check and is never corrected: the row waits for ever")
STRAY_ROWS = (JOINED_TWICE, UNREGISTERED_UNION, WRONG_NUMBER)


def with_stray_rows(truth: Truth) -> Truth:
    """The rows of ``truth`` and the stray ones."""
    tables = dict(truth.tables)
    tables["member_changes"] = pd.concat([tables["member_changes"], _joined_twice(truth)], ignore_index=True)
    tables["union_coverage"] = pd.concat([tables["union_coverage"], _unregistered(truth)], ignore_index=True)
    tables["assistance"] = pd.concat([tables["assistance"], _wrong_number(truth)], ignore_index=True)
    return replace(truth, tables=tables)


def _joined_twice(truth: Truth) -> pd.DataFrame:
    department, month, _ = JOINED_TWICE
    changes = truth.tables["member_changes"]
    of_department = changes[changes["department"] == department]
    once = ~of_department["id_number"].isin(of_department.loc[of_department["id_number"].duplicated(), "id_number"])
    joined = of_department[once & (of_department["change"] == "join") & (of_department["month_number"] == month - 4)].head(1)
    day = of_department.loc[of_department["month_number"] == month, "changed_on"].max()
    number = f"HY{department}{truth.plan.months[month].replace('-', '')}-9999"
    return joined.assign(month_number=month, changed_on=day, change_no=number)


def _unregistered(truth: Truth) -> pd.DataFrame:
    department, month, _ = UNREGISTERED_UNION
    coverage = truth.tables["union_coverage"]
    first = coverage[(coverage["department"] == department) & (coverage["month_number"] == month)].head(1)
    return first.assign(union_code=f"{department}{truth.plan.year}9999")


def _wrong_number(truth: Truth) -> pd.DataFrame:
    department, month, _ = WRONG_NUMBER
    granted = truth.tables["assistance"]
    first = granted[(granted["department"] == department) & (granted["month_number"] == month)].head(1)
    number = f"BF{department}{truth.plan.months[month].replace('-', '')}-9999"
    return first.assign(record_no=number, id_number=first["id_number"].map(wrong_check))
