"""Opening stock: the grassroots unions and the employers they cover before the first submission."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reference_data.draw import Integers, Strings, deal
from reference_data.identifiers import usccs
from reference_data.plan import NEVER, Dates, YearPlan, past_days

ENTERPRISE_KINDS = ("non_public", "public_enterprise")

_LARGE_JOINT_UNION_EMPLOYERS = 120
_ENDED_SPELLS = 30
_SECTIONS = {
    "贸易": "trade",
    "科技": "research",
    "餐饮": "hospitality",
    "物流": "transport",
    "服装": "manufacturing",
    "建筑": "construction",
    "印刷": "manufacturing",
    "医药": "manufacturing",
    "电子": "manufacturing",
    "装饰": "construction",
    "物业": "real_estate",
    "文化": "culture",
    "机械": "manufacturing",
    "食品": "manufacturing",
    "化工": "manufacturing",
    "商贸": "trade",
    "": "public_administration",
}
"""Section (GB/T 4754) of the business in an employer's name; of agencies and institutions, whose names say none, the last."""
_INDUSTRIES = np.array([business for business in _SECTIONS if business])
_SIZES = np.array(["micro", "small", "medium", "large"])
_LEAST_WORKERS = [10, 50, 300]
"""From how many workers on an enterprise is of each size but the first: those of retail trade in the measures of 2017."""
_SUFFIX = {
    "non_public": "有限公司",
    "public_enterprise": "国有公司",
    "public_institution": "事业单位",
    "agency": "机关",
    "social_organisation": "社会组织",
}
_FIRST_UNION = np.datetime64("1986-01-01")
_FIRST_COVERAGE = np.datetime64("1998-01-01")


def new_employers(rng: np.random.Generator, first_serial: int, ownership: Strings, places: Strings) -> pd.DataFrame:
    """Employers that a union can cover: uscc, enterprise_name, ownership, industry, enterprise_size, workers (count)."""
    serials = np.arange(first_serial, first_serial + len(ownership), dtype=np.int64)
    is_enterprise = np.isin(ownership, ENTERPRISE_KINDS)
    industry = np.where(is_enterprise, rng.choice(_INDUSTRIES, size=len(serials)), "")
    suffix = np.array([_SUFFIX[kind] for kind in ownership])
    numbers = np.char.zfill(serials.astype("U8"), 5)
    names = [
        f"样例{place}{number}号{kind}{end}" for place, number, kind, end in zip(places, numbers, industry, suffix, strict=True)
    ]
    workers = np.maximum(6, rng.lognormal(3.2, 0.8, len(serials)).astype(np.int64))
    size = _SIZES[np.searchsorted(_LEAST_WORKERS, workers, side="right")]
    return pd.DataFrame(
        {
            "uscc": usccs(serials, ownership),
            "enterprise_name": names,
            "ownership": ownership,
            "industry": [_SECTIONS[kind] for kind in industry],
            "enterprise_size": [str(one) if has_size else None for one, has_size in zip(size, is_enterprise, strict=True)],
            "workers": workers,
        }
    )


def opening_unions(plan: YearPlan) -> pd.DataFrame:
    """Unions established before the opening month (columns: `finish_unions`)."""
    rng = plan.rng("opening unions")
    rows = [
        (department, "joint" if kind == "joint" else "independent", "non_public" if kind == "joint" else kind)
        for department, kinds in plan.targets.opening_unions.items()
        for kind, count in kinds.items()
        for _ in range(count)
    ]
    unions = pd.DataFrame(rows, columns=["department", "union_type", "ownership"])
    last = np.datetime64(f"{plan.year - 1}-06-30")
    unions["established_on"] = past_days(rng, np.full(len(unions), _FIRST_UNION), np.full(len(unions), last))
    return finish_unions(unions, plan, np.zeros(len(unions), dtype=np.int64))


def finish_unions(
    unions: pd.DataFrame, plan: YearPlan, known_month: Integers, registered: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Give new unions their codes and names.

    Args:
        unions: department, union_type, ownership, established_on.
        plan: the year.
        known_month: number of the month whose submission brings each union; it is a member from that month on.
        registered: unions that exist already, so that numbers go on from theirs.

    Returns:
        Also union_code, union_name, known_month, and gone_month and gone_on of a dissolved union.
    """
    taken = {} if registered is None else registered["department"].value_counts().to_dict()
    serial = unions.groupby("department").cumcount() + 1 + unions["department"].map(taken).fillna(0).astype(int)
    year = pd.Series(pd.DatetimeIndex(unions["established_on"]).year.astype(str))
    kind = np.where(unions["union_type"] == "joint", "联合工会", "工会")
    return unions.assign(
        union_code=unions["department"] + year + serial.astype(str).str.zfill(4),
        union_name="样例" + unions["department"].map(plan.short_name) + serial.astype(str) + "号" + kind,
        known_month=known_month,
        gone_month=NEVER,
        gone_on=np.datetime64("NaT", "s"),
    )


def opening_coverage(plan: YearPlan, unions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Employers covered before the opening month (see `new_employers`), and their spells (see `new_spells`)."""
    rng = plan.rng("opening coverage")
    targets = plan.targets
    own = np.flatnonzero(unions["union_type"] == "independent")
    joint = np.flatnonzero(unions["union_type"] == "joint")
    own_kinds = unions["ownership"].to_numpy()[own].astype(str)
    staying = targets.enterprises_with_union - targets.enterprises_newly_covered - targets.enterprises_returning
    in_joint = staying + targets.enterprises_leaving - int(np.isin(own_kinds, ENTERPRISE_KINDS).sum())

    large = joint[np.flatnonzero(unions["department"].to_numpy()[joint] == "DX")[: targets.scale]]
    weights = rng.lognormal(0, 0.5, len(joint))
    ended = joint[deal(rng, _ENDED_SPELLS * targets.scale, weights)]
    ordinary = joint[deal(rng, in_joint - _LARGE_JOINT_UNION_EMPLOYERS * targets.scale, weights)]
    members = np.concatenate([np.repeat(large, _LARGE_JOINT_UNION_EMPLOYERS), ordinary, ended])

    member_kinds = np.where(rng.random(len(members)) < 0.06, "public_enterprise", "non_public")
    union_positions = np.concatenate([own, members])
    places = unions["department"].map(plan.short_name).to_numpy()[union_positions]
    employers = new_employers(rng, 1, np.concatenate([own_kinds, member_kinds]), places)
    return employers, _opening_spells(plan, rng, employers, unions, union_positions, len(ended))


def _opening_spells(
    plan: YearPlan, rng: np.random.Generator, employers: pd.DataFrame, unions: pd.DataFrame, union_positions: Integers, ended: int
) -> pd.DataFrame:
    established: Dates = unions["established_on"].to_numpy().astype("datetime64[D]")[union_positions]
    last = np.full(len(employers), np.datetime64(f"{plan.year - 1}-09-30"))
    covered_from = past_days(rng, np.maximum(established, _FIRST_COVERAGE), np.maximum(last, established))
    is_own = (unions["union_type"].to_numpy() == "independent")[union_positions]
    spells = new_spells(
        employer=np.arange(len(employers)),
        union=union_positions,
        covered_from=np.where(is_own, established, covered_from),
        has_congress=congress_established(rng, employers["ownership"].to_numpy().astype(str)),
        known_month=np.zeros(len(employers), dtype=np.int64),
    )
    tail = slice(len(employers) - ended, len(employers))
    covered_to = spells["covered_to"].to_numpy().copy()
    covered_to[tail] = past_days(rng, covered_from[tail] + 30, last[tail] + 45)
    return spells.assign(covered_to=covered_to, end_month=np.where(np.isnat(covered_to), NEVER, 0))


def congress_established(rng: np.random.Generator, ownership: Strings) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each employer has a workers congress and open affairs: every public institution, most enterprises."""
    drawn = rng.random(len(ownership)) < np.where(ownership == "agency", 0.3, 0.925)
    established: np.ndarray[tuple[int], np.dtype[np.bool_]] = drawn | (ownership == "public_institution")
    return established


def new_spells(
    *,
    employer: Integers,
    union: Integers,
    covered_from: Dates,
    has_congress: np.ndarray[tuple[int], np.dtype[np.bool_]],
    known_month: Integers,
) -> pd.DataFrame:
    """Spells of coverage: positions of employer and union, the arguments, and what may happen to a spell later.

    ``flip_month`` is the month that reports a congress established later, ``end_month`` the one that reports the end.
    """
    return pd.DataFrame(
        {
            "employer": employer,
            "union": union,
            "covered_from": covered_from.astype("datetime64[D]"),
            "covered_to": np.full(len(employer), np.datetime64("NaT"), dtype="datetime64[s]"),
            "has_congress": has_congress,
            "known_month": known_month,
            "flip_month": NEVER,
            "end_month": NEVER,
        }
    )
