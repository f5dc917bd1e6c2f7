"""Collect one file: read, judge, land, and say what became of it. Running it again changes nothing."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from union_warehouse.files import write_bytes
from union_warehouse.landing.folders import (
    department_folder,
    is_opening,
    month_manifests,
    newest_readings,
    note_accepted,
    original_of,
    read_manifests,
    submission_folder,
    version_name,
)
from union_warehouse.landing.instants import to_text
from union_warehouse.landing.integrity import check_landed
from union_warehouse.landing.locks import department_lock
from union_warehouse.landing.manifests import AnyManifest, Manifest, brought_forms, is_placed, taken_forms
from union_warehouse.landing.rows import read_landed_tables
from union_warehouse.landing.states import ACCEPTED_STATES, UNCHANGED
from union_warehouse.paths import Home
from union_warehouse.personal_data import HashKey, has_hash_key, load_hash_key
from union_warehouse.quality.provisional import judge_provisionally
from union_warehouse.quality.row_rules import RowProblem, Verdicts, judge_rows
from union_warehouse.submissions.apart import Identified, read_apart
from union_warehouse.submissions.arrivals import closed_month, is_tied, later_versions, tie_problem
from union_warehouse.submissions.attempts import attempt
from union_warehouse.submissions.changes import note_changes
from union_warehouse.submissions.conclusion import Arrival, make_manifest, make_outcome, taken_returns
from union_warehouse.submissions.history import earlier_dates_of
from union_warehouse.submissions.identify import Identity
from union_warehouse.submissions.inbox import InboxItem, earlier_items, read_marker, tied_items, write_marker
from union_warehouse.submissions.known import known_rows
from union_warehouse.submissions.land import JudgedForm, land, land_rejected, landed_table, read_row_problems
from union_warehouse.submissions.original import Original, read_original, readable_name
from union_warehouse.submissions.outbox import put_in_outbox
from union_warehouse.submissions.outcome import Outcome
from union_warehouse.submissions.places import at_door, check_door
from union_warehouse.submissions.problems import InboxFileMissing, ReceiptFailed
from union_warehouse.submissions.reading import Submission, extension_of
from union_warehouse.submissions.receipts import find_landed, receipt_bytes, receipt_path, write_receipt
from union_warehouse.workbooks.problems import SubmissionProblem
from union_warehouse.workbooks.tables import FormRows

_LOGGER = logging.getLogger(__name__)
_CHECK_KEY = HashKey(b"for a check before any key exists: nothing is stored")


def collect_file(home: Home, item: InboxItem) -> Outcome:
    """Land one file of the inbox, after the earlier ones of its department.

    Idempotent: a file that was collected gives its outcome again, and one whose collecting was killed at any moment
    gives what it would have given. Parallel calls of one department wait for one another and land by arrival.

    Args:
        home: the warehouse's state.
        item: of :func:`~union_warehouse.submissions.inbox.scan_inbox`.

    Raises:
        InboxFileMissing: the file is no longer there.
    """
    collected = read_marker(home, item)
    if collected is not None:
        return collected
    with department_lock(home, item.department):
        for earlier in earlier_items(home, item):
            try:
                _collect(home, earlier)
            except Exception:  # its own task reports it; one bad file never stops the others
                _LOGGER.exception("could not collect %s, which arrived before %s", earlier.path, item.path)
        return _collect(home, item)


def check_file(home: Home, path: Path | str, received_at: datetime | None = None, door: str | None = None) -> Outcome:
    """The verdicts that a file would get if it arrived now, or at ``received_at``, through the door of a unit; nothing is stored.

    Raises:
        UnknownDoor: there is no such unit.
    """
    check_door(home.federation, door)
    file = Path(path)
    original = replace(read_original(file.resolve()), name=readable_name(file.name))
    instant = to_text(received_at or datetime.now(UTC))
    key = load_hash_key(home) if has_hash_key(home) else _CHECK_KEY
    submission = at_door(home.federation, door, read_apart(original, instant, key, home.federation))
    identity = submission.identity
    landed: list[Manifest] = []
    if identity.department is not None and identity.month is not None:
        landed = month_manifests(home, identity.month, identity.department)
    arrival = _arrival(original, instant, door, landed)
    if submission.is_untouched:
        return _untouched(submission, arrival, key)[0]
    equal = _equal_version(arrival, landed)
    if equal is not None:
        return replace(_landed_outcome(home, equal), state=UNCHANGED, file=original.name).shortened()
    judgement = _judge(home, submission, arrival, landed, ()) if identity.is_placed else _unjudged(submission)
    manifest, tables = _conclude(home, submission, arrival, judgement, landed, key)
    outcome = make_outcome(manifest, judgement.row_problems, _provisional(home, manifest, tables))
    return replace(outcome, version=None, submission_id=None).shortened()


def reread_month(home: Home, month: str, read_at: datetime) -> list[Outcome]:
    """Read the originals of a month again, after the reader or a contract was improved.

    Each submission gets a new reading beside the old one (``v0001-r02``), with its own time of arrival. Running it
    again with the same ``read_at`` changes nothing.
    """
    key = load_hash_key(home)
    instant = to_text(read_at)
    outcomes: list[Outcome] = []
    for department in sorted({manifest["department"] for manifest in read_manifests(home, [month])}):
        with department_lock(home, department):
            landed = newest_readings(month_manifests(home, month, department))
            outcomes += [outcome for latest in landed if (outcome := _reread(home, latest, instant, key)) is not None]
    return outcomes


def remake_receipt(home: Home, wanted: str, output: Path | None = None) -> Path:
    """Make the receipt of a landed submission again, from the landing zone.

    Args:
        home: the warehouse's state.
        wanted: id of a submission, ``rejected/<sha256>``, or path of a file as it was sent.
        output: where the workbook goes; by default in place of the receipt, its JSON too.

    Returns:
        Path of the workbook.

    Raises:
        ReceiptNotFound: nothing such has landed.
    """
    manifest = find_landed(home, wanted)
    with department_lock(home, manifest["department"]):
        folder = submission_folder(home, manifest)
        tables = read_landed_tables(folder, manifest)
        row_problems = read_row_problems(folder) if is_placed(manifest) else []
        outcome = make_outcome(manifest, row_problems, _provisional(home, manifest, tables))
        if output is None:
            return Path(str(write_receipt(home, outcome, manifest, tables).receipt))
    data = receipt_bytes(home, outcome, manifest, tables)
    if data is None:
        raise ReceiptFailed(submission=wanted)
    write_bytes(output, data, is_private=True)
    return output


@dataclass(frozen=True)
class _Judgement:
    """Everything that the rules say of one submission."""

    forms: tuple[JudgedForm, ...]
    problems: tuple[SubmissionProblem, ...]
    row_problems: tuple[RowProblem, ...]
    ties_with: tuple[str, ...]
    is_opening: bool


def _unjudged(submission: Submission) -> _Judgement:
    """Of what is for no unit and month, or brings nothing, the reader's own problems are all that is said."""
    return _Judgement((), submission.problems, (), (), is_opening=False)


def _collect(home: Home, item: InboxItem) -> Outcome:
    """Collect one file under its department's lock."""
    collected = read_marker(home, item)
    if collected is not None:
        return collected
    try:
        with attempt(home, item.marker, item.file(home)) as original:
            outcome = _take(home, item, original)
            put_in_outbox(home, item, outcome)
            write_marker(home, replace(item, sha256=original.sha256), outcome)
    except FileNotFoundError as error:
        if item.file(home).exists():
            raise
        raise InboxFileMissing(path=item.path) from error
    return outcome


def _take(home: Home, item: InboxItem, original: Original) -> Outcome:
    key = load_hash_key(home)
    landed: list[Manifest] = []
    if item.department is not None and item.month is not None:
        landed = month_manifests(home, item.month, item.department)
        for earlier in landed:
            if (earlier["sha256"], earlier["received_at"], earlier["reading"]) == (original.sha256, item.received_at, 1):
                return _answer_landed(home, earlier)  # its collecting was killed after it had landed
    submission = read_apart(original, item.received_at, key, home.federation, Identified(item.department, item.month, item.forms))
    submission = at_door(home.federation, item.door, submission)
    identity = submission.identity
    if identity.department is None or identity.month is None:
        return _reject_unplaced(home, submission, original, _arrival(original, item.received_at, item.door, []), key)
    if item.department is not None:
        return _settle(home, item, original, submission, landed, key)
    with department_lock(home, identity.department):  # it could not be identified in time when it was listed
        found = replace(item, department=identity.department, month=identity.month, forms=tuple(identity.declared))
        landed = month_manifests(home, identity.month, identity.department)
        return _settle(home, found, original, submission, landed, key)


def _settle(
    home: Home, item: InboxItem, original: Original, submission: Submission, landed: Sequence[Manifest], key: HashKey
) -> Outcome:
    """Judge and land what was read; to be called under its department's lock."""
    arrival = _arrival(original, item.received_at, item.door, landed)
    if submission.is_untouched:
        outcome, manifest = _untouched(submission, arrival, key)
        return write_receipt(home, outcome, manifest, {})
    equal = _equal_version(arrival, landed)
    if equal is not None:
        receipt = os.fspath(receipt_path(home, equal))
        return replace(_landed_outcome(home, equal), state=UNCHANGED, file=original.name, receipt=receipt).shortened()
    judgement = _judge(home, submission, arrival, landed, tied_items(home, item))
    manifest, tables = _conclude(home, submission, arrival, judgement, landed, key)
    folder = submission_folder(home, manifest)
    extension = extension_of(submission.identity, original.name)
    land(folder, original.data, extension, manifest, tables, judgement.row_problems)
    return _answer(home, manifest, judgement.row_problems, tables)


def _arrival(original: Original, received_at: str, door: str | None, landed: Sequence[Manifest]) -> Arrival:
    return Arrival(original.name, original.sha256, original.size, received_at, door, received_at, _next_number(landed))


def _answer(home: Home, manifest: AnyManifest, row_problems: Sequence[RowProblem], tables: Mapping[str, pa.Table]) -> Outcome:
    """Everything that follows a landing; done again if the collecting was killed meanwhile."""
    note_accepted(home, manifest)
    return write_receipt(home, make_outcome(manifest, row_problems, _provisional(home, manifest, tables)), manifest, tables)


def _answer_landed(home: Home, manifest: AnyManifest) -> Outcome:
    folder = submission_folder(home, manifest)
    return _answer(home, manifest, read_row_problems(folder), read_landed_tables(folder, manifest))


def _conclude(
    home: Home, submission: Submission, arrival: Arrival, judgement: _Judgement, landed: Sequence[Manifest], key: HashKey
) -> tuple[AnyManifest, dict[str, pa.Table]]:
    """The manifest of what was judged, and its rows as they land, by form."""
    manifest = _manifest(submission, arrival, judgement, landed, key)
    tables = {form.rows.form.name: landed_table(form, manifest) for form in judgement.forms}
    note_changes(home, manifest, tables, landed)
    return manifest, tables


def _provisional(home: Home, manifest: AnyManifest, tables: Mapping[str, pa.Table]) -> list[RowProblem]:
    if not is_placed(manifest) or manifest["state"] not in ACCEPTED_STATES:
        return []
    rejected = {form["form"] for form in manifest["forms"]} - taken_forms(manifest)
    return judge_provisionally(tables, manifest["month"], known_rows(home, manifest, tables), rejected)


def _reject_unplaced(home: Home, submission: Submission, original: Original, arrival: Arrival, key: HashKey) -> Outcome:
    arrival = replace(arrival, number=None)
    manifest = _manifest(submission, arrival, _unjudged(submission), [], key)
    land_rejected(submission_folder(home, manifest), original.data, extension_of(submission.identity, original.name), manifest)
    return write_receipt(home, make_outcome(manifest, ()), manifest, {})


def _untouched(submission: Submission, arrival: Arrival, key: HashKey) -> tuple[Outcome, AnyManifest]:
    """The outcome of a template that nobody has filled: nothing lands, so nothing counts as received."""
    manifest = _manifest(submission, replace(arrival, number=None), _unjudged(submission), [], key)
    return replace(make_outcome(manifest, ()), state=UNCHANGED), manifest


def _reread(home: Home, latest: Manifest, read_at: str, key: HashKey) -> Outcome | None:
    """A new reading; None of a file that was not read, so that none of its bytes are there."""
    if latest["read_at"] == read_at and latest["reading"] > 1:
        return _answer_landed(home, latest)
    folder = submission_folder(home, latest)
    kept = original_of(folder)
    if kept is None:
        return None
    check_landed(folder, with_original=True)
    original = replace(read_original(kept), name=latest["file_name"])
    number = latest["submission_number"]
    others = [
        item for item in month_manifests(home, latest["month"], latest["department"]) if item["submission_number"] != number
    ]
    arrival = Arrival(
        latest["file_name"],
        latest["sha256"],
        original.size,
        latest["received_at"],
        latest["door"],
        read_at,
        number,
        latest["reading"] + 1,
    )
    submission = read_apart(original, latest["received_at"], key, home.federation)
    # Only the reading is new: it stays where it landed even if the reader now reads another cover.
    identity = replace(submission.identity, department=latest["department"], month=latest["month"])
    submission = replace(submission, identity=identity)
    judgement = _judge(home, submission, arrival, others, ())
    manifest, tables = _conclude(home, submission, arrival, judgement, others, key)
    target = department_folder(home, latest["month"], latest["department"]) / version_name(number, arrival.reading)
    land(target, kept, kept.suffix[1:], manifest, tables, judgement.row_problems)
    return _answer(home, manifest, judgement.row_problems, tables)


def _next_number(landed: Sequence[Manifest]) -> int:
    return max((manifest["submission_number"] for manifest in landed), default=0) + 1


def _equal_version(arrival: Arrival, landed: Sequence[Manifest]) -> Manifest | None:
    """The latest version with the same bytes, if nothing came after it that brought one of the forms that it replaced."""
    received = [manifest for manifest in newest_readings(landed) if manifest["received_at"] <= arrival.received_at]
    later: list[Manifest] = []
    for manifest in sorted(received, key=lambda item: (item["received_at"], item["submission_number"]), reverse=True):
        if manifest["sha256"] == arrival.sha256:
            names = taken_forms(manifest) or brought_forms(manifest)
            return None if any(_may_have_brought(one, names) for one in later) else manifest
        later.append(manifest)
    return None


def _may_have_brought(manifest: Manifest, names: Collection[str]) -> bool:
    """Whether a version brought one of the forms; what could not be read may have been any."""
    brought = brought_forms(manifest)
    return not names or not brought or bool(brought & set(names))


def _judge(
    home: Home, submission: Submission, arrival: Arrival, landed: Sequence[Manifest], tied: Sequence[InboxItem]
) -> _Judgement:
    """Every verdict on one submission; row verdicts only on the forms that are taken."""
    identity = submission.identity
    problems = list(submission.problems)
    ties_with = [manifest for manifest in newest_readings(landed) if is_tied(manifest, submission, arrival)]
    if ties_with or tied:
        problems.append(tie_problem(home, submission, arrival))
    problems += [*later_versions(submission, arrival, landed), *closed_month(home, submission, arrival)]
    opening = False
    if identity.department is not None and identity.month is not None:
        opening = is_opening(home, identity.department, identity.month, arrival.received_at)
    accepted_ties = tuple(manifest["submission_id"] for manifest in ties_with if manifest["state"] in ACCEPTED_STATES)
    forms = tuple(
        JudgedForm(item.rows, _verdicts(home, item.rows, identity, arrival, opening))
        for item in taken_returns(submission, problems)
        if item.rows
    )
    row_problems = tuple(problem for form in forms for problem in form.verdicts.problems)
    return _Judgement(forms, tuple(problems), row_problems, accepted_ties, opening)


def _verdicts(home: Home, rows: FormRows, identity: Identity, arrival: Arrival, opening: bool) -> Verdicts:
    month, department = identity.month or "", identity.department or ""
    return judge_rows(rows, month, opening, earlier_dates_of(home, department, arrival.received_at, arrival.read_at))


def _manifest(
    submission: Submission, arrival: Arrival, judgement: _Judgement, landed: Sequence[Manifest], key: HashKey
) -> AnyManifest:
    return make_manifest(
        arrival,
        submission,
        judgement.forms,
        judgement.problems,
        is_opening=judgement.is_opening,
        ties_with=judgement.ties_with,
        fingerprint=key.fingerprint,
        landed=landed,
    )


def _landed_outcome(home: Home, manifest: AnyManifest) -> Outcome:
    return make_outcome(manifest, read_row_problems(submission_folder(home, manifest)))
