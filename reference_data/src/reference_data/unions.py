"""What happens to grassroots unions in a year: established, renamed, moved between departments, dissolved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from reference_data.draw import Integers, Strings, deal, months_for, pick
from reference_data.plan import NEVER, RowCollector, YearPlan, numbered
from reference_data.population import finish_unions

_SEASON = (5, 3, 9, 10, 10, 10, 8, 8, 10, 9, 10, 8)
_LATE_REGISTRATIONS = 3
_RENAMED = 6
_DISSOLVED_INDEPENDENT = 4
_DISSOLVED_JOINT = 1
_MOVES = (("TS", "WL", "joint", 7), ("ZJ", "CG", "independent", 10))
"""Moves of a union: from, to, type, month (the receiving department reports it on the first day)."""


@dataclass(frozen=True)
class UnionYear:
    """The unions of a year and where they report.

    Attributes:
        unions: all unions, those of the year last.
        first_new: position of the first union of the year.
        departments: department code by union position and month number 0 to 12.
        fixed: positions of unions whose coverage and members the rest of the simulation leaves alone (moved, dissolved).
    """

    unions: pd.DataFrame
    first_new: int
    departments: Strings
    fixed: Integers

    def alive(self, month_number: int) -> npt.NDArray[np.bool_]:
        """Whether each union is registered and not dissolved at the end of the month."""
        known = self.unions["known_month"].to_numpy() <= month_number
        result: npt.NDArray[np.bool_] = known & (month_number < self.unions["gone_month"].to_numpy())
        return result


def union_year(plan: YearPlan, unions: pd.DataFrame, rows: RowCollector) -> UnionYear:
    """Simulate the unions' year and write the rows of ``union_register``."""
    rng = plan.rng("unions")
    established = _established(plan, rng, unions)
    first_new = len(unions)
    unions = pd.concat([unions, established], ignore_index=True)
    departments = np.repeat(unions["department"].to_numpy().astype("U2")[:, None], 13, axis=1)
    opening = np.flatnonzero((unions["known_month"] == 0) & (unions["gone_month"] == NEVER))
    moved = _move(rng, unions, opening, departments)
    unions, dissolved = _dissolve(plan, rng, unions, np.setdiff1d(opening, moved["union"]))
    renamed = _rename(plan, rng, unions, np.setdiff1d(opening, np.concatenate([moved["union"], dissolved["union"]])))
    events = pd.concat([_foundings(plan, unions, first_new), moved, dissolved, renamed], ignore_index=True)
    year = UnionYear(unions, first_new, departments, np.concatenate([moved["union"], dissolved["union"]]).astype(np.int64))
    rows.add("union_register", _register_rows(plan, year, events))
    new_names = renamed.set_index("union")["union_name"]
    unions.loc[new_names.index, "union_name"] = new_names
    return year


def _established(plan: YearPlan, rng: np.random.Generator, unions: pd.DataFrame) -> pd.DataFrame:
    targets = plan.targets
    count, joint = targets.unions_established_independent, targets.unions_established_joint
    months = months_for(rng, count, _SEASON)
    ownership = np.array(["non_public"] * count, dtype="U20")
    ownership[: 3 * targets.scale] = "social_organisation"
    ownership[3 * targets.scale : 5 * targets.scale] = "public_institution"
    ownership[5 * targets.scale : 9 * targets.scale] = "public_enterprise"
    weights = unions.loc[unions["ownership"] == "non_public", "department"].value_counts().reindex(plan.union_units).fillna(0.0)
    departments = np.array(plan.union_units)[deal(rng, count, weights.tolist())]
    departments[3 * targets.scale : 5 * targets.scale] = "JY"
    joint_months = np.resize(np.array([3, 9]), joint)
    new = pd.DataFrame(
        {
            "department": np.concatenate([departments, np.resize(np.array(["WL", "DX"]), joint)]),
            "union_type": np.repeat(["independent", "joint"], [count, joint]),
            "ownership": np.concatenate([ownership, np.full(joint, "non_public")]),
        }
    )
    months = np.concatenate([months, joint_months])
    new["established_on"] = plan.days(rng, months)
    known = months.copy()
    late = pick(rng, np.flatnonzero((months[:count] >= 3) & (months[:count] <= 9)), _LATE_REGISTRATIONS * targets.scale)
    known[late] += rng.integers(1, 3, len(late))
    return finish_unions(new, plan, known, registered=unions)


def _move(rng: np.random.Generator, unions: pd.DataFrame, opening: Integers, departments: Strings) -> pd.DataFrame:
    moves = []
    for from_unit, to_unit, union_type, month in _MOVES:
        fits = (unions["department"] == from_unit) & (unions["union_type"] == union_type) & (unions["ownership"] == "non_public")
        candidates = np.intersect1d(opening, np.flatnonzero(fits))
        union = int(rng.choice(candidates))
        departments[union, month:] = to_unit
        moves.append((union, "moved", month, from_unit, to_unit))
    return pd.DataFrame(moves, columns=["union", "event", "month_number", "from_unit", "to_unit"])


def _dissolve(
    plan: YearPlan, rng: np.random.Generator, unions: pd.DataFrame, candidates: Integers
) -> tuple[pd.DataFrame, pd.DataFrame]:
    of_street = ~unions["department"].isin(["JY", "ZJ", "CG"]) & (unions["ownership"] == "non_public")
    own = np.intersect1d(candidates, np.flatnonzero(of_street & (unions["union_type"] == "independent")))
    joint = np.intersect1d(
        candidates, np.flatnonzero(of_street & (unions["union_type"] == "joint") & (unions["department"] != "DX"))
    )
    scale = plan.targets.scale
    gone = np.concatenate([pick(rng, own, _DISSOLVED_INDEPENDENT * scale), pick(rng, joint, _DISSOLVED_JOINT * scale)])
    months = np.resize(np.array([4, 6, 9, 11, 8]), len(gone))
    unions = unions.copy()
    unions.loc[gone, "gone_month"] = months
    unions.loc[gone, "gone_on"] = plan.month_ends(months).astype("datetime64[s]")
    return unions, pd.DataFrame({"union": gone, "event": "dissolved", "month_number": months})


def _rename(plan: YearPlan, rng: np.random.Generator, unions: pd.DataFrame, candidates: Integers) -> pd.DataFrame:
    chosen = pick(rng, candidates, _RENAMED * plan.targets.scale)
    former = unions["union_name"].to_numpy()[chosen]
    return pd.DataFrame(
        {
            "union": chosen,
            "event": "renamed",
            "month_number": rng.integers(2, 13, len(chosen)),
            "former_name": former,
            "union_name": [name.replace("工会", f"{plan.year}更名工会") for name in former],
        }
    )


def _foundings(plan: YearPlan, unions: pd.DataFrame, first_new: int) -> pd.DataFrame:
    positions = np.arange(0 if plan.is_opening else first_new, len(unions))
    return pd.DataFrame({"union": positions, "event": "established", "month_number": unions["known_month"].to_numpy()[positions]})


def _register_rows(plan: YearPlan, year: UnionYear, events: pd.DataFrame) -> pd.DataFrame:
    rng = plan.rng("union events")
    union = events["union"].to_numpy(dtype=np.int64)
    month = events["month_number"].to_numpy(dtype=np.int64)
    facts = year.unions.loc[union].reset_index(drop=True)
    first_day = plan.month_ends(month - 1) + 1
    event = events["event"].to_numpy()
    event_on = np.select(
        [event == "established", event == "dissolved", event == "moved"],
        [facts["established_on"].to_numpy(), facts["gone_on"].to_numpy(), first_day],
        plan.days(rng, month),
    )
    department = year.departments[union, month]
    return pd.DataFrame(
        {
            "department": department,
            "month_number": month,
            "event_no": numbered("JH", plan, department, month),
            "union_code": facts["union_code"],
            "union_name": events["union_name"].fillna(facts["union_name"]),
            "union_type": facts["union_type"],
            "ownership": facts["ownership"],
            "event": event,
            "event_on": event_on,
            "from_unit": events["from_unit"],
            "to_unit": events["to_unit"],
            "former_name": events["former_name"],
        }
    )
