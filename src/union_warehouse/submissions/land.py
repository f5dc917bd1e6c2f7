"""Write one submission into the landing zone: a folder that is whole or not there, and never changes afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from union_warehouse.contracts import Form, load_forms
from union_warehouse.contracts.landed import ARROW_TYPES, landed_columns
from union_warehouse.files import new_folder, sha256_of, write_json
from union_warehouse.landing.instants import from_text
from union_warehouse.landing.manifests import MANIFEST, ORIGINAL, AnyManifest
from union_warehouse.landing.row_problems import ROW_PROBLEM_COLUMNS, ROW_PROBLEMS
from union_warehouse.landing.rows import read_landed
from union_warehouse.quality.row_rules import RowProblem, Verdicts
from union_warehouse.workbooks.tables import FormRows

_COMPRESSION = "zstd"
_PROBLEMS_SCHEMA = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in ROW_PROBLEM_COLUMNS.items()])


@dataclass(frozen=True)
class JudgedForm:
    """Rows of one form with the verdicts on them."""

    rows: FormRows
    verdicts: Verdicts


def land(
    folder: Path,
    original: bytes | Path | None,
    extension: str,
    manifest: AnyManifest,
    tables: Mapping[str, pa.Table],
    problems: Iterable[RowProblem],
) -> None:
    """Write a submission, whole or not at all.

    Args:
        folder: where it goes; must not exist.
        original: unchanged bytes, or the original of an earlier reading to link to; None of a file that was not read.
        extension: of the original.
        manifest: complete but for its ``files``, which this adds.
        tables: of :func:`landed_table` by form.
        problems: every row problem.
    """
    with new_folder(folder) as temporary:
        kept = temporary / f"{ORIGINAL}.{extension}"
        if isinstance(original, bytes):
            kept.write_bytes(original)
        elif original is not None:
            os.link(original, kept)
        for name, table in tables.items():
            pq.write_table(table, temporary / f"{name}.parquet", compression=_COMPRESSION)
        pq.write_table(problems_table(manifest, tables, problems), temporary / ROW_PROBLEMS, compression=_COMPRESSION)
        manifest["files"] = {path.name: sha256_of(path) for path in sorted(temporary.iterdir()) if path != kept}
        write_json(temporary / MANIFEST, manifest)


def land_rejected(folder: Path, original: bytes | None, extension: str, manifest: AnyManifest) -> None:
    """Keep a file that cannot be placed, without its bytes if it was not read; of the same bytes at one door the first arrival stays."""
    if folder.exists():
        return
    with new_folder(folder) as temporary:
        if original is not None:
            (temporary / f"{ORIGINAL}.{extension}").write_bytes(original)
        write_json(temporary / MANIFEST, manifest)


def landed_table(form: JudgedForm, manifest: AnyManifest) -> pa.Table:
    """Every row of a form as read, in the columns of :func:`~union_warehouse.contracts.landed.landed_columns`."""
    rows = form.rows.table
    received_at = from_text(manifest["received_at"]).replace(tzinfo=None)
    constants = {
        "_submission_id": manifest["submission_id"],
        "_department": manifest["department"],
        "_month": manifest["month"],
        "_received_at": received_at,
        "_is_opening": manifest["is_opening"],
        "_sheet": form.rows.sheet,
        "_layout": form.rows.layout,
    }
    columns: dict[str, Any] = {}
    for name, kind in landed_columns(form.rows.form).items():
        arrow = ARROW_TYPES[kind]
        if name in constants:
            columns[name] = pa.repeat(pa.scalar(constants[name], arrow), rows.num_rows)
        elif name == "_is_accepted":
            columns[name] = pa.array(form.verdicts.is_accepted)
        else:
            columns[name] = rows[name]
    return pa.table(columns)


def problems_table(manifest: AnyManifest, tables: Mapping[str, pa.Table], problems: Iterable[RowProblem]) -> pa.Table:
    """All row problems, warnings too, of one submission, each with the natural key of its row as sent (``record_key``)."""
    listed = list(problems)
    if not listed:
        return _PROBLEMS_SCHEMA.empty_table()
    at_fault = {problem.form for problem in listed}
    keys = {
        name: _record_keys(load_forms()[name], manifest["month"], table) for name, table in tables.items() if name in at_fault
    }
    columns = [
        pa.repeat(pa.scalar(manifest["submission_id"]), len(listed)),
        *zip(*listed, strict=True),
        [keys.get(problem.form, {}).get(problem.row) for problem in listed],
    ]
    return pa.table(
        [
            column if isinstance(column, pa.Array) else pa.array(column, field.type)
            for column, field in zip(columns, _PROBLEMS_SCHEMA, strict=True)
        ],
        schema=_PROBLEMS_SCHEMA,
    )


def _record_keys(form: Form, month: str | None, table: pa.Table) -> dict[int, str]:
    """The natural key of each row by its number, where no part is blank; with the month where that is part of it."""
    parts = [table[f"{field.name}__text"] for field in form.key]
    keys = pc.binary_join_element_wise(*parts, *([pa.scalar(month, pa.string())] if form.key_includes_month else []), " ")
    return {row: key for row, key in zip(table["_row"].to_pylist(), keys.to_pylist(), strict=True) if key}


def read_row_problems(folder: Path) -> list[RowProblem]:
    """The row problems of a landed submission."""
    table = read_landed(folder / ROW_PROBLEMS)
    columns = [table[name].to_pylist() for name in RowProblem._fields]
    return [RowProblem(*values) for values in zip(*columns, strict=True)]
