"""Publish an audited build as a release, by one atomic step (docs/architecture.md, Releases)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

import union_warehouse
from union_warehouse.contracts import load_forms
from union_warehouse.files import make_durable, new_folder, point_at, read_derived, sha256_of, write_json
from union_warehouse.paths import BUILD_FILE, MARTS_FILE, Home
from union_warehouse.releases.database import SCHEMA_FILE, SCRATCH, retire_databases, schema_of
from union_warehouse.releases.integrity import check_release_file, fingerprints, release_sha256
from union_warehouse.releases.read import DATABASE_FILE, DEFINITIONS_FILE, MANIFEST_FILE, Release, current_release
from union_warehouse.warehouse.approvals import ApprovalEvent, approval_of
from union_warehouse.warehouse.data_dictionary import DICTIONARY_FILE, dictionary_markdown
from union_warehouse.warehouse.dbt_worker import MANIFEST_FILE as DBT_MANIFEST
from union_warehouse.warehouse.errors import ApprovalMissing, BuildIncomplete
from union_warehouse.warehouse.plan_file import built_files, load_plan

_PARTITION_COLUMNS = ("month", "submission_month")
_READ_ONLY = 0o400
"""Of the files of a release, which never change."""


def publish_release(home: Home, close_id: str) -> dict[str, Any]:
    """Make ``releases/<close_id>/`` from ``build/<close_id>/marts.duckdb`` and point ``current`` at it.

    The release is written under a temporary name and renamed, then the symlink is replaced: a reader sees the old or
    the new release, whole. Run again after a kill, it ends in the same state. The build becomes the last audited one.

    Returns:
        The release (see :class:`Release`), as JSON-able values.

    Raises:
        ApprovalMissing: something of it needs a person's approval and has none, or it is a rehearsal.
        BuildIncomplete: the working files of the close cannot be read.
    """
    plan = load_plan(home, close_id)
    previous = current_release(home)
    folder = home.releases / close_id
    if previous is not None and previous.release_id == close_id:
        return previous.to_dict()
    if plan["is_rehearsal"]:
        raise ApprovalMissing(close_id=close_id)
    approval = approval_of(home, close_id)
    shutil.rmtree(folder, ignore_errors=True)  # left by a kill before `current` moved: never seen by a reader
    manifest = _manifest_of(close_id, home.build / close_id / DBT_MANIFEST)
    with built_files(home, close_id) as built:
        with duckdb.connect(os.fspath(built / MARTS_FILE)) as connection:
            _describe(connection, _models_of_marts(manifest))
            connection.execute("force checkpoint")
        with duckdb.connect(os.fspath(built / BUILD_FILE)) as connection:
            connection.execute("force checkpoint")  # the next close copies this file, without a write-ahead log
    make_durable(home.build / close_id)  # the release will say what the next close may start from
    with new_folder(folder) as unfinished:
        release = _write_release(home, unfinished, plan, previous, manifest, approval)
    point_at(home.releases / "current", close_id, is_durable=True)
    retire_databases(home)
    _forget_older_builds(home, close_id)
    return release.to_dict()


def _write_release(
    home: Home,
    folder: Path,
    plan: Mapping[str, Any],
    previous: Release | None,
    manifest: Mapping[str, Any],
    approval: ApprovalEvent | None,
) -> Release:
    """Fill ``folder`` with the release that ``plan`` was built for."""
    close_id = plan["close_id"]
    shutil.copyfile(home.build / close_id / MARTS_FILE, folder / DATABASE_FILE)
    with duckdb.connect(os.fspath(folder / DATABASE_FILE), read_only=True) as connection:
        tables, linked = _export_parquet(connection, _models_of_marts(manifest), folder, home, previous)
        (folder / SCHEMA_FILE).write_text(schema_of(connection), encoding="utf-8")
        codes = connection.execute(
            "select table_name, column_name, code, label_zh from dim_code order by table_name, column_name, code_number"
        )
        (folder / DICTIONARY_FILE).write_text(dictionary_markdown(manifest, codes.fetchall()), encoding="utf-8")
        write_json(folder / DEFINITIONS_FILE, plan["definitions"])
        restated = connection.execute("select count(*) from rpt_restatements where release_id = ?", [close_id]).fetchone()
    release = Release(
        release_id=close_id,
        sequence=previous.sequence + 1 if previous else 1,
        month=plan["month"],
        known_at=plan["known_at"],
        beginning_month=plan["beginning_month"],
        closed_months=tuple(plan["closed_months"]),
        previous_release_id=previous.release_id if previous else None,
        hash_key_fingerprint=plan["hash_key_fingerprint"],
        code_version=union_warehouse.__version__,
        contract_versions={form.name: form.version for form in load_forms().values()},
        changed_submissions=tuple(plan["changed_submissions"]),
        restated_count=restated[0] if restated else 0,
        tables=tables,
        files=fingerprints(folder, linked),
        previous_release_sha256=release_sha256(home, previous.release_id) if previous else None,
        build_sha256=sha256_of(home.build / close_id / BUILD_FILE),
        manifests=plan["manifests"],
        rebuilt=plan["rebuilt"],
        approval=approval.to_dict() if approval else None,
    )
    write_json(folder / MANIFEST_FILE, release.to_dict())
    for name in (DATABASE_FILE, DICTIONARY_FILE, SCHEMA_FILE, DEFINITIONS_FILE, MANIFEST_FILE):
        (folder / name).chmod(_READ_ONLY)
    return release


def _manifest_of(close_id: str, path: Path) -> dict[str, Any]:
    """What dbt said of the project that the close was built by."""
    found: dict[str, Any] | None = read_derived(path)
    if found is None:
        raise BuildIncomplete(close_id=close_id, path=path)
    return found


def _models_of_marts(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The marts in the manifest of dbt, by table name."""
    nodes = manifest["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] == "model" and node["database"] == "marts"}


def _describe(connection: duckdb.DuckDBPyConnection, models: Mapping[str, dict[str, Any]]) -> None:
    """Write the models' documentation into the file, for `describe` and every SQL client.

    In one statement list, and only what is not there yet: dbt's persist_docs sends a statement a column and takes a
    sixth of a build.
    """
    held = connection.execute(
        """
        select table_name, null, comment from duckdb_tables() where database_name = current_database()
        union all select table_name, column_name, comment from duckdb_columns() where database_name = current_database()
        """
    ).fetchall()
    comments = {(table, column): comment for table, column, comment in held}
    described: dict[tuple[str, str | None], str] = {}
    for table, node in models.items():
        described[table, None] = node["description"]
        described |= {(table, column["name"]): column["description"] for column in node["columns"].values()}
    statements = [
        f"comment on {_named(*place)} is {_literal(text)};" for place, text in described.items() if comments[place] != text
    ]
    connection.execute("\n".join(["begin;", *statements, "commit"]))  # each alone would be flushed to disk


def _named(table: str, column: str | None) -> str:
    return f'column "{table}"."{column}"' if column else f'table "{table}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _export_parquet(
    connection: duckdb.DuckDBPyConnection,
    models: Mapping[str, dict[str, Any]],
    folder: Path,
    home: Home,
    previous: Release | None,
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Every mart as one Parquet file a month, ``all.parquet`` without months; unchanged files are hard links.

    A fact of spells is one file too: each month ends spells of dozens of earlier ones, whose files would be written again.

    Returns:
        ``tables`` of the release, and the sha256 of each file that is a link, by path in the release.

    Raises:
        ReleaseFileChanged: a file of the release before, which this one would hold too, is not what was published.
    """
    tables: dict[str, dict[str, Any]] = {}
    linked: dict[str, str] = {}
    names = connection.execute("select table_name from duckdb_tables() where schema_name = 'main' order by 1").fetchall()
    for (table,) in names:
        columns = [row[0] for row in connection.execute(f'describe "{table}"').fetchall()]
        has_months = table.startswith(("fct_", "rpt_")) and not models[table]["meta"].get("is_of_spells")
        partition = next((column for column in _PARTITION_COLUMNS if column in columns and has_months), None)
        value = f"coalesce({partition}, 'none')" if partition else "'all'"
        contents = connection.execute(
            f'select {value} as part, count(*), cast(sum(hash(t)) as varchar) from "{table}" as t group by part order by part'
        ).fetchall()
        before = (previous.tables.get(table, {}) if previous else {}).get("partitions", {})
        partitions = {part: f"{count}:{fingerprint}" for part, count, fingerprint in contents}
        (folder / "parquet" / table).mkdir(parents=True)
        changed = [part for part in partitions if partitions[part] != before.get(part)]
        unchanged = [f"parquet/{table}/{part}.parquet" for part in partitions.keys() - set(changed)]
        if previous:
            for name in unchanged:
                os.link(check_release_file(home, previous, name), folder / name)
                linked[name] = previous.files[name]
        _write_partitions(connection, table, value, changed, folder / "parquet" / table)
        tables[table] = {"rows": sum(count for _, count, _ in contents), "partitions": partitions}
    return tables, linked


def _write_partitions(
    connection: duckdb.DuckDBPyConnection, table: str, value: str, partitions: Sequence[str], folder: Path
) -> None:
    """The rows of each of ``partitions``, by ``value``, in a file of its own.

    One statement writes them all, which is faster than one each; one thread, so that each is one file of ordered rows.
    """
    if not partitions:
        return
    unsorted = folder / ".partitions"
    names = ", ".join(f"'{part}'" for part in partitions)
    connection.execute("set threads = 1")
    connection.execute(
        f"""copy (select *, {value} as _partition from "{table}" where _partition in ({names}) order by all)
        to '{unsorted}' (format parquet, compression zstd, partition_by (_partition), filename_pattern 'rows_')"""
    )
    connection.execute("reset threads")
    for path in unsorted.glob("_partition=*/rows_0.parquet"):
        path.rename(folder / f"{path.parent.name.partition('=')[2]}.parquet").chmod(_READ_ONLY)
    shutil.rmtree(unsorted)


def _forget_older_builds(home: Home, close_id: str) -> None:
    """Keep the build that the current release came from, without the one before: the next close starts from a copy of it."""
    for path in home.build.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name not in {close_id, "dbt_target", SCRATCH}:
            shutil.rmtree(path)
