"""Why definitions changed: ``definitions_changelog.yml`` of the project, and of a federation's folder for its units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from union_warehouse.months import add_months
from union_warehouse.paths import Home
from union_warehouse.project import DBT_PROJECT_DIR
from union_warehouse.warehouse.definitions import INDICATOR, UNITS, DefinitionChange
from union_warehouse.warehouse.errors import DefinitionsMisdated, DefinitionsUnexplained
from union_warehouse.yaml_files import YamlEntry, read_yaml

CHANGELOG_FILE = "definitions_changelog.yml"
BEGINNING = "beginning"
_SAID = r"[^…\s]"
"""Something else than the ellipsis of the entry that was to be filled in."""


class Explanation(YamlEntry):
    """One entry: what was changed, and why.

    Attributes:
        definitions: former and present fingerprint of each changed definition, as the error shows them: ``3f2a… → 9b1c…``, ``new`` or
            ``gone`` in the place of one.
        what: what is otherwise now.
        why: the reason.
        by: who decided it.
        since: first month that it holds for, ``YYYY-MM``, or ``beginning``.
    """

    definitions: dict[str, str] = Field(min_length=1)
    what: str = Field(pattern=_SAID)
    why: str = Field(pattern=_SAID)
    by: str = Field(pattern=_SAID)
    since: str = Field(pattern=r"^(beginning|\d{4}-(0[1-9]|1[0-2]))$")


class _Changelog(YamlEntry):
    changes: tuple[Explanation, ...] = ()


@dataclass(frozen=True)
class ExplainedChange:
    """A changed definition, and what the changelog says of it (None in a rehearsal without an entry)."""

    change: DefinitionChange
    explanation: Explanation | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values: those of the change, and what, why, by, since."""
        said = self.explanation.model_dump(exclude={"definitions"}) if self.explanation else {}
        return self.change.to_dict() | {name: said.get(name) for name in ("what", "why", "by", "since")}


def explain(home: Home, changes: Sequence[DefinitionChange], *, is_required: bool) -> list[ExplainedChange]:
    """Each of ``changes`` with its entry in the changelog: the last one that names its fingerprints.

    Args:
        home: the warehouse's state.
        changes: what changed.
        is_required: whether each needs an entry.

    Raises:
        DefinitionsUnexplained: one has none; says what to add.
        DefinitionsMisdated: an indicator is said to hold from a month on, and nothing keeps its former rule for those before.
        MalformedFile: a changelog is not what it should be.
    """
    of_project, of_federation = DBT_PROJECT_DIR / CHANGELOG_FILE, home.federation_folder / CHANGELOG_FILE
    entries = [entry for path in (of_project, of_federation) if path.is_file() for entry in read_yaml(path, _Changelog).changes]
    explained = [
        ExplainedChange(
            change,
            next((entry for entry in reversed(entries) if entry.definitions.get(change.definition) == change.versions), None),
        )
        for change in changes
    ]
    missing = [item.change for item in explained if item.explanation is None]
    if missing and is_required:
        path = of_federation if all(change.kind == UNITS for change in missing) else of_project
        lines = entry_to_add({change.definition: change.versions for change in missing})
        raise DefinitionsUnexplained(path=_shown(path), lines=lines)
    for item in explained:
        since = item.explanation.since if item.explanation else BEGINNING
        if item.change.kind == INDICATOR and since not in (BEGINNING, *item.change.breaks):
            raise DefinitionsMisdated(definition=item.change.definition, since=since, until=add_months(since, -1))
    return explained


def entry_to_add(missing: Mapping[str, str]) -> str:
    """The entry of the changelog for definitions, by their versions, with an ellipsis for what only a person knows."""
    named = "".join(f"\n      {definition}: {versions}" for definition, versions in missing.items())
    return f"  - definitions:{named}\n    what: …\n    why: …\n    by: …\n    since: {BEGINNING}"


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
