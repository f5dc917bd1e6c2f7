"""Payments and services to workers in need, model workers and women workers; the rows of ``assistance``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reference_data.draw import Floats, Integers, apportion, deal, months_for, pick
from reference_data.identifiers import child_numbers, person_names, resident_numbers
from reference_data.plan import RowCollector, YearPlan, numbered, on_distinct_days

_BUREAUS = {"JY": 12.0, "ZJ": 6.0, "CG": 6.0}
_STREET_WEIGHT = 9.0
_LATE_RELIEFS = 18
_INSURED_TWICE = 3
"""Women whose insurance is reported by their street and by the women workers' committee, the same day."""
_MODEL_WORKER_YEAR = (20, 6, 0, 2, 6, 0, 2, 2, 4, 2, 0, 2)
_MODEL_WORKER_ILLNESS = (4, 3, 2, 2, 2, 2, 3, 3, 2, 2, 2, 4)
_RELIEF_YEAR = (260, 75, 40, 45, 45, 50, 60, 60, 50, 50, 70, 272)
_CARDS = (30, 12, 3)
_RECUPERATION = (0, 0, 3, 20, 30, 30, 10, 5, 30, 35, 17)
_TERM_BEGINS = (0, 0, 1, 0, 0, 0, 0, 0, 1)
_SEPTEMBER = (0, 0, 0, 0, 0, 0, 0, 1, 4)
_INSURANCE = (0, 0, 35, 0, 0, 30, 0, 0, 20, 0, 15)
_OCTOBER = (0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 2)


@dataclass(frozen=True)
class _Grant:
    """One kind of grant in a year.

    Attributes:
        programme: its programme.
        persons: different persons.
        season: weight of each month, from January.
        senders: weight of each department that reports it.
        repeats: further rows, of persons who have one already.
        kind: who benefits.
        women: share of women.
        migrants: share of migrant workers.
        level: of model workers.
        amount: CNY of all rows together; 0 for a service.
        least: least CNY of a row, in tens.
        like: programme some of whose persons are among these, and how many.
        is_batch: a department's persons of a month are served on one day.
    """

    programme: str
    persons: int
    season: Sequence[float]
    senders: Mapping[str, float]
    repeats: int = 0
    kind: str = "self"
    women: float = 0.45
    migrants: float = 0.3
    level: str | None = None
    amount: int = 0
    least: int = 20
    like: tuple[str, int] | None = None
    is_batch: bool = False


def _grants(plan: YearPlan) -> list[_Grant]:
    """Every grant: those that the figures count, and beside them some that they must not count."""
    scale, persons, amounts = plan.targets.scale, plan.targets.assisted, plan.targets.assistance_amounts
    streets = dict.fromkeys(plan.streets, _STREET_WEIGHT)
    centre, committee, model_workers = {"FW": 1.0}, {"NG": 1.0}, {"LB": 1.0}
    in_need = streets | {"FW": 60.0, "QY": 6.0}
    women = streets | _BUREAUS | {"NG": 24.0}
    relieved = persons["hardship_relief"]
    return [
        _Grant("spring_card", persons["spring_card"], _CARDS, in_need, 7 * scale, migrants=1),
        _Grant("spring_card", 14 * scale, _CARDS, in_need, migrants=0),
        _Grant(
            "hardship_relief",
            relieved,
            _RELIEF_YEAR,
            in_need | _BUREAUS,
            plan.targets.hardship_person_times - relieved,
            amount=amounts["hardship_relief"],
        ),
        _Grant(
            "accident_insurance",
            persons["accident_insurance"],
            (0, 0, 2, 0, 1, 0, 0, 1, 0, 1),
            centre,
            scale,
            migrants=0.5,
            amount=amounts["accident_insurance"],
            least=300,
        ),
        *_model_worker_grants(plan, model_workers),
        _Grant(
            "recuperation",
            persons["recuperation"],
            _RECUPERATION,
            streets | _BUREAUS | {"LB": 20.0},
            3 * scale,
            is_batch=True,
        ),
        _Grant(
            "health_check",
            240 * scale,
            _OCTOBER,
            streets | _BUREAUS | {"LB": 20.0},
            4 * scale,
            like=("recuperation", 142 * scale),
            is_batch=True,
        ),
        _Grant(
            "spring_schooling",
            persons["spring_schooling"],
            (0, 1, 4),
            in_need,
            2 * scale,
            "child",
            amount=98_600 * scale,
            least=80,
        ),
        _Grant("spring_schooling", 5 * scale, (0, 1, 4), in_need, amount=5_000 * scale, least=80),
        _Grant(
            "autumn_schooling",
            persons["autumn_schooling"],
            _SEPTEMBER,
            in_need,
            4 * scale,
            "child",
            migrants=1,
            amount=amounts["autumn_schooling"],
            least=80,
        ),
        _Grant("autumn_schooling", 21 * scale, _SEPTEMBER, in_need, kind="child", migrants=0, amount=31_500 * scale, least=80),
        _Grant("autumn_schooling", 6 * scale, _SEPTEMBER, in_need, migrants=1, amount=7_200 * scale, least=80),
        _Grant(
            "university_aid", persons["university_aid"], _TERM_BEGINS, centre, scale, migrants=1, amount=66_000 * scale, least=150
        ),
        _Grant("women_insurance", persons["women_insurance"], _INSURANCE, women, 14 * scale, women=1, is_batch=True),
        _Grant("women_insurance_free", persons["women_insurance_free"], _INSURANCE, women, 3 * scale, women=1, is_batch=True),
        _Grant("cervical_screening", persons["cervical_screening"], _OCTOBER, streets | committee, 2 * scale, women=1),
    ]


def _model_worker_grants(plan: YearPlan, senders: Mapping[str, float]) -> list[_Grant]:
    scale, persons, amounts = plan.targets.scale, plan.targets.assisted, plan.targets.assistance_amounts
    visits = [
        _Grant("model_worker_visit", count, _MODEL_WORKER_YEAR, senders, repeats * scale, migrants=0, level=level)
        for level, count, repeats in (
            ("national", persons["model_worker_visit"], 5),
            ("provincial", 31 * scale, 2),
            ("municipal", 26 * scale, 0),
        )
    ]
    return [
        *visits,
        _Grant(
            "model_worker_hardship",
            persons["model_worker_hardship"],
            _MODEL_WORKER_ILLNESS,
            senders,
            2 * scale,
            "family",
            migrants=0,
            level="municipal",
            amount=amounts["model_worker_hardship"],
            least=100,
        ),
        _Grant(
            "model_worker_medical",
            persons["model_worker_medical"],
            _MODEL_WORKER_ILLNESS,
            senders,
            2 * scale,
            migrants=0,
            level="provincial",
            amount=amounts["model_worker_medical"],
            least=100,
        ),
    ]


def assistance_year(plan: YearPlan, next_person: int, rows: RowCollector) -> int:
    """Simulate a year of assistance; writes ``assistance``.

    Args:
        plan: the year.
        next_person: first person serial not taken.
        rows: takes the rows.

    Returns:
        The next free person serial.
    """
    rng = plan.rng("assistance")
    parts: list[pd.DataFrame] = []
    known: dict[str, Integers] = {}
    for grant in _grants(plan):
        shared = known[grant.like[0]][: grant.like[1]] if grant.like else np.array([], dtype=np.int64)
        own = next_person + np.arange(grant.persons - len(shared))
        next_person += len(own)
        persons = np.concatenate([shared, own])
        known.setdefault(grant.programme, persons)
        parts.append(_granted(plan, rng, grant, persons))
    table = _reported_twice(plan, rng, pd.concat(parts, ignore_index=True))
    rows.add("assistance", _rows(plan, table, next_person))
    return next_person


def _granted(plan: YearPlan, rng: np.random.Generator, grant: _Grant, persons: Integers) -> pd.DataFrame:
    """The rows of one grant: each person once, then the repeats."""
    person = np.concatenate([persons, pick(rng, persons, grant.repeats)])
    count = len(person)
    month = months_for(rng, count, grant.season)
    department = np.array(list(grant.senders))[deal(rng, count, list(grant.senders.values()))]
    event_month = month.copy()
    if grant.programme == "hardship_relief":
        late = pick(rng, np.flatnonzero(month >= 4), _LATE_RELIEFS * plan.targets.scale)
        event_month[late] -= rng.integers(1, 4, len(late))
    table = pd.DataFrame(
        {
            "department": department,
            "month_number": month,
            "person": person,
            "programme": grant.programme,
            "beneficiary_kind": grant.kind,
            "women": grant.women,
            "migrants": grant.migrants,
            "model_worker_level": grant.level,
            "amount": _amounts(rng, grant, count),
            "granted_on": plan.days(rng, event_month).astype("datetime64[s]"),
        }
    )
    if grant.is_batch:
        table["granted_on"] = table.groupby(["department", "month_number"])["granted_on"].transform("first")
    return on_distinct_days(plan, rng, table, ["person", "granted_on"])


def _amounts(rng: np.random.Generator, grant: _Grant, count: int) -> Floats:
    """What each row pays: whole tens of CNY that make up the year's amount."""
    if not grant.amount:
        return np.full(count, np.nan)
    tens = grant.least + apportion(grant.amount // 10 - grant.least * count, rng.lognormal(0, 0.5, count))
    return (tens * 10).astype(np.float64)


def _reported_twice(plan: YearPlan, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    insured = (table["programme"] == "women_insurance") & table["department"].isin(plan.streets)
    twice = table.loc[pick(rng, np.flatnonzero(insured), _INSURED_TWICE * plan.targets.scale)]
    return pd.concat([table, twice.assign(department="NG")], ignore_index=True)


def _rows(plan: YearPlan, table: pd.DataFrame, next_person: int) -> pd.DataFrame:
    table = table.sort_values(["month_number", "granted_on", "person"], kind="stable", ignore_index=True)
    person = table["person"].to_numpy(dtype=np.int64)
    first = int(person.min())
    traits = plan.rng("beneficiaries").random((2, next_person - first))[:, person - first]
    is_female = traits[0] < table["women"].to_numpy()
    is_migrant = traits[1] < table["migrants"].to_numpy()
    is_child = table["beneficiary_kind"] == "child"
    adults, children = (numbers(person, is_female, is_migrant) for numbers in (resident_numbers, child_numbers))
    return table.assign(
        record_no=numbered("BF", plan, table["department"], table["month_number"]),
        beneficiary=person_names(person),
        id_number=np.where(is_child, children, adults),
        migrant=np.where(is_migrant, "yes", "no"),
    )
