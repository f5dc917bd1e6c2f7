"""Read the ODCS contracts into :class:`~union_warehouse.contracts.model.Form`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from union_warehouse.contracts.model import (
    DateRole,
    Field,
    FieldType,
    Form,
    PersonalData,
    Reference,
    Severity,
    TableRule,
)
from union_warehouse.project import CONTRACTS_DIR


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
        return form_from_document(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration, OSError, yaml.YAMLError):
        # Every command reads the contracts, and to import pydantic takes longer than that: only what is wrong is looked at so.
        from union_warehouse.contracts.odcs import check_contract

        check_contract(path)
        raise


@cache
def form_by_sheet() -> Mapping[str, Form]:
    """All forms by Chinese sheet name."""
    return {form.sheet: form for form in load_forms().values()}


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
    )


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
