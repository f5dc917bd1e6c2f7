"""Derive the dbt sources and field documentation from the contracts.

Run ``python -m union_warehouse.contracts.derive`` (``make generate``) after a contract changed; a test checks that
the files in git are current.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from union_warehouse.contracts.landed import landed_columns
from union_warehouse.contracts.load import load_forms
from union_warehouse.contracts.model import Field, Form
from union_warehouse.contracts.odcs import check_contract
from union_warehouse.paths import CONTRACTS_DIR, DBT_PROJECT_DIR

SOURCES_FILE = DBT_PROJECT_DIR / "models" / "staging" / "_landing__sources.yml"
FIELD_DOCS_FILE = DBT_PROJECT_DIR / "models" / "docs" / "contract_fields.md"
DICTIONARY_FILE = DBT_PROJECT_DIR.parent / "docs" / "forms.md"
_HEADER = "Generated from expectations/contracts by `make generate`; do not edit."
_ROW_COLUMNS = {
    "_submission_id": "{{ doc('submission_id') }}",
    "_department": "{{ doc('submitted_by_code') }}",
    "_month": "{{ doc('submission_month') }}",
    "_received_at": "{{ doc('received_at') }}",
    "_is_opening": "{{ doc('is_opening_submission') }}",
    "_sheet": "{{ doc('source_sheet') }}",
    "_row": "{{ doc('source_row') }}",
    "_is_accepted": "Whether the row holds no error (是否采用).",
}


def field_description(field: Field) -> str:
    """English description with the Chinese label, the allowed codes and what is stored of personal data."""
    text = f"{field.description} ({field.label})"
    if field.enum:
        text += " One of " + ", ".join(f"{code} {label}" for code, label in field.enum) + "."
    if field.is_personal:
        text += " Personal data: a keyed hash."
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
        }
        docs.append((name, f"{prefix[suffix]}: {field.label}." if suffix else field_description(field)))
    return docs


def field_docs_markdown() -> str:
    """One dbt doc block per contract field, named ``<form>__<field>``."""
    blocks = [f"[comment]: # ({_HEADER})\n"]
    blocks += [
        f"{{% docs {form.name}__{field.name} %}}\n{field_description(field)}\n{{% enddocs %}}\n"
        for form in load_forms().values()
        for field in form.fields
    ]
    return "\n".join(blocks)


def forms_markdown() -> str:
    """The forms' page of the data dictionary: fields, codes, who owes the form, rules."""
    lines = ["# Forms (报表)", "", f"<!-- {_HEADER} -->", ""]
    for form in load_forms().values():
        lines += [f"## {form.sheet} `{form.name}`", "", f"{form.purpose} One row: {form.grain}.", ""]
        lines += [f"Owed by: {', '.join(form.owed_by)}. Contract {form.version}.", ""]
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
        lines.append("")
    return "\n".join(lines)


def generated_files() -> dict[Path, str]:
    """Every generated file with the content it should have."""
    sources = f"# {_HEADER}\n" + yaml.safe_dump(dbt_sources(), allow_unicode=True, sort_keys=False, width=160)
    return {SOURCES_FILE: sources, FIELD_DOCS_FILE: field_docs_markdown(), DICTIONARY_FILE: forms_markdown()}


def main() -> None:
    """Check every contract, and write every generated file."""
    for path in sorted(CONTRACTS_DIR.glob("*.odcs.yaml")):
        check_contract(path)
    for path, content in generated_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
