"""Whose submission a file is, for which month, and what it says of each form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePath

from union_warehouse.contracts import (
    CONTRACT_VERSION,
    Edition,
    Federation,
    Form,
    forms_by_sheet,
    known_template_versions,
    load_forms,
)
from union_warehouse.submissions.problems import (
    MonthBeforeFirst,
    UnitGivenByName,
    UnknownDeclaredForm,
    UnknownDepartment,
    UnknownForm,
    UnknownMonth,
)
from union_warehouse.workbooks.builtin_password import unlock
from union_warehouse.workbooks.cells import normalise_text, visible
from union_warehouse.workbooks.cover import (
    DEPARTMENT_LABEL,
    MONTH_LABEL,
    ROWS,
    VERSION_LABEL,
    Cover,
    find_cover,
)
from union_warehouse.workbooks.header import normalise_label
from union_warehouse.workbooks.package import FileKind, sniff
from union_warehouse.workbooks.problems import (
    FILL_THE_TEMPLATE,
    NotAWorkbook,
    RepeatedDeclaration,
    RepeatedLabel,
    SubmissionProblem,
    UnknownContractVersion,
    UnknownReturn,
    WrongTemplate,
)
from union_warehouse.workbooks.sheet import column_letters
from union_warehouse.workbooks.sheets import Workbook, open_workbook
from union_warehouse.workbooks.values import parse_month
from union_warehouse.working_days import first_month

_COPY = r"(?: ?\(\d+\)| ?- ?(?:副本|Copy))*"
"""What Windows and browsers add to the name of a second copy, as often as there are copies."""
_CSV_NAME = re.compile(rf"(?P<month>[^_]+)_(?P<department>[^_]+)_(?P<form>.+?){_COPY}(?:\.csv)+", re.IGNORECASE)
_NOT_OF_NAMES = re.compile(r"[()\-_:,、]")
_MONTH_NUMBER = re.compile(r"\d{6}")
_MESSAGE_CODES = 30


@dataclass(frozen=True)
class Identity:
    """What a file says of itself.

    Attributes:
        kind: of the file; None if it is none that can be read.
        department: code; None if it states none that reports in the month.
        month: ``YYYY-MM``; None if it states none.
        contract_version: as stated; a CSV has the version in force.
        cover: name of the layout of the cover; None of a CSV.
        is_declared_by_sheets: whether it lists no forms: each sheet that holds rows reports one.
        declared: ``rows`` or ``nil`` by form; a CSV always ``rows``, and so each sheet of a workbook that lists no forms.
        return_cells: cell of the cover in which a form is declared, or should be, by form.
        next_return_cell: the cell below them; None without a cover.
        problems: what is wrong with it so far.
        workbook: open, unless the file is a CSV or unreadable.
    """

    kind: FileKind | None = None
    department: str | None = None
    month: str | None = None
    contract_version: str | None = None
    cover: str | None = None
    is_declared_by_sheets: bool = False
    declared: Mapping[str, str] = field(default_factory=dict)
    return_cells: Mapping[str, str] = field(default_factory=dict)
    next_return_cell: str | None = None
    problems: tuple[SubmissionProblem, ...] = ()
    workbook: Workbook | None = None

    @property
    def is_placed(self) -> bool:
        """Whether department and month are known: only then there is a place in the landing zone."""
        return self.department is not None and self.month is not None

    @property
    def edition(self) -> Edition:
        """By what the layouts of its sheets are told; a CSV states no version of a template."""
        return Edition(None if self.kind is FileKind.CSV else self.contract_version, self.month)


def identify(data: bytes, file_name: str, federation: Federation) -> Identity:
    """Identify a submission by its cover, or a CSV by its name; what is wrong is told, never raised."""
    kind = None
    try:
        opened, told = unlock(data, file_name)
        kind = sniff(opened, file_name)
        if kind is FileKind.CSV:
            return _identify_csv(file_name, federation)
        identity = _identify_workbook(open_workbook(opened, file_name, kind), federation)
        return replace(identity, problems=(*told, *identity.problems))
    except SubmissionProblem as problem:
        return Identity(kind=kind, problems=(problem,))


def _identify_workbook(workbook: Workbook, federation: Federation) -> Identity:
    cover = find_cover(workbook)
    problems: list[SubmissionProblem] = [*workbook.problems, *_template_problems(cover, workbook.file_name)]
    problems += [
        RepeatedLabel(label=label, first=visible(cover.values[label]), second=visible(text), row=row, sheet=cover.sheet)
        for label, text, row in cover.repeated
    ]
    month, month_problem = _month(cover.values.get(MONTH_LABEL, ""), is_number=MONTH_LABEL in cover.numbers)
    department, department_problem = _department(cover.values.get(DEPARTMENT_LABEL, ""), month, federation)
    if not cover.layout.is_current and isinstance(department_problem, UnitGivenByName):
        department_problem = None  # earlier covers asked for names
    problems += [problem for problem in (month_problem, department_problem) if problem]
    edition = Edition(cover.edition.template_version, month)
    if VERSION_LABEL in cover.values and edition.template_version not in known_template_versions():
        problems.append(UnknownContractVersion(value=cover.values[VERSION_LABEL], expected=CONTRACT_VERSION))
    declared, declaration_problems = _declared(workbook, cover, edition)
    return Identity(
        kind=workbook.kind,
        department=department,
        month=month,
        contract_version=_kept_version(edition),
        cover=cover.layout.name,
        is_declared_by_sheets=not cover.layout.has_table,
        declared=declared,
        return_cells=_return_cells(cover, edition),
        next_return_cell=_next_return_cell(cover),
        problems=(*problems, *declaration_problems),
        workbook=workbook,
    )


def _kept_version(edition: Edition) -> str | None:
    """The version that a cover states, unless it is none that was ever given: anything may stand there."""
    version = edition.template_version
    return version if version is not None and (version.isdigit() or version in known_template_versions()) else None


def _template_problems(cover: Cover, file_name: str) -> list[SubmissionProblem]:
    if not cover.missing:
        return []
    listed = "、".join(cover.missing)
    return [WrongTemplate(file=file_name, detail_zh=f"封面缺少 {listed}", detail_en=f"the cover lacks {listed}")]


def _month(text: str, *, is_number: bool = False) -> tuple[str | None, SubmissionProblem | None]:
    """The month, or what is wrong: a number may only be ``201410``, since Excel keeps 2014.10 as 2014.1."""
    month = parse_month(text)
    if month is None or (is_number and not _MONTH_NUMBER.fullmatch(text)):
        return None, UnknownMonth(value=visible(text))
    if month < first_month():
        return None, MonthBeforeFirst(value=visible(text), month=month, first=first_month())
    return month, None


def _department(text: str, month: str | None, federation: Federation) -> tuple[str | None, SubmissionProblem | None]:
    code = normalise_text(text).upper()
    if month is None:  # cannot tell who reports; the month's own problem is enough
        return None, None
    units = federation.units(month)
    if code in units:
        return code, None
    spelling = _NOT_OF_NAMES.sub("", normalise_label(text))
    named = [
        unit.code
        for unit in units.values()
        if spelling
        in {_NOT_OF_NAMES.sub("", normalise_label(words)) for words in (unit.name, unit.code + unit.name, unit.name + unit.code)}
    ]
    if len(named) == 1:
        return named[0], UnitGivenByName(value=visible(text), department=named[0], name=units[named[0]].name)
    known = "、".join(f"{code}（{unit.name}）" for code, unit in list(units.items())[:_MESSAGE_CODES])
    return None, UnknownDepartment(value=visible(text), month=month, known=known)


def find_form(label: str, edition: Edition) -> Form | None:
    """A form by its machine name or that of its sheet, today's or that of the layout in force for the file."""
    return _forms_by_label(edition).get(normalise_label(label))


@lru_cache(maxsize=256)
def _forms_by_label(edition: Edition) -> Mapping[str, Form]:
    return {normalise_label(name): form for name, form in forms_by_sheet(edition).items()}


def sheet_names_of(workbook: Workbook, edition: Edition) -> dict[str, str]:
    """Name of each form's sheet by the form; of two alike the first."""
    found = ((find_form(name, edition), name) for name in reversed(workbook.sheet_names))
    return {form.name: name for form, name in found if form is not None}


def _declared(workbook: Workbook, cover: Cover, edition: Edition) -> tuple[dict[str, str], list[SubmissionProblem]]:
    if not cover.layout.has_table:
        return dict.fromkeys(sheet_names_of(workbook, edition), ROWS), []
    declared: dict[str, str] = {}
    problems: list[SubmissionProblem] = []
    for line in cover.declarations:
        form = find_form(line.form_label, edition)
        kind = cover.layout.returns.get(normalise_label(line.return_label))
        if form is None:
            problems.append(UnknownDeclaredForm(value=line.form_label, row=line.row, sheet=cover.sheet))
        elif form.name in declared:
            problems.append(RepeatedDeclaration(label=line.form_label, row=line.row, sheet=cover.sheet, form=form.name))
        elif kind is not None:
            declared[form.name] = kind
        elif line.return_label:  # an empty one counts as not declared
            problems.append(
                UnknownReturn(label=line.form_label, value=line.return_label, row=line.row, sheet=cover.sheet, form=form.name)
            )
            declared[form.name] = ROWS
    return declared, problems


def _return_cells(cover: Cover, edition: Edition) -> dict[str, str]:
    lines = {form.name: line for line in reversed(cover.declarations) if (form := find_form(line.form_label, edition))}
    return {name: f"{column_letters(line.column)}{line.row}" for name, line in lines.items()}


def _next_return_cell(cover: Cover) -> str | None:
    if not cover.declarations:
        return None
    last = cover.declarations[-1]
    return f"{column_letters(last.column)}{last.row + 1}"


def _identify_csv(file_name: str, federation: Federation) -> Identity:
    match = _CSV_NAME.fullmatch(normalise_text(PurePath(file_name).name))
    if match is None:
        raise NotAWorkbook(
            file=file_name,
            detail="文件名看不出月份、单位和表单的 CSV a CSV not named for its month, department and form",
            **FILL_THE_TEMPLATE,
        )
    month, month_problem = _month(match["month"])
    department, department_problem = _department(match["department"], month, federation)
    form = find_form(match["form"], Edition(None, month))
    problems = [problem for problem in (month_problem, department_problem) if problem]
    if form is None:
        known = "、".join(f"{form.sheet}（{name}）" for name, form in load_forms().items())
        problems.append(UnknownForm(value=match["form"], known=known))
    return Identity(
        kind=FileKind.CSV,
        department=department,
        month=month,
        contract_version=CONTRACT_VERSION,
        declared={form.name: ROWS} if form else {},
        problems=tuple(problems),
    )
