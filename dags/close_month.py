"""Close a month.

Builds, audits and publishes the release of one month: plan → dbt build, and audit of the landed forms meanwhile → audit of the
warehouse → list of restatements → approval → publish → gate.

* **When**: on the 15th at 06:00 (Shanghai) for the month before, which is the run's partition key; by then the fifth
  working day has passed in every year. Months close in order.
* **By hand**: `uw close 2014-03`, or trigger with `{"month": "2014-03"}`. `known_at` (ISO 8601) says which submissions
  count: those that had arrived by then. Without it: the scheduled time of a scheduled run, else the start of the run.
* **A range of months**: `airflow backfill create --dag-id close_month --from-date 2014-01-01 --to-date 2014-12-31
  --max-active-runs 1`, with `--dag-run-conf '{"known_at": "2015-01-12T18:00:00+08:00"}'` for another time than now.
* **A definition changed**: the close stops and says which; `uw rebuild`, or `{"rebuild": {"comment": "…"}}`, publishes the months of
  the current release by the new definitions, then the close goes on.
* **Rehearse**: `{"is_rehearsal": true}` builds and audits, lists what would be restated, and publishes nothing.
* **Nothing to do**: if no submission changed since the month's release, the rest is skipped and the run is green.
* **A failing audit stops here**: the previous release stays current; the task's log names the expectation with sample rows.
* **Approval**: `approve_release` waits for a person (three days, then the answer is no) if the close brings anything missing,
  late or quarantined, or moves a published figure beyond its tolerance. It says what, to the users of `UW_APPROVERS`.
* **One writer**: every task holds the one slot of the pool `warehouse_writer`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, CronPartitionTimetable, Param, task
from release_approval import ReleaseApproval
from retries import UNLESS_VERDICT
from run_callbacks import notify_failure, notify_success

from union_warehouse.orchestration.close_steps import APPROVAL_STEP, CLOSE_STEPS

APPROVAL_WAIT = timedelta(days=3)

with DAG(
    dag_id="close_month",
    doc_md=__doc__,
    schedule=CronPartitionTimetable("0 6 15 * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m"),
    start_date=pendulum.datetime(2014, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=APPROVAL_WAIT + timedelta(hours=6),
    on_success_callback=notify_success,
    on_failure_callback=notify_failure,
    tags=["warehouse"],
    params={
        "month": Param(None, "Month; default: the partition key", type=["null", "string"], pattern=r"^\d{4}-(0[1-9]|1[0-2])$"),
        "known_at": Param(None, "Submissions that arrived until then count", type=["null", "string"], format="date-time"),
        "rebuild": Param(None, "Make the current release again: comment", type=["null", "object"], required=["comment"]),
        "is_rehearsal": Param(False, "Build and audit, publish nothing", type="boolean"),
        "approval": Param(None, "Approval in advance: by, comment", type=["null", "object"], required=["by", "comment"]),
    },
    default_args={
        "owner": "union-warehouse",
        "pool": "warehouse_writer",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_policy": UNLESS_VERDICT,
        "execution_timeout": timedelta(hours=2),
    },
):

    @task
    def plan_close() -> dict[str, Any]:
        """Choose the submissions that count."""
        from union_warehouse.orchestration.steps import plan_close

        return plan_close()

    @task.short_circuit
    def check_need(plan: dict[str, Any]) -> str:
        """Hand on the close; nothing, which skips the rest, when the month's release would not change."""
        return str(plan["close_id"]) if plan["is_needed"] else ""

    @task
    def run_step(step: str, close_id: str) -> str:
        """Run one step and hand on the close."""
        from union_warehouse.orchestration.steps import run_close_step

        run_close_step(step, close_id)
        return close_id

    close_id = check_need(plan_close())
    for one in CLOSE_STEPS:
        if one.task_id == APPROVAL_STEP:
            approval = ReleaseApproval(task_id=one.task_id, doc_md=one.purpose, close_id=close_id, response_timeout=APPROVAL_WAIT)
            close_id = approval.output
        else:
            close_id = run_step.override(task_id=one.task_id, doc_md=one.purpose)(one.task_id, close_id)
