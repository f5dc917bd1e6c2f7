"""Watch deadlines.

Every morning: what is due, missing, late, overdue or failed. The list is in the task's log, and as JSON in
`UW_HOME/deadlines/<date>.json`; then everybody is sent what they have not been sent (docs/alerts.md).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, CronTriggerTimetable, task
from run_callbacks import notify_failure, notify_success

with DAG(
    dag_id="watch_deadlines",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 7 * * *", timezone="Asia/Shanghai"),
    start_date=pendulum.datetime(2014, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
    on_success_callback=notify_success,
    on_failure_callback=notify_failure,
    tags=["submissions", "warehouse"],
    default_args={
        "owner": "union-warehouse",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(minutes=15),
    },
):

    @task
    def list_deadlines() -> dict[str, Any]:
        """Log and store what is open."""
        from union_warehouse.orchestration.steps import watch_deadlines

        return watch_deadlines()

    @task
    def send_alerts() -> dict[str, Any]:
        """Send what is new; fails, and is tried again, when a server did not take its message."""
        from union_warehouse.orchestration.steps import send_alerts

        return send_alerts()

    list_deadlines() >> send_alerts()
