"""What a reader could work out of what is hidden: the least and the most that each hidden value can be, by linear programming.

Nothing here knows how values were chosen to be hidden; it is given what is shown, and what everybody knows of how values hang together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array

Cells = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Published:
    """An indicator's year as a reader sees it: by unit (rows) and month (columns).

    Attributes:
        values: of the months; what is hidden as NaN, as is what does not exist.
        to_date: of the year to date, likewise.
        hides_values: which of ``values`` are hidden.
        hides_to_date: which of ``to_date`` are.
        totals: the federation's value of each month, NaN where it has none.
        totals_to_date: the federation's year to date.
        least: the least that a hidden value of each month can be.
        bounds: the most that each value can be; infinity where nothing is known.
        adds_up_units: whether units add up to the federation; else none exceeds it.
        adds_up_months: whether months add up to the year to date; else likewise.
        is_covered: whether units together reach the federation at least, and months the year to date.
        step: the least by which two values differ: 1 of counts.
    """

    values: Cells
    to_date: Cells
    hides_values: npt.NDArray[np.bool_]
    hides_to_date: npt.NDArray[np.bool_]
    totals: Cells
    totals_to_date: Cells
    least: Cells
    bounds: Cells
    adds_up_units: bool
    adds_up_months: bool
    is_covered: bool = True
    step: float = 1.0


@dataclass
class _Rows:
    """Rows of a linear programme over hidden values, numbered as they come."""

    columns: list[list[tuple[int, float]]] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)

    def add(self, terms: Sequence[tuple[int, float]], bound: float) -> None:
        if terms:
            self.columns.append(list(terms))
            self.bounds.append(bound)

    def matrix(self, width: int) -> tuple[coo_array, Cells] | tuple[None, None]:
        if not self.columns:
            return None, None
        rows = [row for row, terms in enumerate(self.columns) for _ in terms]
        columns = [column for terms in self.columns for column, _ in terms]
        factors = [factor for terms in self.columns for _, factor in terms]
        return coo_array((factors, (rows, columns)), shape=(len(self.columns), width)), np.array(self.bounds)


@dataclass
class _Programme:
    equal: _Rows = field(default_factory=_Rows)
    at_most: _Rows = field(default_factory=_Rows)


@dataclass(frozen=True)
class _Sum:
    """A sum of hidden values and of a number that is shown."""

    terms: tuple[tuple[int, float], ...]
    shown: float

    def plus(self, other: _Sum) -> _Sum:
        return _Sum((*self.terms, *other.terms), self.shown + other.shown)

    def less(self, other: _Sum) -> _Sum:
        return _Sum((*self.terms, *((column, -factor) for column, factor in other.terms)), self.shown - other.shown)


def worked_out(published: Published) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which hidden values, of months and of years to date, can be but one.

    Args:
        published: what is shown.
    """
    numbers, numbers_to_date, count = _numbered(published)
    programme = _programme(published, numbers, numbers_to_date)
    limits = np.column_stack([np.zeros(count), np.full(count, np.inf)])
    limits[numbers[published.hides_values], 0] = np.broadcast_to(published.least, published.values.shape)[published.hides_values]
    limits[numbers[published.hides_values], 1] = published.bounds[published.hides_values]
    known = _known(programme, limits, published.step) if count else np.zeros(0, np.bool_)
    return _flags(published.hides_values, numbers, known), _flags(published.hides_to_date, numbers_to_date, known)


def _flags(hidden: npt.NDArray[np.bool_], numbers: npt.NDArray[np.int64], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    flags = np.zeros(hidden.shape, np.bool_)
    flags[hidden] = known[numbers[hidden]]
    return flags


def _numbered(published: Published) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    numbers = np.full(published.values.shape, -1, np.int64)
    numbers_to_date = numbers.copy()
    count = int(published.hides_values.sum())
    numbers[published.hides_values] = np.arange(count)
    more = int(published.hides_to_date.sum())
    numbers_to_date[published.hides_to_date] = np.arange(count, count + more)
    return numbers, numbers_to_date, count + more


def _programme(published: Published, numbers: npt.NDArray[np.int64], numbers_to_date: npt.NDArray[np.int64]) -> _Programme:
    programme = _Programme()
    units, months = published.values.shape

    def cell(values: Cells, numbered: npt.NDArray[np.int64], unit: int, month: int) -> _Sum:
        number = int(numbered[unit, month])
        return _Sum(((number, 1.0),), 0.0) if number >= 0 else _Sum((), float(np.nan_to_num(values[unit, month])))

    nothing = _Sum((), 0.0)
    before, since = [nothing] * units, [nothing] * units
    is_begun = np.zeros(units, np.bool_)
    for month in range(months):
        of_month = [cell(published.values, numbers, unit, month) for unit in range(units)]
        to_date = [cell(published.to_date, numbers_to_date, unit, month) for unit in range(units)]
        _tie(programme, of_month, float(published.totals[month]), published)
        is_whole = not (np.isnan(published.to_date[:, month]) & ~published.hides_to_date[:, month] & is_begun).any()
        is_begun |= ~np.isnan(published.to_date[:, month]) | published.hides_to_date[:, month]
        _tie(programme, to_date, float(published.totals_to_date[month]), published, is_whole=is_whole)
        for unit in range(units):
            since[unit] = since[unit].plus(of_month[unit])
            if np.isnan(published.to_date[unit, month]) and not published.hides_to_date[unit, month]:
                continue  # there is none
            _link(programme, to_date[unit].less(before[unit]), since[unit], to_date[unit], published)
            before[unit], since[unit] = to_date[unit], nothing
    return programme


def _tie(programme: _Programme, cells: Sequence[_Sum], total: float, published: Published, *, is_whole: bool = True) -> None:
    """Values of units and the federation's; of a year to date without those of units that have none any more."""
    if np.isnan(total):
        return
    terms = [term for one in cells for term in one.terms]
    rest = total - sum(one.shown for one in cells)
    if published.adds_up_units and is_whole:
        programme.equal.add(terms, rest)
        return
    if published.adds_up_units:
        programme.at_most.add(terms, rest)
        return
    if published.is_covered and is_whole:
        programme.at_most.add([(column, -factor) for column, factor in terms], -rest)
    for one in cells:
        programme.at_most.add(one.terms, total - one.shown)


def _link(programme: _Programme, growth: _Sum, value: _Sum, to_date: _Sum, published: Published) -> None:
    """What the months since the last year to date had, and what it grew by."""
    difference = growth.less(value)
    if published.adds_up_months:
        programme.equal.add(difference.terms, -difference.shown)
        return
    if published.is_covered:
        programme.at_most.add(difference.terms, -difference.shown)
    programme.at_most.add([(column, -factor) for column, factor in growth.terms], growth.shown)
    for term in value.terms:
        programme.at_most.add((term, *((column, -factor) for column, factor in to_date.terms)), to_date.shown)


def _known(programme: _Programme, limits: Cells, step: float) -> npt.NDArray[np.bool_]:
    count = len(limits)
    equal, equal_bounds = programme.equal.matrix(count)
    at_most, at_most_bounds = programme.at_most.matrix(count)
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    for number in range(count):
        for sign in (1.0, -1.0):
            if most[number] - least[number] >= step:
                break
            objective = np.zeros(count)
            objective[number] = sign
            found = linprog(objective, at_most, at_most_bounds, equal, equal_bounds, limits, method="highs")
            if found.status == 3:  # nothing bounds it
                most[number] = np.inf
            elif found.status == 0:
                # every solution is one more that all the values can have
                least, most = np.minimum(least, found.x), np.maximum(most, found.x)
            else:
                raise RuntimeError(f"what is published contradicts itself: {found.message}")
    return np.asarray(most - least < step - 1e-6)
