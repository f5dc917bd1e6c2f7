"""Employment services and cultural activities: the rows of ``employment_services`` and ``cultural_activities``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reference_data.draw import apportion, deal, months_for, pick
from reference_data.plan import RowCollector, YearPlan, numbered

_FAIR_SEASON = (1, 4, 3, 2, 1, 1, 1, 1, 2, 1, 1, 1)
_DELIVERY_MONTHS = (3, 6, 10)
_FAIR_NAMES = {"municipal": "市级招聘会", "district": "区级招聘会", "street": "街道招聘会", "community": "社区招聘会"}
_CENTRE = "FW"
_PARTNER_STREETS = 2
_FILM_SHOWN_TWICE = 1
_LATE_FILMS = 5


def employment_year(plan: YearPlan, rows: RowCollector) -> None:
    """Simulate a year of job deliveries and recruitment fairs; writes ``employment_services``.

    Every host's event has rows of partners too, which the figures do not count.
    """
    rng = plan.rng("employment")
    hosts = _hosted(plan, rng)
    count = len(hosts)
    hosts["posts"] = apportion(plan.targets.posts_offered, rng.lognormal(0, 0.5, count))
    hosts["placements"] = apportion(plan.targets.placements, hosts["posts"].to_numpy() * rng.uniform(0.5, 1.5, count))
    table = pd.concat([hosts, *_partners(plan, rng, hosts)], ignore_index=True)
    rows.add("employment_services", table.assign(event_no=numbered("JY", plan, table["department"], table["month_number"])))


def _hosted(plan: YearPlan, rng: np.random.Generator) -> pd.DataFrame:
    fairs = plan.targets.recruitment_fairs
    deliveries = plan.targets.job_delivery_events
    level = np.concatenate([np.full(deliveries, "district", dtype="U9"), np.repeat(list(fairs), list(fairs.values()))])
    kind = np.repeat(["job_delivery", "recruitment_fair"], [deliveries, len(level) - deliveries])
    month = np.concatenate([np.resize(_DELIVERY_MONTHS, deliveries), months_for(rng, len(level) - deliveries, _FAIR_SEASON)])
    by_street = np.isin(level, ["street", "community"])
    street = np.resize(rng.permutation(plan.streets), len(level))
    names = [
        "送岗位下基层" if what == "job_delivery" else _FAIR_NAMES[where] for what, where in zip(kind, level.tolist(), strict=True)
    ]
    return pd.DataFrame(
        {
            "department": np.where(by_street, street, _CENTRE),
            "month_number": month,
            "kind": kind,
            "title": [f"样例{plan.year}年{name}第{number}场" for number, name in enumerate(names, start=1)],
            "level": level,
            "role": "host",
            "held_on": plan.days(rng, month).astype("datetime64[s]"),
        }
    )


def _partners(plan: YearPlan, rng: np.random.Generator, hosts: pd.DataFrame) -> list[pd.DataFrame]:
    """The centre is partner of the streets' events; two streets of each of its own, with the posts that they brought."""
    by_centre = hosts["department"] == _CENTRE
    own = hosts[by_centre].assign(role="partner", posts=rng.integers(5, 30, int(by_centre.sum())), placements=0)
    streets = np.resize(plan.streets, _PARTNER_STREETS * len(own))
    theirs = hosts[~by_centre].assign(role="partner", department=_CENTRE)
    return [theirs, *(own.assign(department=streets[place::_PARTNER_STREETS]) for place in range(_PARTNER_STREETS))]


@dataclass(frozen=True)
class _Kind:
    """Events of one kind in a year: months by weight, departments by weight, days that each takes, persons at each."""

    kind: str
    level: str
    count: int
    season: tuple[float, ...]
    senders: Mapping[str, float]
    name: str
    persons: tuple[int, int]
    days: tuple[int, ...] = (1,)
    delegates: int = 0


def _kinds(plan: YearPlan) -> list[_Kind]:
    targets, events = plan.targets, plan.targets.cultural_activities
    streets = dict.fromkeys(plan.streets, 1.0)
    office, committee = {"XJ": 1.0}, {"NG": 1.0}
    spring_and_autumn = (0, 1, 2, 2, 3, 1, 0, 1, 2, 2, 1, 0)
    return [
        _Kind("friendship", "district", events["friendship"], spring_and_autumn, {"NG": 5.0} | streets, "交友联谊", (30, 90)),
        _Kind(
            "art_troupe_show",
            "district",
            events["art_troupe_show"],
            (2, 1, 1, 1, 2, 1, 1, 1, 2, 2, 1, 1),
            office,
            "文艺演出进企业",
            (80, 300),
        ),
        _Kind(
            "film",
            "street",
            events["film"],
            (5, 3, 8, 8, 10, 10, 14, 14, 10, 8, 6, 4),
            {"XJ": 10.0, "JY": 1.0} | streets,
            "职工电影放映",
            (60, 260),
        ),
        _Kind("new_year_film", "district", 1, (1,), office, "新春慰问电影专场", (500, 900), days=(targets.new_year_film_days,)),
        _Kind(
            "singing_contest",
            "municipal",
            2,
            (0, 0, 0, 0, 0, 0, 0, 0, 1),
            {"XJ": 1.0, "JY": 1.0},
            "市级歌咏比赛选送",
            (5, 9),
            delegates=targets.singers_recommended,
        ),
        _Kind("singing_contest", "district", 1, (0, 0, 0, 0, 0, 0, 0, 1), office, "区级歌咏比赛", (120, 200), delegates=14),
        _Kind(
            "group_wedding",
            "municipal",
            2,
            (0, 0, 0, 0, 0, 0, 0, 0, 1, 1),
            committee | {"JY": 1.0},
            "集体婚礼选送",
            (4, 10),
            delegates=targets.group_wedding_couples,
        ),
        _Kind(
            "festival",
            "district",
            events["festival"],
            (0, 0, 0, 0, 1, 0, 0, 0, 2, 2, 1),
            office,
            "职工文化艺术节",
            (100, 600),
            (1, 2, 3),
        ),
        _Kind("sports", "district", events["sports"], (0, 0, 1, 0, 1, 0, 0, 0, 0, 1), office, "职工体育活动", (120, 400)),
        _Kind(
            "summer_camp",
            "district",
            events["summer_camp"],
            (0, 0, 0, 0, 0, 0, 1, 1),
            office | {"CQ": 1.0},
            "小候鸟夏令营",
            (0, 1),
            (5,),
        ),
    ]


def culture_year(plan: YearPlan, rows: RowCollector) -> None:
    """Simulate a year of events; writes ``cultural_activities``.

    A film is reported by the office and by the street where it was shown: both rows are among the year's films.
    """
    rng = plan.rng("culture")
    table = pd.concat([_events(plan, rng, kind) for kind in _kinds(plan)], ignore_index=True)
    camps = (table["kind"] == "summer_camp").to_numpy()
    table.loc[camps, "participants"] = apportion(plan.targets.summer_camp_children, np.ones(int(camps.sum())))
    table = _reported_twice(plan, rng, table)
    rows.add("cultural_activities", table.assign(event_no=numbered("WT", plan, table["department"], table["month_number"])))


def _events(plan: YearPlan, rng: np.random.Generator, kind: _Kind) -> pd.DataFrame:
    month = months_for(rng, kind.count, kind.season)
    event_month = month.copy()
    if kind.kind == "film":
        late = pick(rng, np.flatnonzero(month >= 4), _LATE_FILMS)
        event_month[late] -= rng.integers(1, 4, len(late))
    days = np.resize(kind.days, kind.count)
    held_on = np.minimum(plan.days(rng, event_month), plan.month_ends(event_month) - (days - 1))
    held_to = np.where(days > 1, held_on + (days - 1), np.datetime64("NaT"))
    delegates = apportion(kind.delegates, np.arange(kind.count, 0.0, -1.0)) if kind.delegates else np.nan
    return pd.DataFrame(
        {
            "department": np.array(list(kind.senders))[deal(rng, kind.count, list(kind.senders.values()))],
            "month_number": month,
            "kind": kind.kind,
            "level": kind.level,
            "title": [f"样例{plan.year}年{kind.name}第{number + 1}场" for number in range(kind.count)],
            "held_on": held_on.astype("datetime64[s]"),
            "held_to": held_to.astype("datetime64[s]"),
            "participants": rng.integers(*kind.persons, kind.count),
            "delegates": delegates,
        }
    )


def _reported_twice(plan: YearPlan, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """One of the streets' films is the very one that the office reports."""
    film = table["kind"] == "film"
    of_street = pick(rng, np.flatnonzero(film & table["department"].isin(plan.streets)), _FILM_SHOWN_TWICE)
    of_office = pick(rng, np.flatnonzero(film & (table["department"] == "XJ") & (table["month_number"] >= 4)), _FILM_SHOWN_TWICE)
    table = table.copy()
    for column in ("month_number", "title", "held_on", "held_to", "participants"):
        table.loc[of_street, column] = table[column].to_numpy()[of_office]
    return table
