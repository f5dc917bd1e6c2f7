"""Landed submissions written by hand, for tests of what comes after collecting."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from union_warehouse.contracts import load_forms
from union_warehouse.contracts.landed import landed_columns
from union_warehouse.files import sha256_of
from union_warehouse.landing.row_problems import ROW_PROBLEM_COLUMNS
from union_warehouse.paths import Home
from union_warehouse.warehouse.plan import plan_from_landing

Problem = tuple[str, int, str, str]


def land(
    home: Home,
    month: str,
    department: str,
    forms: Mapping[str, Sequence[Mapping[str, Any]]],
    problems: Sequence[Problem] = (),
    number: int = 1,
    received_at: str | None = None,
    is_opening: bool = False,
) -> str:
    """Land one submission; returns its id.

    Args:
        home: the warehouse's state.
        month: of the submission.
        department: that sent it.
        forms: rows by form; a row maps field to typed value, ``<field>__text`` only where the text says something else.
        problems: errors in quarantine: (form, row, column, rule); rows count from 2.
        number: of the submission.
        received_at: by default the 2nd of the next month.
        is_opening: whether it is the department's first.
    """
    submission_id = f"{month}/{department}/v{number:04d}"
    arrived = received_at or f"{datetime.fromisoformat(month + '-28').replace(day=28):%Y-%m}-28T08:00:00Z"
    folder = home.landing / f"month={month}" / f"department={department}" / f"v{number:04d}"
    folder.mkdir(parents=True)
    common = {"_submission_id": submission_id, "_department": department, "_month": month, "_received_at": arrived.rstrip("Z")}
    quarantined = {(form, row) for form, row, _, _ in problems}
    for form, rows in forms.items():
        landed = [
            common
            | {
                "_is_opening": is_opening,
                "_sheet": "表",
                "_row": number,
                "_layout": "1.0.0",
                "_is_accepted": (form, number) not in quarantined,
            }
            | _cells(form, row)
            for number, row in enumerate(rows, start=2)
        ]
        if rows:
            write_parquet(folder / f"{form}.parquet", landed_columns(load_forms()[form]), landed)
    told = [
        {
            "_submission_id": submission_id,
            "form": form,
            "sheet": "表",
            "row": row,
            "column": column,
            "rule": rule,
            "severity": "error",
        }
        for form, row, column, rule in problems
    ]
    write_parquet(folder / "row_problems.parquet", ROW_PROBLEM_COLUMNS, told)
    manifest = {
        "submission_id": submission_id,
        "department": department,
        "month": month,
        "submission_number": number,
        "reading": 1,
        "file_name": "表.xlsx",
        "sha256": "0",
        "received_at": arrived,
        "door": None,
        "read_at": arrived,
        "kind": "workbook",
        "contract_version": "1",
        "cover": "1",
        "state": "accepted_with_quarantine" if problems else "accepted",
        "is_opening": is_opening,
        "hash_key_fingerprint": "0",
        "ties_with": [],
        "files": {},
        "forms": [
            {
                "form": form,
                "version": number,
                "state": "accepted_with_quarantine" if any(name == form for name, _ in quarantined) else "accepted",
                "return": "rows" if rows else "nil",
                "rows": len(rows),
                "quarantined": len({row for name, row in quarantined if name == form}),
                "warnings": 0,
                "file": f"{form}.parquet" if rows else None,
                "layout": "1.0.0" if rows else None,
                "contract": load_forms()[form].fingerprint,
                "changes": None,
            }
            for form, rows in forms.items()
        ],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    note_files(folder)
    return submission_id


def note_files(folder: Path) -> None:
    """Write the fingerprints of the files in ``folder`` into its manifest, as if they had landed as they are."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"] = {file.name: sha256_of(file) for file in sorted(folder.glob("*.parquet"))}
    path.write_text(json.dumps(manifest), encoding="utf-8")


def _cells(form: str, row: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for field in load_forms()[form].fields:
        value = row.get(field.name)
        cells[f"{field.name}__text"] = row.get(f"{field.name}__text", None if value is None else str(value))
        cells[field.name] = value
        if field.checker:
            cells[f"{field.name}__valid"] = row.get(f"{field.name}__valid", None if value is None else True)
    return cells


def write_parquet(path: Path, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``rows`` as Parquet with these columns, name to DuckDB type; columns that a row lacks are null."""
    with duckdb.connect() as connection:
        names = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"create table landed ({names})")
        if rows:
            values = [[row.get(name) for name in columns] for row in rows]
            connection.executemany(f"insert into landed values ({', '.join('?' * len(columns))})", values)
        connection.execute(f"copy landed to '{path}' (format parquet)")


def plan_build(home: Home, month: str, known_at: str = "2030-01-01T00:00:00Z") -> str:
    """Plan a close of ``month`` in an empty build; returns its id."""
    close_id = f"{month}-r1"
    plan_from_landing(home, close_id, [month], datetime.fromisoformat(known_at))
    return close_id
