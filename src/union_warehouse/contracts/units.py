"""Reporting units and the forms each owes (domain: Reporting units)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from union_warehouse.contracts.load import load_forms
from union_warehouse.contracts.model import Form
from union_warehouse.paths import UNITS_SEED


@dataclass(frozen=True)
class ReportingUnit:
    """One version of a reporting unit; ``valid_to`` is exclusive and empty while it lasts."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None

    def is_valid_in(self, month: str) -> bool:
        """Whether the unit reports for ``month`` (``YYYY-MM``): valid on its first day."""
        first_day = date.fromisoformat(f"{month}-01")
        return self.valid_from <= first_day and (self.valid_to is None or first_day < self.valid_to)


@cache
def _unit_versions() -> tuple[ReportingUnit, ...]:
    with UNITS_SEED.open(encoding="utf-8", newline="") as file:
        return tuple(
            ReportingUnit(
                code=row["unit_code"],
                name=row["unit_name"],
                kind=row["unit_kind"],
                parent_code=row["parent_code"] or None,
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            )
            for row in csv.DictReader(file)
        )


def load_units(month: str) -> Mapping[str, ReportingUnit]:
    """Units that report for ``month`` by code: those that owe at least one form."""
    return {
        unit.code: unit
        for unit in _unit_versions()
        if unit.is_valid_in(month) and any(_owes(unit, form) for form in load_forms().values())
    }


def known_unit_codes() -> frozenset[str]:
    """Codes of every unit that ever reported."""
    return frozenset(unit.code for unit in _unit_versions())


def forms_owed(unit: ReportingUnit) -> tuple[Form, ...]:
    """Forms that ``unit`` owes every month."""
    return tuple(form for form in load_forms().values() if _owes(unit, form))


def _owes(unit: ReportingUnit, form: Form) -> bool:
    return unit.kind in form.owed_by or unit.code in form.owed_by
