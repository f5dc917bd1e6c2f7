"""The keys that the marts document, and what joining by them does to rows and sums."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from tests.dbt_conventions import NUMBERS, models
from union_warehouse.paths import Home
from union_warehouse.warehouse.dbt_worker import MANIFEST_FILE


@dataclass(frozen=True)
class Reference:
    """A column of a mart that its documentation calls the key of a dimension."""

    table: str
    column: str
    dimension: str
    key: str


def _manifest(home: Home, release_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.build / release_id / MANIFEST_FILE).read_text("utf-8"))
    return found


def marts_of(home: Home, release_id: str) -> dict[str, dict[str, Any]]:
    """What dbt knows of the marts of a release, by name."""
    return {node["name"]: node for node in models(_manifest(home, release_id)).values() if node["database"] == "marts"}


def accepted_codes(home: Home, release_id: str) -> Iterator[tuple[str, str, str]]:
    """Table, column and code of every code that dbt accepts in a column whose words do not stand beside it (``<column>_zh``)."""
    nodes = _manifest(home, release_id)["nodes"]
    for node in nodes.values():
        if (node.get("test_metadata") or {}).get("name") == "accepted_values":
            arguments, table = node["test_metadata"]["kwargs"], nodes[node["attached_node"]]
            column = arguments.get("column_name") or node["column_name"]
            if f"{column}_zh" not in table["columns"]:
                values = arguments.get("values") or arguments["arguments"]["values"]
                yield from ((table["name"], column, code) for code in values)


def documented_references(marts: dict[str, dict[str, Any]]) -> list[Reference]:
    """Every column of a mart whose ``meta`` says which dimension it refers to; the dimension says by which key."""
    found = []
    for name, node in marts.items():
        for column in node["columns"].values():
            dimension = column["config"]["meta"].get("references")
            if dimension:
                (key,) = marts[dimension]["config"]["meta"]["key"]
                found.append(Reference(name, column["name"], dimension, key))
    return found


def unresolved(connection: duckdb.DuckDBPyConnection, reference: Reference) -> int:
    """Rows whose key is in no row of the dimension."""
    return _one(
        connection,
        f"select count(*) from {reference.table} as fact anti join {reference.dimension} as dimension "
        f"on fact.{reference.column} = dimension.{reference.key} where fact.{reference.column} is not null",
    )[0]


def totals(connection: duckdb.DuckDBPyConnection, node: dict[str, Any], reference: Reference | None = None) -> tuple[Any, ...]:
    """Number of rows, and the sum of every number, of a mart; joined with a dimension if there is one."""
    numbers = [name for name, column in node["columns"].items() if str(column["data_type"]).startswith(NUMBERS)]
    sums = "".join(f", sum(fact.{name})" for name in numbers)
    joined = reference and f"left join {reference.dimension} as dimension on fact.{reference.column} = dimension.{reference.key}"
    return _one(connection, f"select count(*){sums} from {node['name']} as fact {joined or ''}")


def undocumented(marts: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Columns of facts and reports named as the key of a dimension, or for a day, that do not say that they refer to it."""
    keys = {node["config"]["meta"]["key"][0]: name for name, node in marts.items() if _has_one_key(name, node)}
    for name, node in marts.items():
        if not name.startswith("dim_"):
            for column in node["columns"].values():
                expected = keys.get(column["name"]) or ("dim_date" if column["data_type"] == "date" else None)
                if column["config"]["meta"].get("references") != expected and expected:
                    yield f"{name}.{column['name']}"


def without_version(marts: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Facts that name a unit or union by its code, and not by the version that holds for the row."""
    for name, node in marts.items():
        names = {"reporting_unit", "union"} & {column.removesuffix("_code") for column in node["columns"]}
        for entity in names or {"submitted_by"} & {column.removesuffix("_code") for column in node["columns"]}:
            if name.startswith("fct_") and f"{entity}_key" not in node["columns"]:
                yield f"{name}.{entity}_key"


def _has_one_key(name: str, node: dict[str, Any]) -> bool:
    return name.startswith("dim_") and len(node["config"]["meta"]["key"]) == 1


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row
