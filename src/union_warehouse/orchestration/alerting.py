"""What a run does about alerts when it has ended. Nothing here may turn a run red or stop it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from union_warehouse.alerts import send_alerts
from union_warehouse.alerts.errors import AlertsNotDelivered
from union_warehouse.alerts.run_events import note_run
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.orchestration.records import read_records
from union_warehouse.paths import Home

logger = logging.getLogger(__name__)


def notify_of_end(context: Mapping[str, Any], *, is_success: bool) -> None:
    """Keep how a run ended and send what is new; whatever goes wrong is logged and left to the next run.

    Args:
        context: of Airflow's callback of a DAG run.
        is_success: whether the run succeeded.
    """
    try:
        home, now = Home.from_environment(), datetime.now(UTC)
        dag_id, run_id = context["dag"].dag_id, context["run_id"]
        if (getattr(context.get("dag_run"), "conf", None) or {}).get("is_rehearsal"):
            return  # whoever rehearses looks himself; the last run that counts is the one before
        note_run(home, dag_id, run_id, now, [] if is_success else _failures(home, dag_id, run_id, context))
        logger.info("alerts: %s", send_alerts(home, now))
    except Exception as error:
        # An error of another class may quote a value, or a target with its password.
        reason = error.message_en if isinstance(error, UnionWarehouseError) else type(error).__name__
        logger.warning("alerts were not sent: %s", reason)


def _failures(home: Home, dag_id: str, run_id: str, context: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Task and error code of every step that failed; a task that was killed left no error."""
    failed = [
        (record.task_id, record.error["code"])
        for record in read_records(home, dag_id, run_id).values()
        if record.error is not None
    ]
    last = context.get("ti")
    return failed or [(last.task_id if last else "?", str(context.get("reason", "unexpected")))]


def send_daily(home: Home) -> dict[str, Any]:
    """Send what is new, as of now: an alert says what is so when it is read, also where an old run is repeated.

    Raises:
        AlertsNotDelivered: a server did not take its message; missing targets are no failure.
    """
    result = send_alerts(home, datetime.now(UTC))
    if result["failed"]:
        raise AlertsNotDelivered(count=len(result["failed"]), channels=", ".join(result["failed"]))
    return result
