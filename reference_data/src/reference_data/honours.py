"""Awards to workers, teams, organisations and their work; the rows of ``honours``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reference_data.draw import Strings, deal, pick
from reference_data.identifiers import person_names
from reference_data.plan import NEVER, RowCollector, YearPlan, numbered

_YEAR_BEFORE_FIRST_BATCH = 2005
"""2014 names the ninth batch of skill leaders."""


@dataclass(frozen=True)
class _Award:
    """One honour: what it is called, who gives it, what receives it, who reports it, and the months in turn."""

    honour: str
    title: str
    level: str
    awarding_body: str
    recipient_kind: str
    departments: tuple[str, ...]
    months: tuple[int, ...]


_AWARDS = (
    _Award("national_labour_medal", "全国五一劳动奖章", "national", "中华全国总工会", "person", ("BG",), (4,)),
    _Award("provincial_model_worker", "浙江省劳动模范", "provincial", "浙江省人民政府", "person", ("BG",), (4,)),
    _Award("provincial_model_collective", "浙江省模范集体", "provincial", "浙江省人民政府", "organisation", ("BG",), (4,)),
    _Award("municipal_labour_certificate", "杭州市五一劳动奖状", "municipal", "杭州市总工会", "organisation", ("BG",), (4, 5)),
    _Award("municipal_labour_medal", "杭州市五一劳动奖章", "municipal", "杭州市总工会", "person", ("BG",), (4, 5)),
    _Award("district_pioneer_team", "下城区工人先锋号", "district", "下城区总工会", "team", ("LB", "LB", "LB", "NG"), (4, 5, 5)),
    _Award("skill_leader", "下城区职业技能带头人", "district", "下城区总工会", "person", ("LB",), (10,)),
    _Award("innovation", "杭州市职工创新成果", "municipal", "杭州市总工会", "item", ("LB",), (9, 11)),
    _Award("federation_award", "杭州市工资集体协商工作先进单位", "municipal", "杭州市总工会", "organisation", ("BG",), (2,)),
)
_AWARD_OF_DISTRICT = _Award("federation_award", "样例区级先进单位", "district", "样例区级机关", "organisation", ("BG",), (1,))
"""An award of the federation that the figure, which counts municipal ones, leaves out."""
_TEAMS_REPORTED_TWICE = 1
"""Teams that the other office reports too, under its own number."""


def honours_year(plan: YearPlan, employers: pd.DataFrame, coverage: pd.DataFrame, next_person: int, rows: RowCollector) -> int:
    """Simulate a year of awards; writes ``honours``.

    Args:
        plan: the year.
        employers: covered employers.
        coverage: enterprises covered in the year (`coverage.enterprise_coverage`), which organisations are taken from.
        next_person: first person serial not taken.
        rows: takes the rows.

    Returns:
        The next free person serial.
    """
    rng = plan.rng("honours")
    lasting = coverage.index[(coverage["known_month"] == 0) & (coverage["end_month"] == NEVER)].to_numpy()
    parts = []
    for award in (*_AWARDS, _AWARD_OF_DISTRICT):
        count = plan.targets.honours[award.honour]
        recipients = _recipients(plan, award, count, next_person)
        if award.recipient_kind == "organisation" and award.honour != "federation_award":
            recipients = employers["enterprise_name"].to_numpy()[pick(rng, lasting, count)]
        next_person += count if award.recipient_kind == "person" else 0
        parts.append(_awarded(plan, rng, award, recipients))
    table = _reported_twice(pd.concat(parts, ignore_index=True))
    rows.add("honours", table.assign(honour_no=numbered("RY", plan, table["department"], table["month_number"])))
    return next_person


def _recipients(plan: YearPlan, award: _Award, count: int, next_person: int) -> Strings:
    number = np.arange(1, count + 1)
    if award.recipient_kind == "person":
        return person_names(next_person + number - 1)
    if award.honour == "federation_award":
        return np.full(count, "下城区总工会" if award.level == "municipal" else "下城区总工会机关")
    names = [f"样例{plan.short_name(code)}" for code in np.resize(plan.streets, count)]
    what = "班组" if award.recipient_kind == "team" else "创新成果"
    return np.array([f"{name}{plan.year}年第{place}号{what}" for name, place in zip(names, number, strict=True)])


def _awarded(plan: YearPlan, rng: np.random.Generator, award: _Award, recipients: Strings) -> pd.DataFrame:
    count = len(recipients)
    month = np.resize(award.months, count)
    return pd.DataFrame(
        {
            "department": np.array(award.departments)[deal(rng, count, np.ones(len(award.departments)))],
            "month_number": month,
            "honour": award.honour,
            "title": award.title,
            "level": award.level,
            "awarding_body": award.awarding_body,
            "batch": f"第{plan.year - _YEAR_BEFORE_FIRST_BATCH}批" if award.honour == "skill_leader" else None,
            "recipient_kind": award.recipient_kind,
            "recipient": recipients,
            "awarded_on": plan.days(rng, month).astype("datetime64[s]"),
        }
    )


def _reported_twice(table: pd.DataFrame) -> pd.DataFrame:
    teams = table[(table["honour"] == "district_pioneer_team") & (table["department"] == "LB")]
    return pd.concat([table, teams.head(_TEAMS_REPORTED_TWICE).assign(department="NG")], ignore_index=True)
