"""Read the ODCS contracts into :class:`~union_warehouse.contracts.model.Form`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from union_warehouse.contracts.layouts import (
    Edition,
    FormerColumn,
    FormerLayout,
    FormerSplit,
    Period,
    layout_called,
    layouts_of,
    template_version,
)
from union_warehouse.contracts.model import (
    DateRole,
    Field,
    FieldType,
    Form,
    KeptPart,
    PersonalData,
    Reference,
    Severity,
    TableRule,
)
from union_warehouse.project import CONTRACTS_DIR

_WORDS = frozenset({"description", "dataGranularityDescription", "grainZh", "messageZh"})
_LABELS_EN = "enumLabelsEn"
_DIGITS = 12


@cache
def load_forms(folder: Path = CONTRACTS_DIR) -> Mapping[str, Form]:
    """All forms by machine name, in the order of their file names.

    Args:
        folder: folder of ``*.odcs.yaml`` files (Open Data Contract Standard 3.1).

    Raises:
        MalformedFile: a contract is not what :mod:`union_warehouse.contracts.odcs` says.
    """
    return {form.name: form for form in map(_read, sorted(folder.glob("*.odcs.yaml")))}


def _read(path: Path) -> Form:
    try:
        form = form_from_document(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))
        layouts_of(form)
        return form
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration, OSError, re.error, yaml.YAMLError):
        # Every command reads the contracts, and to import pydantic takes longer than that: only what is wrong is looked at so.
        from union_warehouse.contracts.odcs import check_contract

        check_contract(path)
        raise


@lru_cache(maxsize=256)
def forms_by_sheet(edition: Edition) -> Mapping[str, Form]:
    """All forms by machine name, Chinese sheet name, and what their sheets were called in the layouts in force for a file."""
    forms = load_forms().values()
    former = {
        sheet: form
        for form in forms
        for layout in form.former_layouts
        if layout.period.holds_for(edition)
        for sheet in layout.sheets
    }
    return {form.name: form for form in forms} | {form.sheet: form for form in forms} | former


def forms_as_read(layouts: Mapping[str, str | None]) -> Mapping[str, Form]:
    """Every form by machine name, in the words of the layout by which its sheet was read.

    Args:
        layouts: name of the layout by form, of those that were read.
    """
    forms = load_forms()
    return {**forms, **{name: layout_called(forms[name], layout).form for name, layout in layouts.items()}}


def form_from_document(document: Mapping[str, Any]) -> Form:
    """One form from one parsed contract."""
    table = document["schema"][0]
    custom = _custom_properties(document)
    return Form(
        name=table["name"],
        sheet=table["businessName"],
        area=document["domain"],
        version=document["version"],
        purpose=table["description"],
        grain=table["dataGranularityDescription"],
        grain_zh=custom.get("grainZh", ""),
        fields=tuple(_field(item) for item in table["properties"]),
        rules=tuple(_table_rule(item) for item in table.get("quality", [])),
        owed_by=tuple(custom["owedBy"]),
        key_includes_month=bool(custom.get("keyIncludesMonth", False)),
        owed_from=custom.get("owedFrom"),
        former_layouts=tuple(_former_layout(**item) for item in custom.get("formerLayouts", ())),
        fingerprint=hashlib.sha256(json.dumps(_asked(document), sort_keys=True, default=str).encode()).hexdigest()[:_DIGITS],
    )


def _asked(content: Any) -> Any:
    """What a contract asks for, without the words that explain it."""
    if isinstance(content, Mapping):
        return {key: _asked(value) for key, value in content.items() if key not in _WORDS}
    if isinstance(content, list):
        return [_asked(item) for item in content if not (isinstance(item, Mapping) and item.get("property") == _LABELS_EN)]
    return content


def _former_layout(
    name: str,
    templateVersions: Sequence[str] = (),  # noqa: N803  the keys of the contract
    validFrom: str | None = None,  # noqa: N803
    validTo: str | None = None,  # noqa: N803
    sheets: Sequence[str] = (),
    columns: Mapping[str, Mapping[str, Any]] | None = None,
    splits: Sequence[Mapping[str, Any]] = (),
) -> FormerLayout:
    return FormerLayout(
        name=name,
        period=former_period(templateVersions, validFrom, validTo),
        sheets=tuple(sheets),
        columns=tuple(_former_column(field, **item) for field, item in (columns or {}).items()),
        splits=tuple(FormerSplit(tuple(item["labels"]), item["pattern"], item["example"]) for item in splits),
    )


def former_period(versions: Sequence[str], valid_from: str | None, valid_to: str | None) -> Period:
    """When a former layout was in force, as its file says it.

    Raises:
        AttributeError: a version is no text.
        TypeError: likewise.
    """
    return Period(tuple(filter(None, map(template_version, versions))), valid_from, valid_to)


def _former_column(
    field: str,
    labels: Sequence[str] = (),
    codes: Mapping[str, str] | None = None,
    absent: str | None = None,
    default: str | None = None,
) -> FormerColumn:
    is_absent = absent is not None or default is not None
    return FormerColumn(field, tuple(labels), tuple((codes or {}).items()), is_absent, default)


def _custom_properties(element: Mapping[str, Any]) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in element.get("customProperties", [])}


def _field(item: Mapping[str, Any]) -> Field:
    custom = _custom_properties(item)
    quality = item.get("quality", [])
    checkers = [rule["implementation"] for rule in quality if rule["type"] == "custom"]
    labels = custom.get("enumLabels", {})
    codes: list[str] = next((rule["arguments"]["validValues"] for rule in quality if rule["type"] == "library"), [])
    relationships = item.get("relationships", [])
    reference = None
    if relationships:
        form, field = relationships[0]["to"].split(".")
        reference = Reference(form, field, custom["referenceDate"])
    return Field(
        name=item["name"],
        label=item["businessName"],
        type=FieldType(item["logicalType"]),
        physical_type=item["physicalType"],
        description=item["description"],
        description_zh=custom.get("descriptionZh", ""),
        is_required=item["required"],
        is_key=item.get("primaryKey", False),
        enum=tuple((code, labels[code]) for code in codes),
        checker=checkers[0] if checkers else None,
        personal_data=PersonalData(custom["personalData"]) if "personalData" in custom else None,
        clear_where=next(((name, tuple(values)) for name, values in custom.get("personalDataUnless", {}).items()), None),
        date_role=DateRole(custom["dateRole"]) if "dateRole" in custom else None,
        minimum=item.get("logicalTypeOptions", {}).get("minimum"),
        reference=reference,
        example=next(iter(item.get("examples", ())), None),
        is_code=bool(custom.get("isCode", False)),
        kept_parts=tuple(map(KeptPart, custom.get("personalDataKept", ()))),
        enum_en=tuple(custom.get(_LABELS_EN, {}).items()),
        unit=custom.get("unit"),
    )


def _table_rule(item: Mapping[str, Any]) -> TableRule:
    implementation = item["implementation"]
    return TableRule(
        code=item["id"],
        column=implementation["column"],
        predicate=implementation["predicate"],
        severity=Severity(item["severity"]),
        message_zh=implementation["messageZh"],
        message_en=item["description"],
    )
