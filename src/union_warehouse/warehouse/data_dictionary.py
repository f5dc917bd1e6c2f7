"""The data dictionary: every table of a release with its columns, keys, codes and lineage, made from dbt's manifest.

A release holds it beside its tables, as they are in that release; the page in docs/ is that of the project as it is. Run
``python -m union_warehouse.warehouse.data_dictionary`` (``make generate``) after a model or a contract changed; a test checks
that the page in git is current.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from union_warehouse.contracts import load_forms
from union_warehouse.contracts.code_labels import code_labels
from union_warehouse.files import write_text
from union_warehouse.paths import Home
from union_warehouse.project import PROJECT_DIR
from union_warehouse.warehouse.build import parse_project
from union_warehouse.warehouse.definitions import reached

DICTIONARY_FILE = "data_dictionary.md"
DICTIONARY_PAGE = PROJECT_DIR / "docs" / DICTIONARY_FILE

_LABEL = re.compile(r"\s*\(([^()]*[\u4e00-\u9fff][^()]*)\)")
_CHOOSE_WHAT_IS_BUILT = {"int_affected_entities", "int_earliest_change"}
"""Models that say which rows a close makes again, and not what they hold: no lineage goes through them."""
_DOC_OF_FIELD = re.compile(r"\.(\w+?)__(\w+)$")
_MANY = 6
_INTRODUCTION = """# Data dictionary 数据字典

<!-- Generated from the dbt project and the contracts by `make generate`; do not edit. -->

The tables of a release (`releases/<id>/warehouse.duckdb`, `parquet/<table>/`), in DuckDB's types. The same text stands in each release, as its tables
are there, and in the comments of its DuckDB file (`describe`, `duckdb_columns()`).

* `dim_` describes, `fct_` holds what happened, `rpt_` holds figures and reports. **Grain 粒度**: what one row is.
* Key 键: `PK` tells the rows apart, which a list has none of; `NK` is what the department knows the record by; `→ table` holds the `PK` of a row of that table,
  so that a join repeats no row. `*`: never empty.
* From 来源: the form and its column that the value comes from; its header, codes and rules are in the contract of the form.
* Adds up 可加: over what the values of the column may be summed, where the project says so. Of figures (`rpt_indicators`) `dim_indicator` says it per indicator.
* Months are text, `YYYY-MM`; days are dates in Shanghai, times are UTC; money is yuan. Empty (`null`) is what is not known, never 0.
"""


class _Marts:
    """The marts in a manifest, and what leads to what."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self.nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
        self.tables = {
            key: node
            for key, node in self.nodes.items()
            if node["database"] == "marts" and node["config"]["materialized"] != "ephemeral"
        }
        self.sources = manifest["sources"]
        self.exposures = manifest["exposures"].values()

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """What each model is made from, without what only chooses the rows that are made again."""
        chosen = {key for key, node in self.nodes.items() if node["name"] in _CHOOSE_WHAT_IS_BUILT}
        found = {key: [one for one in node["depends_on"]["nodes"] if one not in chosen] for key, node in self.nodes.items()}
        return found | {key: [] for key in self.sources}

    def forms_behind(self, table: str) -> list[str]:
        """The forms whose rows reach a table."""
        found = (self.sources[key] for key in reached([table], self.parents) if key in self.sources)
        known = load_forms()
        return sorted(source["name"] for source in found if source["source_name"] == "landing" and source["name"] in known)

    def tables_behind(self, table: str) -> list[str]:
        """The tables that a table is made from, not those that these are made from."""
        leads_to = {key: [] if key in self.tables else parents for key, parents in self.parents.items()}
        return sorted(self.nodes[key]["name"] for key in reached(self.parents[table], leads_to) if key in self.tables)

    @cached_property
    def readers(self) -> dict[str, list[str]]:
        """The tables made from each, by name."""
        found: dict[str, list[str]] = {}
        for key, node in self.tables.items():
            for parent in self.tables_behind(key):
                found.setdefault(parent, []).append(node["name"])
        return found

    @cached_property
    def indicators(self) -> dict[str, list[str]]:
        """The indicators counted from each fact, by name."""
        found: dict[str, list[str]] = {}
        for exposure in self.exposures:
            for code, entry in exposure["config"].get("meta", {}).get("indicators", {}).items():
                found.setdefault(entry.get("fact", ""), []).append(code)
        return found


def dictionary_markdown(manifest: Mapping[str, Any], codes: Iterable[Sequence[Any]]) -> str:
    """The data dictionary as Markdown: the same for the same project.

    Args:
        manifest: dbt's.
        codes: table, column, code and Chinese label of each row of ``dim_code``, in its order.
    """
    marts = _Marts(manifest)
    tables = sorted(marts.tables.items(), key=lambda item: (item[1]["path"].rpartition("/")[0], item[1]["name"]))
    lines = [_INTRODUCTION, "## Tables 表一览", "", "| table | 表 | one row is 一行 | folder |", "|---|---|---|---|"]
    for _, node in tables:
        label, grain, _ = _described(node)
        lines.append(f"| [`{node['name']}`](#{node['name']}) | {label} | {_cell(grain)} | {node['path'].rpartition('/')[0]} |")
    for key, node in tables:
        lines += ["", f"## {node['name']}", "", *_table(marts, key, node)]
    lines += [
        "",
        "## Codes 代码",
        "",
        "Labels in English too: `dim_code`.",
        "",
        "| column | in | codes |",
        "|---|---|---|",
        *_codes(codes),
    ]
    return "\n".join(lines) + "\n"


def _table(marts: _Marts, key: str, node: Mapping[str, Any]) -> Iterator[str]:
    label, grain, more = _described(node)
    yield f"**{label}.** Grain 粒度: {grain}{' ' + more if more else ''}"
    yield ""
    forms, known = marts.forms_behind(key), load_forms()
    if forms:
        named = [f"{known[form].sheet} `{form}`" for form in forms]
        yield f"* Forms 来源报表: {f'{len(forms)} of {len(known)}' if len(forms) > _MANY else ', '.join(named)}"
    for words, names in (
        ("Made from 由…生成", marts.tables_behind(key)),
        ("Feeds 用于", sorted(marts.readers.get(node["name"], ()))),
        ("Indicators 指标", sorted(marts.indicators.get(node["name"], ()))),
    ):
        if names:
            yield f"* {words}: {', '.join(f'`{name}`' for name in names)}"
    yield ""
    yield "| column | 字段 | type | key | adds up 可加 | from 来源 | what 说明 |"
    yield "|---|---|---|---|---|---|---|"
    meta = node["config"].get("meta", {})
    own = _own_key(node)
    for name, column in node["columns"].items():
        yield f"| `{name}` | {' | '.join(_cell(text) for text in _column(name, column, meta, own))} |"


def _codes(codes: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A line for each list of codes, with the tables whose column of one name holds it."""
    lists: dict[tuple[str, str], list[str]] = {}
    for table, column, code, label in codes:
        lists.setdefault((column, table), []).append(f"`{code}` {label}")
    tables: dict[tuple[str, str], list[str]] = {}
    for (column, table), words in sorted(lists.items()):
        tables.setdefault((column, ", ".join(words)), []).append(f"`{table}`")
    yield from (f"| `{column}` | {', '.join(held_in)} | {words} |" for (column, words), held_in in tables.items())


def _column(name: str, column: Mapping[str, Any], table: Mapping[str, Any], own: Iterable[str]) -> Iterable[str]:
    label, text = _label_and_text(column["description"])
    meta = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
    is_required = any(constraint["type"] in {"not_null", "primary_key"} for constraint in column["constraints"])
    keys = [
        "PK" if name in own else "",
        "NK" if name in table.get("natural_key", ()) else "",
        f"→ {meta['references']}" if "references" in meta else "",
    ]
    form = next((f"{found[1]}.{found[2]}" for block in column["doc_blocks"] if (found := _DOC_OF_FIELD.search(block))), "")
    additivity = meta.get("additivity", "")
    return (label, f"{column['data_type']}{'*' if is_required else ''}", " ".join(filter(None, keys)), additivity, form, text)


def _own_key(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that tell the rows of a table apart: as its ``meta`` says, else a key that is its first column; none of a list."""
    meta = node["config"].get("meta", {})
    if declared := meta.get("key") or meta.get("row_key") or meta.get("entity_key"):
        return (declared,) if isinstance(declared, str) else tuple(declared)
    first = next(iter(node["columns"]))
    return (first,) if first.endswith("_key") else ()


def _described(node: Mapping[str, Any]) -> tuple[str, str, str]:
    """The Chinese label of a table, its grain, and what else is said of it."""
    label, text = _label_and_text(" ".join(node["description"].split()))
    grain, stop, more = text.removeprefix("Grain: ").partition(". ")
    return label, grain + stop.strip(), more


def _label_and_text(description: str) -> tuple[str, str]:
    """The first Chinese words in brackets of a description, and the description without them."""
    found = _LABEL.search(description)
    if found is None:
        return "", description
    text = " ".join(f"{description[: found.start()]}{description[found.end() :]}".split())
    return found[1], re.sub(r"\.\s*\.", ".", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the page of the project as it is."""
    codes = [label[:4] for label in code_labels()]
    with tempfile.TemporaryDirectory() as folder:
        write_text(DICTIONARY_PAGE, dictionary_markdown(parse_project(Home(Path(folder))), codes))


if __name__ == "__main__":
    main()
