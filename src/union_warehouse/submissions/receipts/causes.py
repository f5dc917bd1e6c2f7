"""Problems grouped by what causes them: one cause is one rule in one column of one form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from union_warehouse.contracts import Form, Guidance, Severity, forms_as_read, guidance_of
from union_warehouse.landing.manifests import AnyManifest
from union_warehouse.quality.row_messages import title_of
from union_warehouse.submissions.receipts.places import Place, PlaceOf, Problem

MAX_PER_CAUSE = 200
"""Problems of one cause that the first sheet lists; the others are counted and, in their sheets, highlighted."""

MAX_LISTED = 2_000
"""Problems that the first sheet lists in all."""


@dataclass(frozen=True)
class Finding:
    """One problem as the receipt tells it: ``text`` without the cell, which the place says."""

    text: str
    place: Place | None


@dataclass
class Cause:
    """One cause with what it was found on.

    Attributes:
        is_error: whether its rows wait until they are corrected, or the form, or the submission, is rejected.
        is_provisional: whether it depends on other submissions, so that the next close judges anew.
        form: None for a problem of the whole submission.
        title: what is wrong, in a few words.
        label: of the column, if one.
        guidance: what is expected, where the contract says it.
        findings: at most :data:`MAX_PER_CAUSE`, in the order of the problems.
        count: of all its problems.
    """

    is_error: bool
    is_provisional: bool
    form: Form | None
    title: str
    label: str | None
    guidance: Guidance | None
    findings: list[Finding] = field(default_factory=list)
    count: int = 0

    @property
    def word(self) -> str:
        """How serious it is, in Chinese."""
        if self.is_provisional:
            return "暂定错误"
        return "错误" if self.is_error else "提醒"


@dataclass
class Mark:
    """What one cell gets: whether one of its problems is an error, and a text per problem."""

    is_error: bool
    texts: list[str] = field(default_factory=list)


def find_causes(
    problems: Iterable[Problem], place_of: PlaceOf, manifest: AnyManifest, most_marks: int
) -> tuple[list[Cause], dict[Place, Mark]]:
    """Group problems.

    Args:
        problems: of an outcome, all of them.
        place_of: where each is.
        manifest: of the submission: it says in the words of which layouts to speak.
        most_marks: cells to mark.

    Returns:
        Causes and the marks of the cells: errors first, then what is provisional, then warnings, each in the order
        of the problems.
    """
    forms = forms_as_read({item["form"]: item["layout"] for item in manifest["forms"]})
    ordered = sorted(problems, key=lambda problem: (problem["severity"] != Severity.ERROR, problem["provisional"]))
    causes: dict[tuple[object, ...], Cause] = {}
    marks: dict[Place, Mark] = {}
    for problem in ordered:
        # A submission's problem is a cause of its own: its message says what the rule's name does not.
        told_apart = None if problem["row"] is not None and problem["form"] else problem["message"]
        key = (*(problem[name] for name in ("severity", "provisional", "form", "column", "rule")), told_apart)
        cause = causes.get(key)
        if cause is None:
            cause = causes[key] = _cause(problem, forms, manifest["month"])
        cause.count += 1
        if len(cause.findings) >= MAX_PER_CAUSE and len(marks) >= most_marks:
            continue
        finding = Finding(_told(problem, cause), place_of(problem))
        if len(cause.findings) < MAX_PER_CAUSE:
            cause.findings.append(finding)
        if finding.place is not None and (finding.place in marks or len(marks) < most_marks):
            mark = marks.setdefault(finding.place, Mark(cause.is_error))
            mark.texts.append(_comment(finding, cause))
    return list(causes.values()), marks


def _cause(problem: Problem, forms: Mapping[str, Form], month: str | None) -> Cause:
    form = forms.get(problem["form"] or "")
    column = form.field(problem["column"]) if form and problem["column"] else None
    is_error = problem["severity"] == Severity.ERROR and not problem["provisional"]
    title = title_of(problem["rule"], form) or problem["message"]
    guidance = guidance_of(column, month) if column and is_error else None
    return Cause(is_error, problem["provisional"], form, title, column.label if column else None, guidance)


def _told(problem: Problem, cause: Cause) -> str:
    """The message without the cell that it begins with."""
    message: str = problem["message"]
    place, quoted, rest = message.partition(f"“{cause.label}”")
    return rest.lstrip("：") if quoted and place.startswith(str(problem["sheet"])) else message


def _comment(finding: Finding, cause: Cause) -> str:
    lines = [f"【{cause.word}】{finding.text}"]
    if cause.guidance:
        lines += [f"应填：{cause.guidance.expected}。", f"例如：{cause.guidance.example}"]
    return "\n".join(lines)


def listed_findings(causes: Sequence[Cause]) -> list[tuple[Cause, list[Finding]]]:
    """Each cause with as many of its findings as the first sheet lists."""
    left = MAX_LISTED
    listed = []
    for cause in causes:
        shown = cause.findings[:left]
        left -= len(shown)
        listed.append((cause, shown))
    return listed
