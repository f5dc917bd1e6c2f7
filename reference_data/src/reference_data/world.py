"""One simulated year after another: what every department would report if nobody made a mistake."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from reference_data.agreements import agreements_year
from reference_data.assistance import assistance_year
from reference_data.commitments import commitments_year
from reference_data.coverage import coverage_year, enterprise_coverage
from reference_data.draw import Integers
from reference_data.enrolments import enrolments_year
from reference_data.honours import honours_year
from reference_data.membership import membership_year, opening_members
from reference_data.plan import NEVER, RowCollector, YearPlan
from reference_data.population import opening_coverage, opening_unions
from reference_data.rights import rights_year
from reference_data.safety import safety_year
from reference_data.services import culture_year, employment_year
from reference_data.targets import Targets
from reference_data.training import promotions_year, training_year
from reference_data.unions import union_year
from reference_data.visits import visits_year
from union_warehouse.contracts import load_forms


@dataclass(frozen=True)
class World:
    """What one year hands to the next (columns: the modules that simulate each)."""

    unions: pd.DataFrame
    members: Integers
    mutual_aid: Integers | None
    employers: pd.DataFrame
    spells: pd.DataFrame
    enrolments: pd.DataFrame | None
    hazards: pd.DataFrame | None
    contracts: pd.DataFrame | None
    cases: pd.DataFrame | None
    next_person: int


@dataclass(frozen=True)
class Truth:
    """Rows of one year as they should be reported.

    Attributes:
        plan: the year.
        tables: by form: its contract's fields, then ``department`` and ``month_number`` of the submission.
        last_month: number of the last month of which there are rows.
    """

    plan: YearPlan
    tables: dict[str, pd.DataFrame]
    last_month: int = 12

    def until(self, month_number: int) -> Truth:
        """The rows of the months up to this one."""
        tables = {form: table[table["month_number"] <= month_number] for form, table in self.tables.items()}
        return Truth(self.plan, tables, month_number)

    @cached_property
    def months(self) -> list[int]:
        """Numbers of the months that departments report."""
        return list(range(0 if self.plan.is_opening else 1, self.last_month + 1))

    @cached_property
    def _slices(self) -> dict[str, dict[Hashable, pd.DataFrame]]:
        """Rows of each form by department and month number."""
        return {form: _sliced(table) for form, table in self.tables.items()}

    def rows(self, form: str, department: str, month_number: int) -> pd.DataFrame:
        """Rows of one form in one submission; empty when there are none."""
        return self._slices[form].get((department, month_number), self._slices[form][_NO_SUBMISSION])


_NO_SUBMISSION = ("", -1)
_PLACE = ["department", "month_number"]


def _sliced(table: pd.DataFrame) -> dict[Hashable, pd.DataFrame]:
    """Rows by place, and an empty table. Text as Python objects: an Arrow array costs more than so few rows."""
    ordered = table.sort_values(_PLACE, ignore_index=True)
    places = list(zip(ordered["department"], ordered["month_number"], strict=True))
    begins = [row for row in range(len(places)) if row == 0 or places[row] != places[row - 1]]
    fields = ordered.drop(columns=_PLACE)
    fields = fields.astype({name: object for name in fields if isinstance(fields[name].dtype, pd.StringDtype)})
    fields.columns = fields.columns.astype(object)
    slices: dict[Hashable, pd.DataFrame] = {_NO_SUBMISSION: fields.iloc[:0]}
    for begin, end in zip(begins, [*begins[1:], len(places)], strict=False):
        slices[places[begin]] = fields.iloc[begin:end].set_axis(range(end - begin))
    return slices


def simulate(year: int, targets: Targets, seed: int, first_year: int) -> Truth:
    """Simulate the years from ``first_year``, which carries the opening stock, to ``year``; rows of the last one."""
    return simulate_years(year, year, targets, seed, first_year)[0]


def simulate_years(year: int, last_year: int, targets: Targets, seed: int, first_year: int) -> list[Truth]:
    """Simulate the years from ``first_year``, which carries the opening stock; rows of each from ``year`` to ``last_year``."""
    world: World | None = None
    truths = []
    for current in range(first_year, last_year + 1):
        plan = YearPlan(current, seed, targets, is_opening=current == first_year)
        world, rows = _simulate_year(plan, world)
        if current >= year:
            truths.append(Truth(plan, _tables(rows)))
    return truths


def _tables(rows: RowCollector) -> dict[str, pd.DataFrame]:
    return {form.name: rows.table(form.name, [*(field.name for field in form.fields), *_PLACE]) for form in load_forms().values()}


def _opening_world(plan: YearPlan) -> World:
    unions = opening_unions(plan)
    employers, spells = opening_coverage(plan, unions)
    members = opening_members(plan, spells, employers, len(unions))
    return World(
        unions, members, None, employers, spells, enrolments=None, hazards=None, contracts=None, cases=None, next_person=1
    )


def _simulate_year(plan: YearPlan, before: World | None) -> tuple[World, RowCollector]:
    world = before or _opening_world(plan)
    rows = RowCollector()
    year = union_year(plan, world.unions, rows)
    employers, spells = coverage_year(plan, year, world.employers, world.spells, rows)
    members, mutual_aid, next_person = membership_year(plan, year, world.members, world.mutual_aid, world.next_person, rows)
    enrolments = enrolments_year(plan, year, employers, spells, world.enrolments, rows)
    hazards = safety_year(plan, year, employers, spells, world.hazards, rows)
    coverage = enterprise_coverage(year, employers, spells)
    contracts = agreements_year(plan, employers, coverage, world.contracts, rows)
    training_year(plan, rows)
    next_person = promotions_year(plan, year, next_person, rows)
    next_person = assistance_year(plan, next_person, rows)
    next_person = visits_year(plan, employers, coverage, next_person, rows)
    next_person = honours_year(plan, employers, coverage, next_person, rows)
    cases = rights_year(plan, world.cases, rows)
    employment_year(plan, rows)
    culture_year(plan, rows)
    commitments_year(plan, rows)
    spells = spells.assign(has_congress=spells["has_congress"] | (spells["flip_month"] < NEVER), flip_month=NEVER)
    after = World(
        unions=_rolled(year.unions, "gone_month").assign(department=year.departments[:, -1]),
        members=members,
        mutual_aid=mutual_aid,
        employers=employers,
        spells=_rolled(spells, "end_month"),
        enrolments=_rolled(enrolments, "end_month"),
        hazards=hazards,
        contracts=contracts,
        cases=cases,
        next_person=next_person,
    )
    return after, rows


def _rolled(table: pd.DataFrame, end: str) -> pd.DataFrame:
    """The table at the next year's month 0: everything is known, what ended is over."""
    return table.assign(known_month=0, **{end: np.where(table[end] == NEVER, NEVER, 0)})
