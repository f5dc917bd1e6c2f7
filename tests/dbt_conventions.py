"""The rules of dbt-project-evaluator that matter here, on dbt's manifest; each finds what breaks it.

What breaks a rule for a reason stands in ``EXCEPTIONS`` with that reason, and only as long as it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from union_warehouse.contracts.facts import load_facts

Manifest = Mapping[str, Any]
Rule = Callable[[Manifest], Iterator[str]]

LAYERS = ("staging", "intermediate", "marts", "checks")
"""Folders of ``models/``, from the landed rows upwards: a model reads its own layer and those before it."""
PREFIXES = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("dim_", "fct_", "rpt_"), "checks": ("int_",)}
PREFIXES |= {"checks/ledger": ("fct_", "rpt_")}
NUMBERS = ("bigint", "integer", "ubigint", "hugeint", "decimal", "double", "float")
ADDITIVITY = ("additive", "semi-additive", "non-additive")
"""Whether a column may be summed over every dimension, over some that it names, or over none."""
SOURCE_READERS = {"landing": ("staging",), "plan": LAYERS}
"""The plan is what the close decided, not data: whichever model depends on the decision reads it, none copies it."""


def models(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """The models by their unique id."""
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def layer(node: Mapping[str, Any]) -> str:
    """The folder of ``models/`` that a model stands in."""
    return str(node["path"].split("/")[0])


def misnamed(manifest: Manifest) -> Iterator[str]:
    """Models whose name does not say their layer."""
    for node in models(manifest).values():
        prefixes = PREFIXES.get(node["path"].rpartition("/")[0]) or PREFIXES.get(layer(node), ())
        if not node["name"].startswith(prefixes or ("?",)):
            yield node["name"]


def key_not_checked_once(manifest: Manifest) -> Iterator[str]:
    """Models whose key nobody checks, or dbt beside the auditor (unique_grain, indicator_grain)."""
    audited = {fact.name for fact in load_facts()} | {"rpt_indicators"}
    tests = (node for node in manifest["nodes"].values() if node["name"].startswith("keys_of_"))
    tested = {parent for test in tests for parent in test["depends_on"]["nodes"]}
    for key, node in models(manifest).items():
        if (key in tested) == (node["name"] in audited):
            yield node["name"]


def references_tested(manifest: Manifest) -> Iterator[str]:
    """Tests of references: they are the auditor's (references_resolve), who stops with sample rows."""
    yield from (test["name"] for test in _generic_tests(manifest, "relationships"))


def _generic_tests(manifest: Manifest, name: str) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if (node.get("test_metadata") or {}).get("name") == name]


def against_the_flow(manifest: Manifest) -> Iterator[str]:
    """Models that read a layer above their own, or a source that is not theirs to read."""
    known = models(manifest)
    for node in known.values():
        for parent in node["depends_on"]["nodes"]:
            if parent in known and LAYERS.index(layer(known[parent])) > LAYERS.index(layer(node)):
                yield f"{node['name']} <- {known[parent]['name']}"
            if parent in manifest["sources"]:
                source = manifest["sources"][parent]["source_name"]
                if layer(node) not in SOURCE_READERS[source]:
                    yield f"{node['name']} <- {source}"


def undescribed(manifest: Manifest) -> Iterator[str]:
    """Models, sources and their columns without a description, and columns of ours without a Chinese label."""
    ours = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    for node in [*ours, *manifest["sources"].values()]:
        if not node["description"]:
            yield str(node["name"])
        for column in node["columns"].values():
            if not re.search(r"[\u4e00-\u9fff]", column["description"]):
                yield f"{node['name']}.{column['name']}"
    yield from (node["name"] for node in manifest["exposures"].values() if not node["description"])


def additivity_unstated(manifest: Manifest) -> Iterator[str]:
    """Numbers of facts and reports that do not say over what they may be summed."""
    for node in models(manifest).values():
        if node["database"] == "marts" and not node["name"].startswith("dim_"):
            for column in node["columns"].values():
                stated = str(column["config"]["meta"].get("additivity")).partition(":")[0]
                if str(column["data_type"]).startswith(NUMBERS) and stated not in ADDITIVITY:
                    yield f"{node['name']}.{column['name']}"


def parents_not_public(manifest: Manifest) -> Iterator[str]:
    """Models that an exposure relies on and that are not public."""
    relied_on = {parent for exposure in manifest["exposures"].values() for parent in exposure["depends_on"]["nodes"]}
    yield from (node["name"] for key, node in models(manifest).items() if key in relied_on and node["access"] != "public")


def hard_coded(manifest: Manifest) -> Iterator[str]:
    """Relations named in SQL and not by ``ref``, ``source`` or a macro that asks dbt for them."""
    texts = {node["name"]: node["raw_code"] for node in manifest["nodes"].values() if node["resource_type"] in ("model", "test")}
    texts |= {node["name"]: node["macro_sql"] for node in _own_macros(manifest)}
    for name, text in texts.items():
        sql = re.sub(r"--.*", "", re.sub(r"{#.*?#}|{{.*?}}|{%.*?%}", " ", text, flags=re.DOTALL))
        for relation in re.findall(r"\b(?<!distinct )(?:from|join)\s+(\w+\.\w+(?:\.\w+)?)\b(?!\s*\()", sql, flags=re.IGNORECASE):
            yield f"{name}: {relation}"


def undescribed_macros(manifest: Manifest) -> Iterator[str]:
    """Macros and arguments of macros without a description."""
    for node in _own_macros(manifest):
        if not node["description"]:
            yield str(node["name"])
        described = {argument["name"] for argument in node["arguments"] if argument["description"]}
        yield from (f"{node['name']}({name})" for name in _arguments(node["macro_sql"]) if name not in described)


def _own_macros(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["macros"].values() if node["package_name"] == "union_warehouse"]


def _arguments(macro_sql: str) -> list[str]:
    """The names of the arguments in the head of a macro."""
    head = re.search(r"{%-?\s*macro\s+\w+\((.*?)\)\s*-?%}", macro_sql, flags=re.DOTALL)
    return [part.split("=")[0].strip() for part in head[1].split(",") if part.strip()] if head else []


RULES: tuple[Rule, ...] = (
    misnamed,
    key_not_checked_once,
    references_tested,
    against_the_flow,
    undescribed,
    additivity_unstated,
    parents_not_public,
    hard_coded,
    undescribed_macros,
)

EXCEPTIONS: dict[Rule, dict[str, str]] = {
    key_not_checked_once: {
        "fct_row_problems": "a list: a row may break a rule in several columns, or twice in none; nothing refers to an entry",
        "int_*_checks": "lists: a record may be found at fault by a rule more than once, beside several others",
        "fct_indicator_contributions": "a list: the rows behind an indicator, however alike",
        "rpt_quality_trends": "a list: release, unit and rule name an entry together; nothing refers to it",
        "stg_row_problems": "a list: as fct_row_problems",
        "rpt_restatements": "a list: release, month, unit and indicator name an entry together; nothing refers to it",
    },
    against_the_flow: {
        "int_earliest_change <- fct_*": "which months are built again follows from what the built facts say before and after",
        "int_hazards_judged <- fct_safety_inspections": "a hazard is judged by the inspections that count",
        "int_union_lifespans <- fct_union_events": "a member, a count and a promotion are judged by the register that counts",
    },
}


def broken(rule: Rule, manifest: Manifest) -> set[str]:
    """What breaks a rule without a reason, and the exceptions that nothing needs any more."""
    excepted = EXCEPTIONS.get(rule, {})
    found = set(rule(manifest))
    unused = {f"{pattern} is no exception any more" for pattern in excepted if not any(fnmatch(name, pattern) for name in found)}
    return {name for name in found if not any(fnmatch(name, pattern) for pattern in excepted)} | unused
