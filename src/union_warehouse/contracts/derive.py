"""Derive the dbt sources and field documentation from the contracts, and what dbt has to know of the models from their ``meta``.

dbt follows the references of a model before it has read what other models declare, so the facts and the keys to test
are written where it finds them then. Run ``python -m union_warehouse.contracts.derive`` (``make generate``) after a
contract or the ``meta`` of a model changed; a test checks that the files in git are current.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from union_warehouse.contracts.code_labels import code_labels_model
from union_warehouse.contracts.facts import declared_keys, load_facts
from union_warehouse.contracts.former_covers import COVERS_FILE
from union_warehouse.contracts.landed import landed_columns
from union_warehouse.contracts.layouts import FormerColumn, FormerLayout
from union_warehouse.contracts.load import load_forms
from union_warehouse.contracts.model import Field, Form, KeptPart
from union_warehouse.contracts.odcs import check_contract
from union_warehouse.contracts.written_covers import check_covers
from union_warehouse.files import write_text
from union_warehouse.project import CONTRACTS_DIR, DBT_PROJECT_DIR

SOURCES_FILE = DBT_PROJECT_DIR / "models" / "staging" / "_landing__sources.yml"
FIELD_DOCS_FILE = DBT_PROJECT_DIR / "models" / "docs" / "contract_fields.md"
DICTIONARY_FILE = DBT_PROJECT_DIR.parent / "docs" / "forms.md"
FACTS_FILE = DBT_PROJECT_DIR / "macros" / "fact_definitions.sql"
CODES_FILE = DBT_PROJECT_DIR / "models" / "marts" / "core" / "dim_code.sql"
KEYS_FOLDER = DBT_PROJECT_DIR / "tests"
_META_HEADER = "Generated from the meta of the models by `make generate`; do not edit."
_STAGED_KEY = ["submission_id", "source_sheet", "source_row"]
_HEADER = "Generated from expectations/contracts by `make generate`; do not edit."
_KEPT = {KeptPart.BIRTH_YEAR_BAND: "the ten years of birth", KeptPart.GENDER: "the gender"}
_ROW_COLUMNS = {
    "_submission_id": "{{ doc('submission_id') }}",
    "_department": "{{ doc('submitted_by_code') }}",
    "_month": "{{ doc('submission_month') }}",
    "_received_at": "{{ doc('received_at') }}",
    "_is_opening": "{{ doc('is_opening_submission') }}",
    "_sheet": "{{ doc('source_sheet') }}",
    "_row": "{{ doc('source_row') }}",
    "_layout": "Name of the layout by which the sheet was read; of the current one the contract's version (版式).",
    "_is_accepted": "Whether the row holds no error (是否采用).",
}


def field_description(field: Field, *, is_staged: bool = False) -> str:
    """English description with the Chinese label, the allowed codes and what is stored of personal data.

    Args:
        field: of a form.
        is_staged: as the column is from staging on, where yes and no are a boolean.
    """
    text = f"{field.description} ({field.label})"
    if is_staged and field.is_yes_no:
        return f"{text} " + ", ".join(f"{'true' if code == 'yes' else 'false'} {label}" for code, label in field.enum) + "."
    if field.enum:
        text += " One of " + ", ".join(f"{code} {label}" for code, label in field.enum) + "."
    if field.is_personal:
        text += " Personal data: a keyed hash."
    if field.kept_parts:
        text += " Kept in clear of a right number: " + ", ".join(_KEPT[part] for part in field.kept_parts) + "."
    if field.clear_where:
        text += f" Its text stays in clear where {field.clear_where[0]} is {' or '.join(field.clear_where[1])}."
    return text


def dbt_sources() -> dict[str, Any]:
    """The dbt source of the landed forms, as a schema file's content."""
    tables = [
        {
            "name": form.name,
            "description": f"{form.purpose} Grain: {form.grain}. ({form.sheet}) Rows of the submissions new to this build.",
            "columns": [{"name": name, "description": text} for name, text in _column_docs(form)],
        }
        for form in load_forms().values()
    ]
    tables.append(
        {
            "name": "row_problems",
            "description": "Grain: one broken rule of one row of one form. The frozen verdicts of the submissions new to this build.",
        }
    )
    return {
        "version": 2,
        "sources": [
            {
                "name": "landing",
                "database": "build",
                "schema": "landing",
                "description": "Landed rows of the submissions that this build has not read yet, one view per form.",
                "tables": tables,
            }
        ],
    }


def _column_docs(form: Form) -> list[tuple[str, str]]:
    docs = []
    for name in landed_columns(form):
        if name in _ROW_COLUMNS:
            docs.append((name, _ROW_COLUMNS[name]))
            continue
        base, _, suffix = name.partition("__")
        field = form.field(base)
        prefix = {
            "text": "Cell text as sent" + (", masked" if field.is_personal else ""),
            "valid": "Whether the check character is right",
            KeptPart.BIRTH_YEAR_BAND: "Ten years in which the person was born, by the number",
            KeptPart.GENDER: "Gender of the person, by the number",
        }
        docs.append((name, f"{prefix[suffix]}: {field.label}." if suffix else field_description(field)))
    return docs


def field_docs_markdown() -> str:
    """One dbt doc block per contract field, named ``<form>__<field>``."""
    blocks = [f"[comment]: # ({_HEADER})\n"]
    blocks += [
        f"{{% docs {form.name}__{field.name} %}}\n{field_description(field, is_staged=True)}\n{{% enddocs %}}\n"
        for form in load_forms().values()
        for field in form.fields
    ]
    return "\n".join(blocks)


def forms_markdown() -> str:
    """The forms' page of the data dictionary: fields, codes, who owes the form, rules, former layouts."""
    lines = ["# Forms (报表)", "", f"<!-- {_HEADER} -->", ""]
    for form in load_forms().values():
        lines += [f"## {form.sheet} `{form.name}`", "", f"{form.purpose} One row: {form.grain}.", ""]
        since = f", from {form.owed_from}" if form.owed_from else ""
        lines += [f"Owed by: {', '.join(form.owed_by)}{since}. Contract {form.version}.", ""]
        lines += ["| column 表头 | name | type | required | key | what |", "|---|---|---|---|---|---|"]
        for field in form.fields:
            required, key = "yes" if field.is_required else "", "yes" if field.is_key else ""
            lines.append(f"| {field.label} | `{field.name}` | {field.type} | {required} | {key} | {field_description(field)} |")
        if form.rules:
            lines += ["", "| rule | column | severity | message |", "|---|---|---|---|"]
            lines += [
                f"| `{rule.code}` | `{rule.column}` | {rule.severity} | {rule.message_zh} ({rule.message_en}) |"
                for rule in form.rules
            ]
        lines += [*_former_layouts(form), ""]
    return "\n".join(lines)


def _former_layouts(form: Form) -> list[str]:
    """How the form looked before: a row a field that looked otherwise, a column a layout."""
    former = form.former_layouts
    if not former:
        return []
    rows = {
        "in force": [*(layout.period.words for layout in former), ""],
        "sheet": [*("、".join(layout.sheets) or form.sheet for layout in former), form.sheet],
    }
    for field in form.fields:
        was = [_as_it_was(layout, field.name) for layout in former]
        if any(was):
            rows[f"`{field.name}`"] = [*(text or field.label for text in was), field.label]
    lines = ["", "| former layouts | " + " | ".join(f"`{layout.name}`" for layout in former) + " | today |"]
    lines += ["|---" * (len(former) + 2) + "|", *(f"| {name} | {' | '.join(texts)} |" for name, texts in rows.items())]
    return lines


def _as_it_was(layout: FormerLayout, field: str) -> str:
    """What was otherwise of a field, empty if nothing was."""
    column = next((item for item in layout.columns if item.field == field), FormerColumn(field))
    if column.is_absent:
        return f"did not exist: {column.default or 'unknown'}"
    split = next((item for item in layout.splits if field in item.fields), None)
    labels = f"a part of {'、'.join(split.labels)}" if split else "、".join(column.labels)
    return "; ".join(filter(None, [labels, *(f"{word} = {code}" for word, code in column.codes)]))


def fact_definitions_macro() -> str:
    """The macro that hands every fact to the models that treat them all alike."""
    facts = {fact.name: fact.model_dump(exclude={"name"}, exclude_defaults=True) for fact in load_facts()}
    definitions = json.dumps(facts, ensure_ascii=False, indent=4)
    return (
        f"-- fmt: off\n{{#- {_META_HEADER} -#}}\n{{% macro fact_definitions() -%}}\n"
        f"{{{{ return({definitions}) }}}}\n{{%- endmacro %}}\n"
    )


def key_tests() -> dict[Path, str]:
    """One dbt test a layer of the keys that its models declare: a test a model would take a fifth of a build."""
    keys = {layer: declared_keys(layer) for layer in ("intermediate", "marts", "checks")}
    keys["staging"] = {f"stg_{form}": _STAGED_KEY for form in load_forms()}
    return {KEYS_FOLDER / f"keys_of_{layer}.sql": _key_test(models) for layer, models in keys.items()}


def _key_test(keys: Mapping[str, list[str]]) -> str:
    queries = (f"{{{{ rows_without_own_key('{model}', {key}) }}}}" for model, key in keys.items())
    return f"-- fmt: off\n{{# {_META_HEADER} #}}\n" + "\nunion all\n".join(queries) + "\n"


def generated_files() -> dict[Path, str]:
    """Every generated file with the content it should have."""
    sources = f"# {_HEADER}\n" + yaml.safe_dump(dbt_sources(), allow_unicode=True, sort_keys=False, width=160)
    return {
        SOURCES_FILE: sources,
        FIELD_DOCS_FILE: field_docs_markdown(),
        DICTIONARY_FILE: forms_markdown(),
        FACTS_FILE: fact_definitions_macro(),
        CODES_FILE: code_labels_model(_HEADER),
        **key_tests(),
    }


def main() -> None:
    """Check every contract, and write every generated file."""
    for path in sorted(CONTRACTS_DIR.glob("*.odcs.yaml")):
        check_contract(path)
    check_covers(COVERS_FILE)
    for path, content in generated_files().items():
        write_text(path, content)


if __name__ == "__main__":
    main()
