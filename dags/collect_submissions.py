"""Collect submissions.

Reads every file that waits in the inbox, one mapped task per file, labelled with month and department.

* **When**: as soon as the inbox watcher (plugin `inbox_watcher`) sees a complete file, and every 30 minutes in any case.
* **A bad file is a normal outcome**: it is rejected, its sender gets a receipt, and the task is green. A task fails only
  when the file could not be *judged* (a full disk, a lost worker); it is retried, and the other files go on.
* **Green means judged**: `confirm_outcomes` fails the run while a listed file has no outcome.
* **Run again at will**: a file that has an outcome is not read twice. `uw submit` runs this DAG too.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronTriggerTimetable,
    TriggerRule,
    task,
)
from inbox_watcher import InboxTrigger
from retries import UNLESS_VERDICT
from run_callbacks import notify_failure, notify_success

inbox = Asset("inbox", watchers=[AssetWatcher(name="inbox_watcher", trigger=InboxTrigger())])


with DAG(
    dag_id="collect_submissions",
    doc_md=__doc__,
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/30 * * * *", timezone="Asia/Shanghai"), assets=[inbox]),
    start_date=pendulum.datetime(2014, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    on_success_callback=notify_success,
    on_failure_callback=notify_failure,
    tags=["submissions"],
    default_args={
        "owner": "union-warehouse",
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_policy": UNLESS_VERDICT,
        "execution_timeout": timedelta(minutes=30),
    },
):

    @task
    def list_inbox() -> list[dict[str, str]]:
        """Files that wait, oldest arrival first; at most as many as one run may map, the rest wait for the next run."""
        from union_warehouse.orchestration.steps import list_inbox

        return list_inbox()

    @task
    def collect_file(item: dict[str, str]) -> None:
        """Judge one file and land it."""
        from union_warehouse.orchestration.steps import collect_file

        collect_file(item)

    @task
    def confirm_outcomes(items: list[dict[str, str]]) -> dict[str, int]:
        """Count the outcomes; fail when a listed file has none."""
        from union_warehouse.orchestration.steps import confirm_outcomes

        return confirm_outcomes(items)

    waiting = list_inbox()
    collect_files = collect_file.override(
        map_index_template="{{ task.op_kwargs['item']['label'] }}",
        doc_md="Judges one file and lands it; a rejection is an outcome, not a failure.",
        do_xcom_push=False,  # outcomes are read from the landing zone
    )
    collect_files.expand(item=waiting) >> confirm_outcomes.override(trigger_rule=TriggerRule.ALL_DONE)(waiting)
