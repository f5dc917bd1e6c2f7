"""When a task is tried again, for the DAG files to name."""

from __future__ import annotations

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

UNLESS_VERDICT = ExceptionRetryPolicy(
    rules=[RetryRule("union_warehouse.errors.UnionWarehouseError", RetryAction.FAIL, reason="a verdict, not a fault")]
)
"""A named error is a verdict on data or order, or needs a person: trying again in a minute cannot change it."""
