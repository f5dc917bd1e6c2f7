"""Templates that come back as they were sent: nothing of the sender's own is in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from union_warehouse.contracts import Federation, Form, Layout, Severity, layouts_in_force
from union_warehouse.personal_data import HashKey
from union_warehouse.submissions.identify import Identity, sheet_names_of
from union_warehouse.submissions.problems import TemplateOfAnother
from union_warehouse.workbooks.header import find_header
from union_warehouse.workbooks.problems import SubmissionProblem
from union_warehouse.workbooks.sheets import Workbook
from union_warehouse.workbooks.tables import read_rows
from union_warehouse.workbooks.template_marks import TemplateMarks, own_rows, read_marks


def marks_of(identity: Identity, federation: Federation, problems: list[SubmissionProblem]) -> TemplateMarks | None:
    """The marks of a template that was written for this department and month; of one for another, the warning.

    Raises:
        SubmissionProblem: the sheet of marks cannot be read.
    """
    marks = None if identity.workbook is None else read_marks(identity.workbook)
    if marks is None or (marks.department, marks.month) == (identity.department, identity.month):
        return marks
    names = federation.unit_names
    problems.append(
        TemplateOfAnother(
            made_for=f"{marks.department} {marks.month}（{names.get(marks.department, '')}）",
            cover=f"{identity.department} {identity.month}（{names.get(str(identity.department), '')}）",
        )
    )
    return None


def is_untouched(identity: Identity, owed: Iterable[Form], marks: TemplateMarks | None, key: HashKey) -> bool:
    """Whether the file is a template in which no form is declared and no row was written or changed.

    Who filled in his name and telephone only, or saved the file in another format, has reported nothing either.

    Raises:
        SubmissionProblem: a sheet cannot be read.
    """
    workbook = identity.workbook
    if marks is None or workbook is None or identity.declared:
        return False
    if any(problem.severity is Severity.ERROR for problem in identity.problems):
        return False
    names = sheet_names_of(workbook, identity.edition)
    layouts = {form.name: layouts_in_force(form, identity.edition) for form in owed}
    return all(_is_empty(workbook, names.get(form), found, marks, key) for form, found in layouts.items())


def _is_empty(workbook: Workbook, name: str | None, layouts: Sequence[Layout], marks: TemplateMarks, key: HashKey) -> bool:
    if name is None:
        return False
    sheet = workbook.sheet(name)
    header, _ = find_header(sheet, layouts)
    return header.is_complete and not own_rows(read_rows(sheet, header, key), marks)
