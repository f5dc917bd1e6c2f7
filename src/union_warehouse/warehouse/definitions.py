"""What the figures of a release are made by: indicators, models, macros, variables, contracts and seeds, each with a fingerprint.

A release keeps these fingerprints, so a close knows whether its figures would be made as those before it
(docs/decisions/0018-definitions-have-versions.md). The fingerprint of the files says at once that nothing changed; only
where it differs is the project parsed, by dbt, and taken apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import yaml

from union_warehouse.contracts import load_forms
from union_warehouse.months import last_day, next_month
from union_warehouse.paths import Home
from union_warehouse.project import CONTRACTS_DIR, DBT_PROJECT_DIR, PROJECT_DIR
from union_warehouse.quality.rules import RULES_SOURCE, load_rules
from union_warehouse.releases.integrity import check_release_file
from union_warehouse.releases.read import DEFINITIONS_FILE, Release
from union_warehouse.warehouse.build import parse_project
from union_warehouse.warehouse.errors import ProjectReplaced
from union_warehouse.warehouse.plan_file import load_plan
from union_warehouse.working_days import HOLIDAYS_FILE

INDICATOR, MODEL, MACRO, VARIABLE = "indicator", "model", "macro", "variable"
CONTRACT, RULE, SEED, UNITS = "contract", "rule", "seed", "units"
"""Kinds of definitions."""

_SHOWN = 12
"""Digits of a fingerprint: enough to tell the versions of one definition apart."""
_LISTED, _NAMED = 5, 20
_CONTRIBUTIONS = "fct_indicator_contributions"
_READ_BY_ALL = {_CONTRIBUTIONS, "rpt_indicators", "int_earliest_change"}
"""Models whose own change may reach any indicator. What feeds ``int_earliest_change`` only says which months are made again."""
_INDICATOR_MACROS = "macros/indicators.sql"
_CONFIG = (
    "alias",
    "database",
    "incremental_strategy",
    "materialized",
    "meta",
    "on_schema_change",
    "post-hook",
    "pre-hook",
    "schema",
    "unique_key",
)
"""What of a model's configuration decides what it holds: dbt's ``state:modified`` without what only tells or permits."""


@dataclass(frozen=True)
class Definitions:
    """What figures are made by.

    Attributes:
        files_sha256: of the files of the project that they stand in; where it is equal, everything is.
        fingerprints: by definition, such as ``indicator member.joined``, in order.
        seeds: of what a federation's seeds say of the months that the release holds: units, what became of them, holidays.
            What takes effect later is no other definition of those months.
    """

    files_sha256: str
    fingerprints: dict[str, str]
    seeds: dict[str, str]

    def of(self, kind: str) -> dict[str, str]:
        """The fingerprints of the definitions of one kind, by their names."""
        parts = {name.partition(" "): fingerprint for name, fingerprint in self.fingerprints.items()}
        return {name: fingerprint for (found, _, name), fingerprint in parts.items() if found == kind}

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return dict(vars(self))


@dataclass(frozen=True)
class DefinitionChange:
    """A definition that is not what a release was made by.

    Attributes:
        definition: kind and name, such as ``indicator member.joined``.
        before: its fingerprint in the release; None of a new one.
        now: its fingerprint now; None of one that is gone.
        indicators: codes of the indicators that it feeds.
        marts: the marts that it feeds.
        breaks: of an indicator, the first months that count by another rule than the month before.
    """

    definition: str
    before: str | None
    now: str | None
    indicators: tuple[str, ...]
    marts: tuple[str, ...]
    breaks: tuple[str, ...] = ()

    @property
    def versions(self) -> str:
        """Its former and its present version, in words."""
        return f"{self.before or 'new'} → {self.now or 'gone'}"

    @property
    def kind(self) -> str:
        """Its kind, such as :data:`INDICATOR`."""
        return self.definition.partition(" ")[0]

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able values."""
        return vars(self) | {"versions": self.versions}


def in_words(changes: Sequence[DefinitionChange]) -> str:
    """The first of the changes, half a line each, and how many more there are."""
    more = f"; … {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    return "; ".join(map(_in_words, changes[:_NAMED])) + more


def _in_words(change: DefinitionChange) -> str:
    """The definition, its versions and what it feeds."""
    indicators = f"{len(change.indicators)} indicators" if len(change.indicators) > _LISTED else ", ".join(change.indicators)
    fed = indicators or ", ".join(change.marts[:_LISTED]) or "-"
    return f"{change.definition} ({change.versions}; feeds {fed})"


def compare_definitions(home: Home, current: Release | None, last_month: str) -> tuple[Definitions, list[DefinitionChange]]:
    """What figures are made by now, and what of it differs from what the current release was made by.

    Args:
        home: the warehouse's state.
        current: the current release, or None before the first.
        last_month: last month that the next release will hold, ``YYYY-MM``.

    Returns:
        The definitions as the next release keeps them; the changes, in order, none before the first release.

    Raises:
        BuildFailed: dbt cannot read the project.
        ReleaseFileChanged: the current release is not what was published.
    """
    before = _definitions_of(home, current) if current else Definitions("", {}, {})
    files_sha256, seeds = _files_sha256(), _seeds(home, last_month)
    if before.files_sha256 == files_sha256:
        fingerprints = before.fingerprints
    else:
        fingerprints = dict(sorted(_fingerprints(_project(home, files_sha256))))
    now = Definitions(files_sha256, fingerprints, seeds)
    if current is None:
        return now, []
    differing = _differing(before.fingerprints, fingerprints) | _differing(before.seeds, _seeds(home, current.closed_months[-1]))
    if not differing:
        return now, []
    project = _project(home, files_sha256)
    return now, [
        DefinitionChange(name, *versions, project.indicators_fed_by(name), project.marts_fed_by(name), project.breaks_of(name))
        for name, versions in sorted(differing.items())
    ]


def check_project_unchanged(home: Home, close_id: str) -> None:
    """See that what was built is what was planned: the files of the project may have been replaced in between.

    Raises:
        ProjectReplaced: they were.
        BuildIncomplete: the plan is gone.
    """
    if load_plan(home, close_id)["definitions"]["files_sha256"] != _files_sha256():
        raise ProjectReplaced(close_id=close_id)


def _project(home: Home, files_sha256: str) -> _Project:
    """The project, read once for the same files."""
    if files_sha256 not in _projects:
        _projects.clear()
        _projects[files_sha256] = _Project(parse_project(home))
    return _projects[files_sha256]


def _definitions_of(home: Home, release: Release) -> Definitions:
    """What a release was made by; of one that does not say, nothing is known, and all of it counts as changed."""
    if DEFINITIONS_FILE not in release.files:
        return Definitions("", {}, {})
    return Definitions(**json.loads(check_release_file(home, release, DEFINITIONS_FILE).read_text("utf-8")))


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """The fingerprints before and now of what differs."""
    versions = {name: (before.get(name), now.get(name)) for name in {**before, **now}}
    return {name: (was, is_now) for name, (was, is_now) in versions.items() if was != is_now}


class _Project:
    """The dbt project, as dbt's manifest tells it."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        package = manifest["metadata"]["project_name"]
        self.models = {
            node["name"]: node
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and node["package_name"] == package
        }
        self.macros = {macro["unique_id"]: macro for macro in manifest["macros"].values() if macro["package_name"] == package}
        self.indicators: dict[str, dict[str, Any]] = {
            code: entry
            for area in manifest["exposures"].values()
            for code, entry in area["config"]["meta"].get("indicators", {}).items()
        }

    @cached_property
    def _children(self) -> dict[str, set[str]]:
        children: dict[str, set[str]] = {name: set() for name in self.models}
        for name, node in self.models.items():
            for parent in node["depends_on"]["nodes"]:
                if (parent_name := parent.rpartition(".")[2]) in children:
                    children[parent_name].add(name)
        return children

    def marts_fed_by(self, definition: str) -> tuple[str, ...]:
        """Marts that hold something that follows from a definition."""
        kind, _, name = definition.partition(" ")
        if kind == INDICATOR:
            fed = self._downstream([_CONTRIBUTIONS, "dim_indicator"])
        else:
            fed = self._downstream(self._models_of(kind, name))
        return tuple(sorted(name for name in fed if self.models[name]["database"] == "marts"))

    def indicators_fed_by(self, definition: str) -> tuple[str, ...]:
        """Indicators whose values follow from a definition; of what cannot be told apart, all of them."""
        kind, _, name = definition.partition(" ")
        if kind == INDICATOR:
            return tuple(sorted({name} | {code for code, entry in self.indicators.items() if name in _parts_of_ratio(entry)}))
        changed = self._models_of(kind, name)
        fed = self._downstream(changed)
        if not fed & {_CONTRIBUTIONS, "rpt_indicators"}:
            return ()
        told_apart = {code for code, entry in self.indicators.items() if self._tables_of(entry) & fed}
        counted = set(self.indicators) if changed & _READ_BY_ALL or fed & {"dim_month", "dim_indicator"} else told_apart
        counted = counted or set(self.indicators)
        ratios = {code for code, entry in self.indicators.items() if _parts_of_ratio(entry) & counted}
        return tuple(sorted(counted | ratios))

    def breaks_of(self, definition: str) -> tuple[str, ...]:
        """First months that an indicator counts by another rule than before: those after its ``earlier`` rules."""
        kind, _, name = definition.partition(" ")
        earlier = self.indicators.get(name, {}).get("earlier", []) if kind == INDICATOR else []
        return tuple(sorted(next_month(rule["until"]) for rule in earlier))

    def _tables_of(self, entry: Mapping[str, Any]) -> set[str]:
        """The marts that the rows of an indicator are counted in, placed by and looked up in."""
        if "fact" not in entry:
            return set()
        rule = " ".join(str(entry.get(part, "")) for part in ("where", "amount", "earlier"))
        tables = {entry["fact"], *(model for model in self.models if model in rule)}
        if entry["kind"] == "stock" and len(entry["date"]) > 1:
            tables.add("dim_reporting_unit_lineage")
        return tables | ({"fct_union_coverage", "dim_union"} if entry.get("unit_of") else set())

    def _models_of(self, kind: str, name: str) -> set[str]:
        """The models that a definition is read by; of what dbt does not tell, every model."""
        if kind == MODEL:
            return {name} & set(self.models)
        if kind == CONTRACT:
            return {f"stg_{name}"} & set(self.models)
        if kind == RULE:
            return {
                model
                for model, node in self.models.items()
                if any(one.endswith(".plan.rules") for one in node["depends_on"]["nodes"])
            }
        if kind == MACRO:
            named = {identity for identity, macro in self.macros.items() if macro["name"] == name}
            return {model for model in self.models if self._macros_behind(model) & named} or set(self.models)
        return set(self.models)

    def _macros_behind(self, model: str) -> set[str]:
        """The macros that a model calls, directly or not."""
        called = list(self.models[model]["depends_on"]["macros"])
        if model in (_CONTRIBUTIONS, "dim_indicator"):
            # dbt has not seen these calls: it knows of no indicator while it reads the project
            called += [identity for identity, macro in self.macros.items() if macro["original_file_path"] == _INDICATOR_MACROS]
        return reached(called, {identity: macro["depends_on"]["macros"] for identity, macro in self.macros.items()})

    def _downstream(self, names: Iterable[str]) -> set[str]:
        return reached(names, self._children)


_projects: dict[str, _Project] = {}


def reached(starts: Iterable[str], leads_to: Mapping[str, Iterable[str]]) -> set[str]:
    """The nodes of a graph that ``starts`` lead to, themselves included; what is no node of it is passed over."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name in leads_to and name not in found:
            found.add(name)
            waiting += leads_to[name]
    return found


def _parts_of_ratio(entry: Mapping[str, Any]) -> set[str]:
    return {entry[part] for part in ("numerator", "denominator") if part in entry}


def _fingerprints(project: _Project) -> Iterator[tuple[str, str]]:
    for code, entry in project.indicators.items():
        yield f"{INDICATOR} {code}", _fingerprint(entry)
    for name, node in project.models.items():
        columns = {column: [described["data_type"], described["constraints"]] for column, described in node["columns"].items()}
        config = {key: node["config"].get(key) for key in _CONFIG}
        yield f"{MODEL} {name}", _fingerprint([node["checksum"]["checksum"], config, columns])
    for macro in project.macros.values():
        yield f"{MACRO} {macro['name']}", _fingerprint(macro["macro_sql"])
    variables = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text("utf-8")).get("vars", {})
    for name, value in variables.items():
        yield f"{VARIABLE} {name}", _fingerprint(value)
    for form in load_forms().values():
        yield f"{CONTRACT} {form.name}", form.fingerprint
    for rule in load_rules():
        yield f"{RULE} {rule.code}", _fingerprint([rule.kind, rule.severity, rule.forms, rule.judges, rule.failing_rows])


def _seeds(home: Home, last_month: str) -> dict[str, str]:
    """The fingerprints of what the seeds say of the months up to ``last_month``; a month's forms are due in the next one."""
    last, due = last_day(last_month), last_day(next_month(last_month))
    versions = [_until(vars(unit), last) for unit in home.federation.unit_versions if unit.valid_from <= last]
    lineage = [_until(vars(spell), last) for spell in home.federation.lineage if not spell.valid_from or spell.valid_from <= last]
    holidays = [line for line in HOLIDAYS_FILE.read_text("utf-8").splitlines() if line[:10] <= due.isoformat()]
    return {
        f"{UNITS} reporting_units": _fingerprint(versions),
        f"{UNITS} unit_successions": _fingerprint(lineage),
        f"{SEED} official_holidays": _fingerprint(holidays),
    }


def _until(spell: Mapping[str, Any], last: date) -> dict[str, Any]:
    """A spell as it looked on its ``last`` day: an end that came later was not known."""
    ended = spell["valid_to"]
    return {**spell, "valid_to": ended if ended and ended <= last else None}


def _fingerprint(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_SHOWN]


def _files_sha256() -> str:
    project = [DBT_PROJECT_DIR / "dbt_project.yml"]
    for folder in (DBT_PROJECT_DIR / "models", DBT_PROJECT_DIR / "macros"):
        project += [path for path in folder.rglob("*") if path.suffix in {".sql", ".yml"}]
    files = [
        (path.relative_to(PROJECT_DIR).as_posix(), path) for path in (*project, *CONTRACTS_DIR.glob("*.odcs.yaml"), RULES_SOURCE)
    ]
    digest = hashlib.sha256()
    for name, path in sorted(files):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
