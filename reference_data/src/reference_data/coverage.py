"""Which employers the unions cover: new, returning, moving between unions, leaving; and the rows of ``union_coverage``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reference_data.draw import Integers, deal, months_for, pick
from reference_data.plan import NEVER, Dates, RowCollector, YearPlan
from reference_data.population import ENTERPRISE_KINDS, congress_established, new_employers, new_spells
from reference_data.unions import UnionYear

_SEASON = (4, 3, 8, 10, 11, 10, 8, 7, 11, 10, 10, 8)
_NEW_JOINT_UNION_EMPLOYERS = (64, 41)
_LATE_SPELLS = 24
_LATE_UNTIL_MONTH = 9
_MOVES_BETWEEN_DEPARTMENTS = 4
"""One move in so many crosses departments."""


def coverage_year(
    plan: YearPlan, year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame, rows: RowCollector
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate a year of coverage.

    Args:
        plan: the year.
        year: its unions.
        employers: employers known so far (`new_employers`).
        spells: their spells (`new_spells`); month numbers of this year.
        rows: takes the rows of ``union_coverage``.

    Returns:
        Employers and spells with the year's added.
    """
    rng = plan.rng("coverage")
    former = len(spells)
    employers, spells = _newly_covered(plan, rng, year, employers, spells)
    spells = _returning(plan, rng, year, employers, spells, former)
    spells = _leaving(plan, rng, year, employers, spells, former)
    spells = _moving(plan, rng, year, employers, spells, former)
    spells = _congresses(plan, rng, year, employers, spells)
    rows.add("union_coverage", _coverage_rows(plan, year, employers, spells))
    return employers, spells


def _receiving_unions(rng: np.random.Generator, year: UnionYear, count: int) -> Integers:
    """A lasting joint union for each of ``count`` employers, all of them known since before the year."""
    unions = year.unions
    lasting = (unions["union_type"] == "joint") & (unions["known_month"] == 0) & (unions["gone_month"] == NEVER)
    candidates = np.setdiff1d(np.flatnonzero(lasting), year.fixed)
    return candidates[deal(rng, count, rng.lognormal(0, 0.4, len(candidates)))]


def _newly_covered(
    plan: YearPlan, rng: np.random.Generator, year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    unions = year.unions
    founded = np.arange(year.first_new, len(unions))
    own = founded[unions["union_type"].to_numpy()[founded] == "independent"]
    joint = np.repeat(
        founded[unions["union_type"].to_numpy()[founded] == "joint"],
        np.resize(_NEW_JOINT_UNION_EMPLOYERS, plan.targets.unions_established_joint),
    )
    own_kinds = unions["ownership"].to_numpy()[own].astype(str)
    count = plan.targets.enterprises_newly_covered - len(joint) - int(np.isin(own_kinds, ENTERPRISE_KINDS).sum())
    existing = _receiving_unions(rng, year, count)
    union = np.concatenate([own, joint, existing])

    event_month = np.concatenate(
        [unions["known_month"].to_numpy()[np.concatenate([own, joint])], months_for(rng, count, _SEASON)]
    )
    known_month = event_month.copy()
    late = (
        len(own)
        + len(joint)
        + pick(rng, np.flatnonzero(event_month[-count:] <= _LATE_UNTIL_MONTH), _LATE_SPELLS * plan.targets.scale)
    )
    known_month[late] += rng.integers(1, 4, len(late))
    covered_from = plan.days(rng, event_month)
    covered_from[: len(own) + len(joint)] = (
        unions["established_on"].to_numpy().astype("datetime64[D]")[union[: len(own) + len(joint)]]
    )

    kinds = np.concatenate([own_kinds, np.where(rng.random(len(union) - len(own)) < 0.03, "public_enterprise", "non_public")])
    places = unions["department"].map(plan.short_name).to_numpy()[union]
    added = new_employers(rng, len(employers) + 1, kinds, places)
    new = new_spells(
        employer=np.arange(len(employers), len(employers) + len(added)),
        union=union,
        covered_from=covered_from,
        has_congress=congress_established(rng, kinds),
        known_month=known_month,
    )
    return pd.concat([employers, added], ignore_index=True), pd.concat([spells, new], ignore_index=True)


def _add_spells(
    rng: np.random.Generator,
    spells: pd.DataFrame,
    employer: Integers,
    union: Integers,
    covered_from: Dates,
    month: Integers,
) -> pd.DataFrame:
    new = new_spells(
        employer=employer,
        union=union,
        covered_from=covered_from,
        has_congress=rng.random(len(employer)) < 0.95,
        known_month=month,
    )
    return pd.concat([spells, new], ignore_index=True)


def _is_enterprise(employers: pd.DataFrame, spells: pd.DataFrame) -> pd.Series[bool]:
    return employers["ownership"].isin(ENTERPRISE_KINDS)[spells["employer"]].reset_index(drop=True)


def _returning(
    plan: YearPlan, rng: np.random.Generator, year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame, former: int
) -> pd.DataFrame:
    current = set(spells.loc[spells["end_month"] == NEVER, "employer"])
    before = spells.iloc[:former]
    ended = before.loc[
        (before["end_month"] != NEVER) & _is_enterprise(employers, before) & ~before["employer"].isin(current), "employer"
    ]
    employer = pick(rng, ended.unique(), plan.targets.enterprises_returning)
    month = rng.integers(2, 12, len(employer))
    return _add_spells(rng, spells, employer, _receiving_unions(rng, year, len(employer)), plan.days(rng, month), month)


def _free_spells(year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame, first: int, last: int) -> Integers:
    """Positions of active spells of enterprises at joint unions that nothing else happens to, among ``first`` to ``last``."""
    joint = (year.unions["union_type"] == "joint").to_numpy()[spells["union"]]
    free = (spells["end_month"] == NEVER) & joint & ~spells["union"].isin(year.fixed) & _is_enterprise(employers, spells)
    positions = np.flatnonzero(free)
    return positions[(positions >= first) & (positions < last)]


def _end(spells: pd.DataFrame, positions: Integers, covered_to: Dates, month: Integers) -> pd.DataFrame:
    spells = spells.copy()
    spells.loc[positions, "covered_to"] = covered_to.astype("datetime64[s]")
    spells.loc[positions, "end_month"] = month
    return spells


def _leaving(
    plan: YearPlan, rng: np.random.Generator, year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame, former: int
) -> pd.DataFrame:
    """End spells until exactly the year's stock of enterprises is left."""
    active = spells.loc[(spells["end_month"] == NEVER) & _is_enterprise(employers, spells), "employer"].nunique()
    surplus = active - plan.targets.enterprises_with_union
    dissolved = (year.unions["gone_month"] < NEVER).to_numpy()[spells["union"]] & (spells["end_month"] == NEVER)
    with_own_union = dissolved & (year.unions["union_type"] == "independent").to_numpy()[spells["union"]]
    gone = np.flatnonzero(with_own_union)
    union = spells["union"].to_numpy()[gone]
    spells = _end(
        spells,
        gone,
        year.unions["gone_on"].to_numpy().astype("datetime64[D]")[union],
        year.unions["gone_month"].to_numpy()[union],
    )

    new_count = plan.targets.enterprises_leaving_new
    early = _free_spells(year, employers, spells, former, len(spells))
    early = early[spells["known_month"].to_numpy()[early] <= 7]
    leaving_new = pick(rng, early, new_count)
    month = spells["known_month"].to_numpy()[leaving_new] + rng.integers(2, 5, new_count)
    spells = _end(spells, leaving_new, plan.days(rng, month), month)

    leaving = pick(rng, _free_spells(year, employers, spells, 0, former), surplus - len(gone) - new_count)
    month = months_for(rng, len(leaving), (12, 4, 6, 8, 8, 12, 8, 8, 8, 8, 8, 10))
    return _end(spells, leaving, plan.days(rng, month), month)


def _moving(
    plan: YearPlan, rng: np.random.Generator, year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame, former: int
) -> pd.DataFrame:
    moving = pick(rng, _free_spells(year, employers, spells, 0, former), plan.targets.enterprises_moving)
    month = rng.integers(2, 13, len(moving))
    covered_to = plan.days(rng, month)
    dissolved = (year.unions["gone_month"] < NEVER).to_numpy()[spells["union"]] & (spells["end_month"] == NEVER)
    gone = np.flatnonzero(dissolved)
    gone_union = spells["union"].to_numpy()[gone]
    gone_month = year.unions["gone_month"].to_numpy()[gone_union]
    gone_on = year.unions["gone_on"].to_numpy().astype("datetime64[D]")[gone_union]

    positions = np.concatenate([moving, gone])
    months, days = np.concatenate([month, gone_month]), np.concatenate([covered_to, gone_on])
    unions = _other_unions(rng, year, spells["union"].to_numpy()[positions])
    employer = spells["employer"].to_numpy()[positions]
    return _add_spells(rng, _end(spells, positions, days, months), employer, unions, days, months)


def _other_unions(rng: np.random.Generator, year: UnionYear, unions: Integers) -> Integers:
    """A receiving union other than the present one: mostly of the same department, if that has another."""
    departments = year.unions["department"].to_numpy()
    candidates = np.unique(_receiving_unions(rng, year, 20 * len(unions) + 2000))
    chosen = np.empty(len(unions), dtype=np.int64)
    for number, union in enumerate(unions):
        others = candidates[candidates != union]
        near = others[(departments[others] == departments[union]) == (number % _MOVES_BETWEEN_DEPARTMENTS != 0)]
        chosen[number] = rng.choice(near if len(near) else others)
    return chosen


def _congresses(
    plan: YearPlan, rng: np.random.Generator, year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame
) -> pd.DataFrame:
    """Report congresses established during the year until the year's rate of non-public enterprises is reached."""
    ownership = employers["ownership"].to_numpy()[spells["employer"]]
    active = (spells["end_month"] == NEVER) & (ownership == "non_public")
    without = active & ~spells["has_congress"]
    allowed = int((1 - plan.targets.non_public_congress_rate) * int(active.sum()))
    eligible = np.flatnonzero(without & ~spells["union"].isin(year.fixed) & (spells["known_month"] <= 10))
    excess = max(0, int(without.sum()) - allowed)
    chosen = pick(rng, eligible, min(excess, len(eligible)))
    spells = spells.copy()
    spells.loc[chosen, "flip_month"] = np.maximum(spells["known_month"].to_numpy()[chosen] + 1, rng.integers(2, 13, len(chosen)))
    return spells


def _coverage_rows(plan: YearPlan, year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """A row when a spell becomes known, another when its congress is established, another when it ends."""
    first = (spells["known_month"] > 0) | (plan.is_opening & (spells["known_month"] == 0))
    ends = (spells["end_month"] > spells["known_month"]) & (spells["end_month"] < NEVER)
    flips = (spells["flip_month"] < spells["end_month"]) & (spells["flip_month"] < NEVER)
    ends_at_once = spells["end_month"] == spells["known_month"]
    reports = [
        spells[first].assign(month_number=spells["known_month"], covered_to=spells["covered_to"].where(ends_at_once)),
        spells[flips].assign(month_number=spells["flip_month"], covered_to=np.datetime64("NaT", "s"), has_congress=True),
        spells[ends].assign(month_number=spells["end_month"], has_congress=spells["has_congress"] | flips),
    ]
    table = pd.concat([report for report in reports if len(report)], ignore_index=True)
    employer = employers.loc[table["employer"]].reset_index(drop=True)
    union = table["union"].to_numpy(dtype=np.int64)
    congress = np.where(table["has_congress"].to_numpy(dtype=bool), "yes", "no")
    return pd.DataFrame(
        {
            "department": year.departments[union, table["month_number"].to_numpy(dtype=np.int64)],
            "month_number": table["month_number"],
            "uscc": employer["uscc"],
            "enterprise_name": employer["enterprise_name"],
            "union_code": year.unions["union_code"].to_numpy()[union],
            "ownership": employer["ownership"],
            "industry": employer["industry"],
            "enterprise_size": employer["enterprise_size"],
            "covered_from": table["covered_from"],
            "covered_to": table["covered_to"],
            "workers_congress": congress,
            "open_affairs": congress,
        }
    )


def enterprise_coverage(year: UnionYear, employers: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """Enterprises covered in the year, by position: department, covered_from, known_month, covered_to, end_month, is_public.

    ``department`` is where its first union reports when the enterprise becomes known; ``end_month`` belongs to its last spell.
    """
    is_enterprise = employers["ownership"].isin(ENTERPRISE_KINDS).to_numpy()[spells["employer"]]
    table = spells[is_enterprise & (spells["end_month"] > 0)].sort_values(["employer", "covered_from"], kind="stable")
    by_employer = table.groupby("employer")
    last = table.drop_duplicates("employer", keep="last").set_index("employer")
    first_union = by_employer["union"].first().to_numpy(dtype=np.int64)
    first_known = by_employer["known_month"].min()
    home = year.departments[first_union, first_known.to_numpy(dtype=np.int64)]
    return pd.DataFrame(
        {
            "department": home,
            "covered_from": by_employer["covered_from"].min(),
            "known_month": first_known,
            "covered_to": last["covered_to"],
            "end_month": last["end_month"],
            "is_public": (employers["ownership"] == "public_enterprise").to_numpy()[last.index],
        }
    )
