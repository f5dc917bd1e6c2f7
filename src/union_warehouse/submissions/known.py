"""What is known when a submission arrives: its own rows, what has landed since the last release, and the release.

Landed files never change, so what was read of one is kept for the rest of the process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.landing.folders import Manifest, effective_for, landed_months, month_manifests, submission_folder
from union_warehouse.landing.rows import read_landed
from union_warehouse.paths import Home
from union_warehouse.quality.provisional import CHANGE_COLUMNS, Known

_INSPECTIONS = "select inspection_no, inspected_on from fct_safety_inspections semi join wanted on inspection_no = key"
_UNION_EVENTS = "select union_code, union_event, event_on from fct_union_events semi join wanted on union_code = key"
_CHANGES = "select person_key, changed_on, membership_change, union_code from fct_membership_changes semi join wanted on person_key = key"


def known_rows(home: Home, manifest: Manifest, tables: Mapping[str, pa.Table]) -> Known:
    """Look-ups for the submission of ``manifest``, whose landed rows are ``tables``."""
    places = _Places(home, manifest, tables)
    return Known(partial(_inspections, places), partial(_unions, places), partial(_changes, places))


def _inspections(places: _Places, numbers: pa.Array) -> dict[str, date]:
    found: dict[str, date] = {}
    wanted = set(numbers.to_pylist())
    for rows in places.sources("safety_inspections", ("inspection_no", "inspected_on"), _INSPECTIONS, numbers):
        for number, day in _rows(rows):
            found[number] = min(day, found.get(number, day))
        if found.keys() >= wanted:
            break
    return found


def _unions(places: _Places, codes: pa.Array) -> dict[str, tuple[date | None, date | None]]:
    first: dict[str, date] = {}
    last: dict[str, date] = {}
    wanted = set(codes.to_pylist())
    for rows in places.sources("union_register", ("union_code", "event", "event_on"), _UNION_EVENTS, codes):
        for code, event, day in _rows(rows):
            if event == "established":
                first[code] = min(day, first.get(code, day))
            elif event == "dissolved":
                last[code] = max(day, last.get(code, day))
        if first.keys() >= wanted:
            break
    return {code: (first.get(code), last.get(code)) for code in wanted}


def _changes(places: _Places, persons: pa.Array) -> pa.Table:
    found = places.sources(
        "member_changes", ("id_number", "changed_on", "change", "union_code"), _CHANGES, persons, is_own_only=True
    )
    return pa.concat_tables([rows.select(CHANGE_COLUMNS) for rows in found])


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


class _Places:
    """Where to look for rows that a submission may refer to, nearest first."""

    def __init__(self, home: Home, manifest: Manifest, tables: Mapping[str, pa.Table]) -> None:
        self._home, self._manifest, self._tables = home, manifest, tables

    def sources(
        self, form: str, columns: tuple[str, ...], query: str, wanted: pa.Array, is_own_only: bool = False
    ) -> Iterator[pa.Table]:
        """Accepted rows of a form: of the submission (all), then for the keys of its department, the release, other departments.

        Args:
            form: to look in.
            columns: of the landed rows; the first is the key.
            query: the same columns from the release, for the keys in the view ``wanted``.
            wanted: keys to look for.
            is_own_only: leave other departments' unpublished rows out.
        """
        own = self._manifest["department"]
        closed = _closed_months(self._home)
        if form in self._tables:
            yield _accepted(self._tables[form], columns)
        for table in self._landed(form, columns, own, closed):
            yield _of_keys(table, wanted)
        if closed:
            yield _published(self._home, query, wanted).rename_columns(columns)
        for department in [] if is_own_only else _departments(self._home):
            if department != own:
                for table in self._landed(form, columns, department, closed):
                    yield _of_keys(table, wanted)

    def _landed(self, form: str, columns: tuple[str, ...], department: str, closed: Sequence[str]) -> Iterator[pa.Table]:
        mine = self._manifest
        brings = any(item["form"] == form for item in mine["forms"])
        for month in reversed(landed_months(self._home, department)):
            is_replaced = brings and (month, department) == (mine["month"], mine["department"])
            if month in closed or is_replaced:
                continue
            manifest = effective_for(form, month_manifests(self._home, month, department), mine["received_at"])
            file = next((item["file"] for item in manifest["forms"] if item["form"] == form), None) if manifest else None
            if manifest and file:
                yield _landed_rows(os.fspath(submission_folder(self._home, manifest) / file), columns)


@lru_cache(maxsize=1024)
def _landed_rows(path: str, columns: tuple[str, ...]) -> pa.Table:
    return _accepted(read_landed(Path(path), [*columns, "_is_accepted"]), columns)


def _accepted(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    return table.select([*columns, "_is_accepted"]).filter(pc.field("_is_accepted")).select(columns)


def _of_keys(table: pa.Table, wanted: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column(0), wanted))


def _departments(home: Home) -> list[str]:
    return sorted({folder.name.removeprefix("department=") for folder in home.landing.glob("month=*/department=*")})


def _release(home: Home) -> Path | None:
    link = home.releases / "current"
    return link.resolve() if link.is_symlink() else None


def _closed_months(home: Home) -> list[str]:
    """Months that the current release holds; the months before them are in it as their opening."""
    release = _release(home)
    if release is None:
        return []
    closed: list[str] = json.loads((release / "release.json").read_bytes())["closed_months"]
    return [*(month for month in _landed_month_names(home) if month < min(closed)), *closed]


def _landed_month_names(home: Home) -> list[str]:
    return sorted(folder.name.removeprefix("month=") for folder in home.landing.glob("month=*"))


def _published(home: Home, query: str, wanted: pa.Array) -> pa.Table:
    release = _release(home)
    if release is None:
        raise FileNotFoundError(home.releases / "current")
    # One thread: see `union_warehouse.releases.read.open_release`.
    with duckdb.connect(os.fspath(release / "warehouse.duckdb"), read_only=True, config={"threads": 1}) as connection:
        connection.register("wanted", pa.table({"key": wanted}))
        return connection.execute(query).to_arrow_table()
