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

from union_warehouse.paths import Home
from union_warehouse.quality.provisional import JOINED, Change, Known
from union_warehouse.submissions.landing import read_landed
from union_warehouse.submissions.registry import Manifest, effective_for, landed_months, month_manifests, submission_folder

Values = tuple[Any, ...]


def known_rows(home: Home, manifest: Manifest, tables: Mapping[str, pa.Table]) -> Known:
    """Look-ups for the submission of ``manifest``, whose landed rows are ``tables``."""
    places = _Places(home, manifest, tables)
    return Known(partial(_inspections, places), partial(_unions, places), partial(_changes, places))


def _inspections(places: _Places, numbers: set[str]) -> dict[str, date]:
    found: dict[str, date] = {}
    query = "select inspection_no, inspected_on from fct_safety_inspections where inspection_no in (select unnest(?))"
    for rows in places.sources("safety_inspections", ("inspection_no", "inspected_on"), query, numbers):
        for number, day in rows:
            if number in numbers:
                found[number] = min(day, found.get(number, day))
        if numbers <= found.keys():
            break
    return found


def _unions(places: _Places, codes: set[str]) -> dict[str, tuple[date | None, date | None]]:
    first: dict[str, date] = {}
    last: dict[str, date] = {}
    query = "select union_code, union_event, event_on from fct_union_events where union_code in (select unnest(?))"
    for rows in places.sources("union_register", ("union_code", "event", "event_on"), query, codes):
        for code, event, day in rows:
            if event == "established":
                first[code] = min(day, first.get(code, day))
            elif event == "dissolved":
                last[code] = max(day, last.get(code, day))
        if codes <= first.keys():
            break
    return {code: (first.get(code), last.get(code)) for code in codes}


def _changes(places: _Places, persons: set[str]) -> list[Change]:
    query = "select changed_on, membership_change, person_key, union_code from fct_membership_changes where person_key in (select unnest(?))"
    columns = ("changed_on", "change", "id_number", "union_code")
    return [
        Change(day, kind in JOINED, person, union)
        for rows in places.sources("member_changes", columns, query, persons, is_own_only=True)
        for day, kind, person, union in rows
        if person in persons
    ]


class _Places:
    """Where to look for rows that a submission may refer to, nearest first."""

    def __init__(self, home: Home, manifest: Manifest, tables: Mapping[str, pa.Table]) -> None:
        self._home, self._manifest, self._tables = home, manifest, tables

    def sources(
        self, form: str, columns: tuple[str, ...], query: str, wanted: set[str], is_own_only: bool = False
    ) -> Iterator[Sequence[Values]]:
        """Accepted rows of a form: of the submission, its department, the release, then other departments.

        Args:
            form: to look in.
            columns: of the landed rows.
            query: the same columns from the release, with ``wanted`` as its parameter.
            wanted: keys to look for.
            is_own_only: leave other departments' unpublished rows out.
        """
        if form in self._tables:
            yield _values(self._tables[form], columns)
        own = self._manifest["department"]
        closed = _closed_months(self._home)
        yield from self._landed(form, columns, own, closed)
        if closed:
            yield _published(self._home, query, wanted)
        if not is_own_only:
            for department in _departments(self._home):
                if department != own:
                    yield from self._landed(form, columns, department, closed)

    def _landed(self, form: str, columns: tuple[str, ...], department: str, closed: Sequence[str]) -> Iterator[Sequence[Values]]:
        mine = self._manifest
        for month in reversed(landed_months(self._home, department)):
            if month in closed:
                continue
            is_replaced = (month, department) == (mine["month"], mine["department"]) and any(
                item["form"] == form for item in mine["forms"]
            )
            manifest = (
                None if is_replaced else effective_for(form, month_manifests(self._home, month, department), mine["received_at"])
            )
            file = next((item["file"] for item in manifest["forms"] if item["form"] == form), None) if manifest else None
            if manifest and file:
                yield _landed_values(os.fspath(submission_folder(self._home, manifest) / file), columns)


@lru_cache(maxsize=4096)
def _landed_values(path: str, columns: tuple[str, ...]) -> list[Values]:
    return _values(read_landed(Path(path), [*columns, "_is_accepted"]), columns)


def _values(table: pa.Table, columns: tuple[str, ...]) -> list[Values]:
    accepted = table.filter(pc.field("_is_accepted"))
    return list(zip(*(accepted[name].to_pylist() for name in columns), strict=True))


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


def _published(home: Home, query: str, wanted: set[str]) -> list[Values]:
    release = _release(home)
    if release is None:
        return []
    with duckdb.connect(os.fspath(release / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query, [sorted(wanted)]).fetchall()
