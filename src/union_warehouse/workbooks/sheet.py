"""A sheet as rows of cells that know where they stand, whatever the file's format, and what its values do not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from union_warehouse.workbooks.cells import Cell
from union_warehouse.workbooks.limits import MAX_COLUMNS, MAX_SHEET_CELLS
from union_warehouse.workbooks.number_formats import ShownNumber
from union_warehouse.workbooks.problems import SheetTooLarge, SubmissionProblem

Position = tuple[int, int]
"""(row, column) of a cell, from zero."""

CellRange = tuple[Position, Position]
"""First and last cell of a range."""

LONGEST_FORMULA = 100
"""So much of a formula is shown."""


@dataclass(frozen=True)
class SheetFacts:
    """What a sheet says beyond its values.

    Attributes:
        shown: text of cells that say something else than their value: a formula without a stored value as ``=…``, an error
            value as ``#N/A``, a percentage as ``95%``, a number under a unit that its format does not scale as ``1.50万元``.
        shown_in_texts: likewise of numbers that look otherwise only where a text is meant: ``0012``.
        first_hidden_row: as Excel numbers it; None without hidden rows.
        hidden_columns: from zero.
        first_hidden_cell: that has something of which its format shows nothing; None without any.
        has_1904_dates: whether serial numbers of days count from 1904.
    """

    shown: Mapping[Position, str] = field(default_factory=dict)
    shown_in_texts: Mapping[Position, str] = field(default_factory=dict)
    first_hidden_row: int | None = None
    hidden_columns: frozenset[int] = frozenset()
    first_hidden_cell: Position | None = None
    has_1904_dates: bool = False


@dataclass
class FactsFound:
    """Facts while a sheet is read."""

    shown: dict[Position, str] = field(default_factory=dict)
    shown_in_texts: dict[Position, str] = field(default_factory=dict)
    first_hidden_row: int | None = None
    hidden_columns: set[int] = field(default_factory=set)
    first_hidden_cell: Position | None = None

    def add_number(self, position: Position, number: ShownNumber | None) -> None:
        """Note how a number is shown, if otherwise than it is."""
        if number is not None and not number.text:
            self.add_hidden_cell(position)
        elif number is not None:
            (self.shown if number.is_value else self.shown_in_texts)[position] = number.text

    def add_hidden_cell(self, position: Position) -> None:
        """Note a cell of which its format shows nothing."""
        self.first_hidden_cell = min(self.first_hidden_cell or position, position)

    def add_hidden_row(self, row: int) -> None:
        """Note a hidden row, from zero."""
        if self.first_hidden_row is None:
            self.first_hidden_row = row + 1

    def add_hidden_columns(self, first: int, count: int) -> None:
        """Note hidden columns, from zero; those to the right of all that a sheet has are none."""
        self.hidden_columns |= set(range(first, min(first + count, MAX_COLUMNS)))

    def facts(self, has_1904_dates: bool = False) -> SheetFacts:
        """What was found."""
        columns = frozenset(self.hidden_columns)
        return SheetFacts(self.shown, self.shown_in_texts, self.first_hidden_row, columns, self.first_hidden_cell, has_1904_dates)


@dataclass(frozen=True)
class Extent:
    """The rectangle of a sheet's filled cells, from zero; it is allocated whole."""

    first_row: int = 0
    first_column: int = 0
    last_row: int = -1
    last_column: int = -1

    def refuse_too_large(self, sheet: str) -> None:
        """Bound what reading the sheet takes.

        Raises:
            SheetTooLarge: the rectangle would fill the memory.
        """
        columns = self.last_column - self.first_column + 1
        cells = (self.last_row - self.first_row + 1) * columns
        if columns > MAX_COLUMNS or cells > MAX_SHEET_CELLS:
            raise SheetTooLarge(sheet=sheet, detail=f"A1:{column_letters(self.last_column)}{self.last_row + 1}")


@dataclass(frozen=True)
class Sheet:
    """One sheet as read.

    Attributes:
        name: as on its tab; of a CSV the file's name.
        rows: cells row by row, all of one length; empty cells are ``""``.
        first_row: of ``rows``, from zero.
        first_column: of ``rows``, from zero.
        is_hidden: whether the tab is hidden.
        facts: what the values do not tell.
        merged: merged ranges.
        problems: what the reader had to tell of it.
    """

    name: str
    rows: list[list[Cell]]
    first_row: int = 0
    first_column: int = 0
    is_hidden: bool = False
    facts: SheetFacts = field(default_factory=SheetFacts)
    merged: tuple[CellRange, ...] = ()
    problems: tuple[SubmissionProblem, ...] = ()


def column_number(letters: str) -> int:
    """Zero-based number of a column: 0 of ``A``, 27 of ``AB``."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def column_letters(number: int) -> str:
    """Letters of a column: ``AB`` of 27."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
