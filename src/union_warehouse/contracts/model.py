"""What a contract says, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from union_warehouse.contracts.layouts import FormerLayout

CONTRACT_VERSION = "1"
"""Major version of the set of contracts; the cover sheet's 模板版本."""


class FieldType(StrEnum):
    """Logical type of a field; the values are ODCS logical types."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "number"
    DATE = "date"


class PersonalData(StrEnum):
    """Why a field is personal: stored only as a keyed hash and a mask."""

    NAME = "name"
    RESIDENT_ID = "resident_id"


class KeptPart(StrEnum):
    """What is kept in clear of a resident identity number, which itself is stored as a keyed hash."""

    BIRTH_YEAR_BAND = "birth_year_band"  # ten years: 1970-1979
    GENDER = "gender"  # female, male


class DateRole(StrEnum):
    """Which bounds of the submitted month a date must keep (domain: Business rules)."""

    EVENT = "event"  # not after the month, not before the third month before it
    END = "end"  # exclusive end of a spell: may lie ahead, must not reach back behind the window
    DUE = "due"
    VALIDITY = "validity"


class Severity(StrEnum):
    """What a broken rule does to its row: ``error`` quarantines, ``warning`` reports."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Reference:
    """A field that names a row of another form.

    Attributes:
        form: the other form.
        field: its field.
        on: the date field of this form on which the other row must exist, or ``month_end``.
    """

    form: str
    field: str
    on: str


@dataclass(frozen=True)
class Field:
    """One column of a form.

    Attributes:
        description_zh: for those who fill the column.
        clear_where: of personal data: another field and its values under which this one names no person, and stays in clear.
        example: a synthetic value as a department would write it; None where the type says enough.
        kept_parts: of a resident identity number, what is kept in clear of it.
        enum_en: English labels of codes that are no English words themselves.
        is_code: a code, a number or a name by which rows are grouped, though no key of this form.
        unit: ``percent`` where a number is one per cent; None where the label says it.
        whole_cell_example: of a field that is a part of a column of a former layout: how the whole cell is written.
    """

    name: str
    label: str
    type: FieldType
    physical_type: str
    description: str
    description_zh: str
    is_required: bool
    is_key: bool
    enum: tuple[tuple[str, str], ...]
    checker: str | None
    personal_data: PersonalData | None
    clear_where: tuple[str, tuple[str, ...]] | None
    date_role: DateRole | None
    minimum: int | None
    reference: Reference | None
    example: str | None
    is_code: bool = False
    enum_en: tuple[tuple[str, str], ...] = ()
    kept_parts: tuple[KeptPart, ...] = ()
    unit: str | None = None
    whole_cell_example: str | None = None

    @property
    def is_free_text(self) -> bool:
        """Whether it holds words of the sender's own, kept as typed; else letters are compared and normalised."""
        is_named = self.is_key or self.is_code or self.checker or self.enum or self.reference or self.personal_data
        return self.type is FieldType.STRING and not is_named

    @property
    def is_yes_no(self) -> bool:
        """Whether it is answered by yes or no: a boolean from staging on."""
        return {code for code, _ in self.enum} == {"yes", "no"}

    @property
    def is_personal(self) -> bool:
        """Whether the field is personal data."""
        return self.personal_data is not None


@dataclass(frozen=True)
class TableRule:
    """A rule within one row: ``predicate`` is DuckDB SQL that is not false on a good row."""

    code: str
    column: str
    predicate: str
    severity: Severity
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class Form:
    """One form: a sheet of the workbook, a file of a CSV export, a table of the landing zone.

    Attributes:
        owed_from: first month for which it is owed, ``YYYY-MM``; None: ever.
        former_layouts: how it looked in earlier templates, oldest first.
        fingerprint: of what its contract asks for, whatever the words in which it explains it.
    """

    name: str
    sheet: str
    area: str
    version: str
    purpose: str
    grain: str
    grain_zh: str
    fields: tuple[Field, ...]
    rules: tuple[TableRule, ...]
    owed_by: tuple[str, ...]
    key_includes_month: bool
    owed_from: str | None = None
    former_layouts: tuple[FormerLayout, ...] = ()
    fingerprint: str = ""

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of its fields, in the contract's order."""
        return tuple(field.name for field in self.fields)

    @property
    def key(self) -> tuple[Field, ...]:
        """Fields of the natural key (with the month where ``key_includes_month``)."""
        return tuple(field for field in self.fields if field.is_key)

    def field(self, name: str) -> Field:
        """The field called ``name``."""
        return next(field for field in self.fields if field.name == name)
