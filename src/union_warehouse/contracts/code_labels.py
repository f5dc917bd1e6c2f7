"""The labels of every code in the marts, as one dimension: ``dim_code`` (``make generate``).

A column holds the codes of a field if its description is that field's (``doc('<form>__<field>')``): a form that is added
brings its labels with its contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from union_warehouse.code_words import WORDS_OF_COLUMNS
from union_warehouse.contracts.facts import described_columns
from union_warehouse.contracts.load import load_forms

_DOC_OF_FIELD = re.compile(r"doc\('(\w+?)__(\w+)'\)")


class CodeLabel(NamedTuple):
    """What a code in a column of a mart is called, and its place among the codes of the column."""

    table_name: str
    column_name: str
    code: str
    label_zh: str
    label_en: str
    code_number: int


def code_labels() -> Iterator[CodeLabel]:
    """Every code of every column of the marts that holds codes: those of the forms, of forms themselves, and those made here."""
    for table, columns in described_columns().items():
        for column in columns:
            for number, (code, label_zh, label_en) in enumerate(_codes_of(column.name, column.description), start=1):
                yield CodeLabel(table, column.name, code, label_zh, label_en, number)


def _codes_of(name: str, description: str) -> Iterator[tuple[str, str, str]]:
    """Code, Chinese and English label of each code of a column."""
    forms = load_forms()
    if name == "form":
        yield from ((form.name, form.sheet, in_words(form.name)) for form in forms.values())
    elif name in WORDS_OF_COLUMNS:
        yield from ((code, label, in_words(code)) for code, label in WORDS_OF_COLUMNS[name].items())
    elif (found := _DOC_OF_FIELD.search(description)) and found[1] in forms:
        field = forms[found[1]].field(found[2])
        if not field.is_yes_no:
            labels_en = dict(field.enum_en)
            yield from ((code, label, labels_en.get(code, in_words(code))) for code, label in field.enum)


def in_words(code: str) -> str:
    """A code as English words."""
    return code.replace("_", " ").capitalize()


def code_labels_model(header: str) -> str:
    """The model ``dim_code``."""
    rows = ",\n    ".join("(" + ", ".join(map(_literal, label)) + ")" for label in code_labels())
    names = ", ".join(CodeLabel._fields)
    return f"-- fmt: off\n{{# {header} #}}\nselect {names}\nfrom (values\n    {rows}\n) as labels({names})\n"


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
