"""Where in a workbook each problem is: a problem names form, sheet, row and column; the header row as read tells the cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from union_warehouse.contracts import layout_called, layouts_in_force, load_forms
from union_warehouse.landing.manifests import AnyManifest, edition_of
from union_warehouse.submissions.identify import find_form
from union_warehouse.workbooks.cover import MONTH_LABEL, VERSION_LABEL, Cover, Declaration, cover_layout_called, read_cover
from union_warehouse.workbooks.header import Header, find_header, normalise_label
from union_warehouse.workbooks.problems import MissingColumn, UnknownColumn
from union_warehouse.workbooks.sheet import Sheet, column_letters

Problem = Mapping[str, Any]
"""One problem as an outcome lists it."""

_COVER_LABELS = {"unknown_contract_version": VERSION_LABEL, "future_month": MONTH_LABEL}
_OF_THE_COVER = frozenset({"missing_declaration", "missing_sheet", "wrong_template"})


@dataclass(frozen=True)
class Place:
    """A cell of the receipt's workbook: ``row`` and ``column`` from 1."""

    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        """Within its sheet, such as ``F12``."""
        return f"{column_letters(self.column - 1)}{self.row}"


PlaceOf = Callable[[Problem], Place | None]


def nowhere(_problem: Problem) -> Place | None:
    """The place of a problem in a receipt that gives no sheet back."""
    return None


class SenderPlaces:
    """Places in the sender's own sheets.

    Args:
        sheets: by name, as read.
        titles: name of each sheet in the receipt's workbook.
        manifest: of the submission: it says by which layouts the sheets were read.
    """

    def __init__(self, sheets: Mapping[str, Sheet], titles: Mapping[str, str], manifest: AnyManifest) -> None:
        self._sheets, self._titles, self._manifest = sheets, titles, manifest
        self._edition = edition_of(manifest)
        self._by_label = {normalise_label(name): name for name in reversed(list(sheets))}
        self._by_form = {form.name: name for name in reversed(list(sheets)) if (form := find_form(name, self._edition))}
        self._headers: dict[tuple[str, str], Header] = {}
        layout = cover_layout_called(manifest["cover"])
        self._cover_name = next((name for label, name in self._by_label.items() if label in layout.sheets), None)
        self._cover = Cover({}, (), has_table=False, cells={})
        if self._cover_name is not None:
            self._cover = read_cover(sheets[self._cover_name], layout)

    def __call__(self, problem: Problem) -> Place | None:
        """The cell of ``problem``; None if no sheet holds it."""
        label = _COVER_LABELS.get(problem["rule"])
        name = None if label or problem["rule"] in _OF_THE_COVER else self._sheet_name(problem)
        if name is None:
            return self._on_cover(problem, label)
        if problem["row"] is not None:
            return Place(self._titles[name], problem["row"], self._column(name, problem))
        return self._of_sheet(name, problem)

    def _sheet_name(self, problem: Problem) -> str | None:
        if len(self._sheets) == 1 and self._cover_name is None:  # a CSV, which problems name by its file
            return next(iter(self._sheets)) if problem["form"] else None
        if problem["sheet"] is None:
            return None
        return self._by_label.get(normalise_label(problem["sheet"])) or self._by_form.get(problem["form"] or "")

    def _on_cover(self, problem: Problem, label: str | None) -> Place | None:
        if self._cover_name is None or not (label or problem["form"] or problem["rule"] in _OF_THE_COVER):
            return None
        title = self._titles[self._cover_name]
        if label and label in self._cover.cells:
            row, column = self._cover.cells[label]
            return Place(title, row + 1, column + 1)
        lines = self._cover.declarations
        line = next((line for line in lines if self._is_of(line, problem["form"])), None)
        if line is not None:
            return Place(title, line.row, line.column + 1)
        if lines and problem["form"]:  # below the table, which lacks the form
            return Place(title, lines[-1].row + 1, lines[-1].column + 1)
        return Place(title, 1, 1)

    def _column(self, name: str, problem: Problem) -> int:
        """Column of a row's problem, from 1: the cell, or the first cell of the row."""
        if name == self._cover_name:
            return next((line.column + 1 for line in self._cover.declarations if line.row == problem["row"]), 1)
        if problem["form"] is None:
            return 1
        columns = self._header(name, problem["form"]).columns
        first = min(columns.values(), default=0)
        return self._sheets[name].first_column + columns.get(problem["column"], first) + 1

    def _of_sheet(self, name: str, problem: Problem) -> Place:
        """The header cell that a sheet's problem is about, or its first one."""
        sheet = self._sheets[name]
        if problem["form"] is None:
            return Place(self._titles[name], 1, 1)
        header = self._header(name, problem["form"])
        column = min(header.columns.values(), default=0)
        if problem["rule"] in (MissingColumn.code, UnknownColumn.code):
            column = next(iter(header.unknown), column)
        if problem["rule"] == "unlabelled_column":
            column = next(iter(header.unlabelled), column)
        return Place(self._titles[name], sheet.first_row + header.index + 1, sheet.first_column + column + 1)

    def _header(self, name: str, form: str) -> Header:
        if (name, form) not in self._headers:
            self._headers[name, form] = header_as_read(self._sheets[name], form, self._manifest)
        return self._headers[name, form]

    def _is_of(self, line: Declaration, form: str | None) -> bool:
        named = find_form(line.form_label, self._edition)
        return named is not None and named.name == form


def header_as_read(sheet: Sheet, form: str, manifest: AnyManifest) -> Header:
    """The header of a form's sheet by the layout by which it was read, or would be if it was not."""
    name = next((item["layout"] for item in manifest["forms"] if item["form"] == form), None)
    contract = load_forms()[form]
    layouts = layouts_in_force(contract, edition_of(manifest)) if name is None else (layout_called(contract, name),)
    header, _ = find_header(sheet, layouts)
    return header
