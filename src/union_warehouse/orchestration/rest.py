"""Run the DAGs on a server by Airflow's public REST API (``AIRFLOW_API_URL``)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from union_warehouse.orchestration.errors import (
    AirflowRefused,
    AirflowUnreachable,
    AnswerNotTakenUp,
    DagPaused,
    NotAssigned,
    SchedulerDown,
)
from union_warehouse.orchestration.records import Observer, StepRecord, read_records
from union_warehouse.orchestration.runner import RunResult
from union_warehouse.paths import Home

POLL_SECONDS = 1.0
# Airflow takes the resumed task for a lost one, and tries it again, if the answer comes before its scheduler has seen the task
# park: the answer waits a little, and is given again where the same question comes back.
PARKED_SECONDS_BEFORE_ANSWER = 10.0
TIMES_ANSWERED = 3
# Airflow's triggerer takes an answer up within seconds.
TAKEN_UP_SECONDS = 120.0
_AWAITING_INPUT = "awaiting_input"
# A live scheduler takes a queued run up within seconds; runs of the same DAG before it may take longer.
QUEUED_SECONDS_BEFORE_HEALTH_CHECK = 30.0


@contextmanager
def rest_runner(home: Home, url: str) -> Iterator[RestRunner]:
    """A signed-in client of the Airflow at ``url``.

    Credentials: ``AIRFLOW_API_TOKEN``, else ``AIRFLOW_API_USER`` and ``AIRFLOW_API_PASSWORD``.

    Raises:
        AirflowUnreachable: nobody answers there.
        AirflowRefused: the credentials are wrong.
    """
    with httpx.Client(base_url=url.rstrip("/"), timeout=30.0) as client:
        runner = RestRunner(home, client)
        runner.sign_in(os.environ)
        yield runner


class RestRunner:
    """See :class:`union_warehouse.orchestration.runner.Runner`."""

    waited_since = None  # the server queues runs

    def __init__(self, home: Home, client: httpx.Client) -> None:
        """Use ``client``; records of steps are read from ``home``, the volume that the server uses too."""
        self._home = home
        self._client = client

    def sign_in(self, environment: Mapping[str, str]) -> None:
        """Use the token of ``environment``, else get one for its user and password."""
        token = environment.get("AIRFLOW_API_TOKEN")
        if not token:
            user, password = environment.get("AIRFLOW_API_USER", ""), environment.get("AIRFLOW_API_PASSWORD", "")
            token = self._request("POST", "/auth/token", {"username": user, "password": password})["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def run(self, dag_id: str, conf: Mapping[str, Any], observer: Observer) -> RunResult:
        """Trigger ``dag_id`` and wait until its run ended, or waits for a person.

        Raises:
            DagPaused: the run would wait for ever.
            SchedulerDown: the run stays queued and no scheduler is alive.
        """
        if self._request("GET", f"/api/v2/dags/{dag_id}")["is_paused"]:
            raise DagPaused(dag_id=dag_id)
        run_id = self._request("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": dict(conf)})["dag_run_id"]
        return self._result(dag_id, run_id, self._wait(dag_id, run_id, observer))

    def answer(self, dag_id: str, run_id: str, task_id: str, answer: Mapping[str, Any], observer: Observer) -> RunResult:
        """Answer ``task_id`` of a run that waits, as the signed-in user, and wait until the run ended.

        Args:
            dag_id: the DAG.
            run_id: its run.
            task_id: the human-in-the-loop task.
            answer: chosen_options and params_input.
            observer: sees each step.

        Raises:
            NotAssigned: the signed-in user is not one of those who may answer.
            AnswerNotTakenUp: Airflow accepted the answer, and the task still waits.
        """
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        question = self._request("GET", path)
        for _ in range(TIMES_ANSWERED):
            self._answer_once(path, question, answer)
            self._wait_until_taken_up(dag_id, run_id)
            state = self._wait(dag_id, run_id, observer)
            if state != _AWAITING_INPUT:
                break
            again = self._request("GET", path)
            if (again["subject"], again["body"]) != (question["subject"], question["body"]):
                break  # something else is asked by now: that is for the person to answer
            question = again
        return self._result(dag_id, run_id, state)

    def _answer_once(self, path: str, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        asked_at = datetime.fromisoformat(question["created_at"])
        time.sleep(max(0.0, PARKED_SECONDS_BEFORE_ANSWER - (datetime.now(UTC) - asked_at).total_seconds()))
        try:
            self._request("PATCH", path, answer)
        except AirflowRefused as refused:
            if refused.facts["status"] != httpx.codes.FORBIDDEN:
                raise
            raise NotAssigned(reason=refused.facts["reason"]) from refused

    def _result(self, dag_id: str, run_id: str, state: str) -> RunResult:
        failed = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?state=failed&limit=100")
        tasks = tuple(sorted({item["task_id"] for item in failed["task_instances"]}))
        log = f"{self._client.base_url}/dags/{dag_id}/runs/{run_id}"
        return RunResult(dag_id, run_id, state == "success", tasks, log, is_awaiting_input=state == _AWAITING_INPUT)

    def _wait(self, dag_id: str, run_id: str, observer: Observer) -> str:
        seen: dict[tuple[str, int], StepRecord] = {}
        started = time.monotonic()
        while True:
            state: str = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"]
            for key, record in read_records(self._home, dag_id, run_id).items():
                if seen.get(key) != record:
                    seen[key] = record
                    observer(record)
            if state in {"success", "failed"}:
                return state
            if self._is_awaiting_input(dag_id, run_id):
                return _AWAITING_INPUT
            if state == "queued" and time.monotonic() - started > QUEUED_SECONDS_BEFORE_HEALTH_CHECK:
                self._check_scheduler(run_id)
            time.sleep(POLL_SECONDS)

    def _wait_until_taken_up(self, dag_id: str, run_id: str) -> None:
        """Wait until the task that was answered has gone on: for some seconds it still looks as if it waited."""
        answered_at = time.monotonic()
        while self._is_awaiting_input(dag_id, run_id):
            if time.monotonic() - answered_at > TAKEN_UP_SECONDS:
                raise AnswerNotTakenUp(run_id=run_id)
            time.sleep(POLL_SECONDS)

    def _is_awaiting_input(self, dag_id: str, run_id: str) -> bool:
        tasks = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?state={_AWAITING_INPUT}&limit=1"
        return bool(self._request("GET", tasks)["total_entries"])

    def _check_scheduler(self, run_id: str) -> None:
        status = self._request("GET", "/api/v2/monitor/health")["scheduler"]["status"]
        if status != "healthy":
            raise SchedulerDown(run_id=run_id, status=status)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        url = str(self._client.base_url)
        try:
            response = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise AirflowUnreachable(url=url, reason=f"{type(error).__name__}: {error}") from error
        if response.is_error:
            reason = response.text[:300]
            raise AirflowRefused(url=url, request=f"{method} {path}", status=response.status_code, reason=reason)
        return response.json()
