"""How the rows of a form are stored when they have landed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from union_warehouse.contracts.model import FieldType, Form

ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "DECIMAL(14,2)": pa.decimal128(14, 2),
}
"""Arrow type of each DuckDB type that landed columns have."""
ARROW_TYPES_OF_FIELDS: Mapping[FieldType, pa.DataType] = {
    FieldType.STRING: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.DECIMAL: pa.decimal128(14, 2),
    FieldType.DATE: pa.date32(),
}
"""Arrow type of the values of a field."""


def landed_columns(form: Form) -> dict[str, str]:
    """Columns of a form's landed Parquet, name to DuckDB type, in order (docs/architecture.md, Landing)."""
    columns = {
        "_submission_id": "VARCHAR",
        "_department": "VARCHAR",
        "_month": "VARCHAR",
        "_received_at": "TIMESTAMP",
        "_is_opening": "BOOLEAN",
        "_sheet": "VARCHAR",
        "_row": "INTEGER",
        "_layout": "VARCHAR",
        "_is_accepted": "BOOLEAN",
    }
    for field in form.fields:
        columns[f"{field.name}__text"] = "VARCHAR"
        columns[field.name] = field.physical_type
        if field.checker:
            columns[f"{field.name}__valid"] = "BOOLEAN"
        columns |= {f"{field.name}__{part}": "VARCHAR" for part in field.kept_parts}
    return columns


def personal_columns_table(forms: Iterable[Form]) -> pa.Table:
    """The columns of which a release shows no value, as the build reads them: form, column_name."""
    personal = [(form.name, field.name) for form in forms for field in form.fields if field.is_personal]
    return pa.table({"form": [form for form, _ in personal], "column_name": [name for _, name in personal]})
