"""The Airflow that a command runs its DAGs on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from union_warehouse.orchestration.in_process import in_process_runner
from union_warehouse.orchestration.rest import rest_runner
from union_warehouse.orchestration.runner import Runner
from union_warehouse.paths import Home


@contextmanager
def connect(home: Home, on_wait: Callable[[], None] | None = None) -> Iterator[Runner]:
    """The Airflow of ``AIRFLOW_API_URL`` if that is set, else one inside this process; ``on_wait`` as there."""
    url = os.environ.get("AIRFLOW_API_URL")
    if url:
        with rest_runner(home, url) as runner:
            yield runner
    else:
        with in_process_runner(home, on_wait) as runner:
            yield runner
