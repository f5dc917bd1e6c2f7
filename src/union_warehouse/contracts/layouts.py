"""How a form looked in earlier templates, as data: which layout reads a file, and the contract in the words of that layout.

The layouts of a form are one list, oldest first; the last is what the contract says today. A file is read by the one in force
for it, by the template version that it states or else by its month, and a file of the current layout always stays readable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from union_warehouse.contracts.model import Field, Form

TITLE_SEPARATOR = "/"
"""Between the title of a group of columns and a column's own label, where a header takes two rows."""

_VERSION = re.compile(r"v?(\d+)(?:\.0)*")
_BEFORE_ALL, _AFTER_ALL = "", "~"


def template_version(text: str) -> str | None:
    """A template version as covers state it, without what people vary: ``1`` of ``V1.0``; None of nothing."""
    compact = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()
    match = _VERSION.fullmatch(compact)
    return match[1] if match else compact or None


@dataclass(frozen=True)
class Edition:
    """What says by which layout a file is read.

    Attributes:
        template_version: that its cover states (:func:`template_version`); None if it states none.
        month: ``YYYY-MM`` that it reports; None if it is not known.
    """

    template_version: str | None = None
    month: str | None = None


@dataclass(frozen=True)
class Period:
    """When a layout was in force.

    Attributes:
        template_versions: of the templates that had it; empty where templates stated none that tells.
        valid_from: first month, ``YYYY-MM``; None: ever.
        valid_to: first month in which it no longer held; None: until now.
    """

    template_versions: tuple[str, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None

    def holds_for(self, edition: Edition) -> bool:
        """Whether it is in force for a file: versions decide where both state any, else the month does."""
        if self.template_versions and edition.template_version is not None:
            return edition.template_version in self.template_versions
        if edition.month is None or (self.valid_from is None and self.valid_to is None):
            return False
        return (self.valid_from or _BEFORE_ALL) <= edition.month < (self.valid_to or _AFTER_ALL)

    @property
    def words(self) -> str:
        """For people: ``template 2012, from 2012-01, before 2014-03``."""
        parts = [
            f"template {', '.join(self.template_versions)}" if self.template_versions else "",
            f"from {self.valid_from}" if self.valid_from else "",
            f"before {self.valid_to}" if self.valid_to else "",
        ]
        return ", ".join(filter(None, parts))


@dataclass(frozen=True)
class FormerColumn:
    """A column that looked otherwise.

    Attributes:
        field: of the contract.
        labels: its headers then; empty: as today.
        codes: word of that time and the contract's code, beside today's labels.
        is_absent: whether it did not exist.
        default: of one that did not exist: what counts as written in every row; None: it is unknown.
    """

    field: str
    labels: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    is_absent: bool = False
    default: str | None = None


@dataclass(frozen=True)
class FormerSplit:
    """One column of that time that is several today.

    Attributes:
        labels: its headers then.
        pattern: regular expression (RE2) of a whole cell; a group named for each field holds its part.
        example: of a cell that it takes apart.
    """

    labels: tuple[str, ...]
    pattern: str
    example: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of today, in the order of the pattern."""
        return tuple(re.compile(self.pattern).groupindex)


@dataclass(frozen=True)
class FormerLayout:
    """What a contract declares of a former layout: only what was otherwise; the order of columns never matters.

    Attributes:
        name: by which manifests know it: the version of the contract that it comes from, or any other name.
        period: when it was in force.
        sheets: names of the sheet then, also on the cover and in names of CSV files; empty: as today.
        columns: those that looked otherwise.
        splits: columns that are several today.
    """

    name: str
    period: Period
    sheets: tuple[str, ...] = ()
    columns: tuple[FormerColumn, ...] = ()
    splits: tuple[FormerSplit, ...] = ()


@dataclass(frozen=True, eq=False)
class Layout:
    """A layout by which sheets are read.

    Attributes:
        name: of the layout; that of the current one is the contract's version.
        form: the contract in the words of this layout: labels and codes as they were, nothing required that did not exist.
        labels: headers of each column by its field; a column that is several fields has its first one only. A column that
            did not exist has today's: some added it by hand.
        absent: fields that did not exist, with what counts as written in every row; None: unknown.
        splits: columns that are several fields.
        is_current: whether it is the contract's own.
    """

    name: str
    form: Form
    labels: Mapping[str, tuple[str, ...]]
    absent: Mapping[str, str | None] = field(default_factory=dict)
    splits: tuple[FormerSplit, ...] = ()
    is_current: bool = False

    @cached_property
    def expected(self) -> tuple[str, ...]:
        """The fields whose columns a sheet must have."""
        return tuple(name for name in self.labels if name not in self.absent)

    @cached_property
    def has_titles(self) -> bool:
        """Whether a column is known by the title of its group too."""
        return any(TITLE_SEPARATOR in label for labels in self.labels.values() for label in labels)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Fields of which nothing is known."""
        return tuple(name for name, default in self.absent.items() if default is None)


@cache
def layouts_of(form: Form) -> tuple[Layout, ...]:
    """Every layout of a form, oldest first; the last is the current one.

    Raises:
        LookupError: a former layout names a field that the form lacks.
    """
    return (*(_former(form, declared) for declared in form.former_layouts), _current(form))


def layouts_in_force(form: Form, edition: Edition) -> tuple[Layout, ...]:
    """The layouts by which a file may be read, the likeliest first: those in force for it, then the current one."""
    *former, current = layouts_of(form)
    in_force = [
        layout for layout, declared in zip(former, form.former_layouts, strict=True) if declared.period.holds_for(edition)
    ]
    return (*reversed(in_force), current)


def layout_called(form: Form, name: str | None) -> Layout:
    """The layout of that name; the current one of a name that the contract no longer knows."""
    return next((layout for layout in layouts_of(form) if layout.name == name), layouts_of(form)[-1])


def _current(form: Form) -> Layout:
    return Layout(form.version, form, {item.name: (item.label, item.name) for item in form.fields}, is_current=True)


def _former(form: Form, declared: FormerLayout) -> Layout:
    columns = {column.field: column for column in declared.columns}
    splits = {name: split for split in declared.splits for name in split.fields}
    for name in (*columns, *splits):
        if name not in form.field_names:
            raise LookupError(f"the layout {declared.name} names {name}, which is no field of {form.name}")
    labels = {item.name: _labels(item, columns.get(item.name)) for item in form.fields if item.name not in splits}
    labels |= {split.fields[0]: split.labels for split in declared.splits}
    fields = tuple(_in_words(item, columns.get(item.name), splits.get(item.name)) for item in form.fields)
    return Layout(
        name=declared.name,
        form=replace(form, sheet=declared.sheets[0] if declared.sheets else form.sheet, fields=fields),
        labels=labels,
        absent={column.field: column.default for column in declared.columns if column.is_absent},
        splits=declared.splits,
    )


def _labels(item: Field, column: FormerColumn | None) -> tuple[str, ...]:
    return (*(column.labels if column and column.labels else (item.label,)), item.name)


def _in_words(item: Field, column: FormerColumn | None, split: FormerSplit | None) -> Field:
    """A field as the layout has it; of a column that is several fields, the label says which part is meant."""
    if split is not None:
        item = replace(item, label=f"{split.labels[0]}（{item.label}）", whole_cell_example=split.example)
    if column is None:
        return item
    words = dict(column.codes)
    return replace(
        item,
        label=column.labels[0] if column.labels else item.label,
        is_required=item.is_required and not (column.is_absent and column.default is None),
        enum=(*((code, word) for word, code in words.items()), *(pair for pair in item.enum if pair[1] not in words)),
    )
