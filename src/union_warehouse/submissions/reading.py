"""Read a submission: from bytes to typed rows of every form it brings, or to everything that is wrong with it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath

from rapidfuzz import fuzz, process

from union_warehouse.contracts import Edition, Federation, Form, forms_owed, layouts_in_force, load_forms
from union_warehouse.landing.instants import shanghai_day
from union_warehouse.personal_data import HashKey
from union_warehouse.submissions.identify import Identity, find_form, identify, sheet_names_of
from union_warehouse.submissions.problems import (
    CsvNotOwed,
    CsvWithOtherLines,
    CsvWithoutRows,
    ExtraSheet,
    FormNotOwed,
    FutureMonth,
    MissingDeclaration,
    MissingSheet,
    NoRowsOnReturn,
    PrefilledRowsIgnored,
    RowsOnNilReturn,
    UntouchedTemplate,
)
from union_warehouse.submissions.untouched import is_untouched, marks_of
from union_warehouse.workbooks.cover import COVER_SHEET, NIL, RECEIPT_SHEET, ROWS, cover_layout_called
from union_warehouse.workbooks.csv_text import read_csv
from union_warehouse.workbooks.header import Header, find_header, normalise_label
from union_warehouse.workbooks.package import FileKind
from union_warehouse.workbooks.problems import RepeatedSheet, SubmissionProblem, SurplusCells
from union_warehouse.workbooks.sheet import Sheet
from union_warehouse.workbooks.sheets import Workbook
from union_warehouse.workbooks.tables import FormRows, read_rows
from union_warehouse.workbooks.template_marks import TEMPLATE_SHEETS, TemplateMarks, own_rows

_LONGEST_EXTENSION = 8
_ALIKE = 75
"""Likeness in per cent from which a sheet's name is suggested."""


@dataclass(frozen=True)
class FormReturn:
    """What a submission says of one form: ``rows``, with them, or ``nil``; None of one that it should have declared.

    Rows of a rejected sheet are None. ``layout`` is the name of the layout by which its sheet was read, None without one.
    """

    form: Form
    kind: str | None
    rows: FormRows | None = None
    layout: str | None = None


@dataclass(frozen=True)
class Submission:
    """One file as read.

    Attributes:
        identity: whose it is.
        returns: forms that it brings or should have declared, in the contracts' order.
        problems: of the submission and its sheets; an error of a form rejects that form, any other one the submission.
    """

    identity: Identity
    returns: tuple[FormReturn, ...]
    problems: tuple[SubmissionProblem, ...]

    @property
    def brought(self) -> frozenset[str]:
        """The forms of which it says anything."""
        return frozenset(item.form.name for item in self.returns if item.kind is not None)

    @property
    def is_untouched(self) -> bool:
        """Whether it is a template in which nothing was filled: nothing was reported."""
        return any(isinstance(problem, UntouchedTemplate) for problem in self.problems)


@contextmanager
def _without_garbage_collector() -> Iterator[None]:
    """A sheet is a list per row, none of them a cycle, which the collector would walk through again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_garbage_collector()
def read_submission(
    data: bytes, file_name: str, received_at: str, key: HashKey, federation: Federation | None = None
) -> Submission:
    """Read one file completely.

    Args:
        data: the whole file.
        file_name: its name as sent.
        received_at: when it arrived (instants.to_text).
        key: for personal data.
        federation: whose departments send; by default that of the project.

    Returns:
        The submission; what is wrong with its content is told in it, never raised.
    """
    federation = federation or Federation.load()
    identity = identify(data, file_name, federation)
    if identity.department is None or identity.month is None:
        return Submission(identity, (), identity.problems)
    owed = forms_owed(federation.units(identity.month)[identity.department], identity.month)
    problems = _problems_of_owed(identity, owed)
    received_on = shanghai_day(received_at)
    if identity.month > f"{received_on:%Y-%m}":
        problems.append(FutureMonth(month=identity.month, received_on=received_on.isoformat()))
    try:
        if identity.kind is FileKind.CSV:
            returns = _read_csv_form(data, file_name, identity, federation, owed, key, problems)
        else:
            marks = marks_of(identity, federation, problems)
            if is_untouched(identity, owed, marks, key):
                return Submission(identity, (), (UntouchedTemplate(file=file_name),))
            returns = _read_sheets(identity, owed, marks, key, problems)
    except SubmissionProblem as problem:
        problems.append(problem)
        returns = declared_returns(identity, federation)
    return Submission(identity, tuple(returns), tuple(problems))


def _problems_of_owed(identity: Identity, owed: tuple[Form, ...]) -> list[SubmissionProblem]:
    """What is wrong so far; how a form is declared that is not owed does not matter."""
    is_owed = {None, *(form.name for form in owed)}
    return [problem for problem in identity.problems if problem.form in is_owed]


def extension_of(identity: Identity, file_name: str) -> str:
    """Extension under which the original is kept: what the file is, or what it says if it is nothing known."""
    if identity.kind is not None:
        return identity.kind.value
    suffix = PurePath(file_name).suffix[1:].lower()
    return suffix if suffix.isascii() and suffix.isalnum() and len(suffix) <= _LONGEST_EXTENSION else "bin"


def declared_returns(identity: Identity, federation: Federation) -> list[FormReturn]:
    """The forms that a file declares and its department owes, without rows."""
    if identity.department is None or identity.month is None:
        return []
    owed = forms_owed(federation.units(identity.month)[identity.department], identity.month)
    return [FormReturn(form, identity.declared[form.name]) for form in owed if form.name in identity.declared]


def _read_csv_form(
    data: bytes,
    file_name: str,
    identity: Identity,
    federation: Federation,
    owed: tuple[Form, ...],
    key: HashKey,
    problems: list[SubmissionProblem],
) -> list[FormReturn]:
    form = next((form for form in owed if form.name in identity.declared), None)
    if form is None:
        unit = federation.unit_label(str(identity.department))
        for name in identity.declared:
            named = load_forms().get(name)
            problems.append(CsvNotOwed(form=name, sheet=named.sheet if named else name, department=unit))
        return []
    sheet = read_csv(data, file_name)
    header, rows = _read_form(sheet, form, identity.edition, key, problems)
    if rows is not None:
        problems += _surplus_cells(sheet, header)
    if rows is not None and not rows.table.num_rows:
        if sum(any(str(cell).strip() for cell in row) for row in sheet.rows) > 1:
            problems.append(CsvWithOtherLines(sheet=file_name, form=form.name))
            return [FormReturn(form, ROWS, rows, header.layout.name)]
        problems.append(CsvWithoutRows(sheet=file_name, form=form.name))
        return [FormReturn(form, NIL, layout=header.layout.name)]
    return [FormReturn(form, ROWS, rows, header.layout.name)]


def _surplus_cells(sheet: Sheet, header: Header) -> list[SubmissionProblem]:
    width = max(header.columns.values(), default=-1) + 1
    width = max([width, *(index + 1 for index in header.unknown)])
    below = enumerate(sheet.rows[header.index + 1 :], start=header.index + 2)
    row = next((number for number, cells in below if any(str(cell).strip() for cell in cells[width:])), None)
    return [] if row is None else [SurplusCells(sheet=sheet.name, form=header.form.name, row=row, width=width)]


def _read_sheets(
    identity: Identity,
    owed: tuple[Form, ...],
    marks: TemplateMarks | None,
    key: HashKey,
    problems: list[SubmissionProblem],
) -> list[FormReturn]:
    workbook = identity.workbook
    if workbook is None:
        return []
    names = sheet_names_of(workbook, identity.edition)
    returns = []
    for form in owed:
        name = names.get(form.name)
        problems += _repeated_sheets(workbook, form, identity.edition)
        kind = identity.declared.get(form.name)
        if kind is None:
            problems.append(_missing_declaration(identity, form))
            returns.append(FormReturn(form, None))
        elif kind == NIL:
            layout, told = _nil_problems(workbook, name, form, identity.edition, marks, key)
            problems += told
            returns.append(FormReturn(form, NIL, layout=layout))
        else:
            returns.append(_return_of_sheet(workbook, name, form, identity, key, problems))
    problems += _extra_problems(workbook, identity, owed)
    return returns


def _missing_declaration(identity: Identity, form: Form) -> SubmissionProblem:
    """Its cell is named: that of its line on the cover, or, without a line, the first one below the others."""
    if identity.is_declared_by_sheets:
        return _missing_sheet(identity, form)
    cell = identity.return_cells.get(form.name)
    if cell is not None:
        where = f"在{COVER_SHEET}!{cell} ", f"choose in {COVER_SHEET}!{cell}"
    elif identity.next_return_cell is not None:
        cell = identity.next_return_cell
        where = (
            f"在{COVER_SHEET}的表末（{cell} 一行）写上“{form.sheet}”，并",
            f"add it at the end of the table (row of {cell}) with",
        )
    else:
        where = f"在{COVER_SHEET}", "declare"
    return MissingDeclaration(sheet=form.sheet, form=form.name, where_zh=where[0], where_en=where[1])


def _missing_sheet(identity: Identity, form: Form) -> MissingSheet:
    """A sheet that is no form's and named nearly as this one may be it: apps and people add to names."""
    sheet = layouts_in_force(form, identity.edition)[0].form.sheet
    names = [] if identity.workbook is None else identity.workbook.sheet_names
    others = [name for name in names if find_form(name, identity.edition) is None]
    found = process.extractOne(sheet, others, scorer=fuzz.partial_ratio, processor=normalise_label, score_cutoff=_ALIKE)
    return MissingSheet(
        sheet=sheet,
        form=form.name,
        suggestion_zh=f"如果“{found[0]}”就是它，请改名为“{sheet}”；否则" if found else "",
        suggestion_en=f"if {found[0]} is it, call it {sheet}, else " if found else "",
    )


def _repeated_sheets(workbook: Workbook, form: Form, edition: Edition) -> list[SubmissionProblem]:
    alike = [name for name in workbook.sheet_names if find_form(name, edition) == form]
    if len(alike) < 2:
        return []
    return [RepeatedSheet(names="、".join(f"“{name}”" for name in alike), sheet=form.sheet, form=form.name)]


def _return_of_sheet(
    workbook: Workbook, name: str | None, form: Form, identity: Identity, key: HashKey, problems: list[SubmissionProblem]
) -> FormReturn:
    if name is None:
        problems.append(_missing_sheet(identity, form))
        return FormReturn(form, ROWS)
    header, rows = _read_form(workbook.sheet(name), form, identity.edition, key, problems)
    if rows is not None and not rows.table.num_rows:
        if identity.is_declared_by_sheets:
            return FormReturn(form, NIL, layout=header.layout.name)
        problems.append(NoRowsOnReturn(sheet=header.form.sheet, form=form.name))
    return FormReturn(form, ROWS, rows, header.layout.name)


def _read_form(
    sheet: Sheet, form: Form, edition: Edition, key: HashKey, problems: list[SubmissionProblem]
) -> tuple[Header, FormRows | None]:
    problems += sheet.problems
    header, header_problems = find_header(sheet, layouts_in_force(form, edition))
    problems += header_problems
    if not header.is_complete:
        return header, None
    rows = read_rows(sheet, header, key)
    problems += rows.warnings
    return header, rows


def _nil_problems(
    workbook: Workbook, name: str | None, form: Form, edition: Edition, marks: TemplateMarks | None, key: HashKey
) -> tuple[str | None, list[SubmissionProblem]]:
    """A nil return needs no sheet; a sheet that is there must hold no rows but those that the template brought along.

    Returns:
        The name of its layout, None without a sheet; and what is wrong.
    """
    if name is None:
        return None, []
    sheet = workbook.sheet(name)
    header, _ = find_header(sheet, layouts_in_force(form, edition))
    return header.layout.name, _rows_on_nil_return(sheet, header, marks, key)


def _rows_on_nil_return(sheet: Sheet, header: Header, marks: TemplateMarks | None, key: HashKey) -> list[SubmissionProblem]:
    facts = {"sheet": header.form.sheet, "form": header.form.name}
    if header.is_complete:
        rows = read_rows(sheet, header, key)
        own = own_rows(rows, marks)
        if rows.table.num_rows and not own:
            return [PrefilledRowsIgnored(**facts, count=rows.table.num_rows)]
        first = min(own, default=None)
    else:
        filled = (
            index for index, row in enumerate(sheet.rows) if index > header.index and any(str(cell).strip() for cell in row)
        )
        index = next(filled, None)
        first = None if index is None else sheet.first_row + index + 1
    return [] if first is None else [RowsOnNilReturn(**facts, row=first)]


def _extra_problems(workbook: Workbook, identity: Identity, owed: tuple[Form, ...]) -> Iterator[SubmissionProblem]:
    """Warn of sheets and declarations that are not owed.

    The template's own sheets and hidden ones that are no form are none, nor is the sheet 回执 of a receipt sent back.
    """
    owed_names = {form.name for form in owed}
    told = set()
    for name in workbook.sheet_names:
        form = find_form(name, identity.edition)
        if form is not None and form.name not in owed_names:
            told.add(form.name)
            yield FormNotOwed(sheet=form.sheet, form=form.name)
        elif form is None and not _is_no_form(workbook, name, identity):
            yield ExtraSheet(sheet=name)
    for name in identity.declared:
        if name not in owed_names and name not in told:
            yield FormNotOwed(sheet=load_forms()[name].sheet, form=name)


def _is_no_form(workbook: Workbook, name: str, identity: Identity) -> bool:
    label = normalise_label(name)
    is_cover = label == COVER_SHEET or label in cover_layout_called(identity.cover).sheets
    return is_cover or label == RECEIPT_SHEET or name in TEMPLATE_SHEETS or workbook.is_hidden(name)
