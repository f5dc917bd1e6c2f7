"""What the models of the dbt project declare in their ``meta``: the facts (CONTRIBUTING, Add a form), and the keys of the others."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from union_warehouse.project import DBT_PROJECT_DIR
from union_warehouse.yaml_files import YamlEntry, read_yaml

MODELS = DBT_PROJECT_DIR / "models"
MART_FOLDERS = ("marts", "checks/ledger")


class Parent(YamlEntry):
    """What the rows of a fact wait for.

    Attributes:
        form: form of the parent's rows.
        column: names the parent, in the rows that wait and in the parent's.
        judged_by: model that judges the rows that wait: ``waiting_rule``, null of those that count.
        day: column with the day on which the parent must be there.
    """

    form: str
    column: str
    judged_by: str
    day: str


class Fact(YamlEntry):
    """A fact that is fed by a form.

    Attributes:
        name: of the model.
        form: form whose rows it holds; its staging model is ``stg_<form>``.
        entity_key: column of the staging model: a later row of the same key replaces an earlier one.
        natural_key: columns by which the department knows a row.
        dimensions: columns that its rows may be counted by.
        takes_effect_on: dates on which a change of a row takes effect: figures are rebuilt from the earliest on.
        derived: columns that follow from those dates.
        descriptive: columns that no figure depends on.
        waits_for: what its rows wait for, if for anything.
        judged_together_by: columns whose values name rows that are judged together, and so rebuilt together.
        enterprise_name: of a fact that names enterprises (``uscc``): expression of the name.
        is_snapshot: one row a month of each entity, carried forward where none was sent; rebuilt by month.
        row_key: column that tells the rows of the fact apart, where a record has several.
        row_key_of: columns of the staging model that ``row_key`` is the hash of.
        unit_follows_union: rows count for the unit of their union.
        is_of_spells: its rows end in later months: one Parquet file of a release.
    """

    name: str
    form: str
    entity_key: str
    natural_key: tuple[str, ...]
    dimensions: tuple[str, ...]
    takes_effect_on: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    descriptive: tuple[str, ...] = ()
    waits_for: Parent | None = None
    judged_together_by: tuple[str, ...] = ()
    enterprise_name: str | None = None
    is_snapshot: bool = False
    row_key: str | None = None
    row_key_of: tuple[str, ...] = ()
    unit_follows_union: bool = False
    is_of_spells: bool = False


class _Config(YamlEntry):
    model_config = ConfigDict(extra="ignore")
    meta: dict[str, Any] = Field(default_factory=dict)


class Column(YamlEntry):
    """A column of a model, and what is said of it."""

    model_config = ConfigDict(extra="ignore")
    name: str
    description: str = ""


class _Model(YamlEntry):
    """What dbt reads beside this is dbt's to check."""

    model_config = ConfigDict(extra="ignore")
    name: str
    columns: tuple[Column, ...] = ()
    config: _Config = Field(default_factory=_Config)
    fact: Fact | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_fact(cls, model: dict[str, Any]) -> dict[str, Any]:
        meta = model.get("config", {}).get("meta", {})
        is_fact = str(model.get("name")).startswith("fct_") and "form" in meta
        return {**model, "fact": {**meta, "name": model["name"]}} if is_fact else model


class _Models(YamlEntry):
    model_config = ConfigDict(extra="ignore")
    models: tuple[_Model, ...]


@cache
def load_facts() -> tuple[Fact, ...]:
    """Every fact that is fed by a form.

    Raises:
        MalformedFile: the ``meta`` of one lacks something, or holds what nobody reads.
    """
    return tuple(model.fact for model in _described("marts") if model.fact)


def declared_keys(layer: str) -> dict[str, list[str]]:
    """The ``key`` in the ``meta`` of the models in a folder of ``models/``, of those that declare one."""
    return {model.name: model.config.meta["key"] for model in _described(layer) if "key" in model.config.meta}


def described_columns() -> dict[str, tuple[Column, ...]]:
    """The columns of every mart, by table."""
    return {model.name: model.columns for layer in MART_FOLDERS for model in _described(layer)}


def _described(layer: str) -> list[_Model]:
    files = sorted((MODELS / layer).rglob("_*__models.yml"))
    return [model for path in files for model in read_yaml(path, _Models).models]
