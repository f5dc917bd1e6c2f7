"""What is kept of a release, and what is made from it again."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.commands import start_uw, uw_json
from tests.releases import copy_of, differing_tables
from union_warehouse.files import point_at
from union_warehouse.paths import Home
from union_warehouse.releases.database import database_of, open_release, retire_databases
from union_warehouse.releases.errors import ReleaseFileChanged
from union_warehouse.warehouse.publish import publish_release

OLD = "2014-01-r1"


@pytest.fixture
def home(february: Path, tmp_path: Path) -> Home:
    return Home(copy_of(february, tmp_path))


def described(path: Path) -> list[tuple[str, ...]]:
    """Tables, columns, constraints and functions of a file, with their comments."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = "select table_name, null, comment, sql from duckdb_tables()"
        columns = "select table_name, column_name, comment, data_type from duckdb_columns() where not internal"
        functions = "select function_name, null, array_to_string(parameters, ','), macro_definition from duckdb_functions() where not internal"
        return connection.execute(f"{tables} union all {columns} union all {functions} order by all").fetchall()


def test_an_older_release_is_made_from_its_parquet_as_it_was_published(home: Home) -> None:
    published = Path(shutil.copy(home.releases / OLD / "warehouse.duckdb", home.root / "published.duckdb"))
    assert retire_databases(home, 1) == [home.releases / OLD / "warehouse.duckdb"]
    assert retire_databases(home, 1) == []
    remade = database_of(home, OLD)
    assert remade.parent == home.cache / "releases"
    assert differing_tables(published, remade) == []
    assert described(published) == described(remade)
    assert database_of(home, OLD) == remade
    assert database_of(home) == (home.releases / "2014-02-r1" / "warehouse.duckdb").resolve()


def test_commands_read_an_older_release_as_any_other(home: Home) -> None:
    asked = [
        ("figures", "--month", "2014-01", "--release", OLD, "--structure", "as-was"),
        ("diff", OLD, "2014-02-r1"),
        ("issues", "--release", OLD),
    ]
    before = [uw_json(home.root, *command) for command in asked]
    retire_databases(home, 1)
    assert [uw_json(home.root, *command) for command in asked] == before
    assert uw_json(home.root, "verify", "--all")["differences"] == []


def test_a_publish_leaves_the_newest_releases_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UW_WHOLE_RELEASES", "1")
    point_at(home.releases / "current", OLD)  # as if a kill had come before
    publish_release(home, "2014-02-r1")
    assert [path.parent.name for path in home.releases.glob("*r?/warehouse.duckdb")] == ["2014-02-r1"]
    assert uw_json(home.root, "verify", "--all")["differences"] == []


def test_nothing_is_made_of_what_was_changed(home: Home) -> None:
    retire_databases(home, 1)
    path = home.releases / OLD / "parquet" / "dim_month" / "all.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ReleaseFileChanged):
        open_release(home, OLD)
    assert not list(home.cache.rglob("*.duckdb"))
    process = start_uw(home.root, "query", "--release", OLD, "from dim_month")
    assert "release_file_changed" in process.communicate()[1]


def test_the_newest_release_is_not_whole_without_its_database(home: Home) -> None:
    (home.releases / "2014-02-r1" / "warehouse.duckdb").unlink()
    process = start_uw(home.root, "verify", "--json")
    assert "releases/2014-02-r1/warehouse.duckdb" in process.communicate()[0]
    assert process.returncode == 1
