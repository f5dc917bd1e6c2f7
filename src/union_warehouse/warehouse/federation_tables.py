"""What a build is told of its federation: tables of the schema ``plan``."""

from __future__ import annotations

from dataclasses import asdict

import pyarrow as pa
from pyarrow import csv

from union_warehouse.contracts import Federation
from union_warehouse.months import WINDOW_MONTHS, add_months, month_range
from union_warehouse.warehouse.errors import InvalidQualityWaivers
from union_warehouse.working_days import due_on

WAIVERS_FILE = "quality_waivers.csv"
_SPELL = [("valid_from", pa.date32()), ("valid_to", pa.date32())]
_UNITS = [(name, pa.string()) for name in ("unit_code", "unit_name", "unit_name_en", "unit_kind", "parent_code")]
_WAIVERS = {
    **dict.fromkeys(("rule_code", "unit_code", "form", "record_key", "reason", "waived_by"), pa.string()),
    **dict.fromkeys(("waived_on", "expires_on"), pa.date32()),
}
_REQUIRED = ("rule_code", "reason", "waived_by", "waived_on", "expires_on")


def federation_tables(federation: Federation, first_month: str, last_month: str) -> dict[str, pa.Table]:
    """Units, which unit stands for which, waivers, and every month from ``first_month`` to ``last_month``.

    Raises:
        InvalidQualityWaivers: the file of waivers holds a line that waives nothing.
    """
    months = month_range(first_month, last_month)
    units = [
        (unit.code, unit.name, unit.name_en, unit.kind, unit.parent_code, unit.valid_from, unit.valid_to)
        for unit in federation.unit_versions
    ]
    return {
        "months": pa.table(
            {
                "month": months,
                "due_on": pa.array([due_on(month) for month in months], pa.date32()),
                "final_with_month": [add_months(month, WINDOW_MONTHS) for month in months],
            }
        ),
        "reporting_units": pa.table(list(zip(*units, strict=True)), schema=pa.schema([*_UNITS, *_SPELL])),
        "unit_lineage": pa.Table.from_pylist(
            [asdict(spell) for spell in federation.lineage],
            schema=pa.schema([("unit_code", pa.string()), ("standing_code", pa.string()), *_SPELL]),
        ),
        "quality_waivers": _waivers(federation),
    }


def _waivers(federation: Federation) -> pa.Table:
    options = csv.ConvertOptions(
        column_types=_WAIVERS, include_columns=list(_WAIVERS), strings_can_be_null=True, null_values=[""]
    )
    try:
        waivers = csv.read_csv(federation.folder / WAIVERS_FILE, convert_options=options)
    except (pa.ArrowInvalid, KeyError) as error:
        raise InvalidQualityWaivers(file=WAIVERS_FILE, detail=str(error)) from None
    for name in _REQUIRED:
        if waivers[name].null_count:
            line = waivers[name].is_null().index(True).as_py() + 2
            raise InvalidQualityWaivers(file=WAIVERS_FILE, detail=f"line {line}: {name} is empty")
    return waivers
