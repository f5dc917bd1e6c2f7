"""Members of each union: who joins, moves and leaves, and the month-end counts that follow from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from reference_data.draw import Floats, Integers, apportion, deal, pick
from reference_data.identifiers import person_names, resident_numbers
from reference_data.plan import NEVER, Dates, RowCollector, YearPlan, numbered
from reference_data.unions import UnionYear

_JOIN_SEASON = (60, 35, 90, 100, 100, 90, 75, 70, 100, 95, 95, 90)
_LEAVE_KINDS = np.array(["leave", "retire", "deceased", "expelled"])
_LEAVE_SHARES = (62, 35, 2.6, 0.4)
_MOVEMENTS = {
    "joined": ["join"],
    "transferred_in": ["transfer_in"],
    "transferred_out": ["transfer_out"],
    "left": list(_LEAVE_KINDS),
}
_LEAVERS = 3600
_LEAVERS_WHO_JOINED = 150
_TRANSFERS = 640
_TRANSFERS_WITHOUT_ARRIVAL = 5
_LATE_JOINS = 60
_LEAST_MEMBERS = 25
_OPENING_AID_GROWTH = np.linspace(0.9, 1.0, 13)
_PERSON, _UNION, _MONTH = "person", "union", "month_number"


def opening_members(plan: YearPlan, spells: pd.DataFrame, employers: pd.DataFrame, union_count: int) -> Integers:
    """Members of each union before the opening month: most workers of the employers it covers."""
    active = spells[spells["end_month"] == NEVER]
    workers = np.bincount(active["union"], weights=employers["workers"].to_numpy()[active["employer"]], minlength=union_count)
    share = plan.rng("opening members").uniform(0.7, 0.95, union_count)
    return np.maximum(_LEAST_MEMBERS, (workers * share).astype(np.int64))


def membership_year(
    plan: YearPlan, year: UnionYear, members: Integers, mutual_aid: Integers | None, next_person: int, rows: RowCollector
) -> tuple[Integers, Integers, int]:
    """Simulate a year of members; writes ``member_changes`` and ``member_counts``.

    Args:
        plan: the year.
        year: its unions.
        members: members of each former union at the end of month 0.
        mutual_aid: those of them who take part in medical mutual aid; None in an opening year.
        next_person: first person serial not taken.
        rows: takes the rows.

    Returns:
        Members and participants in mutual aid of each union at the end of the year, and the next free person serial.
    """
    rng = plan.rng("membership")
    opening = np.zeros(len(year.unions), dtype=np.int64)
    opening[: len(members)] = members
    joins = _joins(plan, rng, year)
    changes = [joins, *_rejoins(plan, rng, year, joins), _leavers(plan, rng, year, joins, opening), *_transfers(plan, rng, year)]
    changes.append(_last_members(rng, year, opening, pd.concat(changes, ignore_index=True)))
    table = pd.concat([part for part in changes if len(part)], ignore_index=True)
    unnumbered = (table[_PERSON] < 0).to_numpy()
    first = next_person + int(table[_PERSON].max()) + 1
    table[_PERSON] = np.where(unnumbered, first + np.cumsum(unnumbered) - 1, next_person + table[_PERSON])
    rows.add("member_changes", _change_rows(plan, year, table))
    counts = _counts(plan, year, opening, mutual_aid, table)
    rows.add("member_counts", counts.drop(columns=_UNION))
    last = counts[counts[_MONTH] == 12].set_index(_UNION)[["closing", "mutual_aid"]].reindex(range(len(opening)), fill_value=0)
    closing, participants = (last[name].to_numpy(dtype=np.int64) for name in ("closing", "mutual_aid"))
    return closing, participants, first + int(unnumbered.sum())


def _table(person: Integers, union: Integers, change: npt.ArrayLike, month: Integers, changed_on: Dates) -> pd.DataFrame:
    return pd.DataFrame(
        {_PERSON: person, _UNION: union, "change": change, _MONTH: month, "changed_on": changed_on.astype("datetime64[s]")}
    )


def _strangers(count: int) -> Integers:
    """Persons of the opening stock, who appear in one change (or one transfer) only: numbered at the end."""
    return np.full(count, -1, dtype=np.int64)


def _lasting(year: UnionYear) -> Integers:
    """Unions known before the year that nothing special happens to."""
    return np.setdiff1d(np.flatnonzero((year.unions["known_month"] == 0) & year.alive(12)), year.fixed)


def _joins(plan: YearPlan, rng: np.random.Generator, year: UnionYear) -> pd.DataFrame:
    known = year.unions["known_month"].to_numpy()
    is_joint = (year.unions["union_type"] == "joint").to_numpy()
    weights = rng.lognormal(0, 0.7, len(known)) * np.where(is_joint, 3.0, 1.0)
    founding = np.where(is_joint, rng.integers(220, 320, len(known)), rng.integers(18, 70, len(known)))
    numbers, unions = [], []
    for number, total in enumerate(apportion(plan.targets.persons_joining, _JOIN_SEASON), start=1):
        founded = np.flatnonzero(known == number)
        open_to_join = np.where(year.alive(number), weights, 0.0)
        open_to_join[year.fixed] = np.where(known[year.fixed] == 0, 0.0, open_to_join[year.fixed])
        first = np.repeat(founded, founding[founded])[:total]
        union = np.concatenate([first, deal(rng, int(total) - len(first), open_to_join)])
        unions.append(union)
        numbers.append(np.full(len(union), number))
    union, month = np.concatenate(unions), np.concatenate(numbers)
    changed_on = np.maximum(plan.days(rng, month), year.unions["established_on"].to_numpy().astype("datetime64[D]")[union])
    late = pick(rng, np.flatnonzero((month >= 4) & np.isin(union, _lasting(year))), _LATE_JOINS * plan.targets.scale)
    changed_on[late] = plan.days(rng, month[late] - rng.integers(1, 4, len(late)))
    return _table(np.arange(len(union)), union, "join", month, changed_on)


def _rejoins(plan: YearPlan, rng: np.random.Generator, year: UnionYear, joins: pd.DataFrame) -> list[pd.DataFrame]:
    """Persons who join, leave, and join again: two rows, one new member."""
    early = np.flatnonzero((joins[_MONTH] <= 5) & joins[_UNION].isin(_lasting(year)))
    chosen = joins.iloc[pick(rng, early, plan.targets.persons_rejoining)]
    person, union = chosen[_PERSON].to_numpy(), chosen[_UNION].to_numpy()
    left = chosen[_MONTH].to_numpy() + 2
    back = left + rng.integers(1, 4, len(left))
    again = np.where(rng.random(len(union)) < 0.5, union, rng.choice(_lasting(year), len(union)))
    return [
        _table(person, union, "leave", left, plan.days(rng, left)),
        _table(person, again, "join", back, plan.days(rng, back)),
    ]


def _leavers(plan: YearPlan, rng: np.random.Generator, year: UnionYear, joins: pd.DataFrame, opening: Integers) -> pd.DataFrame:
    """Members who leave: most of the opening stock, some who joined earlier in the year."""
    scale = plan.targets.scale
    lasting = _lasting(year)
    count = _LEAVERS * scale
    union = lasting[deal(rng, count, np.maximum(opening[lasting] - _LEAST_MEMBERS, 0.01))]
    month = rng.integers(1, 13, count)
    kind = _LEAVE_KINDS[deal(rng, count, _LEAVE_SHARES)]

    later = joins.iloc[plan.targets.persons_joining // 4 :]
    eligible = later.index[(later[_MONTH] >= 6) & (later[_MONTH] <= 9) & later[_UNION].isin(lasting)].to_numpy()
    quitting = joins.loc[pick(rng, eligible, _LEAVERS_WHO_JOINED * scale)]
    quit_month = quitting[_MONTH].to_numpy() + rng.integers(1, 4, len(quitting))
    person = np.concatenate([_strangers(count), quitting[_PERSON].to_numpy()])
    months = np.concatenate([month, quit_month])
    return _table(
        person,
        np.concatenate([union, quitting[_UNION].to_numpy()]),
        np.concatenate([kind, np.full(len(quitting), "leave")]),
        months,
        plan.days(rng, months),
    )


def _transfers(plan: YearPlan, rng: np.random.Generator, year: UnionYear) -> list[pd.DataFrame]:
    """Members who move to another union: out of one, into another within two months (a few never arrive)."""
    lasting = _lasting(year)
    count = _TRANSFERS * plan.targets.scale
    person = plan.targets.persons_joining + np.arange(count)
    leaving, arriving = rng.integers(0, len(lasting), count), rng.integers(1, len(lasting), count)
    month_out = rng.integers(1, 12, count)
    month_in = month_out + (rng.random(count) < 0.3)
    out_on = plan.days(rng, month_out)
    in_on = np.maximum(plan.days(rng, month_in), out_on)
    arrived = slice(0, count - _TRANSFERS_WITHOUT_ARRIVAL * plan.targets.scale)
    return [
        _table(person, lasting[leaving], "transfer_out", month_out, out_on),
        _table(
            person[arrived],
            lasting[(leaving + arriving) % len(lasting)][arrived],
            "transfer_in",
            month_in[arrived],
            in_on[arrived],
        ),
    ]


def _last_members(rng: np.random.Generator, year: UnionYear, opening: Integers, changes: pd.DataFrame) -> pd.DataFrame:
    """Everybody leaves a union that is dissolved, in the month before its last day."""
    gone = np.flatnonzero(year.unions["gone_month"].isin(range(1, 13)))
    growth = changes.groupby(_UNION)["change"].agg(lambda kinds: int(kinds.isin(["join", "transfer_in"]).sum() * 2 - len(kinds)))
    left = np.maximum(0, opening[gone] + growth.reindex(gone, fill_value=0).to_numpy())
    union = np.repeat(gone, left)
    last_day = year.unions["gone_on"].to_numpy().astype("datetime64[D]")[union]
    changed_on = last_day - rng.integers(3, 15, len(union)).astype("timedelta64[D]")
    return _table(_strangers(len(union)), union, "leave", year.unions["gone_month"].to_numpy()[union], changed_on)


def _change_rows(plan: YearPlan, year: UnionYear, table: pd.DataFrame) -> pd.DataFrame:
    table = table.sort_values([_MONTH, "changed_on", _PERSON], kind="stable", ignore_index=True)
    person = table[_PERSON].to_numpy(dtype=np.int64)
    traits = plan.rng("persons").random((2, int(person.max()) - int(person.min()) + 1))[:, person - int(person.min())]
    is_female, is_migrant = traits[0] < 0.42, traits[1] < 0.38
    union = table[_UNION].to_numpy(dtype=np.int64)
    department = year.departments[union, table[_MONTH].to_numpy(dtype=np.int64)]
    return pd.DataFrame(
        {
            "department": department,
            _MONTH: table[_MONTH],
            "change_no": numbered("HY", plan, department, table[_MONTH]),
            "member_name": person_names(person),
            "id_number": resident_numbers(person, is_female, is_migrant),
            "gender": np.where(is_female, "female", "male"),
            "union_code": year.unions["union_code"].to_numpy()[union],
            "change": table["change"],
            "changed_on": table["changed_on"],
            "migrant": np.where(is_migrant, "yes", "no"),
        }
    )


def _counts(plan: YearPlan, year: UnionYear, opening: Integers, former_aid: Integers | None, table: pd.DataFrame) -> pd.DataFrame:
    """Month-end counts of every union alive, from the changes that the same month's submissions report."""
    moves = {name: _movements(table[table["change"].isin(changes)], len(opening)) for name, changes in _MOVEMENTS.items()}
    _plant_count_errors(year, moves)
    net = moves["joined"] + moves["transferred_in"] - moves["transferred_out"] - moves["left"] + moves.pop("unexplained")
    closing = opening + np.cumsum(net, axis=0)
    rng = plan.rng("member counts")
    women = np.floor(closing * rng.uniform(0.3, 0.55, len(opening))).astype(np.int64)
    alive = np.array([year.alive(month) for month in range(13)])
    mutual_aid = _mutual_aid(plan, np.where(alive, closing, 0), former_aid)
    month, union = np.nonzero(alive)
    chosen_months = month >= (0 if plan.is_opening else 1)
    month, union = month[chosen_months], union[chosen_months]
    counts = {name: values[month, union] for name, values in moves.items()}
    opened = closing[month, union] - counts["joined"] - counts["transferred_in"] + counts["transferred_out"] + counts["left"]
    return pd.DataFrame(
        {
            _UNION: union,
            "department": year.departments[union, month],
            _MONTH: month,
            "union_code": year.unions["union_code"].to_numpy()[union],
            "opening": opened,
            **counts,
            "closing": closing[month, union],
            "women": women[month, union],
            "mutual_aid": mutual_aid[month, union],
        }
    )


def _movements(changes: pd.DataFrame, union_count: int) -> Integers:
    """Number of changes by month number and union."""
    size = (13, union_count)
    cell = np.ravel_multi_index((changes[_MONTH].to_numpy(dtype=np.int64), changes[_UNION].to_numpy(dtype=np.int64)), size)
    return np.bincount(cell, minlength=size[0] * size[1]).reshape(size).astype(np.int64)


def _plant_count_errors(year: UnionYear, moves: dict[str, Integers]) -> None:
    """Two counts that disagree: an opening that is not last month's closing, a number of joins that no rows explain."""
    unexplained = np.zeros_like(moves["joined"])
    lasting = _lasting(year)
    of_department = {code: lasting[year.departments[lasting, 0] == code] for code in ("CM", "TS")}
    unexplained[5, of_department["CM"][0]] = 3
    moves["joined"][9, of_department["TS"][0]] += 2
    moves["unexplained"] = unexplained


def _mutual_aid(plan: YearPlan, closing: Integers, former: Integers | None) -> Integers:
    """Participants of each union and month: towards exactly the year's total at the end of month 12.

    An opening year begins with nine tenths of them; a following one with those of the year before, and gains evenly.
    """
    taking_part = plan.rng("mutual aid").uniform(0.5, 1.5, closing.shape[1])
    if former is not None:
        return _following_aid(plan, closing, former, closing[12] * taking_part)
    year_end = apportion(plan.targets.mutual_aid, closing[12] * taking_part)
    share = np.divide(year_end, closing[12], out=np.zeros(closing.shape[1]), where=closing[12] > 0)
    share = np.where(closing[12] > 0, share, 0.25)
    participants = np.minimum(closing, np.floor(closing * share * _OPENING_AID_GROWTH[:, None]).astype(np.int64))
    participants[12] = year_end
    return participants


def _following_aid(plan: YearPlan, closing: Integers, former: Integers, inclined: Floats) -> Integers:
    """From the participants of the year before to a larger total, shared at its end as the unions are ``inclined``."""
    begin = np.zeros(closing.shape[1])
    begin[: len(former)] = former
    total = int(former.sum())
    end = inclined / inclined.sum() * total
    participants = np.zeros_like(closing)
    for month in range(1, 13):
        growth = 1 + plan.targets.mutual_aid_growth * month / 12
        wanted = np.where(closing[month] > 0, begin + (end - begin) * month / 12, 0.0)
        participants[month] = np.minimum(closing[month], apportion(round(total * growth), wanted))
    return participants
