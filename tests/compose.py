"""Run the services of docker-compose.yml as plain processes: same commands, same environment, real PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import yaml

from union_warehouse.project import PROJECT_DIR

COMPOSE_FILE = PROJECT_DIR / "docker-compose.yml"
PROJECT_IN_IMAGE = "/opt/union-warehouse"
HOME_IN_IMAGE = "/var/lib/union-warehouse"
SECRETS = {
    "POSTGRES_PASSWORD": "test-postgres",
    "AIRFLOW_JWT_SECRET": "test-jwt-secret-of-more-than-32-characters",
    "AIRFLOW_SECRET_KEY": "test-secret-key-of-more-than-32-characters",
    "AIRFLOW_FERNET_KEY": "dGVzdC1mZXJuZXQta2V5LW9mLTMyLWJ5dGVzLWxvbmc=",
    "AIRFLOW_ADMIN_PASSWORD": "test-admin",
    "UW_HASH_KEY": "test-hash-key-of-more-than-16-bytes",
}
"""A value for every secret that the compose file requires."""
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """``text`` with Compose's ``${NAME}``, ``${NAME:-default}``, ``${NAME:?message}`` and ``$$`` replaced.

    Raises:
        KeyError: a required variable has no value.
    """

    def replace(match: re.Match[str]) -> str:
        escaped, name, kind, rest = match.groups()
        if escaped:
            return "$"
        if values.get(name):
            return values[name]
        if kind == "?":
            raise KeyError(rest)
        return rest or ""

    return _VARIABLE.sub(replace, text)


def load_compose(values: Mapping[str, str]) -> dict[str, Any]:
    """docker-compose.yml with its variables replaced."""
    return yaml.safe_load(interpolate(COMPOSE_FILE.read_text("utf-8"), values))


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_debian(commands: Mapping[str, str]) -> None:
    """See that each command exists, by installing its Debian package where that is possible.

    Args:
        commands: path or name of a command -> name of its package.

    Raises:
        RuntimeError: one is missing and cannot be installed; names the packages.
    """
    missing = sorted({package for command, package in commands.items() if not _find(command)})
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *arguments], check=True, env=environment, stdout=subprocess.DEVNULL)
    if left := sorted({package for command, package in commands.items() if not _find(command)}):
        raise RuntimeError(f"this test needs the Debian packages {', '.join(left)}: apt-get install {' '.join(left)}")


def _find(command: str) -> str | None:
    if "*" not in command:
        return shutil.which(command)
    return next((str(path) for path in sorted(Path("/").glob(command.lstrip("/")), reverse=True)), None)


@contextlib.contextmanager
def postgresql(folder: Path, password: str) -> Iterator[int]:
    """A fresh PostgreSQL with the user and database of the compose file; yields its port."""
    binaries = Path(_find("/usr/lib/postgresql/*/bin/initdb") or "").parent
    port = free_port()
    folder.mkdir()
    # PostgreSQL refuses to run as root.
    prefix: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        for parent in folder.parents:
            if parent.owner() == "root" and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
        prefix = ["runuser", "-u", "postgres", "--"]
    (secret := folder.with_name("postgres-password")).write_text(password)
    secret.chmod(0o644)
    data = folder / "data"
    initdb = ["--username=airflow", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
    run = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL}
    subprocess.run([*prefix, str(binaries / "initdb"), f"--pgdata={data}", *initdb], **run)  # type: ignore[call-overload]
    server = subprocess.Popen(
        [*prefix, str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder), "-c", "fsync=off"],
        cwd=folder,
        stdout=(folder.parent / "postgres.log").open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        environment = os.environ | {"PGPASSWORD": password}
        ready = ["pg_isready", "--host=127.0.0.1", f"--port={port}", "--username=airflow"]
        wait_until(
            lambda: subprocess.run(ready, stdout=subprocess.DEVNULL, env=environment).returncode == 0, "PostgreSQL", [server]
        )
        create = ["createdb", "--host=127.0.0.1", f"--port={port}", "--username=airflow", "airflow"]
        subprocess.run(create, check=True, env=environment)
        yield port
    finally:
        stop([server])


class Stack:
    """The Airflow services of the compose file on this machine."""

    def __init__(self, folder: Path, postgres_port: int, values: Mapping[str, str]) -> None:
        """Translate the image's paths and the services' names to those of this machine."""
        self.folder = folder
        self.home = folder / "home"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._health_port = free_port()
        self._postgres_port = postgres_port
        self.services: dict[str, Any] = load_compose(values)["services"]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def local(self, text: str) -> str:
        """``text`` of a service with what differs outside a container replaced."""
        for there, here in (
            (PROJECT_IN_IMAGE, str(PROJECT_DIR)),
            (HOME_IN_IMAGE, str(self.home)),
            ("@postgres:5432", f"@127.0.0.1:{self._postgres_port}"),
            ("http://api-server:8080", self.url),
            ("http://localhost:8080", self.url),
            ("http://localhost:8974", f"http://127.0.0.1:{self._health_port}"),
        ):
            text = text.replace(there, here)
        return text

    def environment(self, service: str) -> dict[str, str]:
        """The environment of ``service``: the compose file's, and the machine's search path and locale."""
        # compose hands on an empty text where a variable is not set; YAML reads it as null
        declared = {name: self.local(str(value or "")) for name, value in self.services[service]["environment"].items()}
        machine = {name: os.environ[name] for name in ("HOME", "LANG", "LC_ALL", "TZ") if name in os.environ}
        ports = {
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self._health_port),
        }
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**machine, **declared, **ports, "PATH": path, "AIRFLOW_HOME": str(self.folder / "airflow")}

    def run(self, service: str) -> None:
        """Run ``service`` to its end, as compose does with one that must complete."""
        with self.log(service).open("wb") as log:
            command = [self.local(part) for part in self.services[service]["command"]]
            subprocess.run(command, env=self.environment(service), stdout=log, stderr=log, check=True, cwd=self.folder)

    def start(self, *services: str) -> None:
        """Start ``services`` and leave them running."""
        for service in services:
            with self.log(service).open("wb") as log:
                self._processes[service] = subprocess.Popen(
                    [self.local(part) for part in self.services[service]["command"]],
                    env=self.environment(service),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    start_new_session=True,
                )

    def is_healthy(self, service: str) -> bool:
        """Whether the health check of ``service`` passes.

        Raises:
            RuntimeError: its process has ended; with the end of its log.
        """
        if (code := self._processes[service].poll()) is not None:
            raise RuntimeError(f"{service} ended with {code}: {self.log(service).read_text('utf-8', 'replace')[-3000:]}")
        kind, *command = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        return (
            subprocess.run([self.local(part) for part in command], env=self.environment(service), capture_output=True).returncode
            == 0
        )

    def log(self, service: str) -> Path:
        """What ``service`` printed."""
        return self.folder / f"{service}.log"

    def wait_until(self, is_done: Callable[[], object], what: str) -> None:
        """Wait for something that the running services bring about."""
        wait_until(is_done, what, self._processes.values())

    def stop(self) -> None:
        """Stop every process and every child of it."""
        stop(list(self._processes.values()))


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End ``processes`` and all their descendants: asked first, then killed."""
    family: list[psutil.Process] = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(process.pid)
            family += [*parent.children(recursive=True), parent]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(family, timeout=8)
    for child in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(alive)
    for process in processes:
        process.wait()


def wait_until(is_done: Callable[[], object], what: str, of: Iterable[subprocess.Popen[Any]] = ()) -> None:
    """Call ``is_done`` until it is true, however slow the machine is; pytest ends a test that hangs.

    Args:
        is_done: what is waited for.
        what: its name.
        of: the processes that bring it about.

    Raises:
        RuntimeError: one of them has ended, so that it cannot come any more.
    """
    while not is_done():
        for process in of:
            if (code := process.poll()) is not None and not is_done():
                raise RuntimeError(f"waited for {what} in vain: {process.args!r} ended with {code}")
        time.sleep(0.1)
