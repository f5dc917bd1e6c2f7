"""Ways to plant a fault in a workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.planted_sheets import PlantedWorkbooks, Row

Action = Callable[[PlantedWorkbooks, "Plant"], list[int]]
"""Plants one fault; returns the rows that should be found, none where a whole sheet or workbook is at fault."""


@dataclass(frozen=True)
class Plant:
    """One fault.

    Attributes:
        kind: what is wrong.
        month: of the workbook.
        department: that sends it.
        form: at fault; an indicator's code where a figure stands out.
        rule: that should find it.
        action: plants it.
    """

    kind: str
    month: str
    department: str
    form: str
    rule: str
    action: Action

    @property
    def place(self) -> tuple[str, str]:
        """Department and month."""
        return self.department, self.month


def changing(values: Callable[[Row], Row], where: Callable[[Row], bool] = lambda _: True) -> Action:
    """Change cells of the first row that matches."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        row, cells = books.find(plant.department, plant.month, plant.form, where)
        books.sheet(plant.department, plant.month, plant.form).write(row, values(cells))
        return [row]

    return act


def repeating_key(field: str) -> Action:
    """Give the second row the number of the first."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        sheet = books.sheet(plant.department, plant.month, plant.form)
        first, second = sheet.rows[:2]
        sheet.write(second, {field: sheet.read(first)[field]})
        return [first, second]

    return act


def adding(values: Row) -> Action:
    """Add a row."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        books.declare(plant.department, plant.month, plant.form, is_nil=False)
        return [books.sheet(plant.department, plant.month, plant.form).append(values)]

    return act


def copying(
    department: str, changes: Callable[[Row], Row], where: Callable[[Row], bool] = lambda _: True, month: str = ""
) -> Action:
    """Add a copy of another department's row, changed in some cells."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        _, cells = books.find(department, month or plant.month, plant.form, where)
        books.declare(plant.department, plant.month, plant.form, is_nil=False)
        return [books.sheet(plant.department, plant.month, plant.form).append(cells | dict(changes(cells)))]

    return act


def changing_all(form: str, values: Row) -> Action:
    """Change cells of every row."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        sheet = books.sheet(plant.department, plant.month, form)
        for row in sheet.rows:
            sheet.write(row, values)
        return []

    return act


def emptying(form: str) -> Action:
    """A nil return where there was a list."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        books.sheet(plant.department, plant.month, form).clear()
        books.declare(plant.department, plant.month, form, is_nil=True)
        return []

    return act


def withholding(books: PlantedWorkbooks, plant: Plant) -> list[int]:
    """Send nothing."""
    books.remove(plant.department, plant.month)
    return []


def dropping_column(field: str) -> Action:
    """A sheet without one of its columns."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        sheet = books.sheet(plant.department, plant.month, plant.form)
        sheet.sheet.delete_cols(sheet.columns[field])
        return []

    return act


def holding(field: str, *values: str) -> Callable[[Row], bool]:
    """Rows with one of these values."""
    return lambda cells: cells[field] in values


def _number(value: Any) -> int:
    return int(str(value).replace(",", ""))


def multiplying_total(field: str, factor: int, form: str, where: Callable[[Row], bool] = lambda _: True) -> Action:
    """Bring the total of a column, over the rows that match, to so many times what it is, by one cell."""

    def act(books: PlantedWorkbooks, plant: Plant) -> list[int]:
        sheet = books.sheet(plant.department, plant.month, form)
        matching = [(row, cells) for row in sheet.rows if where(cells := sheet.read(row))]
        total = sum(_number(cells[field]) for _, cells in matching)
        row, cells = matching[0]
        sheet.write(row, {field: _number(cells[field]) + total * (factor - 1)})
        return []

    return act


def plus(amount: int, *fields: str) -> Callable[[Row], Row]:
    """Add to numbers of a row."""
    return lambda cells: {field: _number(cells[field]) + amount for field in fields}
