"""Visits: to front-line workers by every department, to enterprises and workers in need by the leading group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reference_data.draw import Integers, Strings, apportion, deal, months_for, pick
from reference_data.identifiers import person_names
from reference_data.plan import NEVER, RowCollector, YearPlan, numbered, on_distinct_days

_FRONTLINE_VISITS = 1850
_HIGH_TEMPERATURE_VISITS = 460
_FRONTLINE_SEASON = (30, 24, 5, 6, 14, 8, 3, 3, 8, 8, 6, 14)
_HIGH_TEMPERATURE_SEASON = (0, 0, 0, 0, 0, 1, 12, 11)
_STREET_WEIGHT = 9.0
_WEIGHTS = {"JY": 6, "ZJ": 8, "CG": 8, "LB": 5, "QY": 3, "NG": 3, "FW": 5, "XJ": 2, "ZZ": 1.5, "BG": 5}
_LATE_VISITS = 14
_VISITORS_EACH = 4
_FIRST_VISITOR = 800_001
"""Serial of the first visitor's name, beyond those of members and beneficiaries."""
_LEADERS_OFFICES = ("BG", "LB", "QY", "NG", "XJ")
_OUTREACH_SEASON = (4, 6, 14, 14, 12, 12, 8, 6, 14, 12, 12, 8)
_VISITED_AGAIN = 14
_REPORTED_TWICE = 2
_BUSINESS_KEY = ["visitor_code", "employer", "visited_on"]
_PAIRED_VISITS = 38
_PAIRED_SEASON = (10, 2, 2, 3, 2, 2, 3, 2, 5, 2, 2, 6)
_SEMINAR_SEASON = (0, 1, 2, 2, 1, 2, 1, 0, 2, 2, 1, 1)


def visits_year(plan: YearPlan, employers: pd.DataFrame, coverage: pd.DataFrame, next_person: int, rows: RowCollector) -> int:
    """Simulate a year of visits; writes ``visits``.

    Args:
        plan: the year.
        employers: covered employers.
        coverage: enterprises covered in the year (`coverage.enterprise_coverage`).
        next_person: first person serial not taken.
        rows: takes the rows.

    Returns:
        The next free person serial.
    """
    rng = plan.rng("visits")
    lasting = coverage[(coverage["known_month"] == 0) & (coverage["end_month"] == NEVER)]
    targets = plan.targets
    parts = [
        _to_front_line(plan, rng, lasting, ("frontline", _FRONTLINE_VISITS, targets.frontline_workers), _FRONTLINE_SEASON),
        _to_front_line(
            plan,
            rng,
            lasting,
            ("high_temperature", _HIGH_TEMPERATURE_VISITS, targets.high_temperature_workers),
            _HIGH_TEMPERATURE_SEASON,
        ),
        _outreach(plan, rng, lasting),
        _paired(plan, rng, next_person),
        _seminars(plan, rng),
    ]
    table = pd.concat(parts, ignore_index=True)
    rows.add(
        "visits",
        table.assign(
            visit_no=numbered("ZF", plan, table["department"], table["month_number"]),
            visitor=person_names(table["visitor_serial"].to_numpy(dtype=np.int64)),
            uscc=table["employer"].map(employers["uscc"]),
        ),
    )
    return next_person + targets.workers_paired


def _to_front_line(
    plan: YearPlan, rng: np.random.Generator, lasting: pd.DataFrame, volume: tuple[str, int, int], season: tuple[float, ...]
) -> pd.DataFrame:
    """Every department's visits of one kind: ``volume`` is the kind, visits at scale 1, person-times in all."""
    kind, visits, workers = volume
    count = visits * plan.targets.scale
    weights = dict.fromkeys(plan.streets, _STREET_WEIGHT) | _WEIGHTS
    unit = deal(rng, count, list(weights.values()))
    department = np.array(list(weights))[unit]
    month = months_for(rng, count, season)
    event_month = month.copy()
    if kind == "frontline":
        late = pick(rng, np.flatnonzero(month >= 4), _LATE_VISITS * plan.targets.scale)
        event_month[late] -= rng.integers(1, 4, len(late))
    visitor = rng.integers(1, _VISITORS_EACH + 1, count)
    persons = 1 + apportion(workers - count, rng.lognormal(0, 0.6, count))
    table = pd.DataFrame(
        {
            "department": department,
            "month_number": month,
            "kind": kind,
            "visited_on": plan.days(rng, event_month).astype("datetime64[s]"),
            "visitor_code": np.char.add(np.char.add(department, "-0"), visitor.astype("U1")),
            "visitor_serial": _FIRST_VISITOR + 10 * unit + visitor,
            "employer": _employers(rng, lasting, department),
            "workers": persons,
            "amount": np.where(rng.random(count) < 0.7, persons * rng.integers(2, 9, count) * 10.0, np.nan),
        }
    )
    return on_distinct_days(plan, rng, table, _BUSINESS_KEY)


def _employers(rng: np.random.Generator, lasting: pd.DataFrame, department: Strings) -> Integers:
    """An enterprise for each visit, in turn: of the department's unions, or of any for an office."""
    employer = np.empty(len(department), dtype=np.int64)
    homes = lasting["department"].to_numpy()
    for code in np.unique(department):
        own = lasting.index.to_numpy()[homes == code]
        chosen = department == code
        employer[chosen] = np.resize(rng.permutation(own if len(own) else lasting.index.to_numpy()), int(chosen.sum()))
    return employer


def _by_leaders(plan: YearPlan, rng: np.random.Generator, leader: Integers, month: Integers) -> pd.DataFrame:
    """Visits of the leading group; each member's office reports his."""
    return pd.DataFrame(
        {
            "department": np.array(_LEADERS_OFFICES)[leader % len(_LEADERS_OFFICES)],
            "month_number": month,
            "visited_on": plan.days(rng, month).astype("datetime64[s]"),
            "visitor_code": [f"LD{number + 1:02d}" for number in leader],
            "visitor_serial": _FIRST_VISITOR + 500 + leader,
        }
    )


def _outreach(plan: YearPlan, rng: np.random.Generator, lasting: pd.DataFrame) -> pd.DataFrame:
    """Enterprises visited by a member of the leading group; some again by another, two reported by two offices."""
    targets = plan.targets
    first = pick(rng, lasting.index.to_numpy(), targets.outreach_enterprises)
    employer = np.concatenate([first, pick(rng, first, _VISITED_AGAIN)])
    leader = np.arange(len(employer)) % targets.outreach_leaders
    month = months_for(rng, len(employer), _OUTREACH_SEASON)
    table = _by_leaders(plan, rng, leader, month).assign(
        kind="leader_outreach", employer=employer, workers=rng.integers(0, 12, len(employer))
    )
    table = on_distinct_days(plan, rng, table, _BUSINESS_KEY)
    of_others = np.flatnonzero(table["department"] != "BG")
    twice = table.loc[pick(rng, of_others, _REPORTED_TWICE)].assign(department="BG")
    return pd.concat([table, twice], ignore_index=True)


def _paired(plan: YearPlan, rng: np.random.Generator, next_person: int) -> pd.DataFrame:
    """Each worker in need has one member of the leading group, who visits several times."""
    paired = np.arange(_PAIRED_VISITS) % plan.targets.workers_paired
    month = months_for(rng, len(paired), _PAIRED_SEASON)
    return _by_leaders(plan, rng, paired % plan.targets.outreach_leaders, month).assign(
        kind="paired_worker",
        person=person_names(next_person + paired),
        workers=1,
        amount=rng.choice([300.0, 500.0, 1000.0], size=len(paired)),
    )


def _seminars(plan: YearPlan, rng: np.random.Generator) -> pd.DataFrame:
    count = plan.targets.seminars
    leader = np.arange(count) % plan.targets.outreach_leaders
    table = _by_leaders(plan, rng, leader, months_for(rng, count, _SEMINAR_SEASON))
    return table.assign(kind="seminar", workers=rng.integers(8, 30, count))
