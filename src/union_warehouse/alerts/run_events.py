"""What runs give cause for: audits that stopped a close, and DAGs whose last run failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from union_warehouse.alerts.events import Event
from union_warehouse.files import read_derived, write_json
from union_warehouse.landing.instants import shanghai_day, to_text
from union_warehouse.paths import REHEARSAL, Home
from union_warehouse.working_days import SHANGHAI

_SHOWN_CHECKS = 5


def run_events(home: Home, as_of: datetime) -> list[Event]:
    """Events of audits and runs up to ``as_of``."""
    return [*_failed_audits(home, as_of), *_failed_runs(home, as_of)]


def _failed_audits(home: Home, as_of: datetime) -> Iterator[Event]:
    """Audits with a finding that stops, of closes that did not become a release since; whoever rehearses looks himself."""
    for path in sorted(home.audits.glob("*/summary.json")):
        close_id, written_at = path.parent.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if close_id.endswith(REHEARSAL) or (home.releases / close_id).is_dir() or written_at > as_of:
            continue
        summary = read_derived(path) or {}
        findings = [finding for suites in summary.values() for found in suites.values() for finding in found]
        stopping = sorted(finding["expectation"] for finding in findings if _stops(finding))
        if stopping:
            more = " …" if len(stopping) > _SHOWN_CHECKS else ""
            facts = {
                "close_id": close_id,
                "failures": len(stopping),
                "checks": ", ".join(stopping[:_SHOWN_CHECKS]) + more,
                "report": f"audits/{close_id}/data_docs/index.html",
            }
            yield Event("failed_audit", None, close_id, written_at.astimezone(SHANGHAI).date(), facts, mark=" ".join(stopping))


def may_be_over(home: Home, kind: str, key: str) -> bool:
    """Whether an event that is not found any more is over: a failed audit only when its close is published.

    The next attempt removes the results of the one before it, long before it has any of its own.
    """
    return kind != "failed_audit" or (home.releases / key).is_dir()


def _stops(finding: dict[str, Any]) -> bool:
    return bool(finding.get("exception")) or (finding["severity"] == "stop" and not finding["success"])


def note_run(home: Home, dag_id: str, run_id: str, at: datetime, failures: Sequence[tuple[str, str]] = ()) -> None:
    """Keep how the last run of a DAG ended: ``UW_HOME/alerts/runs/<dag>.json``.

    Args:
        home: the warehouse's state.
        dag_id: the DAG.
        run_id: its run.
        at: when it ended.
        failures: task and code of each error; empty after a success. What an error says is not kept: it may hold a value.
    """
    note = {"run_id": run_id, "at": to_text(at), "failures": sorted(map(list, set(failures)))}
    write_json(home.alerts / "runs" / f"{dag_id}.json", note)


def _failed_runs(home: Home, as_of: datetime) -> Iterator[Event]:
    for path in sorted((home.alerts / "runs").glob("[!.]*.json")):
        note = read_derived(path)
        if note is None:  # the next run writes it
            continue
        tasks = ", ".join(dict.fromkeys(task for task, _ in note["failures"]))
        codes = ", ".join(dict.fromkeys(code for _, code in note["failures"]))
        # A failed audit is an event of its own, which says more.
        if codes in {"", "audit_failed"} or note["at"] > to_text(as_of):
            continue
        facts = {"dag_id": path.stem, "run_id": note["run_id"], "tasks": tasks, "codes": codes}
        yield Event("dag_failure", None, path.stem, shanghai_day(note["at"]), facts, mark=f"{tasks} {codes}")
