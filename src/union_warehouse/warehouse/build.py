"""Run dbt on the private working files of a close."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from union_warehouse.paths import Home
from union_warehouse.warehouse.dbt_worker import MANIFEST_FILE, RUN_RESULTS_FILE, run_dbt_command
from union_warehouse.warehouse.errors import BuildFailed

logger = logging.getLogger(__name__)

_FAILED = {"error", "fail", "runtime error"}


def run_dbt(home: Home, close_id: str) -> dict[str, Any]:
    """One ``dbt build`` (models, data tests) on ``build/<close_id>/``.

    dbt runs in a process of its own (:mod:`union_warehouse.warehouse.dbt_worker`). Unit tests of the models run in the
    project's test suite, not in a close.

    Returns:
        close_id, seconds (dbt's own), and ``results``: name, status, seconds and rows per node.

    Raises:
        BuildFailed: a model or a test failed; names each with its message.
    """
    folder = home.build / close_id
    target = home.build / "dbt_target"
    log = folder / "dbt.log"
    (target / RUN_RESULTS_FILE).unlink(missing_ok=True)
    output = []
    error = ""
    try:
        for line in run_dbt_command(["build", "--exclude-resource-type", "unit_test"], folder, target, writer_lock(home)):
            output.append(line)
            logger.info("%s", line.rstrip())
    except RuntimeError as stopped:
        error = str(stopped)
    results = _node_results(target / RUN_RESULTS_FILE)
    failures = [f"{node['name']} ({node['message']})" for node in results["results"] if node["status"] in _FAILED]
    if error or failures:
        raise BuildFailed(close_id=close_id, failures="; ".join(failures) or error + "".join(output[-15:]), log=os.fspath(log))
    # the project may be read again, changed, while the build waits for approval
    shutil.copyfile(target / MANIFEST_FILE, folder / MANIFEST_FILE)
    return {"close_id": close_id, **results}


def parse_project(home: Home) -> dict[str, Any]:
    """The manifest of the dbt project as it is now; the build that follows reads the project no second time.

    Raises:
        BuildFailed: dbt cannot read it.
    """
    target = home.build / "dbt_target"
    target.mkdir(parents=True, exist_ok=True)
    output: list[str] = []
    try:
        output += run_dbt_command(["parse"], target, target, writer_lock(home))
    except RuntimeError as stopped:
        raise BuildFailed(close_id="-", failures="".join(output[-15:]) or str(stopped), log=os.fspath(target)) from stopped
    manifest: dict[str, Any] = json.loads((target / MANIFEST_FILE).read_text("utf-8"))
    return manifest


def writer_lock(home: Home) -> Path:
    """The lock of whoever writes the files of a build; Airflow's pool queues the tasks, this outlives a killed one."""
    return home.build / ".writer.lock"


def _node_results(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {"seconds": 0.0, "results": []}
    run = json.loads(path.read_text("utf-8"))
    return {
        "seconds": round(run["elapsed_time"], 2),
        "results": [
            {
                "name": node["unique_id"].split(".", 2)[-1],
                "status": node["status"],
                "seconds": round(node["execution_time"], 3),
                "message": (node["message"] or "").strip(),
            }
            for node in run["results"]
        ],
    }
