"""Which values of units are hidden, so that no small one is told, nor can be worked out from what is shown.

The federation's totals are shown. A month's small values are hidden, and if there is but one, or all are alike, the next smallest
beside them, for else the total would tell them. A unit's year to date is hidden while it is small, and from its first hidden month
on, and shown again once several are hidden since, if they cannot be worked out from it. What is hidden of a month depends on the
months before it only, so a later one uncovers nothing.

Hidden values of units (rows) and months (columns) whose sums are known are a transportation problem: one is known exactly if
no cycle of changes through it leaves every sum, and no value below its least (Gusfield, A graph theoretic approach to statistical
data security, SIAM J. Comput. 17, 1988). So it is tried before a year to date is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_SLACK = "slack"
_Node = tuple[str, int, int] | str


@dataclass(frozen=True)
class YearOfUnits:
    """An indicator's values of a year that count persons, by unit (rows) and month (columns); NaN where there is none.

    Attributes:
        values: of the months.
        to_date: of the year to date.
        bounds: values of the indicator that this one is part of; infinity where it is part of none.
        is_flow: whether the year to date grows by the months; else it is the month's value.
        totals: the federation's value of each month, that no unit's can exceed.
    """

    values: Numbers
    to_date: Numbers
    bounds: Numbers
    is_flow: bool
    totals: Numbers


@dataclass(frozen=True)
class Hidden:
    """What is hidden of a :class:`YearOfUnits`: of the months, and of the year to date."""

    values: Flags
    to_date: Flags


def hide(year: YearOfUnits, below: int, *, shows_again: bool = True) -> Hidden:
    """What is hidden of an indicator's year.

    Args:
        year: its values.
        below: a value that counts fewer, but not none, is small.
        shows_again: whether a year to date may be shown after a hidden month.
    """
    values = np.column_stack([hidden_of_month(column, bounds, below) for column, bounds in _columns(year)])
    if not year.is_flow:
        return Hidden(values, values.copy())
    to_date = np.zeros_like(values)
    spells = _Spells(year, values, below)
    for month in range(values.shape[1]):
        spells.go_on(month)
        if shows_again:
            spells.close(month)
        to_date[:, month] = _hidden_to_date(year, month, spells.are_open, below)
    return Hidden(values, to_date & ~np.isnan(year.to_date))


def _hidden_to_date(year: YearOfUnits, month: int, are_open: Flags, below: int) -> Flags:
    """Which units' years to date are hidden: those of open spells, and small ones though no month was.

    A person counts in the year, but in no month, where what makes one count comes in several months.
    """
    to_date = year.to_date[:, month]
    if not ((to_date > 0) & (to_date < below) & ~are_open).any():
        return are_open
    hidden: Flags = are_open | hidden_of_month(to_date, np.full(to_date.shape, np.inf), below)
    return hidden


def _columns(year: YearOfUnits) -> Iterable[tuple[Numbers, Numbers]]:
    return zip(year.values.T, year.bounds.T, strict=True)


def hidden_of_month(values: Numbers, bounds: Numbers, below: int) -> Flags:
    """Which units' values of one month, or of one year to date, are hidden.

    A single small value would be told by the total, and so would several that are all alike: each is its part of what is left. Beside
    them stand all that are next smallest, so that nobody can tell which is which. Where all others are nil, units are hidden by
    twos of a fixed order (the last ones by three): whichever of them has the small one, the same are hidden.
    """
    small: Flags = (values > 0) & (values < below)
    if len(np.unique(values[small])) != 1:
        return small
    others = values[values >= below]
    if len(others):
        small |= values == others.min()
        return small
    candidates = np.flatnonzero(small | ((values == 0) & (bounds > 0)))
    if len(candidates) < 2:
        return small
    pairs = np.minimum(np.arange(len(candidates)) // 2, len(candidates) // 2 - 1)
    hidden = small.copy()
    hidden[candidates[np.isin(pairs, pairs[small[candidates]])]] = True
    return hidden


def least_hidden(values: Numbers, below: int) -> Numbers:
    """The least that a hidden value of each month can be: one, where who knows the rules knows that no nil is hidden beside it."""
    least: Numbers = (values >= below).any(axis=0).astype(float)
    return least


@dataclass
class _Spells:
    """The hidden months of each unit since its year to date was last shown, while a year goes on."""

    year: YearOfUnits
    hidden: Flags
    below: int
    number: list[int] = field(default_factory=list)
    months: list[list[int]] = field(default_factory=list)
    cells: dict[tuple[int, int], int] = field(default_factory=dict)
    """Number of the spell of each hidden unit and month whose value the total does not tell anyway."""
    closed: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        units = self.hidden.shape[0]
        self.number, self.months = [0] * units, [[] for _ in range(units)]

    @property
    def are_open(self) -> Flags:
        return np.array([bool(months) for months in self.months])

    def go_on(self, month: int) -> None:
        units = np.flatnonzero(self.hidden[:, month]).tolist()
        for unit in units:
            self.months[unit].append(month)
            if len(units) > 1:
                self.cells[unit, month] = self.number[unit]

    def close(self, month: int) -> None:
        """Show the years to date from which nothing can be worked out: of all units that have one, or of those with the largest."""
        sums = {
            unit: float(self.year.values[unit, months].sum())
            for unit, months in enumerate(self.months)
            if len(months) > 1 and self.year.to_date[unit, month] >= self.below
        }
        units = sorted((unit for unit, total in sums.items() if total >= self.below), key=lambda unit: (-sums[unit], unit))
        while units:
            if self._tells_nothing(self.closed | {(unit, self.number[unit]) for unit in units}):
                break
            units.pop()
        for unit in units:
            self.closed.add((unit, self.number[unit]))
            self.number[unit] += 1
            self.months[unit] = []

    def _tells_nothing(self, closed: set[tuple[int, int]]) -> bool:
        """Whether no hidden value is known exactly if the sums of these spells are."""
        rises: dict[_Node, set[_Node]] = {}
        edges: list[tuple[_Node, _Node, bool]] = []
        spells: dict[tuple[int, int], float] = {}
        least = least_hidden(self.year.values, self.below)
        for (unit, month), number in self.cells.items():
            value, total = self.year.values[unit, month], self.year.totals[month]
            spells[unit, number] = spells.get((unit, number), 0.0) + value
            edges.append((("month", month, 0), ("unit", unit, number), value > least[month]))
            if value < total:
                rises.setdefault(("month", month, 0), set()).add(("unit", unit, number))
            if value > least[month]:
                rises.setdefault(("unit", unit, number), set()).add(("month", month, 0))
        for (unit, number), total in spells.items():
            if (unit, number) not in closed:
                edges.append((("unit", unit, number), _SLACK, total > 0))
                rises.setdefault(("unit", unit, number), set()).add(_SLACK)
                if total > 0:
                    rises.setdefault(_SLACK, set()).add(("unit", unit, number))
        return all(_can_change(rises, start, end, may_fall=may_fall) for start, end, may_fall in edges)


def _can_change(arcs: dict[_Node, set[_Node]], start: _Node, end: _Node, *, may_fall: bool) -> bool:
    """Whether the value between two nodes can rise or fall while all sums stay: whether a cycle of changes goes through it."""
    may_rise = end in arcs.get(start, ())
    return (may_rise and _reaches(arcs, end, start)) or (may_fall and _reaches(arcs, start, end))


def _reaches(arcs: dict[_Node, set[_Node]], start: _Node, end: _Node) -> bool:
    """Whether a way leads from one node to another that is not the arc between them."""
    seen, ahead = {start}, [node for node in arcs.get(start, ()) if node != end]
    while ahead:
        node = ahead.pop()
        if node == end:
            return True
        if node not in seen:
            seen.add(node)
            ahead += arcs.get(node, ())
    return False


def is_told_by_total(hidden: Flags) -> Flags:
    """Hidden values that are the only one of their month: the federation's total tells them, and it is shown."""
    alone: Flags = hidden & (hidden.sum(axis=0) == 1)
    return alone
