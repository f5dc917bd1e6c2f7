"""What the client of Airflow's REST API does with answers; the server's side is in test_deployment."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from union_warehouse.orchestration import rest
from union_warehouse.orchestration.rest import RestRunner
from union_warehouse.paths import Home


class Server:
    """As far as an answered task shows itself: it loses ``lost`` answers, and asks ``questions`` one after another."""

    def __init__(self, questions: list[str], lost: int) -> None:
        self.questions, self.lost = questions, lost
        self.answers: list[str] = []
        self.polls_until_asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = self.questions[min(len(self.answers), len(self.questions) - 1)]
        is_over = len(self.answers) > self.lost
        if request.method == "PATCH":
            self.answers.append(json.loads(request.content)["chosen_options"][0])
            self.polls_until_asked = 1
            return httpx.Response(200, json={})
        if request.url.path.endswith("hitlDetails"):
            return httpx.Response(200, json={"created_at": "2014-01-01T00:00:00+00:00", "subject": "s", "body": asked})
        if request.url.path.endswith("taskInstances"):
            is_waiting = request.url.params["state"] == "awaiting_input" and not is_over and not self.polls_until_asked
            self.polls_until_asked = max(0, self.polls_until_asked - 1)
            return httpx.Response(200, json={"total_entries": int(is_waiting), "task_instances": []})
        return httpx.Response(200, json={"state": "success" if is_over else "running"})


@pytest.mark.parametrize(
    ("questions", "lost", "answered", "is_success"),
    [
        (["a"], 0, 1, True),
        (["a"], 1, 2, True),
        (["a", "b"], 1, 1, False),
        (["a"], 9, rest.TIMES_ANSWERED, False),
    ],
    ids=["taken up", "lost once", "something else is asked", "lost for ever"],
)
def test_an_answer_that_airflow_lost_is_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, questions: list[str], lost: int, answered: int, is_success: bool
) -> None:
    monkeypatch.setattr(rest, "POLL_SECONDS", 0.0)
    server = Server(questions, lost)
    with httpx.Client(base_url="http://airflow", transport=httpx.MockTransport(server)) as client:
        result = RestRunner(Home(tmp_path), client).answer(
            "close_month", "run", "approve_release", {"chosen_options": ["Approve"]}, print
        )
    assert (len(server.answers), result.is_success, result.is_awaiting_input) == (answered, is_success, not is_success)
