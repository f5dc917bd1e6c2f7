"""One trial: a stage with a fault, what a reader then finds, the stage again, and whether it came to the same."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from reference_data import write_reference_year
from tests.commands import APPROVED, HASH_KEY, uw
from tests.faults.durable import copy_of_disk, cut_power
from tests.faults.shim import Counters, Fault
from tests.faults.stage import MONTH, RELEASE
from tests.releases import differing_tables
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.paths import Home
from union_warehouse.releases.read import current_release, list_releases
from union_warehouse.warehouse.verification import verify_landing, verify_ledgers, verify_releases

STAGES = ("collect", "close", "publish")
SUBMIT = "submit"
"""The first stage as a command does it."""
_DEPARTMENTS = ("教育工会", "城管局工会", "职工服务中心", "FW")
_ERROR = re.compile(r"^error (\w+): (.*)$", re.MULTILINE)
_LEFT_OUT = {".locks", ".attempts", ".pending", ".collected", ".unpacked"}
"""Of what landed: notes, and markers, whose names follow the times of a home's files."""


@dataclass(frozen=True)
class Given:
    """What the trials start from.

    Attributes:
        files: ``submissions``, ``arrivals.csv`` and ``closing-2014-02`` of the month.
        homes: a home before each stage by its name, and ``after`` all of them.
        built_in: where they were made; receipts and markers say so.
        counters: of each stage undisturbed.
        seconds: that each took.
    """

    files: Path
    homes: dict[str, Path]
    built_in: Path
    counters: dict[str, Counters]
    seconds: dict[str, float]


@dataclass
class Ended:
    """How a process ended: its code, the named error if there is one, what it said."""

    code: int
    error: str | None
    said: str

    @property
    def is_named(self) -> bool:
        """Whether it came to its end, or told why not."""
        return self.code == 0 or (self.code > 0 and self.error is not None)


@dataclass
class Finding:
    """What came of a trial; ``faults`` is empty where nothing was torn, lost or unnamed."""

    stage: str
    fault: Fault
    first: Ended
    again: Ended
    faults: list[str] = field(default_factory=list)


def prepare(folder: Path, library: Path, stages: Sequence[str] = STAGES) -> Given:
    """Three departments' January, published, and their February undisturbed, up to the last of ``stages``."""
    year = folder / "year"
    write_reference_year(year)
    files, first = folder / "given", folder / "january"
    for target, months in ((files / "submissions", {MONTH}), (first, {"2013-12", "2014-01"})):
        target.mkdir(parents=True)
        for path in (year / "submissions").iterdir():
            if path.name[:7] in months and path.name[8:].startswith(_DEPARTMENTS):
                shutil.copy(path, target)
    shutil.copy(year / "arrivals.csv", files)
    closings = dict(line.split(",") for line in (year / "closings.csv").read_text("utf-8").split())
    (files / f"closing-{MONTH}").write_text(closings[MONTH], "utf-8")
    home = folder / "home"
    uw(home, "submit", first, "--received-at", year / "arrivals.csv")
    uw(home, "close", "2014-01", "--known-at", closings["2014-01"], *APPROVED)
    given = Given(files, {}, home, {}, {})
    for stage in stages:
        given.homes[stage] = shutil.copytree(home, folder / f"before-{stage}", symlinks=True)
        _measure(stage, home, given, library, folder / f"notes-{stage}")
    given.homes["after"] = home.rename(folder / "after")
    return given


def add_submit(folder: Path, library: Path, given: Given) -> None:
    """Let trials be made of ``submit`` too, which is the stage ``collect`` by another way."""
    given.homes[SUBMIT] = given.homes["collect"]
    home = shutil.copytree(given.homes[SUBMIT], folder / "submitted", symlinks=True)
    _measure(SUBMIT, home, given, library, folder / f"notes-{SUBMIT}")


def _measure(stage: str, home: Path, given: Given, library: Path, notes: Path) -> None:
    began = time.monotonic()
    ended = run_stage(stage, home, given, Fault(), library, notes)
    if ended.code != 0:
        raise RuntimeError(f"{stage} fails without a fault: {ended.said}")
    given.seconds[stage] = time.monotonic() - began
    given.counters[stage] = Counters.of(notes)


def run_stage(
    stage: str, home: Path, given: Given, fault: Fault, library: Path, notes: Path, killed_after: float | None = None
) -> Ended:
    """Run a stage as a process group of its own, with a fault; ``killed_after`` seconds it is killed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "UW_", "FAULTS_"))}
    environment |= {"UW_HOME": os.fspath(home), "UW_HASH_KEY": HASH_KEY} | fault.environment(library, home, notes)
    with (notes / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.stage", stage, home, given.files],
            env=environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            process.wait(killed_after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    if code < 0 and not fault.kills_one:
        _kill_group(process.pid)
    text = (notes / "said").read_text("utf-8", "replace")
    found = _ERROR.findall(text)
    return Ended(code, found[-1][0] if found else None, text)


def _kill_group(group: int) -> None:
    """Until none of it is left: a process that is being started is not in the group yet that another one kills."""
    while True:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.01)


def try_fault(
    folder: Path, library: Path, given: Given, stage: str, fault: Fault, random: Random, killed_after: float | None = None
) -> Finding:
    """One trial, in ``folder``, which must not exist."""
    home = folder / "home"
    shutil.copytree(given.homes[stage], home, symlinks=True)
    before = copy_of_disk(home, folder / "before") if fault.cuts_power else None
    first = run_stage(stage, home, given, fault, library, folder / "first", killed_after)
    if before is not None:
        share = random.choice([0.0, 0.5, 1.0, random.random()])
        cut_power(home, before, folder / "first" / "synced", lambda: share, random)
    faults = [] if first.code < 0 or first.is_named else [f"first: ended with {first.code}: {first.said[-2000:]}"]
    faults += [f"a reader finds {what}" for what in _wrong_with_releases(Home(home))]
    again = run_stage(stage, home, given, Fault(), library, folder / "again")
    if not again.is_named:
        faults.append(f"again: ended with {again.code}: {again.said[-2000:]}")
    if differences(stage, home, given):
        faults += _recover(stage, home, given, library, folder, again)
    return Finding(stage, fault, first, again, faults)


def _recover(stage: str, home: Path, given: Given, library: Path, folder: Path, again: Ended) -> list[str]:
    """What is still wrong after the month was done again from its beginning: what each named error says to do."""
    if again.error is None:
        return [f"again: {what}" for what in differences(stage, home, given)]
    for one in STAGES[: STAGES.index(stage) + 1] if stage in STAGES else [stage]:
        run_stage(one, home, given, Fault(), library, folder / f"recovery-{one}")
    return [f"after {again.error}, and all again: {what}" for what in differences(stage, home, given)]


def differences(stage: str, home: Path, given: Given) -> list[str]:
    """What a stage should have come to and did not."""
    expected = given.homes[{"collect": "close", SUBMIT: "close", "close": "publish", "publish": "after"}[stage]]
    if stage in ("collect", SUBMIT):
        one, other = contents(expected, given.built_in), contents(home, given.built_in)
        return [f"{name} differs" for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    if stage == "close":
        place = Path("build", RELEASE, "marts.duckdb")
    else:
        place = Path("releases", RELEASE, "warehouse.duckdb")
        current = current_release(Home(home))
        if current is None or current.release_id != RELEASE:
            return [f"{current and current.release_id} is current"]
    if not (home / place).is_file():
        return [f"{place} is not there"]
    return [f"{table} differs" for table in differing_tables(home / place, expected / place)]


def contents(home: Path, built_in: Path) -> dict[str, bytes]:
    """All that landed and every answer to a sender, without the place of the home; leftovers are hidden files."""
    places = [os.fspath(place).encode() for place in (built_in, home)]
    return {
        path.relative_to(home).as_posix(): path.read_bytes().replace(places[0], b"").replace(places[1], b"")
        for folder in ("landing", "receipts", "outbox", "inbox")
        for path in (home / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".") and not _LEFT_OUT & {*path.parts}
    }


def _wrong_with_releases(home: Home) -> list[str]:
    """What of all releases, ledgers and of what landed is not whole."""
    try:
        list_releases(home)
        checks = [*verify_releases(home, None, is_all=True), *verify_landing(home), *verify_ledgers(home)]
    except UnionWarehouseError as error:
        return [error.message_en]
    return [f"{name}: {difference.path} {difference.kind}" for name, found in checks for difference in found]
