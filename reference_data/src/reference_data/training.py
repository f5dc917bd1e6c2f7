"""Contests, lectures, courses, examinations, grassroots drills; and workers promoted by a qualification grade."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from reference_data.draw import apportion, deal, months_for, pick
from reference_data.identifiers import person_names, resident_numbers
from reference_data.plan import RowCollector, YearPlan, numbered
from reference_data.unions import UnionYear

_FLOOD_MONTH = 6
_FLOOD_BUREAUS = ("ZJ", "CG")
_FLOOD_TITLE = "样例五水共治防汛抢险技能竞赛"
_FURTHER_ENTRANTS = 8
_DISTRICT_TRADES = ("中式烹调师", "美发师", "电工", "焊工", "育婴员", "客房服务员", "收银员", "绿化工", "茶艺师", "物业管理员")
_COURSES = ("电工初级班", "家政服务班", "计算机操作班", "中式面点班", "叉车操作班", "养老护理班")
_DRILLS = ("劳动竞赛", "技能培训", "岗位练兵", "操作比武")
_GRASSROOTS_ACTIVITIES = 400
_GRASSROOTS_SEASON = (5, 3, 8, 10, 12, 12, 9, 7, 11, 10, 8, 5)
_GRASSROOTS_WEIGHTS = {"JY": 6.0, "ZJ": 7.0, "CG": 6.0, "LB": 4.0, "XJ": 3.0, "ZZ": 0.6, "BG": 0.4}
_STREET_WEIGHT = 9.0
_LATE_ACTIVITIES = 12
_PROMOTION_TRADES = np.array(
    ["电工", "焊工", "中式烹调师", "养老护理员", "育婴员", "汽车修理工", "绿化工", "美容师", "计算机操作员"]
)
_PROMOTIONS_BY_OFFICE = 0.25


def training_year(plan: YearPlan, rows: RowCollector) -> None:
    """Simulate a year of activities; writes ``training_activities``."""
    rng = plan.rng("training")
    parts = [*_contests(plan, rng), *_women(plan, rng), *_courses(plan, rng), _grassroots(plan, rng)]
    table = pd.concat(parts, ignore_index=True)
    month = table["month_number"].to_numpy(dtype=np.int64)
    event_month = table["event_month"].fillna(table["month_number"]).to_numpy(dtype=np.int64)
    days = plan.days(rng, event_month)
    held_from = table["held_from"].to_numpy().astype("datetime64[D]")
    held_from = np.where(np.isnat(held_from), days, held_from)
    held_to = np.minimum(held_from + rng.choice([0, 0, 0, 1, 2], size=len(table)), plan.month_ends(event_month))
    rows.add(
        "training_activities",
        table.assign(
            activity_no=numbered("PX", plan, table["department"], month),
            held_from=held_from.astype("datetime64[s]"),
            held_to=held_to.astype("datetime64[s]"),
        ),
    )


def _activities(count: int, **columns: Any) -> pd.DataFrame:
    defaults = {
        "role": "host",
        "campaign": None,
        "trade": None,
        "sessions": 1,
        "teams": np.nan,
        "hours": np.nan,
        "event_month": np.nan,
        "held_from": pd.NaT,
    }
    return pd.DataFrame({**defaults, **columns}, index=range(count))


def _contests(plan: YearPlan, rng: np.random.Generator) -> list[pd.DataFrame]:
    """District contests with hosts and entrants, entrants of municipal contests, the flood-control contest."""
    targets = plan.targets
    streets = plan.streets
    count = targets.district_contests
    number = np.arange(count)
    trade = np.resize(_DISTRICT_TRADES, count)
    month = months_for(rng, count, (0, 0, 1, 2, 2, 1, 1, 1, 2, 2, 2, 0))
    day = plan.days(rng, month)
    title = [f"样例区级{kind}技能比武第{item + 1}场" for kind, item in zip(trade, number, strict=True)]
    common: dict[str, Any] = {"kind": "district_contest", "trade": trade, "title": title, "month_number": month, "held_from": day}
    hosts = _activities(
        count,
        department=np.where(number % 3 == 2, "XJ", "LB"),
        teams=rng.integers(6, 14, count),
        participants=rng.integers(40, 120, count),
        **common,
    )
    entrants = [
        _activities(
            count,
            department=np.roll(np.resize(streets, count), shift),
            role="entrant",
            teams=1,
            participants=rng.integers(3, 9, count),
            **common,
        )
        for shift in (0, 3)
    ]
    return [hosts, *entrants, _municipal(plan, rng), *_flood(plan, rng)]


def _municipal(plan: YearPlan, rng: np.random.Generator) -> pd.DataFrame:
    trades = np.array(plan.targets.municipal_trades)
    month = rng.integers(5, 11, len(trades))
    day = plan.days(rng, month)
    entrant = np.concatenate([np.arange(len(trades)), pick(rng, np.arange(len(trades)), _FURTHER_ENTRANTS)])
    return _activities(
        len(entrant),
        department=np.resize([*plan.streets, "ZJ", "CG", "LB"], len(entrant)),
        kind="municipal_contest",
        role="entrant",
        trade=trades[entrant],
        title=[f"样例市级{trade}职业技能竞赛" for trade in trades[entrant]],
        month_number=month[entrant],
        held_from=day[entrant],
        teams=1,
        participants=rng.integers(2, 8, len(entrant)),
    )


def _flood(plan: YearPlan, rng: np.random.Generator) -> list[pd.DataFrame]:
    targets = plan.targets
    entrants = [*plan.streets, *_FLOOD_BUREAUS]
    common: dict[str, Any] = {
        "kind": "district_contest",
        "campaign": "five_waters",
        "trade": "防汛抢险工",
        "title": _FLOOD_TITLE,
        "month_number": _FLOOD_MONTH,
        "held_from": plan.days(rng, np.array([_FLOOD_MONTH]))[0],
    }
    people = apportion(targets.flood_contest_participants, np.ones(len(entrants)))
    host = _activities(
        1, department="LB", teams=targets.flood_contest_teams, participants=targets.flood_contest_participants, **common
    )
    return [host, _activities(len(entrants), department=entrants, role="entrant", teams=1, participants=people, **common)]


def _women(plan: YearPlan, rng: np.random.Generator) -> list[pd.DataFrame]:
    targets = plan.targets
    contests = _activities(
        targets.women_contests,
        department="NG",
        kind="women_contest",
        trade=np.resize(["茶艺师", "育婴员", "收银员"], targets.women_contests),
        title=[f"样例女职工技能比武第{number + 1}场" for number in range(targets.women_contests)],
        month_number=np.resize([3, 5, 9], targets.women_contests),
        teams=8,
        participants=rng.integers(40, 90, targets.women_contests),
    )
    count = targets.women_lecture_sessions * 5 // 6
    lectures = _activities(
        count,
        department=np.where(np.arange(count) % 4 == 3, np.resize(plan.streets, count), "NG"),
        kind="women_lecture",
        title=[f"样例女职工流动课堂第{number + 1}讲" for number in range(count)],
        month_number=months_for(rng, count, (0, 1, 4, 2, 2, 1, 1, 1, 2, 2, 2, 1)),
        sessions=apportion(targets.women_lecture_sessions, np.ones(count)),
        participants=rng.integers(30, 120, count),
        hours=2.5,
    )
    return [contests, lectures]


def _courses(plan: YearPlan, rng: np.random.Generator) -> list[pd.DataFrame]:
    count = plan.targets.free_courses
    courses = _activities(
        count,
        department="FW",
        kind="free_course",
        title=[f"样例{_COURSES[number % len(_COURSES)]}第{number + 1}期" for number in range(count)],
        month_number=months_for(rng, count, (2, 1, 4, 4, 4, 4, 4, 3, 4, 4, 4, 3)),
        participants=rng.integers(20, 55, count),
        hours=rng.choice([24.0, 36.5, 40.0, 60.0], size=count),
    )
    exams = _activities(
        2,
        department="FW",
        kind="university_exam",
        title=["样例免费上大学春季考试", "样例免费上大学秋季考试"],
        month_number=[4, 10],
        participants=apportion(plan.targets.university_exam_participants, (3, 2)),
    )
    return [courses, exams]


def _grassroots(plan: YearPlan, rng: np.random.Generator) -> pd.DataFrame:
    targets = plan.targets
    count = _GRASSROOTS_ACTIVITIES * targets.scale
    weights = dict.fromkeys(plan.streets, _STREET_WEIGHT) | _GRASSROOTS_WEIGHTS
    department = np.array(list(weights))[deal(rng, count, list(weights.values()))]
    month = months_for(rng, count, _GRASSROOTS_SEASON)
    sessions = 1 + apportion(targets.grassroots_sessions - count, rng.lognormal(0, 0.8, count))
    late = pick(rng, np.flatnonzero(month >= 4), _LATE_ACTIVITIES * targets.scale)
    event_month = month.astype(float)
    event_month[late] -= rng.integers(1, 4, len(late))
    return _activities(
        count,
        department=department,
        kind="grassroots",
        title=[
            f"样例{plan.short_name(code)}{_DRILLS[number % len(_DRILLS)]}第{number + 1}号"
            for number, code in enumerate(department)
        ],
        month_number=month,
        event_month=event_month,
        sessions=sessions,
        participants=sessions * rng.integers(12, 45, count),
    )


def promotions_year(plan: YearPlan, year: UnionYear, next_person: int, rows: RowCollector) -> int:
    """Simulate promotions; writes ``qualification_promotions``.

    Two persons have a second certificate: one of them jumps two grades, which warns and counts nobody twice.

    Returns:
        The next free person serial.
    """
    rng = plan.rng("promotions")
    count = plan.targets.qualification_promotions
    person = next_person + np.concatenate([np.arange(count), [0, 1]])
    lasting = np.flatnonzero((year.unions["known_month"] == 0) & year.alive(12) & ~year.unions.index.isin(year.fixed))
    union = rng.choice(lasting, size=len(person))
    union[-2:] = union[:2]
    month = months_for(rng, len(person), (1, 1, 3, 4, 6, 8, 6, 4, 6, 8, 8, 5))
    grade_to = rng.choice([4, 3, 3, 2, 1], size=len(person))
    grade_to[-1] = 2
    grade_from = grade_to + 1
    grade_from[-1] = 4
    by_office = rng.random(len(person)) < _PROMOTIONS_BY_OFFICE
    department = np.where(by_office, "XJ", year.departments[union, 0])
    is_female = rng.random(count) < 0.4
    trait = np.concatenate([is_female, is_female[:2]])
    rows.add(
        "qualification_promotions",
        pd.DataFrame(
            {
                "department": department,
                "month_number": month,
                "certificate_no": numbered("ZS", plan, department, month),
                "member_name": person_names(person),
                "id_number": resident_numbers(person, trait, trait & False),
                "union_code": year.unions["union_code"].to_numpy()[union],
                "trade": rng.choice(_PROMOTION_TRADES, size=len(person)),
                "grade_from": grade_from.astype(str),
                "grade_to": grade_to.astype(str),
                "certified_on": plan.days(rng, month).astype("datetime64[s]"),
            }
        ),
    )
    return next_person + count
