"""Cases in which workers' rights are defended: received, open for months, closed; the rows of ``rights_cases``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reference_data.draw import deal, months_for
from reference_data.plan import NEVER, Dates, RowCollector, YearPlan, numbered

_CASES = 64
_OPENING_CASES = 6
_SEASON = (9, 3, 5, 5, 5, 5, 4, 4, 5, 4, 6, 9)
_OFFICE = "QY"
_WEIGHTS = {"JY": 1.5, "ZJ": 5.0, "CG": 2.0, _OFFICE: 18.0}
_STREET_WEIGHT = 4.5
_KINDS = {"wage_arrears": 0.42, "injury": 0.2, "contract": 0.2, "social_insurance": 0.13, "other": 0.05}
_OUTCOMES = {"settled": 0.6, "awarded": 0.2, "judged": 0.1, "withdrawn": 0.1}
_MONTHS_TO_CLOSE = np.repeat([0, 1, 2, 3, 4, 6], [22, 16, 12, 8, 4, 2])
_PUBLISHED_CLAIM = 81_000
_PUBLISHED_MONTHS = (3, 6)
"""Months in which the published case was received and closed; the source states neither."""
_PUBLISHED_INJURY_MONTHS = (7, 10)
"""A published case of another kind, which the figures do not count."""


def rights_year(plan: YearPlan, cases: pd.DataFrame | None, rows: RowCollector) -> pd.DataFrame:
    """Simulate a year of cases; writes ``rights_cases``.

    Args:
        plan: the year.
        cases: cases left open by the year before; None in an opening year.
        rows: takes the rows.

    Returns:
        The cases still open at the end of the year.
    """
    rng = plan.rng("rights")
    table = pd.concat([_ordinary(plan, rng), _published(plan)], ignore_index=True)
    table["case_no"] = numbered("WQ", plan, table["department"], table["known_month"])
    table["received_on"] = plan.days(rng, table["known_month"].to_numpy()).astype("datetime64[s]")
    if cases is not None:
        carried = cases.assign(known_month=0, end_month=rng.integers(1, 5, len(cases)))
        table = pd.concat([carried, table], ignore_index=True)
    table["closed_on"] = _closed_on(plan, rng, table).astype("datetime64[s]")

    first = table["known_month"] >= (0 if plan.is_opening else 1)
    at_once = table["end_month"] == table["known_month"]
    later = (table["end_month"] > table["known_month"]) & (table["end_month"] < NEVER)
    rows.add("rights_cases", _opened(table[first & ~at_once]))
    rows.add("rights_cases", table[(first & at_once) | later].assign(month_number=table["end_month"]))
    return table[table["end_month"] == NEVER]


def _ordinary(plan: YearPlan, rng: np.random.Generator) -> pd.DataFrame:
    """Cases that nobody published; what takes longer than the year stays open."""
    scale = plan.targets.scale
    opening = _OPENING_CASES * scale if plan.is_opening else 0
    known = np.concatenate([np.zeros(opening, dtype=np.int64), months_for(rng, _CASES * scale, _SEASON)])
    count = len(known)
    weights = dict.fromkeys(plan.streets, _STREET_WEIGHT) | _WEIGHTS
    takes = rng.choice(_MONTHS_TO_CLOSE, size=count)
    takes[known == 0] = np.maximum(takes[known == 0], 1)
    end = np.where(known + takes > 12, NEVER, known + takes)
    workers = np.maximum(1, rng.lognormal(0.5, 0.9, count).astype(np.int64))
    claimed = workers * rng.integers(20, 260, count) * 50.0
    outcome = rng.choice(list(_OUTCOMES), size=count, p=list(_OUTCOMES.values()))
    recovered = np.round(claimed * rng.uniform(0.4, 1.0, count), 2)
    return pd.DataFrame(
        {
            "department": np.array(list(weights))[deal(rng, count, list(weights.values()))],
            "known_month": known,
            "end_month": end,
            "kind": rng.choice(list(_KINDS), size=count, p=list(_KINDS.values())),
            "workers": workers,
            "claimed": np.where(rng.random(count) < 0.15, np.nan, claimed),
            "recovered": np.where(outcome == "withdrawn", np.nan, recovered),
            "outcome": outcome,
            "published_case": pd.Series("no", index=range(count)).where(rng.random(count) < 0.5),
        }
    )


def _published(plan: YearPlan) -> pd.DataFrame:
    """The case of wage arrears that the federation published, and one of another kind."""
    months = np.array([_PUBLISHED_MONTHS, _PUBLISHED_INJURY_MONTHS])
    targets = plan.targets
    return pd.DataFrame(
        {
            "department": _OFFICE,
            "known_month": months[:, 0],
            "end_month": months[:, 1],
            "kind": ["wage_arrears", "injury"],
            "workers": [targets.published_case_workers, 1],
            "claimed": [float(_PUBLISHED_CLAIM), 46_500.0],
            "recovered": [float(targets.published_case_recovered), 38_250.5],
            "outcome": ["settled", "awarded"],
            "published_case": "yes",
        }
    )


def _closed_on(plan: YearPlan, rng: np.random.Generator, table: pd.DataFrame) -> Dates:
    known, end = table["known_month"].to_numpy(dtype=np.int64), table["end_month"].to_numpy(dtype=np.int64)
    received_on = table["received_on"].to_numpy().astype("datetime64[D]")
    soon = np.minimum(received_on + rng.integers(2, 15, len(table)), plan.month_ends(known))
    later = plan.days(rng, np.where(end == NEVER, 12, end))
    closed_on: Dates = np.where(end == known, soon, later)
    closed_on[end == NEVER] = np.datetime64("NaT")
    return closed_on


def _opened(table: pd.DataFrame) -> pd.DataFrame:
    """What is reported of a case in the month that receives it."""
    return table.assign(
        month_number=table["known_month"],
        closed_on=np.datetime64("NaT", "s"),
        recovered=np.nan,
        outcome="pending",
        published_case=None,
    )
