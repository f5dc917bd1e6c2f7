"""The bodies of the DAGs' tasks: read the context, call the stage, keep a record. DAG files import this inside tasks only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSkipException

from union_warehouse.orchestration.close_steps import CLOSE_STEPS
from union_warehouse.orchestration.errors import NoMonthGiven, NotCollected
from union_warehouse.orchestration.records import run_step
from union_warehouse.paths import REHEARSAL, Home

if TYPE_CHECKING:
    from union_warehouse.warehouse.approvals import ApprovalEvent


def list_inbox() -> list[dict[str, Any]]:
    """Files that wait, oldest arrival first, at most ``[core] max_map_length`` of them."""
    from union_warehouse.submissions import scan_inbox

    home = Home.from_environment()
    items = scan_inbox(home)[: conf.getint("core", "max_map_length")]
    _recorded(home, lambda: {"waiting": len(items)})
    return [item.to_dict() for item in items]


def collect_file(item: Mapping[str, Any]) -> None:
    """Judge and land one file of the inbox; a rejection is an outcome, not an error."""
    from union_warehouse.submissions import InboxItem, collect_file

    home = Home.from_environment()

    def collect() -> dict[str, Any]:
        outcome = collect_file(home, InboxItem.from_dict(item))
        names = ("file", "department", "month", "state", "rejected_forms")
        return {name: value for name, value in outcome.to_dict().items() if name in names}

    _recorded(home, collect)


def confirm_outcomes(items: list[dict[str, Any]] | None) -> dict[str, int]:
    """Count outcomes by state.

    Raises:
        NotCollected: a listed file has no outcome (its task failed), or the inbox could not be listed.
    """
    from union_warehouse.submissions import InboxItem, read_marker

    home = Home.from_environment()

    def count() -> dict[str, int]:
        if items is None:
            raise NotCollected(files="?")
        outcomes = {item["path"]: read_marker(home, InboxItem.from_dict(item)) for item in items}
        missing = [path for path, outcome in outcomes.items() if outcome is None]
        if missing:
            raise NotCollected(files=", ".join(missing))
        states = [outcome.state for outcome in outcomes.values() if outcome is not None]
        return {state: states.count(state) for state in sorted(set(states))}

    counts: dict[str, int] = _recorded(home, count)
    return counts


def plan_close() -> dict[str, Any]:
    """Plan the close of the month that the run names by parameter or partition key, or the rebuild that it asks for.

    Raises:
        AirflowSkipException: a scheduled run before the first close.
        NoMonthGiven: it names none.
    """
    from union_warehouse.releases.read import current_release
    from union_warehouse.warehouse import plan_close, plan_rebuild

    home, context = Home.from_environment(), get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    if dag_run.run_type == "scheduled" and current_release(home) is None:
        # The first close sets the beginning of the warehouse for good: a person decides it, not the calendar.
        raise AirflowSkipException("no month is closed yet; close the first one by hand: uw close MONTH")

    def plan() -> dict[str, Any]:
        is_rehearsal = params["is_rehearsal"]
        if params["rebuild"]:
            return plan_rebuild(home, params["rebuild"]["comment"], is_rehearsal=is_rehearsal)
        month = params["month"] or dag_run.partition_key
        if not month:
            raise NoMonthGiven
        return plan_close(home, month, _known_at(params["known_at"], dag_run), is_rehearsal=is_rehearsal)

    plan_: dict[str, Any] = _recorded(home, plan)
    return plan_


def run_close_step(step: str, close_id: str) -> None:
    """Run one later step of a close, by the name of its task."""
    home = Home.from_environment()
    (run,) = [one.run for one in CLOSE_STEPS if one.task_id == step and one.run]
    _recorded(home, lambda: run(home, close_id))


def ask_approval(close_id: str) -> dict[str, Any] | None:
    """What to ask a person before a close is published: subject, body, assigned_users; None if nobody has to be asked.

    Raises:
        AirflowSkipException: it is a rehearsal.
        AwaitingApproval: somebody has to be asked, and the answer comes by command.
    """
    from union_warehouse.orchestration.approval import Asking, ask, question
    from union_warehouse.warehouse.approvals import REQUESTED
    from union_warehouse.warehouse.restatements import forget_rehearsal

    home, context = Home.from_environment(), get_current_context()
    dag_run = context["dag_run"]
    if close_id.endswith(REHEARSAL):
        forget_rehearsal(home, close_id)
        raise AirflowSkipException("a rehearsal publishes nothing")
    asking = Asking(dag_run.run_id, dag_run.triggering_user_name, context["params"]["approval"])
    event: ApprovalEvent | None = None

    def review() -> dict[str, Any]:
        nonlocal event
        event = ask(home, close_id, asking)
        return {"state": event.state, "by": event.by} if event else {"state": "not needed", "by": None}

    _recorded(home, review)
    return question(home, event) if event and event.state == REQUESTED else None


def take_approval(close_id: str, answer: Mapping[str, Any]) -> None:
    """Keep the answer to :func:`ask_approval`.

    Raises:
        ApprovalRejected: it is no.
        ApprovalTimedOut: there is none.
    """
    from union_warehouse.orchestration.approval import take_answer

    home, run_id = Home.from_environment(), get_current_context()["dag_run"].run_id

    def take() -> dict[str, Any]:
        event = take_answer(home, close_id, run_id, answer)
        return {"state": event.state, "by": event.by}

    _recorded(home, take)


def watch_deadlines() -> dict[str, Any]:
    """Everything that is due by the run's time, kept as ``UW_HOME/deadlines/<date>.json``."""
    from union_warehouse.orchestration.deadlines import record_deadlines

    home, dag_run = Home.from_environment(), get_current_context()["dag_run"]
    summary: dict[str, Any] = _recorded(home, lambda: record_deadlines(home, _run_time(dag_run)))
    return summary


def send_alerts() -> dict[str, Any]:
    """Send what has not been sent yet.

    Raises:
        AlertsNotDelivered: a server did not take its message.
    """
    from union_warehouse.orchestration.alerting import send_daily

    home = Home.from_environment()
    result: dict[str, Any] = _recorded(home, lambda: send_daily(home))
    return result


def _recorded(home: Home, step: Callable[[], Any]) -> Any:
    instance = get_current_context()["ti"]
    map_index = -1 if instance.map_index is None else instance.map_index
    return run_step(home, (instance.dag_id, instance.run_id, instance.task_id, map_index), step)


def _known_at(text: str | None, dag_run: Any) -> datetime:
    return datetime.fromisoformat(text) if text else _run_time(dag_run)


def _run_time(dag_run: Any) -> datetime:
    """A time that a rerun of the same run shares.

    A backfill's ``run_after`` is a date inside its month (Airflow's choice), before the month's submissions arrive;
    so only a scheduled run uses it.
    """
    moment: datetime = dag_run.run_after if dag_run.run_type == "scheduled" else dag_run.start_date
    return moment.astimezone(UTC)
