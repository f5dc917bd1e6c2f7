"""Collective contracts and special agreements: signed, renewed; the rows of ``collective_contracts``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reference_data.draw import Integers, months_for, pick
from reference_data.plan import NEVER, RowCollector, YearPlan, numbered, past_days
from reference_data.targets import Targets

_SEASON = (3, 3, 10, 12, 12, 12, 8, 8, 12, 8, 8, 4)
_SECTORS = np.array(["餐饮", "建筑", "物业", "保安", "环卫", "印刷", "养老服务", "快递"])
_OFFICES = {"labour_safety": "LB", "women_rights": "NG", "wages": "QY"}
_PUBLIC_WOMEN_AGREEMENTS = 3
"""Public enterprises that sign a women's-rights agreement: the published figure counts the non-public ones only."""
_LATE_CONTRACTS = 8


@dataclass(frozen=True)
class _Volume:
    """How many contracts of one kind and coverage a year has, and how many more than are renewed exist before it."""

    kind: str
    coverage: str
    new: int
    renewed: int
    spare: int


def _volumes(targets: Targets) -> list[_Volume]:
    scale = targets.scale
    return [
        _Volume("labour_safety", "enterprise", targets.safety_enterprise_new, targets.safety_enterprise_renewed, 60 * scale),
        _Volume(
            "labour_safety", "regional", targets.safety_regional_new // 2, targets.safety_regional_renewed - 9 * scale, 6 * scale
        ),
        _Volume(
            "labour_safety", "sectoral", targets.safety_regional_new - targets.safety_regional_new // 2, 9 * scale, 2 * scale
        ),
        _Volume("women_rights", "enterprise", targets.women_enterprise_new, targets.women_enterprise_renewed, 20 * scale),
        _Volume("women_rights", "regional", targets.women_regional_new - scale, targets.women_regional_renewed - scale, scale),
        _Volume("women_rights", "sectoral", scale, scale, scale),
        _Volume("wages", "enterprise", 40 * scale, 90 * scale, 15 * scale),
        _Volume("wages", "sectoral", scale, 4 * scale, scale),
        _Volume("general", "enterprise", 12 * scale, 20 * scale, 5 * scale),
    ]


def agreements_year(
    plan: YearPlan, employers: pd.DataFrame, coverage: pd.DataFrame, contracts: pd.DataFrame | None, rows: RowCollector
) -> pd.DataFrame:
    """Simulate a year of contracts; writes ``collective_contracts``.

    Args:
        plan: the year.
        employers: covered employers.
        coverage: enterprises covered in the year (`coverage.enterprise_coverage`).
        contracts: contracts signed the year before, which this one may renew; None in an opening year.
        rows: takes the rows.

    Returns:
        The contracts signed in the year.
    """
    rng = plan.rng("agreements")
    lasting = coverage[(coverage["end_month"] == NEVER) & (coverage["known_month"] == 0)]
    former = (
        pd.concat([_former(plan, rng, lasting, volume) for volume in _volumes(plan.targets)]) if contracts is None else contracts
    )
    signed = pd.concat([_signed(plan, rng, lasting, volume, former) for volume in _volumes(plan.targets)], ignore_index=True)
    late = pick(rng, np.flatnonzero(signed["month_number"] >= 4), _LATE_CONTRACTS * plan.targets.scale)
    months = signed["month_number"].to_numpy()[late] - rng.integers(1, 4, len(late))
    signed.loc[late, "signed_on"] = plan.days(rng, months).astype("datetime64[s]")
    table = pd.concat([former.assign(month_number=0), signed], ignore_index=True) if contracts is None else signed
    rows.add("collective_contracts", _rows(plan, rng, employers, table))
    return signed


def _parties(
    plan: YearPlan,
    rng: np.random.Generator,
    lasting: pd.DataFrame,
    volume: _Volume,
    taken: Integers,
    count: int,
    first_number: int,
) -> pd.DataFrame:
    """Employer sides not ``taken``: employer (position, -1 for a region or sector), party (None: the employer), department."""
    if volume.coverage == "enterprise":
        employer = pick(rng, np.setdiff1d(lasting.index.to_numpy(), taken), count)
        return pd.DataFrame({"employer": employer, "party": None, "department": lasting.loc[employer, "department"].to_numpy()})
    numbers = np.arange(first_number, first_number + count)
    if volume.coverage == "sectoral":
        party = [f"样例{_SECTORS[number % len(_SECTORS)]}行业协会{plan.year}第{number}号" for number in numbers]
        return pd.DataFrame({"employer": -1, "party": party, "department": _OFFICES[volume.kind]})
    streets = np.array(plan.streets)
    department = streets[numbers % len(streets)]
    party = [
        f"样例{plan.short_name(code)}区域企业联合会{plan.year}第{number}号"
        for code, number in zip(department, numbers, strict=True)
    ]
    return pd.DataFrame({"employer": -1, "party": party, "department": department})


def _former(plan: YearPlan, rng: np.random.Generator, lasting: pd.DataFrame, volume: _Volume) -> pd.DataFrame:
    """Contracts signed before the opening month that expire within the year."""
    count = volume.renewed + volume.spare
    table = _parties(plan, rng, lasting, volume, np.array([], dtype=np.int64), count, 1)
    last = np.datetime64(f"{plan.year - 1}-11-28")
    signed_on = past_days(rng, np.full(count, np.datetime64(f"{plan.year - 2}-02-01")), np.full(count, last))
    return table.assign(
        kind=volume.kind, coverage=volume.coverage, signing="new", signed_on=signed_on.astype("datetime64[s]"), month_number=0
    )


def _signed(
    plan: YearPlan, rng: np.random.Generator, lasting: pd.DataFrame, volume: _Volume, former: pd.DataFrame
) -> pd.DataFrame:
    same = former[(former["kind"] == volume.kind) & (former["coverage"] == volume.coverage)].drop_duplicates(
        ["employer", "party"]
    )
    same = same[(same["employer"] < 0) | same["employer"].isin(lasting.index)]
    renewing = same.iloc[pick(rng, np.arange(len(same)), min(volume.renewed, len(same)))][["employer", "party", "department"]]
    short = _parties(plan, rng, lasting, volume, same["employer"].to_numpy(), volume.renewed - len(renewing), 700)
    taken = np.concatenate([same["employer"].to_numpy(), short["employer"].to_numpy()])
    new = _parties(plan, rng, _eligible(volume, lasting), volume, taken, volume.new, 500)
    tables = [renewing.assign(signing="renewed"), short.assign(signing="renewed"), new.assign(signing="new")]
    if volume.kind == "women_rights" and volume.coverage == "enterprise":
        public = _parties(plan, rng, lasting[lasting["is_public"]], volume, taken, _PUBLIC_WOMEN_AGREEMENTS, 0)
        tables.append(public.assign(signing="new"))
    table = pd.concat([part for part in tables if len(part)], ignore_index=True)
    month = months_for(rng, len(table), _SEASON)
    signed_on = plan.days(rng, month).astype("datetime64[s]")
    return table.assign(kind=volume.kind, coverage=volume.coverage, signed_on=signed_on, month_number=month)


def _eligible(volume: _Volume, lasting: pd.DataFrame) -> pd.DataFrame:
    return lasting[~lasting["is_public"]] if volume.kind == "women_rights" else lasting


def _rows(plan: YearPlan, rng: np.random.Generator, employers: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    is_enterprise = (table["coverage"] == "enterprise").to_numpy()
    position = np.where(is_enterprise, table["employer"], 0).astype(np.int64)
    signed_on = table["signed_on"].to_numpy().astype("datetime64[D]")
    years = np.where(signed_on < np.datetime64(f"{plan.year - 1}-01-01"), 2, 1)
    names = employers["enterprise_name"].to_numpy()[position]
    count = len(table)
    return table.assign(
        contract_no=numbered("HT", plan, table["department"], table["month_number"]),
        party=np.where(is_enterprise, names, table["party"]),
        valid_from=signed_on.astype("datetime64[s]"),
        valid_to=(signed_on + 365 * years - 1).astype("datetime64[s]"),
        uscc=pd.Series(employers["uscc"].to_numpy()[position], index=table.index).where(is_enterprise),
        enterprises=np.where(is_enterprise, 1, rng.integers(8, 60, count)),
        workers=np.where(is_enterprise, employers["workers"].to_numpy()[position], rng.integers(150, 1500, count)),
    )
