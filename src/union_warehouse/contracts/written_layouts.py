"""What a former layout of a form must look like as a contract has it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from union_warehouse.contracts.layouts import template_version
from union_warehouse.contracts.model import FieldType
from union_warehouse.yaml_files import YamlEntry, fault

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Texts = Annotated[tuple[str, ...], Field(min_length=1)]


class OdcsEntry(YamlEntry):
    """A mapping of a contract: its keys are written as ODCS writes them."""

    model_config = ConfigDict(alias_generator=to_camel)


class FieldFacts(NamedTuple):
    """What a layout must know of a field of the contract.

    Attributes:
        label: its header today.
        type: logical type.
        is_essential: without it there is no record: a key, a reference, the day of the event.
        codes: label by code.
    """

    label: str
    type: FieldType
    is_essential: bool
    codes: Mapping[str, str]


class FormerColumnEntry(OdcsEntry):
    """A column that looked otherwise."""

    labels: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    codes: Annotated[Mapping[str, str], Field(min_length=1)] | None = None
    absent: Literal["unknown"] | None = None
    default: str | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        is_otherwise = self.labels is not None or self.codes is not None
        if [is_otherwise, self.absent is not None, self.default is not None].count(True) != 1:
            fault(
                "须写明 labels、codes（表头或代码当时的写法），或 absent: unknown，或 default（当时没有此列）",
                "it says `labels` or `codes` (how it was worded), or `absent: unknown`, or `default` (it did not exist)",
            )
        return self


class FormerSplitEntry(OdcsEntry):
    """One column of that time that is several today."""

    labels: Texts
    pattern: str
    example: str

    @model_validator(mode="after")
    def _pattern_names_fields(self) -> Self:
        try:
            pc.match_substring_regex(pa.array([""]), self.pattern)
            groups = re.compile(self.pattern).groupindex
        except (pa.ArrowInvalid, re.error) as error:
            fault(f"不是正则表达式（{error}）", f"it is no regular expression of RE2 ({error})", "pattern")
        if len(groups) < 2 or len(groups) != re.compile(self.pattern).groups:
            fault(
                "每一部分须写成 (?P<字段名>…)，至少两部分，不得有无名的括号",
                "each part is written (?P<field>…): two at least, and no group without a name",
                "pattern",
            )
        if not pc.match_substring_regex(pa.array([self.example]), f"(?s)^(?:{self.pattern})$")[0].as_py():
            fault("pattern 不能拆分这个例子", "the pattern does not take it apart", "example")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it holds."""
        return tuple(re.compile(self.pattern).groupindex)


class PeriodEntry(YamlEntry):
    """A layout that says when it was in force."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    template_versions: tuple[str, ...] = ()
    valid_from: Month | None = None
    valid_to: Month | None = None

    @model_validator(mode="after")
    def _was_in_force(self) -> Self:
        if not self.template_versions and self.valid_to is None:
            fault(
                "须写明模板版本，或第一个不再适用的月份",
                "it says the template versions that had it, or the first month in which it no longer held",
            )
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            fault("开始月份须早于结束月份", "the month from which it held must be before that to which it did")
        return self


class FormerLayoutEntry(OdcsEntry, PeriodEntry):
    """One former layout of a form."""

    sheets: tuple[str, ...] = ()
    columns: Mapping[str, FormerColumnEntry] = {}
    splits: tuple[FormerSplitEntry, ...] = ()


def check_names_and_periods(entries: Sequence[PeriodEntry], current_name: str, key: str) -> None:
    """See that each layout has a name of its own, and that no two are in force at once.

    Args:
        entries: the former layouts, oldest first.
        current_name: name of the current one.
        key: under which they stand.

    Raises:
        PydanticCustomError: they do not.
    """
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1 or name == current_name:
            fault(f"版式名称 {name} 重复", f"{name} is the name of two layouts, the current one included", key, name)
    versions = [template_version(version) for entry in entries for version in entry.template_versions]
    for version in versions:
        if versions.count(version) > 1:
            fault(f"模板版本 {version} 属于两个版式", f"the template version {version} is that of two layouts", key)
    dated = [entry for entry in entries if entry.valid_from or entry.valid_to]
    for earlier, later in pairwise(dated):
        if (earlier.valid_to or "~") > (later.valid_from or ""):
            fault(
                f"版式 {earlier.name} 和 {later.name} 的月份重叠，或没有从旧到新排列",
                f"the months of {earlier.name} and {later.name} overlap, or they are not in order, oldest first",
                key,
            )


def check_former_layouts(entries: Sequence[FormerLayoutEntry], current_name: str, fields: Mapping[str, FieldFacts]) -> None:
    """See that the former layouts of a form fit its fields.

    Args:
        entries: as written, oldest first.
        current_name: of the current layout: the contract's version.
        fields: of the contract.

    Raises:
        PydanticCustomError: they do not.
    """
    check_names_and_periods(entries, current_name, "customProperties")
    for entry in entries:
        _check_fields(entry, fields)
        for name, column in entry.columns.items():
            _check_column(entry, name, column, fields[name])
        _check_labels(entry, fields)


def _at(entry: FormerLayoutEntry, *place: str) -> tuple[str, ...]:
    return ("customProperties", "formerLayouts", entry.name, *place)


def _check_fields(entry: FormerLayoutEntry, fields: Mapping[str, FieldFacts]) -> None:
    split = [name for item in entry.splits for name in item.fields]
    for name in (*entry.columns, *split):
        if name not in fields:
            fault(f"合同中没有字段 {name}", f"the contract has no field {name}", *_at(entry, name))
    for name in split:
        column = entry.columns.get(name)
        if split.count(name) > 1 or (column is not None and column.codes is None) or (column is not None and column.labels):
            fault(
                f"{name} 由拆分的列得出，columns 中只能另写 codes",
                f"{name} comes from a column that is split: `columns` may only add its codes",
                *_at(entry, name),
            )


def _check_column(entry: FormerLayoutEntry, name: str, column: FormerColumnEntry, field: FieldFacts) -> None:
    for word, code in (column.codes or {}).items():
        if code not in field.codes:
            fault(
                f"“{word}”对应的代码 {code} 不存在", f"{word!r} stands for {code}, which is no code of {name}", *_at(entry, name)
            )
    if column.absent is None and column.default is None:
        return
    if field.is_essential:
        fault(
            f"{name} 是编号、关联或事项日期，没有它就没有记录",
            f"{name} is a key, a reference or the day of the event: without it there is no record",
            *_at(entry, name),
        )
    if column.default is not None and not _is_value(column.default, field):
        fault(
            f"“{column.default}”不是 {name} 的有效内容", f"{column.default!r} is no value of {name}", *_at(entry, name, "default")
        )


def _is_value(text: str, field: FieldFacts) -> bool:
    if field.codes:
        return text in field.codes or text in field.codes.values()
    try:
        if field.type is FieldType.DATE:
            date.fromisoformat(text)
        elif field.type is not FieldType.STRING:
            return Decimal(text).is_finite()
    except (ValueError, InvalidOperation):
        return False
    return True


def _check_labels(entry: FormerLayoutEntry, fields: Mapping[str, FieldFacts]) -> None:
    """Each header means one field: one that changed hands must be told of both."""
    split = {name for item in entry.splits for name in item.fields}
    owners: dict[str, str] = {}
    labels = [(label, "+".join(item.fields)) for item in entry.splits for label in item.labels]
    for name, item in fields.items():
        column = entry.columns.get(name)
        if name not in split:
            labels += [(label, name) for label in (column.labels if column and column.labels else (item.label,))]
    for label, owner in labels:
        compact = re.sub(r"\s", "", unicodedata.normalize("NFKC", label)).strip("*").casefold()
        if owners.setdefault(compact, owner) != owner:
            fault(
                f"表头“{label}”同时指 {owners[compact]} 和 {owner}；请给其中一个写上它当时的表头",
                f"the header {label!r} means both {owners[compact]} and {owner}: say what the other one was called",
                *_at(entry, "columns"),
            )
