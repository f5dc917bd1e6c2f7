"""The frame of one simulated year: months, working days, random streams, departments, row numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from reference_data.days_of_month import working_days
from reference_data.draw import Integers
from reference_data.targets import Targets
from union_warehouse.contracts import Federation, ReportingUnit
from union_warehouse.months import add_months, month_range

Dates = npt.NDArray[np.datetime64]

NEVER = 99
"""Month number of what does not happen within the year."""


@dataclass(frozen=True)
class YearPlan:
    """One year to simulate. Month number 0 is December of the year before, 1 to 12 are the year's months.

    Attributes:
        is_opening: the year has no predecessor, so that month 0 carries the opening stock.
    """

    year: int
    seed: int
    targets: Targets
    is_opening: bool

    @cached_property
    def months(self) -> list[str]:
        """Month by month number, 0 to 12."""
        return month_range(f"{self.year - 1}-12", f"{self.year}-12")

    @cached_property
    def units(self) -> dict[str, ReportingUnit]:
        """Departments that report, by code."""
        return dict(Federation.load().units(self.months[1]))

    @cached_property
    def union_units(self) -> list[str]:
        """Departments that have grassroots unions: streets, then bureaus."""
        return list(self.targets.opening_unions)

    @cached_property
    def streets(self) -> list[str]:
        """The street unions."""
        return [code for code, unit in self.units.items() if unit.kind == "street_union"]

    def rng(self, purpose: str) -> np.random.Generator:
        """A random stream of its own for each purpose, so that one part's draws do not move another's."""
        return np.random.Generator(np.random.PCG64([self.seed, self.year, crc32(purpose.encode())]))

    def days(self, rng: np.random.Generator, month_numbers: Integers) -> Dates:
        """A working day in each of the given months."""
        days = np.empty(len(month_numbers), dtype="datetime64[D]")
        for number in np.unique(month_numbers):
            chosen = month_numbers == number
            days[chosen] = rng.choice(working_days(add_months(self.months[0], int(number))), size=int(chosen.sum()))
        return days

    def month_ends(self, month_numbers: Integers) -> Dates:
        """Last day of each of the given months."""
        january = np.datetime64(f"{self.year}-01", "M")
        return (january + np.asarray(month_numbers)).astype("datetime64[D]") - 1

    def short_name(self, unit: str) -> str:
        """A department's name without its suffix: 长庆街道总工会 is 长庆."""
        return self.units[unit].name.removesuffix("街道总工会").removesuffix("工会")


def past_days(rng: np.random.Generator, first: Dates, last: Dates) -> Dates:
    """A day from ``first`` to ``last`` (both included), element by element."""
    span = (last - first).astype(np.int64)
    days: Dates = first + np.floor(rng.random(len(span)) * (span + 1)).astype("timedelta64[D]")
    return days


def on_distinct_days(plan: YearPlan, rng: np.random.Generator, table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Draw the day, the last of ``key``, again for rows that share the key with another: nothing is reported twice by chance."""
    table = table.copy()
    while len(again := np.flatnonzero(table.duplicated(key))):
        days = plan.days(rng, table["month_number"].to_numpy()[again])
        table.loc[again, key[-1]] = days.astype("datetime64[s]")
    return table


@dataclass
class RowCollector:
    """Rows of every form as they come: contract fields plus ``department`` and ``month_number`` of the submission."""

    parts: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    def add(self, form: str, rows: pd.DataFrame) -> None:
        """Take more rows of ``form``."""
        if len(rows):
            self.parts.setdefault(form, []).append(rows)

    def table(self, form: str, columns: list[str]) -> pd.DataFrame:
        """These columns of all rows of ``form``, which may have none."""
        parts = self.parts.get(form)
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def numbered(prefix: str, plan: YearPlan, departments: npt.ArrayLike, month_numbers: npt.ArrayLike) -> pd.Series[str]:
    """Numbers unique within the federation: ``prefix`` + department + month + running number within both."""
    rows = pd.DataFrame({"department": np.asarray(departments), "month_number": np.asarray(month_numbers)})
    running = rows.groupby(["department", "month_number"]).cumcount() + 1
    month = rows["month_number"].map(dict(enumerate(month.replace("-", "") for month in plan.months)))
    return prefix + rows["department"] + month + "-" + running.astype(str).str.zfill(4)
