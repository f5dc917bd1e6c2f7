"""One simulated year after another: what every department would report if nobody made a mistake."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from union_warehouse.contracts import load_forms
from union_warehouse.reference.agreements import agreements_year
from union_warehouse.reference.assistance import assistance_year
from union_warehouse.reference.commitments import commitments_year
from union_warehouse.reference.coverage import coverage_year, enterprise_coverage
from union_warehouse.reference.draw import Integers
from union_warehouse.reference.enrolments import enrolments_year
from union_warehouse.reference.honours import honours_year
from union_warehouse.reference.membership import membership_year, opening_members
from union_warehouse.reference.plan import NEVER, RowCollector, YearPlan
from union_warehouse.reference.population import opening_coverage, opening_unions
from union_warehouse.reference.rights import rights_year
from union_warehouse.reference.safety import safety_year
from union_warehouse.reference.services import culture_year, employment_year
from union_warehouse.reference.targets import Targets
from union_warehouse.reference.training import promotions_year, training_year
from union_warehouse.reference.unions import union_year
from union_warehouse.reference.visits import visits_year


@dataclass(frozen=True)
class World:
    """What one year hands to the next (columns: the modules that simulate each)."""

    unions: pd.DataFrame
    members: Integers
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
    """

    plan: YearPlan
    tables: dict[str, pd.DataFrame]

    @cached_property
    def slices(self) -> dict[str, dict[tuple[Hashable, Hashable], pd.DataFrame]]:
        """Rows of each form by department and month number."""
        return {
            form: {
                (department, month): rows.drop(columns=["department", "month_number"]).reset_index(drop=True)
                for department, of_department in table.groupby("department")
                for month, rows in of_department.groupby("month_number")
            }
            for form, table in self.tables.items()
        }

    def rows(self, form: str, department: str, month_number: int) -> pd.DataFrame:
        """Rows of one form in one submission; empty when there are none."""
        found = self.slices[form].get((department, month_number))
        return found if found is not None else self.tables[form].iloc[:0].drop(columns=["department", "month_number"])


def simulate(year: int, targets: Targets, seed: int, first_year: int) -> Truth:
    """Simulate the years from ``first_year``, which carries the opening stock, to ``year``; rows of the last one."""
    world: World | None = None
    for current in range(first_year, year):
        world, _ = _simulate_year(YearPlan(current, seed, targets, is_opening=current == first_year), world)
    plan = YearPlan(year, seed, targets, is_opening=year == first_year)
    _, rows = _simulate_year(plan, world)
    tables = {}
    for form in load_forms().values():
        tables[form.name] = rows.table(form.name, [*(field.name for field in form.fields), "department", "month_number"])
    return Truth(plan, tables)


def _opening_world(plan: YearPlan) -> World:
    unions = opening_unions(plan)
    employers, spells = opening_coverage(plan, unions)
    members = opening_members(plan, spells, employers, len(unions))
    return World(unions, members, employers, spells, None, None, None, None, next_person=1)


def _simulate_year(plan: YearPlan, before: World | None) -> tuple[World, RowCollector]:
    world = before or _opening_world(plan)
    rows = RowCollector()
    year = union_year(plan, world.unions, rows)
    employers, spells = coverage_year(plan, year, world.employers, world.spells, rows)
    members, next_person = membership_year(plan, year, world.members, world.next_person, rows)
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
