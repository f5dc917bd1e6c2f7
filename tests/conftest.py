"""Fixtures that every test may use."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_data import write_reference_year
from tests.alert_servers import Hook, http_server
from tests.commands import APPROVED, uw_json
from tests.releases import copy_of
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a build; `make test-quick` leaves them out."""
    for item in items:
        if BUILDS & set(getattr(item, "fixturenames", ())):
            item.add_marker("build")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty warehouse."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Submissions of December 2013 to February 2014, with their arrivals and closing dates."""
    folder = tmp_path_factory.mktemp("reference")
    write_reference_year(folder)
    for path in (folder / "submissions").iterdir():
        if path.name[:7] > "2014-02":
            path.unlink()
    return folder


@pytest.fixture(scope="session")
def closings(reference: Path) -> dict[str, str]:
    with (reference / "closings.csv").open(encoding="utf-8") as file:
        return {row["month"]: row["known_at"] for row in csv.DictReader(file)}


@pytest.fixture(scope="session")
def january(tmp_path_factory: pytest.TempPathFactory, reference: Path, closings: dict[str, str]) -> Path:
    """A home with everything submitted and January closed, of which nothing is wrong: it publishes without approval."""
    home = tmp_path_factory.mktemp("january") / "home"
    uw_json(home, "submit", reference / "submissions", "--received-at", reference / "arrivals.csv")
    closed = uw_json(home, "close", "2014-01", "--known-at", closings["2014-01"])
    assert closed[0]["release"] == "2014-01-r1"
    return home


@pytest.fixture(scope="session")
def february(tmp_path_factory: pytest.TempPathFactory, january: Path, closings: dict[str, str]) -> Path:
    """The same home with February closed too."""
    home = copy_of(january, tmp_path_factory.mktemp("february"))
    closed = uw_json(home, "close", "2014-02", "--known-at", closings["2014-02"], *APPROVED)
    assert closed[0]["release"] == "2014-02-r1"
    return home


@pytest.fixture
def hook() -> Iterator[Hook]:
    with http_server() as hook:
        yield hook
