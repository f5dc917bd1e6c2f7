"""What became of one file: the answer to its sender, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from union_warehouse.contracts import Severity
from union_warehouse.landing.manifests import ManifestProblem
from union_warehouse.landing.states import REJECTED
from union_warehouse.quality.row_rules import RowProblem
from union_warehouse.workbooks.problems import SubmissionProblem

MAX_PROBLEMS = 1_000
"""Problems that an outcome lists: it travels through Airflow's database. The receipt and the quarantine hold all."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one file, JSON-able.

    Attributes:
        file: its name as sent.
        department: code, None if not known.
        month: ``YYYY-MM``, None if not known.
        version: the newest version of a form that it brought, counted per department, month and form; None if it could not
            be placed or nothing was stored.
        state: of the forms taken, accepted or accepted_with_quarantine; rejected if none is; or unchanged (the rest is then the equal
            version's; of an untouched template, nothing).
        rejected_forms: forms that are not taken; what was reported of them before goes on counting.
        rows: rows read.
        quarantined: rows with an error.
        warnings: warnings on rows, sheets and the submission.
        receipt: path of the receipt, None if nothing was stored.
        submission_id: ``2014-03/CQ/v0001`` (the submission's number, and ``-r02`` for a second reading); None as ``version``.
        forms: of each form: form, version, state, return, rows, quarantined, warnings, file.
        problems: at most 1,000 of {form, sheet, row, column, rule, severity, message, message_en, provisional}.
        problem_count: of all of them.
    """

    file: str
    department: str | None
    month: str | None
    version: int | None
    state: str
    rejected_forms: tuple[str, ...]
    rows: int
    quarantined: int
    warnings: int
    receipt: str | None
    submission_id: str | None
    forms: tuple[Mapping[str, Any], ...]
    problems: tuple[Mapping[str, Any], ...]
    problem_count: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            **vars(self),
            "rejected_forms": list(self.rejected_forms),
            "forms": [dict(form) for form in self.forms],
            "problems": [dict(item) for item in self.problems],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        """From the values of :meth:`to_dict`."""
        return cls(**{**values, **{name: tuple(values[name]) for name in ("rejected_forms", "forms", "problems")}})

    def shortened(self) -> Outcome:
        """With the first 1,000 problems only."""
        return replace(self, problems=self.problems[:MAX_PROBLEMS])

    @property
    def is_clean(self) -> bool:
        """Whether nothing was rejected or quarantined, now or in the equal version before."""
        return (
            self.state != REJECTED
            and not self.rejected_forms
            and not self.quarantined
            and not any(item["severity"] == Severity.ERROR and not item["provisional"] for item in self.problems)
        )


def describe_row_problem(problem: RowProblem, is_provisional: bool = False) -> dict[str, Any]:
    """A row problem as an outcome lists it."""
    return {
        "form": problem.form,
        "sheet": problem.sheet,
        "row": problem.row,
        "column": problem.column,
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message_zh,
        "message_en": problem.message_en,
        "provisional": is_provisional,
    }


def describe_problem(problem: SubmissionProblem) -> ManifestProblem:
    """A problem of the submission as a manifest keeps it."""
    return {
        "form": problem.form,
        "sheet": problem.sheet,
        "row": problem.row,
        "rule": problem.code,
        "severity": problem.severity.value,
        "message_zh": problem.message_zh,
        "message_en": problem.message_en,
    }


def describe_manifest_problems(problems: Iterable[ManifestProblem]) -> list[dict[str, Any]]:
    """Problems of a manifest as an outcome lists them."""
    return [
        {
            "form": item["form"],
            "sheet": item["sheet"],
            "row": item["row"],
            "column": None,
            "rule": item["rule"],
            "severity": item["severity"],
            "message": item["message_zh"],
            "message_en": item["message_en"],
            "provisional": False,
        }
        for item in problems
    ]
