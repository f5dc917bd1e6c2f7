"""A federation: its reporting units, what became of them, and the forms each owes (domain: Reporting units)."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from union_warehouse.contracts.load import load_forms
from union_warehouse.contracts.model import Form
from union_warehouse.project import FEDERATION_DIR

UNITS_FILE = "reporting_units.csv"
SUCCESSIONS_FILE = "unit_successions.csv"


@dataclass(frozen=True)
class ReportingUnit:
    """One version of a reporting unit; ``valid_to`` is exclusive and empty while it lasts."""

    code: str
    name: str
    name_en: str
    kind: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None

    def is_valid_in(self, month: str) -> bool:
        """Whether the unit reports for ``month`` (``YYYY-MM``): valid on its first day."""
        first_day = date.fromisoformat(f"{month}-01")
        return self.valid_from <= first_day and (self.valid_to is None or first_day < self.valid_to)


@dataclass(frozen=True)
class LineageSpell:
    """From ``valid_from`` (None: ever) to before ``valid_to`` (None: until now) ``standing_code`` stands for ``unit_code``."""

    unit_code: str
    standing_code: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True)
class Federation:
    """One federation, as a folder describes it; several may live side by side.

    Attributes:
        folder: the folder.
        unit_versions: every version of every unit that ever was.
        lineage: for every unit that ever was, which unit stands for it when: itself, then its main successor, and so on. A
            unit that is renamed or moved to another parent keeps its code and stands for itself. One that was merged or
            split ends; its main successor goes on with what it reported.
        structure_fingerprint: of the units and what became of them: facts that were built with another one must be rebuilt.
    """

    folder: Path
    unit_versions: tuple[ReportingUnit, ...]
    lineage: tuple[LineageSpell, ...]
    structure_fingerprint: str

    @classmethod
    def load(cls, folder: Path = FEDERATION_DIR) -> Federation:
        """The federation that a folder describes.

        Raises:
            ValueError: a unit has more than one main successor, or succeeds itself.
        """
        units, successions = (folder / UNITS_FILE).read_bytes(), (folder / SUCCESSIONS_FILE).read_bytes()
        versions = tuple(map(_unit, _lines(units)))
        lineage = _lineage((unit.code for unit in versions), _main_successors(successions))
        return cls(folder, versions, lineage, hashlib.sha256(units + successions).hexdigest())

    def units(self, month: str) -> Mapping[str, ReportingUnit]:
        """Units that report for ``month`` by code: those that owe at least one form."""
        return {unit.code: unit for unit in self.unit_versions if unit.is_valid_in(month) and forms_owed(unit, month)}

    @cached_property
    def unit_names(self) -> Mapping[str, str]:
        """The Chinese name of every unit that ever was, by code: that of its last version."""
        return {unit.code: unit.name for unit in sorted(self.unit_versions, key=lambda unit: unit.valid_from)}

    def unit_label(self, code: str) -> str:
        """A unit for people: its code and its name, ``CQ 长庆街道总工会``; of no unit the code alone."""
        return f"{code} {self.unit_names.get(code, '')}".rstrip()

    def standing_code(self, code: str) -> str:
        """The unit that goes on with what ``code`` reported: itself, or its last main successor."""
        return next((spell.standing_code for spell in self.lineage if spell.unit_code == code and spell.valid_to is None), code)

    def may_send_for(self, door: str, code: str) -> bool:
        """Whether what comes through the door of one unit may report for ``code``: itself, what it came from, what it went into."""
        return code in self._line(door) or door in self._line(code)

    def _line(self, code: str) -> set[str]:
        return {code, *(spell.standing_code for spell in self.lineage if spell.unit_code == code)}

    def units_sharing_records(self, code: str) -> tuple[str, ...]:
        """``code`` and every department whose reports it goes on with: an update of one of their records is one of its own."""
        line = self.standing_code(code)
        others = dict.fromkeys(spell.unit_code for spell in self.lineage if spell.unit_code != code)
        return (code, *(unit for unit in others if self.standing_code(unit) == line))


def forms_owed(unit: ReportingUnit, month: str | None = None) -> tuple[Form, ...]:
    """Forms that ``unit`` owes: for ``month`` (``YYYY-MM``) those that existed then, without one all of today's."""
    owed = (form for form in load_forms().values() if unit.kind in form.owed_by or unit.code in form.owed_by)
    return tuple(form for form in owed if month is None or form.owed_from is None or form.owed_from <= month)


def _lines(content: bytes) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))


def _unit(row: Mapping[str, str]) -> ReportingUnit:
    return ReportingUnit(
        code=row["unit_code"],
        name=row["unit_name"],
        name_en=row["unit_name_en"],
        kind=row["unit_kind"],
        parent_code=row["parent_code"] or None,
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )


def _main_successors(successions: bytes) -> dict[str, tuple[str, date]]:
    """Main successor of each unit that ended, and its first day."""
    main = [row for row in _lines(successions) if row["is_main"] == "true"]
    successors = {row["predecessor_code"]: (row["successor_code"], date.fromisoformat(row["effective_on"])) for row in main}
    if len(successors) < len(main):
        raise ValueError(f"{SUCCESSIONS_FILE}: a unit has more than one main successor")
    return successors


def _lineage(codes: Iterable[str], successors: Mapping[str, tuple[str, date]]) -> tuple[LineageSpell, ...]:
    spells: list[LineageSpell] = []
    for code in dict.fromkeys(codes):
        standing, since = code, None
        seen = {code}
        while standing in successors:
            successor, effective_on = successors[standing]
            if successor in seen:
                raise ValueError(f"{SUCCESSIONS_FILE}: {code} succeeds itself")
            spells.append(LineageSpell(code, standing, since, effective_on))
            standing, since = successor, effective_on
            seen.add(successor)
        spells.append(LineageSpell(code, standing, since, None))
    return tuple(spells)
