"""What a department had accepted before, looked up only for rows with a date outside their month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from union_warehouse.contracts import FieldType, Form
from union_warehouse.landing.effective import effective_files
from union_warehouse.landing.folders import landed_months, month_manifests
from union_warehouse.landing.rows import read_landed
from union_warehouse.paths import Home
from union_warehouse.quality.row_rules import EarlierDates

Key = tuple[Any, ...]


def earlier_dates_of(home: Home, department: str, received_at: str, read_at: str) -> EarlierDates:
    """A look-up of the dates that accepted rows of the department, and of those it succeeds, had before ``received_at``."""
    units = home.federation.units_sharing_records(department)
    places = sorted(((month, unit) for unit in units for month in landed_months(home, unit)), reverse=True)

    def earlier_dates(form: Form, keys: Sequence[Key], earliest: date) -> Mapping[Key, Mapping[str, date | None]]:
        wanted = set(keys)
        found: dict[Key, Mapping[str, date | None]] = {}
        # No further back than the dates in question: a row is accepted in its month or later.
        within = [(month, unit) for month, unit in places if month >= f"{earliest:%Y-%m}"]
        manifests = [manifest for month, unit in within for manifest in month_manifests(home, month, unit)]
        files = effective_files(home, manifests, received_before=received_at, read_until=read_at)
        for month, unit in within:  # newest first
            if not wanted:
                break
            if file := files.get((month, unit, form.name)):
                rows = _accepted_dates(file, form)
                found |= {key: rows[key] for key in wanted & rows.keys()}
                wanted -= rows.keys()
        return found

    return earlier_dates


def _accepted_dates(path: Path, form: Form) -> dict[Key, Mapping[str, date | None]]:
    dates = [field.name for field in form.fields if field.type is FieldType.DATE]
    keys = [field.name for field in form.key]
    table = read_landed(path, list(dict.fromkeys([*keys, *dates, "_is_accepted"])))
    table = table.filter(pc.field("_is_accepted"))
    columns = {name: table[name].to_pylist() for name in {*keys, *dates}}
    return {
        tuple(columns[name][row] for name in keys): {name: columns[name][row] for name in dates} for row in range(table.num_rows)
    }
