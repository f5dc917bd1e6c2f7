"""Watch deadlines.

Every morning: which submissions are missing, which came late, and which hazards are overdue. The table is in the task's
log, and as JSON in `UW_HOME/deadlines/<date>.json`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, CronTriggerTimetable, task

with DAG(
    dag_id="watch_deadlines",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 7 * * *", timezone="Asia/Shanghai"),
    start_date=pendulum.datetime(2014, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=1),
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
        """Log and store what is missing, late and overdue."""
        from union_warehouse.orchestration.steps import watch_deadlines

        return watch_deadlines()

    list_deadlines()
