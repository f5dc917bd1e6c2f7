"""What a manifest says of a submission, and the outcome that follows from it: the same bytes every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from union_warehouse.contracts import Severity
from union_warehouse.landing.folders import newest_readings, version_name
from union_warehouse.landing.manifests import AnyManifest, FormEntry, Manifest, Received, Step, UnplacedManifest
from union_warehouse.landing.states import ACCEPTED, ACCEPTED_STATES, QUARANTINED, REJECTED
from union_warehouse.quality.row_rules import RowProblem
from union_warehouse.submissions.land import JudgedForm
from union_warehouse.submissions.outcome import Outcome, describe_manifest_problems, describe_problem, describe_row_problem
from union_warehouse.submissions.reading import FormReturn, Submission
from union_warehouse.workbooks.problems import SubmissionProblem

_OK, _PARTLY, _FAILED, _SKIPPED = "ok", "partly", "failed", "skipped"


@dataclass(frozen=True)
class Arrival:
    """One file and where it stands among its department's submissions.

    Attributes:
        file_name: as sent.
        sha256: of its bytes.
        size: in bytes.
        received_at: instants.to_text.
        door: the unit through whose folder it came; None: the office's.
        read_at: likewise; ``received_at`` for the first reading.
        number: of the submission within department and month; None if it cannot be placed.
        reading: from 1.
    """

    file_name: str
    sha256: str
    size: int
    received_at: str
    door: str | None
    read_at: str
    number: int | None
    reading: int = 1


def taken_returns(submission: Submission, problems: Iterable[SubmissionProblem]) -> list[FormReturn]:
    """The forms that are taken (domain: Submission).

    An error that is about a form rejects that form; any other one, of the file, its cover, unit, month, version or a tie, all of
    them.

    Args:
        submission: as read.
        problems: of the submission and its sheets, those of its arrival too.
    """
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    rejected = {problem.form for problem in errors}
    if None in rejected:
        return []
    return [item for item in submission.returns if item.form.name not in rejected]


def make_manifest(
    arrival: Arrival,
    submission: Submission,
    judged: Sequence[JudgedForm],
    problems: Sequence[SubmissionProblem],
    *,
    is_opening: bool,
    ties_with: Sequence[str],
    fingerprint: str,
    landed: Iterable[Manifest],
) -> AnyManifest:
    """The manifest, complete but for its ``files`` and the ``changes`` of its forms; every key is always there, with one type.

    Args:
        arrival: which file.
        submission: as read.
        judged: its forms that are taken and have rows.
        problems: of the submission and its sheets.
        is_opening: whether it belongs to the department's opening.
        ties_with: accepted submissions that arrived at the same instant.
        fingerprint: of the key for personal data.
        landed: manifests of the same department and month, for the forms' versions.
    """
    identity = submission.identity
    forms = _form_entries(submission, judged, problems, landed, arrival.number)
    state = _state_of(form["state"] for form in forms)
    received = Received(
        reading=arrival.reading,
        file_name=arrival.file_name,
        sha256=arrival.sha256,
        bytes=arrival.size,
        received_at=arrival.received_at,
        door=arrival.door,
        read_at=arrival.read_at,
        kind="csv" if identity.kind == "csv" else "workbook",
        contract_version=identity.contract_version,
        cover=identity.cover,
        state=state,
        is_opening=is_opening,
        hash_key_fingerprint=fingerprint,
        ties_with=list(ties_with),
        files={},
        forms=forms,
        steps=_steps(submission, forms, problems, state),
        problems=[describe_problem(problem) for problem in problems],
    )
    month, department, number = identity.month, identity.department, arrival.number
    if month is None or department is None or number is None:
        return UnplacedManifest(submission_id=None, department=department, month=month, submission_number=None, **received)
    submission_id = f"{month}/{department}/{version_name(number, arrival.reading)}"
    return Manifest(submission_id=submission_id, department=department, month=month, submission_number=number, **received)


def _state_of(states: Iterable[str]) -> str:
    """The state of a submission: that of the forms taken, or rejected if there are none."""
    taken = set(states) & ACCEPTED_STATES
    if not taken:
        return REJECTED
    return QUARANTINED if QUARANTINED in taken else ACCEPTED


def _form_entries(
    submission: Submission,
    judged: Sequence[JudgedForm],
    problems: Sequence[SubmissionProblem],
    landed: Iterable[Manifest],
    number: int | None,
) -> list[FormEntry]:
    by_form = {item.rows.form.name: item for item in judged}
    taken = {item.form.name for item in taken_returns(submission, problems)}
    earlier = Counter(
        form["form"]
        for manifest in newest_readings(landed)
        if number is not None and manifest["submission_number"] < number
        for form in manifest["forms"]
    )
    sheet_warnings = Counter(problem.form for problem in problems if problem.severity is Severity.WARNING)
    entries: list[FormEntry] = []
    for item in submission.returns:
        name = item.form.name
        form = by_form.get(name)
        quarantined = int((~form.verdicts.is_accepted).sum()) if form else 0
        row_warnings = 0 if form is None else sum(problem.severity == Severity.WARNING for problem in form.verdicts.problems)
        entries.append(
            {
                "form": name,
                "version": earlier[name] + 1,
                "state": REJECTED if name not in taken else QUARANTINED if quarantined else ACCEPTED,
                "return": item.kind,
                "rows": form.rows.table.num_rows if form else 0,
                "quarantined": quarantined,
                "warnings": row_warnings + sheet_warnings[name],
                "file": f"{name}.parquet" if form else None,
                "layout": item.layout,
                "contract": item.form.fingerprint,
                "changes": None,
            }
        )
    return entries


_STEP_OF_PROBLEM = {
    "identify": {
        "wrong_template",
        "unknown_department",
        "wrong_door",
        "unknown_month",
        "future_month",
        "unknown_contract_version",
        "unknown_form",
        "missing_declaration",
        "unknown_return",
        "repeated_declaration",
        "form_not_owed",
        "tied_arrival",
    },
    "read": {"sheet_too_large"},
}
_STEPS = ("open", "identify", "read", "check", "land")


def _steps(submission: Submission, forms: Sequence[FormEntry], problems: Sequence[SubmissionProblem], state: str) -> list[Step]:
    """Outcome of every step; those after a failed one are skipped, except that every submission lands.

    A step that failed for some of the forms was done ``partly``.
    """
    failed: dict[str, list[str]] = {}
    for problem in problems:
        if problem.severity is Severity.ERROR:
            step = next(
                (step for step, codes in _STEP_OF_PROBLEM.items() if problem.code in codes), "read" if problem.form else "open"
            )
            failed.setdefault(step, []).append(problem.code)
    details = {
        "open": submission.identity.kind or "",
        "identify": " ".join(part for part in (submission.identity.month, submission.identity.department) if part),
        "read": f"{sum(form['rows'] for form in forms)} rows",
        "check": f"{sum(form['quarantined'] for form in forms)} quarantined",
        "land": REJECTED if state == REJECTED else "",
    }
    steps: list[Step] = []
    has_failed = False
    for step in _STEPS:
        if step in failed:
            has_failed = state == REJECTED
            steps.append(
                {"step": step, "outcome": _FAILED if has_failed else _PARTLY, "detail": " ".join(sorted(set(failed[step])))}
            )
        elif has_failed and step != "land":
            steps.append({"step": step, "outcome": _SKIPPED, "detail": ""})
        else:
            steps.append({"step": step, "outcome": _OK, "detail": details[step]})
    return steps


def make_outcome(manifest: AnyManifest, row_problems: Sequence[RowProblem], provisional: Sequence[RowProblem] = ()) -> Outcome:
    """The outcome of a submission with this manifest, with all its problems; it has no receipt yet."""
    submission_problems = describe_manifest_problems(manifest["problems"])
    listed = submission_problems + [describe_row_problem(problem) for problem in row_problems]
    listed += [describe_row_problem(problem, is_provisional=True) for problem in provisional]
    warnings = sum(item["severity"] == Severity.WARNING for item in submission_problems)
    return Outcome(
        file=manifest["file_name"],
        department=manifest["department"],
        month=manifest["month"],
        version=max((form["version"] for form in manifest["forms"]), default=manifest["submission_number"]),
        state=manifest["state"],
        rows=sum(form["rows"] for form in manifest["forms"]),
        quarantined=sum(form["quarantined"] for form in manifest["forms"]),
        warnings=warnings + sum(problem.severity == Severity.WARNING for problem in (*row_problems, *provisional)),
        receipt=None,
        submission_id=manifest["submission_id"],
        rejected_forms=tuple(form["form"] for form in manifest["forms"] if form["state"] == REJECTED),
        forms=tuple(manifest["forms"]),
        problems=tuple(listed),
        problem_count=len(listed),
    )
