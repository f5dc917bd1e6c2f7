"""What an audit found, and the files that keep it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from union_warehouse.files import read_derived, write_json, write_text
from union_warehouse.quality.data_docs import write_index, write_pages
from union_warehouse.quality.suites import Check

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

_KEPT_ROWS = 20
_LISTS_OF_ROWS = ("unexpected_list", "unexpected_index_list", "partial_unexpected_list", "partial_unexpected_index_list")


@dataclass(frozen=True)
class AuditFinding:
    """The result of one check.

    Attributes:
        check: what was expected.
        success: whether it holds.
        count: failing rows; None where GX could not count them.
        samples: a few failing rows, column to value, without personal data.
        exception: why GX could not evaluate it, empty if it could.
    """

    check: Check
    success: bool
    count: int | None
    samples: list[dict[str, Any]]
    exception: str

    @property
    def stops(self) -> bool:
        """Whether it ends the close: a ``stop`` check that fails, or any that could not be evaluated."""
        return bool(self.exception) or (self.check.severity == "stop" and not self.success)

    def words(self, language: str) -> str:
        """The finding in one sentence, ``zh`` or ``en``, with its sample rows."""
        message = self.check.message_zh if language == "zh" else self.check.message_en
        rows = self.exception or " | ".join(", ".join(f"{name}={value}" for name, value in row.items()) for row in self.samples)
        count = f" x{self.count}" if self.count else ""
        return f"[{self.check.id}{count}] {message}" + (f" <{rows}>" if rows else "")

    def to_dict(self) -> dict[str, Any]:
        """As kept in ``summary.json``."""
        return {
            "expectation": self.check.id,
            "severity": self.check.severity,
            "success": self.success,
            "unexpected_count": self.count,
            "sample_rows": [{name: _plain(value) for name, value in row.items()} for row in self.samples],
            "message_zh": self.check.message_zh,
            "message_en": self.check.message_en,
            **({"reason": self.check.reason} if self.check.reason else {}),
            **({"exception": self.exception} if self.exception else {}),
        }


def write_report(
    folder: Path, audit: str, findings: dict[str, list[AuditFinding]], results: Iterable[ExpectationSuiteValidationResult]
) -> None:
    """Keep one audit of a close: ``results/<suite>.json`` (GX's own), ``summary.json`` and ``data_docs/``.

    Args:
        folder: ``audits/<close_id>``; a later audit of the same close adds to its summary.
        audit: name of the audit.
        findings: per suite.
        results: GX's validation results.
    """
    results = [_trimmed(result) for result in results]
    for result in results:
        content = json.dumps(result.to_json_dict(), ensure_ascii=False, indent=1, sort_keys=True)
        write_text(folder / "results" / f"{result.suite_name}.json", content)
    path = folder / "summary.json"
    summary = read_derived(path) or {}
    summary[audit] = {suite: [finding.to_dict() for finding in items] for suite, items in findings.items()}
    write_pages(folder / "data_docs", folder.name, results)
    write_index(folder / "data_docs", folder.name, summary)
    write_json(path, summary)


def _trimmed(result: ExpectationSuiteValidationResult) -> ExpectationSuiteValidationResult:
    """``result`` with a few failing rows of each expectation: a page for people, not a copy of the data."""
    for item in result.results:
        for name in _LISTS_OF_ROWS:
            if name in item.result:
                item.result[name] = item.result[name][:_KEPT_ROWS]
        if "details" in item.result:
            item.result["details"] = {"unexpected_rows": (item.result["details"].get("unexpected_rows") or [])[:_KEPT_ROWS]}
    return result


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
