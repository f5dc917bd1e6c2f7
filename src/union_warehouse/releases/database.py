"""The DuckDB file of a release: kept beside its Parquet files in the newest releases, made from them again for the others.

Each release is the whole history, so keeping every file of every release would grow with the square of the months; its Parquet
files are hard links to those of the release before where nothing changed (docs/decisions/0016).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from union_warehouse.files import make_folder, move_into_place
from union_warehouse.paths import Home
from union_warehouse.releases.integrity import check_release_file
from union_warehouse.releases.read import DATABASE_FILE, Release, list_releases, read_release, release_folder

SCHEMA_FILE = "schema.sql"
"""Of a release: its tables, comments and functions, as statements."""

STORAGE: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.4.0"}
"""Of a file of DuckDB: its checkpoints are faster than those of the default, which clients before 1.4 read too."""

SCRATCH = "scratch"
"""Folder of the build area for what queries cannot keep in memory."""

MAX_SPILLED = "10GB"
"""What one query may write to its scratch folder."""

_LEFT_BEHIND_SECONDS = 24 * 3600
_WHOLE_RELEASES = 3
_CACHED = 3
_READ_ONLY = 0o400


def schema_of(connection: duckdb.DuckDBPyConnection) -> str:
    """The statements that make the tables, comments and functions of the file that ``connection`` is open on, without rows."""
    statements = connection.execute(
        """
        with
            here as (select current_database() as database_name),
            commented as (
                select table_name, null as column_name, comment
                from duckdb_tables() semi join here using (database_name)
                union all
                select table_name, column_name, comment
                from duckdb_columns() semi join here using (database_name)
            )
        select 1 as step, table_name, rtrim(sql, ';') as statement
        from duckdb_tables() semi join here using (database_name)
        union all
        select
            2, table_name, format(
                'comment on {} "{}"{} is ''{}''',
                if(column_name is null, 'table', 'column'),
                table_name,
                coalesce('."' || column_name || '"', ''),
                replace(comment, '''', '''''')
            )
        from commented
        where comment is not null
        union all
        select 3, function_name, format('create macro "{}"({}) as {}', function_name, array_to_string(parameters, ', '), macro_definition)
        from duckdb_functions() semi join here using (database_name)
        where not internal
        order by all
        """
    ).fetchall()
    return "".join(f"{statement};\n" for _, _, statement in statements)


@contextmanager
def scratch_folder(home: Home) -> Iterator[Path | None]:
    """A folder in the build area for what one query cannot keep in memory, gone when the block ends; None to who may not write there."""
    place = home.build / SCRATCH
    try:
        make_folder(place)
        for left in place.iterdir():  # by a query that was killed
            if left.stat().st_mtime < time.time() - _LEFT_BEHIND_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=place))
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def open_release(
    home: Home, release_id: str | None = None, threads: int | None = 1, scratch: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the DuckDB file of a release; the caller closes it.

    The connection cannot read or write other files than those in ``scratch`` and cannot be reconfigured, so it is safe for
    anybody's SQL.

    Args:
        home: the warehouse's state.
        release_id: None for the current release.
        threads: that DuckDB computes with; None for as many as it takes of itself. For a look at a few months, starting
            a second one takes longer than it saves; and with DuckDB 1.5.5 a process once ended with a segmentation fault
            in such a thread while a release was closed.
        scratch: of :func:`scratch_folder`; None where all of it fits into memory. DuckDB's own choice is a folder within the release.

    Raises:
        NoRelease: nothing has been published yet.
        UnknownRelease: there is no release of that id.
        ReleaseFileChanged: see :func:`database_of`.
    """
    config: dict[str, str | bool | int | float | list[str]] = {"temp_directory": os.fspath(scratch or "")}
    if threads is not None:
        config["threads"] = threads
    path = database_of(home, release_id)
    try:
        connection = duckdb.connect(os.fspath(path), read_only=True, config=config)
    except duckdb.Error:
        if home.cache in path.parents:
            path.unlink(missing_ok=True)  # it is damaged
        elif path.is_file():
            raise
        # else a publish took it away after it was found
        connection = duckdb.connect(os.fspath(database_of(home, release_id)), read_only=True, config=config)
    connection.execute(f"set max_temp_directory_size = '{MAX_SPILLED}'")  # DuckDB 1.5.5 forgets one that it is connected with
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def database_of(home: Home, release_id: str | None = None) -> Path:
    """The DuckDB file of a release, made from its Parquet files where the release does not hold it any more.

    What is made stays in ``UW_HOME/cache`` for the next reader; the oldest of them go.

    Raises:
        NoRelease: nothing has been published yet.
        UnknownRelease: there is no release of that id.
        ReleaseFileChanged: a file that it would be made from is not what was published.
    """
    folder = release_folder(home, release_id)
    if (folder / DATABASE_FILE).is_file():
        return folder / DATABASE_FILE
    cached = home.cache / "releases" / f"{folder.name}.duckdb"
    if cached.is_file():
        os.utime(cached)
    else:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=cached.parent) as unfinished:
            move_into_place(_make_database(home, read_release(home, folder.name), Path(unfinished)), cached)
        for path in sorted(cached.parent.glob("[!.]*"), key=lambda path: path.stat().st_mtime)[:-_CACHED]:
            path.unlink(missing_ok=True)
    return cached


def retire_databases(home: Home, kept: int | None = None) -> list[Path]:
    """Take the DuckDB files away from all releases but the newest; their Parquet files hold the same rows.

    Args:
        home: the warehouse's state.
        kept: how many keep theirs, at least one: default ``UW_WHOLE_RELEASES``, else 3.

    Returns:
        The files that went. Whoever has one open reads on.
    """
    kept = max(1, kept or int(os.environ.get("UW_WHOLE_RELEASES") or _WHOLE_RELEASES))
    files = [home.releases / release.release_id / DATABASE_FILE for release in list_releases(home)[kept:]]
    retired = [path for path in files if path.is_file()]
    for path in retired:
        path.unlink()
    return retired


def _make_database(home: Home, release: Release, folder: Path) -> Path:
    """The file, in ``folder``, from the Parquet files of a release; each is held against its fingerprint first."""
    path = folder / DATABASE_FILE
    schema = check_release_file(home, release, SCHEMA_FILE).read_text("utf-8")
    with duckdb.connect(os.fspath(path), config=STORAGE) as connection:
        connection.execute(schema)
        for table, content in release.tables.items():
            files = [check_release_file(home, release, f"parquet/{table}/{part}.parquet") for part in content["partitions"]]
            if files:
                connection.execute(f'insert into "{table}" by name from read_parquet(?)', [[os.fspath(file) for file in files]])
    path.chmod(_READ_ONLY)
    return path
