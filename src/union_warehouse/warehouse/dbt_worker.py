"""A process that has imported dbt and read the project, and runs dbt in forks of itself.

Importing dbt takes longer than building a month, and the project must be read before each run, so a process that closes
several months pays for both once. Each run is a fork that ends with the run: in the process that asked, dbt would keep
the DuckDB file locked after it returned.

Requests are JSON lines on standard input; what dbt prints goes to standard output, followed by ``EXIT`` and its code.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from union_warehouse.locks import exclusive
from union_warehouse.project import DBT_PROJECT_DIR

MANIFEST_FILE, RUN_RESULTS_FILE = "manifest.json", "run_results.json"
EXIT, END = "\x00exit ", "\x00"
"""Frame of the exit code; other processes write to the same pipe, so it is found anywhere in a line."""


def run_dbt_command(arguments: Sequence[str], build: Path, target: Path, lock: Path) -> Iterator[str]:
    """Run dbt on the files of a close, yielding what it prints, line by line; it is kept as ``dbt.log`` beside them.

    Args:
        arguments: of the dbt command line, without those that say where things are.
        build: folder of the working files, in which dbt runs: it names them by the same relative paths in each.
        target: folder of what dbt writes about its runs.
        lock: held by the run as long as it lives, even if this process is killed.

    Raises:
        RuntimeError: dbt ended with another code than 0, after everything it printed was yielded.
    """
    worker = _worker()
    if worker.stdin is None or worker.stdout is None:
        raise RuntimeError("the dbt worker has no pipes")
    places = {"build": build, "target": target, "lock": lock}
    request = {"arguments": list(arguments), **{name: os.fspath(path.absolute()) for name, path in places.items()}}
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
    manifest: Any = None
    described: set[str] = set()
    for line in sys.stdin:
        request = json.loads(line)
        target = request["target"]
        is_parse = request["arguments"] == ["parse"]  # whoever asks has seen that the project changed
        with exclusive(Path(request["lock"])):
            if manifest is None or is_parse:
                # A project that cannot be read leaves no manifest: the run reads it itself, and says what is wrong.
                manifest = _dbt(["parse"], target).result
                described = set()
                import_module("dbt.task.build")  # once, not in each fork
                gc.collect()
                gc.freeze()
            elif target not in described:
                manifest.write(os.fspath(Path(target) / MANIFEST_FILE))
        described.add(target)
        code = 0
        if not is_parse or manifest is None:
            child = os.fork()
            if child == 0:
                _run_in_fork(request, manifest)
            _, status = os.waitpid(child, 0)
            code = os.waitstatus_to_exitcode(status)
        os.write(sys.stdout.fileno(), f"{EXIT}{code}{END}\n".encode())


def _run_in_fork(request: Mapping[str, Any], manifest: Any) -> NoReturn:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    gc.disable()  # the fork lives for seconds
    with exclusive(Path(request["lock"])), (Path(request["build"]) / "dbt.log").open("a", encoding="utf-8", buffering=1) as log:

        def report(event: Any) -> None:
            if event.info.level in {"info", "warn", "error"}:
                line = f"{datetime.now(UTC):%H:%M:%S}  {event.info.msg}\n"
                log.write(line)
                with suppress(BrokenPipeError):  # who asked was killed
                    sys.stdout.write(line)
                    sys.stdout.flush()

        # dbt would write the manifest again, which has not changed since it was parsed.
        os.chdir(request["build"])
        run = _dbt([*request["arguments"], "--no-write-json"], request["target"], manifest, [report])
        if run.result is not None:
            run.result.write(os.fspath(Path(request["target"]) / RUN_RESULTS_FILE))
        if run.success:
            _checkpoint_files()
        # DuckDB cannot end in a fork in any other way.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        os._exit(0 if run.success else 1)


def _checkpoint_files() -> None:
    """Move the write-ahead logs into their files, side by side: closing the database would do one after the other."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    handle = DuckDBConnectionManager.env().handle()  # type: ignore[no-untyped-call]
    cursors = {database: handle.cursor() for database in ("build", "marts")}
    with ThreadPoolExecutor(len(cursors)) as pool:
        list(pool.map(lambda database: cursors[database].execute(f"checkpoint {database}"), cursors))


def _dbt(arguments: Sequence[str], target: str, manifest: Any = None, listeners: Sequence[Any] = ()) -> Any:
    """One dbt command. Its own loggers are off: they word every event, also what they do not show (a tenth of a build)."""
    from dbt.cli.main import dbtRunner

    os.environ |= {"DO_NOT_TRACK": "1", "DBT_LOG_LEVEL": "none", "DBT_LOG_LEVEL_FILE": "none"}
    places = ["--project-dir", os.fspath(DBT_PROJECT_DIR), "--profiles-dir", os.fspath(DBT_PROJECT_DIR)]
    places += ["--target-path", target, "--log-path", target]
    return dbtRunner(manifest=manifest, callbacks=list(listeners)).invoke([*arguments, *places])


if __name__ == "__main__":
    main()
