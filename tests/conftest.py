"""Fixtures that every test may use."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reference_data import write_reference_year
from tests.alert_servers import Hook, http_server
from tests.commands import APPROVED, uw_json
from tests.releases import copy_of
from union_warehouse.locks import exclusive
from union_warehouse.paths import Home

BUILDS = {
    "airflow_home",
    "both_years",
    "built",
    "closed",
    "empty_build",
    "january",
    "merged",
    "project",
    "published",
    "reference",
    "stack",
    "truth",
    "written",
}
"""Fixtures that build a warehouse, start Airflow or write the reference year; a test that does so by itself is marked itself."""


LONGEST = ("end_to_end", "faults", "definitions", "kill_safety", "collect_kill", "cli", "add_a_form", "structure", "integrity")
"""Test files that take longest: begun first, so that the workers end together; after them those that need a build."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a build, which `make test-quick` leaves out; order the files by how long they take."""
    for item in items:
        if BUILDS & set(getattr(item, "fixturenames", ())):
            item.add_marker("build")
    building = {item.path for item in items if item.get_closest_marker("build")}
    ranks = {f"test_{name}": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (ranks.get(item.path.stem, len(ranks)), item.path not in building))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty warehouse."""
    return Home(tmp_path / "home")


Make = Callable[[Path], None]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Make], Path]:
    """A function that makes a folder of a name, or finds it: workers share what takes long to make, and only read it."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    place = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.getbasetemp()

    def make_once(name: str, make: Make) -> Path:
        folder, is_made = place / name, place / f"{name}.made"
        with exclusive(place / f"{name}.lock"):
            if not is_made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(mode=0o700)
                make(folder)
                is_made.touch()
        return folder

    return make_once


@pytest.fixture(scope="session")
def reference(made_once: Callable[[str, Make], Path]) -> Path:
    """Submissions of December 2013 to February 2014, with their arrivals and closing dates."""

    def make(folder: Path) -> None:
        write_reference_year(folder)
        for path in (folder / "submissions").iterdir():
            if path.name[:7] > "2014-02":
                path.unlink()

    return made_once("reference", make)


@pytest.fixture(scope="session")
def closings(reference: Path) -> dict[str, str]:
    with (reference / "closings.csv").open(encoding="utf-8") as file:
        return {row["month"]: row["known_at"] for row in csv.DictReader(file)}


@pytest.fixture(scope="session")
def january(made_once: Callable[[str, Make], Path], reference: Path, closings: dict[str, str]) -> Path:
    """A home with everything submitted and January closed, of which nothing is wrong: it publishes without approval."""

    def make(folder: Path) -> None:
        home = folder / "home"
        uw_json(home, "submit", reference / "submissions", "--received-at", reference / "arrivals.csv")
        closed = uw_json(home, "close", "2014-01", "--known-at", closings["2014-01"])
        assert closed[0]["release"] == "2014-01-r1"

    return made_once("january", make) / "home"


@pytest.fixture(scope="session")
def february(made_once: Callable[[str, Make], Path], january: Path, closings: dict[str, str]) -> Path:
    """The same home with February closed too."""

    def make(folder: Path) -> None:
        home = copy_of(january, folder)
        closed = uw_json(home, "close", "2014-02", "--known-at", closings["2014-02"], *APPROVED)
        assert closed[0]["release"] == "2014-02-r1"

    return made_once("february", make) / "home"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with http_server() as hook:
        yield hook
