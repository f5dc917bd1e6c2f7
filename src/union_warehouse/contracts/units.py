"""Reporting units, what became of them, and the forms each owes (domain: Reporting units)."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from union_warehouse.contracts.load import load_forms
from union_warehouse.contracts.model import Form
from union_warehouse.paths import SUCCESSIONS_SEED, UNITS_SEED


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


def unit_names() -> dict[str, str]:
    """The Chinese name of every unit that ever was, by code: that of its last version."""
    return {unit.code: unit.name for unit in sorted(_unit_versions(), key=lambda unit: unit.valid_from)}


def unit_label(code: str) -> str:
    """A unit for people: its code and its name, ``CQ 长庆街道总工会``; of no unit the code alone."""
    return f"{code} {unit_names().get(code, '')}".rstrip()


@dataclass(frozen=True)
class LineageSpell:
    """From ``valid_from`` (None: ever) to before ``valid_to`` (None: until now) ``standing_code`` stands for ``unit_code``."""

    unit_code: str
    standing_code: str
    valid_from: date | None
    valid_to: date | None


@cache
def unit_lineage() -> tuple[LineageSpell, ...]:
    """For every unit that ever was, which unit stands for it when: itself, then its main successor, and so on.

    A unit that is renamed or moved to another parent keeps its code and stands for itself. One that was merged or split
    ends; the main successor in ``unit_successions.csv`` goes on with what it reported.

    Raises:
        ValueError: a unit has more than one main successor, or succeeds itself.
    """
    with SUCCESSIONS_SEED.open(encoding="utf-8", newline="") as file:
        main = [row for row in csv.DictReader(file) if row["is_main"] == "true"]
    successors = {row["predecessor_code"]: (row["successor_code"], date.fromisoformat(row["effective_on"])) for row in main}
    if len(successors) < len(main):
        raise ValueError(f"{SUCCESSIONS_SEED.name}: a unit has more than one main successor")
    spells: list[LineageSpell] = []
    for code in dict.fromkeys(unit.code for unit in _unit_versions()):
        standing, since = code, None
        seen = {code}
        while standing in successors:
            successor, effective_on = successors[standing]
            if successor in seen:
                raise ValueError(f"{SUCCESSIONS_SEED.name}: {code} succeeds itself")
            spells.append(LineageSpell(code, standing, since, effective_on))
            standing, since = successor, effective_on
            seen.add(successor)
        spells.append(LineageSpell(code, standing, since, None))
    return tuple(spells)


def standing_code(code: str) -> str:
    """The unit that goes on with what ``code`` reported: itself, or its last main successor."""
    return next((spell.standing_code for spell in unit_lineage() if spell.unit_code == code and spell.valid_to is None), code)


def units_sharing_records(code: str) -> tuple[str, ...]:
    """``code`` and every department whose reports it goes on with: an update of one of their records is one of its own."""
    line = standing_code(code)
    return (
        code,
        *(unit for unit in dict.fromkeys(s.unit_code for s in unit_lineage()) if unit != code and standing_code(unit) == line),
    )


def structure_fingerprint() -> str:
    """Of the units and what became of them: facts that were built with another one must be rebuilt."""
    return hashlib.sha256(UNITS_SEED.read_bytes() + SUCCESSIONS_SEED.read_bytes()).hexdigest()


def forms_owed(unit: ReportingUnit) -> tuple[Form, ...]:
    """Forms that ``unit`` owes every month."""
    return tuple(form for form in load_forms().values() if _owes(unit, form))


def _owes(unit: ReportingUnit, form: Form) -> bool:
    return unit.kind in form.owed_by or unit.code in form.owed_by
