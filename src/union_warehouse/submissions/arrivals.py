"""What the time of arrival says of a file: a tie with another, a later one that counts, a month that is closed."""

from __future__ import annotations

from collections.abc import Sequence

from union_warehouse.contracts import expected_reports
from union_warehouse.landing.effective import effective_manifests
from union_warehouse.landing.instants import from_text
from union_warehouse.landing.manifests import Manifest, brought_forms
from union_warehouse.paths import Home
from union_warehouse.submissions.conclusion import Arrival
from union_warehouse.submissions.problems import LaterVersionCounts, MonthClosed, TiedArrival
from union_warehouse.submissions.reading import Submission
from union_warehouse.workbooks.problems import SubmissionProblem
from union_warehouse.working_days import SHANGHAI, closing_at


def is_tied(manifest: Manifest, submission: Submission, arrival: Arrival) -> bool:
    """Whether a landed submission with other bytes arrived at the same instant and brought one of the forms."""
    return (
        manifest["received_at"] == arrival.received_at
        and manifest["sha256"] != arrival.sha256
        and bool(submission.brought & brought_forms(manifest))
    )


def tie_problem(home: Home, submission: Submission, arrival: Arrival) -> TiedArrival:
    """The error of a file whose order among those of its instant nobody knows."""
    sheets = "、".join(item.form.sheet for item in submission.returns if item.kind is not None)
    unit = home.federation.unit_label(str(submission.identity.department))
    return TiedArrival(department=unit, month=submission.identity.month, sheet=sheets, received_at=arrival.received_at)


def later_versions(submission: Submission, arrival: Arrival, landed: Sequence[Manifest]) -> list[SubmissionProblem]:
    """A warning for each form of which something counts that arrived later; a new reading says nothing of it again."""
    if arrival.reading > 1:
        return []
    counting = {form: manifest["received_at"] for (_, _, form), manifest in effective_manifests(landed).items()}
    return [
        LaterVersionCounts(
            form=item.form.name,
            sheet=item.form.sheet,
            month=submission.identity.month,
            received_at=f"{from_text(counting[item.form.name]).astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        )
        for item in submission.returns
        if item.kind is not None and counting.get(item.form.name, "") > arrival.received_at
    ]


def closed_month(home: Home, submission: Submission, arrival: Arrival) -> list[SubmissionProblem]:
    """A warning if the file came after its month was closed and no exception unlocks every form that it brings."""
    month, received_at = submission.identity.month, from_text(arrival.received_at)
    if month is None or received_at <= closing_at(month):
        return []
    expected = expected_reports(home.federation, [month], received_at.astimezone(SHANGHAI).date()).to_pylist()
    own = [one for one in expected if one["department"] == submission.identity.department and one["form"] in submission.brought]
    if own and all(one["is_unlocked"] for one in own):
        return []
    return [MonthClosed(month=month, closed_on=closing_at(month).astimezone(SHANGHAI).date())]
