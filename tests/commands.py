"""Run `uw` as a user does: a process of its own, on a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

UW = Path(sys.executable).parent / "uw"
# One key for all homes of a test run, so that what two of them landed can be compared byte by byte.
HASH_KEY = "0123456789abcdef" * 4


def start_uw(home: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start `uw` in a process group of its own."""
    return _start(home, str(UW), *arguments)


def uw(home: Path, *arguments: str | Path, exit_code: int = 0) -> str:
    """Run `uw`, see that it ends with ``exit_code``, and give what it printed on standard output."""
    return _output(start_uw(home, *arguments), exit_code)


def _start(home: Path, *command: str | Path) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "UW_"))}
    if project := os.environ.get("PROJECT_UNDER_TEST"):
        environment["UW_PROJECT"] = project
    return subprocess.Popen(
        [*map(str, command)],
        env=environment | {"UW_HOME": str(home), "UW_HASH_KEY": HASH_KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _output(process: subprocess.Popen[str], exit_code: int) -> str:
    output, errors = process.communicate()
    assert process.returncode == exit_code, f"{process.args!r} ended with {process.returncode}\n{output}\n{errors[-4000:]}"
    return output


def collect_apart(home: Path, path: Path, received_at: str, exit_code: int = 0) -> Any:
    """Collect a file as `uw submit` does, in a process that reads the project under test, without Airflow; its outcome."""
    process = _start(home, sys.executable, "-m", "tests.collecting", path, f"{received_at}T00:00+08:00")
    return json.loads(_output(process, exit_code))


# Whoever tests something else than approval approves in advance: the reference data has late and quarantined rows.
APPROVED = ("--approve-by", "tests", "--comment", "reference data")


def uw_json(home: Path, *arguments: str | Path, exit_code: int = 0) -> Any:
    """Run `uw … --json`."""
    return json.loads(uw(home, *arguments, "--json", exit_code=exit_code))


HEAVY = ("pandas", "duckdb", "pyarrow", "airflow", "dbt", "great_expectations", "openpyxl", "httpx", "yaml", "pydantic")


def imported_by(home: Path, *arguments: str) -> set[str]:
    """The heavy modules that a process of `uw` has imported when it ends."""
    script = "import sys, atexit; from union_warehouse.cli import run; atexit.register(lambda: print(*sys.modules)); run()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "UW_"))}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, env={**environment, "UW_HOME": str(home)}
    )
    return set(done.stdout.splitlines()[-1].split()) & set(HEAVY)
