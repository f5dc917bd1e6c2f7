"""What happens when a run has ended, for the DAG files to name: alerts. Stays light: ours is imported when it is called.

Callbacks of a run and not tasks: a last task would hide a failure (or cause one), and hold up the next run.
"""

from __future__ import annotations

from typing import Any


def notify_success(context: Any) -> None:
    """The run succeeded: send what is new, and that an earlier failure is over."""
    from union_warehouse.orchestration.alerting import notify_of_end

    notify_of_end(context, is_success=True)


def notify_failure(context: Any) -> None:
    """The run failed: notify the data engineers, and send what else is new."""
    from union_warehouse.orchestration.alerting import notify_of_end

    notify_of_end(context, is_success=False)
