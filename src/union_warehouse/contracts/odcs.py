"""What a contract must look like as it is written: the part of the Open Data Contract Standard that the forms use.

ODCS has more keys, and its own model ignores those that it does not know; one that is misspelt here must not be read as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from union_warehouse.contracts.model import DateRole, FieldType, KeptPart, PersonalData, Severity
from union_warehouse.contracts.written_layouts import FieldFacts, FormerLayoutEntry, Month, OdcsEntry, check_former_layouts
from union_warehouse.yaml_files import fault, read_yaml

Value = TypeVar("Value")


def _by_property(value: Any) -> Any:
    is_list = isinstance(value, list) and all(map(_is_property, value))
    return {item["property"]: item["value"] for item in value} if is_list else value


def _is_property(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("property"), str) and "value" in item


CustomProperties = Annotated[Value, BeforeValidator(_by_property)]
"""A list of ``property`` and ``value``, as a mapping."""


class _PropertyExtras(OdcsEntry):
    description_zh: str = ""
    enum_labels: Mapping[str, str] = {}
    enum_labels_en: Mapping[str, str] = {}
    personal_data: PersonalData | None = None
    personal_data_kept: tuple[KeptPart, ...] = ()
    personal_data_unless: Mapping[str, tuple[str, ...]] = {}
    date_role: DateRole | None = None
    reference_date: str | None = None
    is_code: bool = False
    unit: Literal["percent"] | None = None


class _ValidValues(OdcsEntry):
    valid_values: Annotated[tuple[str, ...], Field(min_length=1)]


class _PropertyCheck(OdcsEntry):
    id: str
    type: Literal["library", "custom"]
    metric: Literal["invalidValues"] | None = None
    arguments: _ValidValues | None = None
    must_be: Literal[0] | None = None
    engine: Literal["union_warehouse"] | None = None
    implementation: Literal["resident_id", "uscc"] | None = None
    severity: Literal["error"]
    dimension: str

    @model_validator(mode="after")
    def _says_what_is_checked(self) -> Self:
        if (self.type == "library") != (self.arguments is not None) or (self.type == "custom") != (
            self.implementation is not None
        ):
            fault(
                "library 须有 arguments.validValues，custom 须有 implementation",
                "a `library` check has arguments.validValues, a `custom` one an implementation",
            )
        return self


class _Options(OdcsEntry):
    minimum: int | None = None


class _Relationship(OdcsEntry):
    type: Literal["foreignKey"]
    to: Annotated[str, Field(pattern=r"^\w+\.\w+$")]


class _Property(OdcsEntry):
    name: Annotated[str, Field(pattern=r"^[a-z]\w*$")]
    business_name: str
    logical_type: FieldType
    physical_type: str
    description: str
    examples: tuple[str, ...] = ()
    required: bool
    primary_key: bool = False
    primary_key_position: int | None = None
    classification: str
    logical_type_options: _Options = _Options()
    quality: tuple[_PropertyCheck, ...] = ()
    relationships: Annotated[tuple[_Relationship, ...], Field(max_length=1)] = ()
    custom_properties: CustomProperties[_PropertyExtras] = _PropertyExtras()

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        codes = {code for check in self.quality if check.arguments for code in check.arguments.valid_values}
        if codes != set(self.custom_properties.enum_labels):
            reason = "须与 quality 的 validValues 一一对应", "it has to name the validValues of `quality`, and nothing else"
            fault(*reason, "customProperties", "enumLabels")
        is_number = any(check.implementation == "resident_id" for check in self.quality)
        is_personal_number = is_number and self.custom_properties.personal_data is PersonalData.RESIDENT_ID
        if self.custom_properties.personal_data_kept and not is_personal_number:
            reason = (
                "只有经 resident_id 校验的身份证号可以保留其中的内容",
                "only of an identity number that is checked something is kept",
            )
            fault(*reason, "customProperties", "personalDataKept")
        if not set(self.custom_properties.enum_labels_en) <= codes:
            reason = "其中有 validValues 以外的代码", "it names codes that are no validValues"
            fault(*reason, "customProperties", "enumLabelsEn")
        if self.relationships and not self.custom_properties.reference_date:
            fault("有 relationships 时须填", "it is wanted of a relationship", "customProperties", "referenceDate")
        return self


class _RowRule(OdcsEntry):
    column: str
    predicate: str
    message_zh: str


class _TableCheck(OdcsEntry):
    id: str
    type: Literal["custom"]
    engine: Literal["duckdb"]
    implementation: _RowRule
    description: str
    severity: Severity
    dimension: str


class _Table(OdcsEntry):
    name: Annotated[str, Field(pattern=r"^[a-z]\w*$")]
    physical_name: str
    physical_type: str
    logical_type: str
    business_name: str
    description: str
    data_granularity_description: str
    properties: Annotated[tuple[_Property, ...], Field(min_length=1)]
    quality: tuple[_TableCheck, ...] = ()

    @model_validator(mode="after")
    def _names_are_fields(self) -> Self:
        names = [item.name for item in self.properties]
        for name in names:
            if names.count(name) > 1:
                fault(f"字段 {name} 重复", f"the field {name} stands in it twice", "properties")
        if not any(item.primary_key for item in self.properties):
            fault("没有主键字段（primaryKey: true）", "no field is a key (primaryKey: true)", "properties")
        for rule in self.quality:
            if rule.implementation.column not in names:
                fault(f"规则 {rule.id} 的列不存在", f"there is no such column for the rule {rule.id}", "quality")
        for item in self.properties:
            for name in item.custom_properties.personal_data_unless:
                if name not in names:
                    fault(f"{item.name} 的 personalDataUnless 所列字段不存在", f"no such field for {item.name}", "properties")
        return self


class _ContractExtras(OdcsEntry):
    owed_by: Annotated[tuple[str, ...], Field(min_length=1)]
    owed_from: Month | None = None
    grain_zh: str = ""
    key_includes_month: bool = False
    former_layouts: tuple[FormerLayoutEntry, ...] = ()


class _Description(OdcsEntry):
    purpose: str
    usage: str
    limitations: str


class _ServiceLevel(OdcsEntry):
    property: str
    value: int
    unit: str
    description: str = ""


class Contract(OdcsEntry):
    """One contract."""

    api_version: str
    kind: Literal["DataContract"]
    id: str
    name: str
    version: str
    status: str
    domain: str
    description: _Description
    schema_: Annotated[tuple[_Table, ...], Field(alias="schema", min_length=1, max_length=1)]
    sla_properties: tuple[_ServiceLevel, ...] = ()
    custom_properties: CustomProperties[_ContractExtras]

    @model_validator(mode="after")
    def _former_layouts_fit(self) -> Self:
        fields = {
            item.name: FieldFacts(
                item.business_name,
                item.logical_type,
                item.primary_key or bool(item.relationships) or item.custom_properties.date_role is DateRole.EVENT,
                item.custom_properties.enum_labels,
            )
            for item in self.schema_[0].properties
        }
        check_former_layouts(self.custom_properties.former_layouts, self.version, fields)
        return self


def check_contract(path: Path) -> None:
    """See that a file is a contract.

    Raises:
        MalformedFile: it lacks something, or holds what nobody reads.
    """
    read_yaml(path, Contract)
