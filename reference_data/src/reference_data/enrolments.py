"""Enterprises in the federation's programmes, and the rows of ``programme_enrolments``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from reference_data.coverage import enterprise_coverage
from reference_data.draw import Integers, months_for, pick
from reference_data.plan import NEVER, Dates, RowCollector, YearPlan, past_days
from reference_data.unions import UnionYear

_COMPLIANT_BEFORE = 0.78
_MUTUAL_CARE_BEFORE = 0.6
_MUTUAL_CARE_OTHERS = 60
_MODEL_UPGRADES = 25
_DOUBLE_DISPLAY = 150
_ANKANG_BEFORE = 1312
_FORGOTTEN_ENDS = 8
"""One harmonious enterprise in so many is not reported as ended."""
_ANKANG_SEASON = (0, 0, 30, 40, 20, 5, 3, 1, 1, 0, 0, 0)
_AWARD_SEASON = (0, 0, 0, 0, 0, 35, 0, 0, 0, 0, 40, 25)
_COLUMNS = ["employer", "programme", "level", "department", "enrolled_on", "ended_on", "known_month", "end_month"]


def enrolments_year(
    plan: YearPlan,
    year: UnionYear,
    employers: pd.DataFrame,
    spells: pd.DataFrame,
    enrolments: pd.DataFrame | None,
    rows: RowCollector,
) -> pd.DataFrame:
    """Simulate a year of the programmes; ``enrolments`` are those still running, None in an opening year.

    Returns:
        Every enrolment: employer (position), programme, level, department, enrolled_on, ended_on, known_month, end_month.
    """
    rng = plan.rng("enrolments")
    coverage = enterprise_coverage(year, employers, spells)
    opening = _opening(plan, rng, coverage) if enrolments is None else enrolments
    former = _with_ends(opening, coverage)
    table = pd.concat([former, *_new(plan, rng, coverage, former)], ignore_index=True)
    table = _upgraded(plan, rng, table)
    rows.add("programme_enrolments", _rows(plan, employers, table))
    return table


def _enrol(
    employers: Integers, programme: str, level: str, department: npt.ArrayLike, enrolled_on: Dates, known_month: npt.ArrayLike
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "employer": employers,
            "programme": programme,
            "level": level,
            "department": department,
            "enrolled_on": enrolled_on.astype("datetime64[s]"),
            "ended_on": np.full(len(employers), np.datetime64("NaT"), dtype="datetime64[s]"),
            "known_month": known_month,
            "end_month": NEVER,
        },
        columns=_COLUMNS,
    )


def _opening(plan: YearPlan, rng: np.random.Generator, coverage: pd.DataFrame) -> pd.DataFrame:
    """Enrolments before the opening month."""
    targets = plan.targets
    covered = coverage[coverage["known_month"] == 0]
    employers = covered.index.to_numpy()
    lasting = covered.index[covered["end_month"] == NEVER].to_numpy()
    last = np.datetime64(f"{plan.year - 1}-11-30")

    def past(chosen: Integers, years: int) -> Dates:
        first = np.maximum(covered.loc[chosen, "covered_from"].to_numpy().astype("datetime64[D]"), last - 365 * years)
        return past_days(rng, first, np.full(len(chosen), last))

    def at(chosen: Integers) -> npt.NDArray[np.object_]:
        return covered.loc[chosen, "department"].to_numpy()

    compliant = pick(rng, lasting, int(targets.harmonious_compliant * _COMPLIANT_BEFORE))
    caring = pick(rng, compliant, int(targets.mutual_care_compliant * _MUTUAL_CARE_BEFORE))
    caring_others = pick(rng, np.setdiff1d(lasting, compliant), _MUTUAL_CARE_OTHERS * targets.scale)
    cup = pick(rng, employers, _ANKANG_BEFORE * targets.scale)
    ended_cup = _enrol(cup, "ankang_cup", "participant", at(cup), past(cup, 1), 0)
    return pd.concat(
        [
            _enrol(employers, "harmonious", "participant", at(employers), past(employers, 5), 0),
            _enrol(compliant, "harmonious", "compliant", at(compliant), past(compliant, 3), 0),
            _enrol(caring, "mutual_care", "participant", at(caring), past(caring, 2), 0),
            _enrol(caring_others, "mutual_care", "participant", at(caring_others), past(caring_others, 2), 0),
            ended_cup.assign(ended_on=np.datetime64(f"{plan.year}-01-01", "s"), end_month=0),
        ],
        ignore_index=True,
    )


def _with_ends(enrolments: pd.DataFrame, coverage: pd.DataFrame) -> pd.DataFrame:
    """An enterprise that loses its union leaves its programmes the same day.

    A department forgets a few: they run on, but do not count, since no union covers the enterprise.
    """
    end_month = enrolments["employer"].map(coverage["end_month"]).fillna(0).astype(int)
    ends = (end_month > 0) & (end_month < NEVER) & (enrolments["end_month"] == NEVER)
    forgotten = (enrolments["employer"] % _FORGOTTEN_ENDS == 0) & (enrolments["level"] == "participant")
    ends &= ~(forgotten & (enrolments["programme"] == "harmonious"))
    covered_to = enrolments["employer"].map(coverage["covered_to"])
    return enrolments.assign(
        ended_on=enrolments["ended_on"].where(~ends, np.maximum(covered_to, enrolments["enrolled_on"])),
        end_month=enrolments["end_month"].where(~ends, end_month),
    )


def _running(table: pd.DataFrame, programme: str, *levels: str) -> Integers:
    chosen = (table["programme"] == programme) & (table["end_month"] == NEVER)
    if levels:
        chosen &= table["level"].isin(levels)
    return table.loc[chosen, "employer"].unique()


def _new(plan: YearPlan, rng: np.random.Generator, coverage: pd.DataFrame, former: pd.DataFrame) -> list[pd.DataFrame]:
    """The year's enrolments: every newly covered enterprise, the awards, the yearly cup."""
    targets = plan.targets
    enrolled = former.loc[(former["programme"] == "harmonious") & (former["end_month"] > 0), "employer"]
    joining = coverage[~coverage.index.isin(enrolled)]
    known = joining["known_month"].to_numpy(dtype=np.int64)
    lag = np.searchsorted([0.8, 0.93], rng.random(len(joining)), side="right")
    month = np.minimum(np.minimum(12, known + lag), np.maximum(known, joining["end_month"].to_numpy() - 1))
    enrolled_on = np.maximum(plan.days(rng, month), joining["covered_from"].to_numpy().astype("datetime64[D]"))
    participants = _enrol(
        joining.index.to_numpy(), "harmonious", "participant", joining["department"].to_numpy(), enrolled_on, month
    )
    participants = _with_ends(participants, coverage)

    lasting = coverage.index[(coverage["end_month"] == NEVER) & (coverage["known_month"] <= 5)].to_numpy()
    before = _running(former, "harmonious", "compliant", "model_a")
    awarded = pick(rng, np.setdiff1d(lasting, before), targets.harmonious_compliant - len(before))
    award_month = months_for(rng, len(awarded), _AWARD_SEASON)
    awards = _enrol(
        awarded,
        "harmonious",
        "compliant",
        coverage.loc[awarded, "department"].to_numpy(),
        plan.days(rng, award_month),
        award_month,
    )

    compliant = np.union1d(before, awarded)
    caring_before = np.intersect1d(_running(former, "mutual_care"), compliant)
    candidates = np.setdiff1d(compliant, _running(former, "mutual_care"))
    caring = pick(rng, candidates, targets.mutual_care_compliant - len(caring_before))
    caring_month = np.where(np.isin(caring, awarded), 12, rng.integers(3, 13, len(caring)))
    displaying = pick(rng, lasting, _DOUBLE_DISPLAY * targets.scale) if plan.is_opening else np.array([], dtype=np.int64)
    return [
        participants,
        awards,
        _enrol(
            caring, "mutual_care", "participant", _or_office(coverage, caring, "LB"), plan.days(rng, caring_month), caring_month
        ),
        _cup(plan, rng, coverage),
        _enrol(
            displaying,
            "double_display",
            "participant",
            coverage.loc[displaying, "department"],
            *_drawn(plan, rng, len(displaying)),
        ),
    ]


def _drawn(plan: YearPlan, rng: np.random.Generator, count: int) -> tuple[Dates, Integers]:
    month = rng.integers(1, 13, count)
    return plan.days(rng, month), month


def _or_office(coverage: pd.DataFrame, employers: Integers, office: str) -> npt.NDArray[np.object_]:
    """The enterprise's department, or a federation office for the public enterprises that it enrols itself."""
    chosen = coverage.loc[employers]
    return np.where(chosen["is_public"], office, chosen["department"])


def _cup(plan: YearPlan, rng: np.random.Generator, coverage: pd.DataFrame) -> pd.DataFrame:
    """The year's Ankang Cup: ends by 1 January."""
    lasting = coverage[(coverage["known_month"] <= 3) & (coverage["end_month"] == NEVER)].index.to_numpy()
    employers = pick(rng, lasting, plan.targets.ankang_cup)
    month = months_for(rng, len(employers), _ANKANG_SEASON)
    cup = _enrol(employers, "ankang_cup", "participant", _or_office(coverage, employers, "LB"), plan.days(rng, month), month)
    return cup.assign(ended_on=np.datetime64(f"{plan.year + 1}-01-01", "s"), end_month=month)


def _upgraded(plan: YearPlan, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """Compliant enterprises named models: the compliant enrolment ends the day the model's begins."""
    eligible = (table["level"] == "compliant") & (table["end_month"] == NEVER) & (table["known_month"] == 0)
    chosen = pick(rng, np.flatnonzero(eligible), _MODEL_UPGRADES * plan.targets.scale)
    month = months_for(rng, len(chosen), _AWARD_SEASON)
    awarded_on = plan.days(rng, month)
    table = table.copy()
    table.loc[chosen, "ended_on"] = awarded_on.astype("datetime64[s]")
    table.loc[chosen, "end_month"] = month
    employers = table.loc[chosen, "employer"].to_numpy()
    return pd.concat([table, _enrol(employers, "harmonious", "model_a", "QY", awarded_on, month)], ignore_index=True)


def _rows(plan: YearPlan, employers: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """A row when an enrolment becomes known, another when it ends."""
    at_once = table["end_month"] == table["known_month"]
    first = (table["known_month"] > 0) | (plan.is_opening & (table["known_month"] == 0))
    ends = (table["end_month"] > table["known_month"]) & (table["end_month"] < NEVER)
    reports = pd.concat(
        [
            table[first].assign(month_number=table["known_month"], ended_on=table["ended_on"].where(at_once)),
            table[ends].assign(month_number=table["end_month"]),
        ],
        ignore_index=True,
    )
    who = employers.loc[reports["employer"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "department": reports["department"],
            "month_number": reports["month_number"],
            "uscc": who["uscc"],
            "enterprise_name": who["enterprise_name"],
            "programme": reports["programme"],
            "level": reports["level"],
            "enrolled_on": reports["enrolled_on"],
            "ended_on": reports["ended_on"],
        }
    )
