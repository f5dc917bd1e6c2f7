"""Safety inspections, the hazards they find and when these are rectified."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reference_data.draw import Integers, Strings, deal, months_for, pick
from reference_data.plan import NEVER, RowCollector, YearPlan, numbered
from reference_data.unions import UnionYear

_SEASON = (90, 40, 80, 90, 100, 170, 120, 100, 110, 80, 70, 106)
_OPENING_INSPECTIONS = 60
_OPENING_HAZARDS = 3
_LATE_INSPECTIONS = 20
_REPORTED_TWICE = 2
_OFFICE = "LB"
_OFFICE_WEIGHT = 120
_BUREAU_WEIGHTS = {"JY": 30, "ZJ": 60, "CG": 40}
_STREET_WEIGHT = 113
_KINDS = np.array(["routine", "special", "joint", "follow_up"])
_AGENCIES = np.array(["区安监局", "街道安监中队", "区消防大队", "街道总工会", "区住建局", "区总工会劳动和经济工作部"])
_CATEGORIES = np.array(["fire", "electrical", "machinery", "height", "chemical", "health", "flood", "other"])
_MONTHS_TO_RECTIFY = np.repeat([0, 1, 2], [20, 13, 5])
"""Months from finding to rectifying, cycled over the hazards rectified: five take two months and are overdue meanwhile."""


def safety_year(
    plan: YearPlan,
    year: UnionYear,
    employers: pd.DataFrame,
    spells: pd.DataFrame,
    hazards: pd.DataFrame | None,
    rows: RowCollector,
) -> pd.DataFrame:
    """Simulate a year of inspections; writes ``safety_inspections`` and ``hazards``.

    Args:
        plan: the year.
        year: its unions.
        employers: covered employers.
        spells: their spells.
        hazards: rows of hazards left open by the year before; None in an opening year.
        rows: takes the rows.

    Returns:
        Rows of the hazards still open at the end of the year.
    """
    rng = plan.rng("safety")
    inspections = _inspections(plan, rng, year, spells)
    is_opening = (inspections["month_number"] == 0).to_numpy()
    carried = 0 if hazards is None else min(len(hazards), plan.targets.hazards_rectified)
    opening = _OPENING_HAZARDS * plan.targets.scale if hazards is None else carried
    found = _found(
        plan, rng, inspections, is_opening, opening if hazards is None else 0, plan.targets.hazards_rectified - opening
    )
    inspections["hazards_found"] = np.bincount(found["inspection"], minlength=len(inspections))
    inspections["result"] = np.where(inspections["hazards_found"] > 0, "rectify", "passed")
    major = found.loc[found["severity"] == "major", "inspection"].unique()
    inspections.loc[major, "result"] = "stop_work"
    rows.add("safety_inspections", _inspection_rows(employers, _twice(plan, rng, inspections)))

    own = found.drop(columns="inspection").assign(inspection_no=inspections["inspection_no"].to_numpy()[found["inspection"]])
    if hazards is not None:
        own = pd.concat([_carried(plan, rng, hazards.iloc[:carried]), own], ignore_index=True)
    first = own["known_month"] >= (0 if hazards is None else 1)
    later = (own["end_month"] > own["known_month"]) & (own["end_month"] < NEVER)
    at_once = own["end_month"] == own["known_month"]
    rows.add("hazards", own[first].assign(month_number=own["known_month"], rectified_on=own["rectified_on"].where(at_once)))
    rows.add("hazards", own[later].assign(month_number=own["end_month"]))
    return own[own["end_month"] == NEVER]


def _inspections(plan: YearPlan, rng: np.random.Generator, year: UnionYear, spells: pd.DataFrame) -> pd.DataFrame:
    """Every inspection but those reported twice: department, month_number, employer, inspected_on, kind, inspection_no."""
    scale = plan.targets.scale
    weights = {code: _BUREAU_WEIGHTS.get(code, _STREET_WEIGHT) for code in plan.union_units} | {_OFFICE: _OFFICE_WEIGHT}
    opening = _OPENING_INSPECTIONS * scale if plan.is_opening else 0
    count = plan.targets.inspections - _REPORTED_TWICE * scale
    months = np.concatenate([np.zeros(opening, dtype=np.int64), months_for(rng, count, _SEASON)])
    department = np.array(list(weights))[deal(rng, len(months), list(map(float, weights.values())))]
    steady = spells[(spells["known_month"] == 0) & (spells["end_month"] == NEVER) & ~spells["union"].isin(year.fixed)]
    homes = year.departments[steady["union"].to_numpy(dtype=np.int64), 0]
    employer = np.empty(len(months), dtype=np.int64)
    for code in weights:
        candidates = steady["employer"].to_numpy() if code == _OFFICE else steady["employer"].to_numpy()[homes == code]
        chosen = department == code
        employer[chosen] = rng.choice(candidates, size=int(chosen.sum()))
    inspected_on = plan.days(rng, months)
    late = pick(rng, np.flatnonzero(months >= 4), _LATE_INSPECTIONS * scale)
    inspected_on[late] = plan.days(rng, months[late] - rng.integers(1, 4, len(late)))
    return pd.DataFrame(
        {
            "department": department,
            "month_number": months,
            "inspection_no": numbered("JC", plan, department, months),
            "employer": employer,
            "inspected_on": inspected_on.astype("datetime64[s]"),
            "kind": rng.choice(_KINDS, size=len(months), p=[0.55, 0.25, 0.12, 0.08]),
            "lead_agency": rng.choice(_AGENCIES, size=len(months)),
            "inspectors": rng.integers(2, 7, len(months)),
            "is_late": np.isin(np.arange(len(months)), late),
        }
    )


def _found(
    plan: YearPlan,
    rng: np.random.Generator,
    inspections: pd.DataFrame,
    is_opening: np.ndarray[tuple[int], np.dtype[np.bool_]],
    opening: int,
    rectified: int,
) -> pd.DataFrame:
    """Hazards that the inspections find: so many of month 0, so many rectified within the year, the rest left open."""
    month = inspections["month_number"].to_numpy()
    timely = ~inspections["is_late"].to_numpy()
    lag = np.resize(_MONTHS_TO_RECTIFY, rectified)
    two_months = pick(rng, np.flatnonzero(timely & (month >= 2) & (month <= 9)), int((lag > 0).sum()))
    same_month = rng.choice(np.flatnonzero(timely & (month >= 1)), size=int((lag == 0).sum()))
    left_open = pick(rng, np.flatnonzero(timely & (month >= 9)), plan.targets.hazards_left_open)
    before = pick(rng, np.flatnonzero(is_opening), opening)
    inspection = np.concatenate([before, same_month, two_months, left_open])
    months_taken = np.concatenate([np.resize([1, 1, 2], opening), np.sort(lag), np.full(len(left_open), NEVER)])
    known = month[inspection]
    end_month = np.where(months_taken == NEVER, NEVER, known + months_taken)
    department = inspections["department"].to_numpy()[inspection]
    found_on = inspections["inspected_on"].to_numpy().astype("datetime64[D]")[inspection]
    is_major = rng.random(len(inspection)) < 0.12
    category = rng.choice(_CATEGORIES, size=len(inspection))
    return pd.DataFrame(
        {
            "inspection": inspection,
            "department": department,
            "known_month": known,
            "end_month": end_month,
            "hazard_no": numbered("YH", plan, department, known),
            "category": category,
            "severity": np.where(is_major, "major", "general"),
            "found_on": found_on.astype("datetime64[s]"),
            "due_on": (found_on + np.where(is_major, 7, 15)).astype("datetime64[s]"),
            "rectified_on": _rectified_on(plan, rng, found_on, known, end_month),
            "description": np.char.add(np.char.add("样例隐患：", category.astype(str)), "类问题"),
        }
    )


def _rectified_on(plan: YearPlan, rng: np.random.Generator, found_on: Strings, known: Integers, end_month: Integers) -> Strings:
    later = plan.days(rng, np.where(end_month == NEVER, 12, end_month))
    soon = np.minimum(found_on + rng.integers(0, 10, len(found_on)), plan.month_ends(known))
    rectified = np.where(end_month == known, soon, later).astype("datetime64[s]")
    rectified[end_month == NEVER] = np.datetime64("NaT")
    return rectified


def _carried(plan: YearPlan, rng: np.random.Generator, hazards: pd.DataFrame) -> pd.DataFrame:
    """Hazards of the year before, rectified early in this one."""
    end_month = rng.integers(1, 4, len(hazards))
    return hazards.assign(known_month=0, end_month=end_month, rectified_on=plan.days(rng, end_month).astype("datetime64[s]"))


def _twice(plan: YearPlan, rng: np.random.Generator, inspections: pd.DataFrame) -> pd.DataFrame:
    """A few of the streets' inspections are reported by the office too, under its own number."""
    of_street = ~inspections["department"].isin([_OFFICE, *_BUREAU_WEIGHTS]) & (inspections["month_number"] >= 1)
    clean = of_street & (inspections["hazards_found"] == 0) & ~inspections["is_late"]
    copies = inspections.loc[pick(rng, np.flatnonzero(clean), _REPORTED_TWICE * plan.targets.scale)]
    numbers = copies["inspection_no"].str.replace(r"^JC..", f"JC{_OFFICE}", regex=True) + "-2"
    return pd.concat([inspections, copies.assign(department=_OFFICE, inspection_no=numbers)], ignore_index=True)


def _inspection_rows(employers: pd.DataFrame, inspections: pd.DataFrame) -> pd.DataFrame:
    who = employers.loc[inspections["employer"]].reset_index(drop=True)
    return inspections.assign(uscc=who["uscc"], enterprise_name=who["enterprise_name"])
