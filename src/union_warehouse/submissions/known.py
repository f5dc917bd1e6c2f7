"""What is known when a submission arrives: its own rows, what has landed since the last release, and the release.

Landed files never change, so what was read of one is kept for the rest of the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.landing.effective import effective_files
from union_warehouse.landing.folders import landed_months, month_manifests
from union_warehouse.landing.manifests import Manifest, taken_forms
from union_warehouse.landing.rows import read_landed
from union_warehouse.paths import Home
from union_warehouse.quality.provisional import CHANGE_COLUMNS, Known
from union_warehouse.releases import current_release, open_release

_Files = Mapping[tuple[str, str, str], Path | None]

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
        self._release = current_release(home)

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
        if form in self._tables:
            yield _accepted(self._tables[form], columns)
        for file in self._landed(form, self._own_files):
            yield _of_keys(_landed_rows(os.fspath(file), columns), wanted)
        if self._release is not None:
            yield _published(self._home, self._release.release_id, query, wanted).rename_columns(columns)
        if not is_own_only:
            for file in self._landed(form, self._other_files):
                yield _of_keys(_landed_rows(os.fspath(file), columns), wanted)

    def _landed(self, form: str, files: _Files) -> Iterator[Path]:
        """Parquet of ``form``, newest month first; what this submission replaces is left out."""
        mine = self._manifest
        replaces = form in taken_forms(mine)
        for (month, department, name), file in sorted(files.items(), reverse=True, key=lambda item: item[0][0]):
            is_replaced = replaces and (month, department) == (mine["month"], mine["department"])
            if name == form and file is not None and not is_replaced:
                yield file

    @cached_property
    def _own_files(self) -> _Files:
        return self._effective_files([self._manifest["department"]])

    @cached_property
    def _other_files(self) -> _Files:
        others = {folder.name.removeprefix("department=") for folder in self._home.landing.glob("month=*/department=*")}
        return self._effective_files(sorted(others - {self._manifest["department"]}))

    def _effective_files(self, departments: Sequence[str]) -> _Files:
        """What counts of ``departments`` and is in no release yet."""
        manifests = [
            manifest
            for department in departments
            for month in landed_months(self._home, department)
            if not self._is_released(month)
            for manifest in month_manifests(self._home, month, department)
        ]
        mine = self._manifest
        return effective_files(self._home, manifests, received_before=mine["received_at"], read_until=mine["read_at"])

    def _is_released(self, month: str) -> bool:
        """Whether the current release holds ``month``; the months before its first one are in it as their opening."""
        return self._release is not None and (month < min(self._release.closed_months) or month in self._release.closed_months)


@lru_cache(maxsize=1024)
def _landed_rows(path: str, columns: tuple[str, ...]) -> pa.Table:
    return _accepted(read_landed(Path(path), [*columns, "_is_accepted"]), columns)


def _accepted(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    return table.select([*columns, "_is_accepted"]).filter(pc.field("_is_accepted")).select(columns)


def _of_keys(table: pa.Table, wanted: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table.column(0), wanted))


def _published(home: Home, release_id: str, query: str, wanted: pa.Array) -> pa.Table:
    with open_release(home, release_id) as connection:
        connection.register("wanted", pa.table({"key": wanted}))
        return connection.execute(query).to_arrow_table()
