"""A process that has imported dbt and runs it in forks of itself.

Importing dbt takes longer than building a month, so a process that closes several months pays for it once. Each run is a
fork that ends with the run: in the process that asked, dbt would keep the DuckDB file locked after it returned.

Requests are JSON lines on standard input; what dbt prints goes to standard output, followed by ``EXIT`` and its code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from union_warehouse.locks import exclusive

EXIT, END = "\x00exit ", "\x00"
"""Frame of the exit code; other processes write to the same pipe, so it is found anywhere in a line."""


def run_dbt_command(arguments: Sequence[str], environment: Mapping[str, str], lock: Path) -> Iterator[str]:
    """Run dbt, yielding what it prints, line by line.

    Args:
        arguments: of the dbt command line.
        environment: variables to add.
        lock: held by the run as long as it lives, even if this process is killed.

    Raises:
        RuntimeError: dbt ended with another code than 0, after everything it printed was yielded.
    """
    worker = _worker()
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("the dbt worker has no pipes")
    request = {"arguments": list(arguments), "environment": dict(environment), "lock": os.fspath(lock)}
    worker.stdin.write(json.dumps(request) + "\n")
    worker.stdin.flush()
    for line in worker.stdout:
        text, is_exit, rest = line.partition(EXIT)
        if text:
            yield text
        if is_exit:
            code = int(rest.partition(END)[0])
            if code:
                raise RuntimeError(f"dbt ended with code {code}")
            return
    _worker.cache_clear()
    raise RuntimeError(f"the dbt worker ended with code {worker.wait()}")


@cache
def _worker() -> subprocess.Popen[str]:
    """The worker of this process; it ends when its standard input closes, with this process."""
    return subprocess.Popen(
        [sys.executable, "-m", "union_warehouse.warehouse.dbt_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def main() -> None:
    """Serve requests until standard input closes."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ.update(request["environment"])
            with exclusive(Path(request["lock"])):
                success = dbtRunner().invoke(request["arguments"]).success
                # DuckDB moves its write-ahead log into the file when it is closed, and cannot end in a fork in any other way.
                DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
                sys.stdout.flush()
                os._exit(0 if success else 1)
        _, status = os.waitpid(child, 0)
        sys.stdout.flush()
        os.write(sys.stdout.fileno(), f"{EXIT}{os.waitstatus_to_exitcode(status)}{END}\n".encode())


if __name__ == "__main__":
    main()
