"""The task of `close_month` that a person answers: Airflow's human-in-the-loop approval, asked only when something is wrong.

Lives in a plugin because a DAG file holds no classes. It stays light: the stages are imported when it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk import Param


class ReleaseApproval(ApprovalOperator):
    """Goes on at once where nothing needs approval; else waits, and fails on a rejection so that the run is not green.

    While it waits it holds no slot of its pool. Without an answer within ``response_timeout`` the answer is no.

    Args:
        close_id: the close; what the task hands on.
        **kwargs: of the operator, ``response_timeout`` among them.
    """

    template_fields = (*ApprovalOperator.template_fields, "close_id")

    def __init__(self, *, close_id: str, **kwargs: Any) -> None:
        """Keep the close; what to ask is known when it runs."""
        comment = Param(None, "说明（随版本保存） Comment, kept with the release", type=["null", "string"])
        # The DAG's own parameters come with kwargs; the form that the person fills has the comment only.
        # Airflow may lose a task whose answer comes at once, and tries it again: then it should ask again at once too.
        again = {"retries": 5, "retry_delay": timedelta(seconds=10)}
        super().__init__(subject="", defaults=self.REJECT, **{**kwargs, **again, "params": {"comment": comment}})
        self.close_id = close_id

    def execute(self, context: Any) -> str:
        """Ask, if anybody has to be asked."""
        from union_warehouse.orchestration.steps import ask_approval

        question = ask_approval(self.close_id)
        if question is not None:
            self.subject, self.body, self.assigned_users = question["subject"], question["body"], question["assigned_users"]
            super().execute(context)
        return self.close_id

    def execute_complete(self, context: Any, event: Mapping[str, Any]) -> str:
        """Keep the answer and go on, or stop."""
        from union_warehouse.orchestration.steps import take_approval

        # Not ApprovalOperator's: it would skip the rest and leave the run green.
        take_approval(self.close_id, HITLOperator.execute_complete(self, context, dict(event)))
        return self.close_id
