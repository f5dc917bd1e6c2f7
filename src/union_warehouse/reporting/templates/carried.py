"""What a template brings along from the current release, as ``carry_forward.yml`` declares it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from union_warehouse.contracts import department_line, load_forms
from union_warehouse.months import add_months, first_day
from union_warehouse.paths import Home
from union_warehouse.releases.read import current_release, open_release
from union_warehouse.reporting.templates.errors import PersonalDataCarried

_PARAMETER = re.compile(r"\$(\w+)")
CARRY_FORWARD_FILE = Path(__file__).with_name("carry_forward.yml")


@dataclass(frozen=True)
class Carried:
    """What is known of one department before the month begins.

    Attributes:
        release_id: where it comes from; empty without a release.
        is_month_before_closed: whether the release holds the month before.
        rows: prefilled rows by form; columns are fields of the contract, typed as in the mart.
        rosters: by ``form.field``, what it may hold: the first column, the others explain it.
    """

    release_id: str = ""
    is_month_before_closed: bool = False
    rows: Mapping[str, pa.Table] = field(default_factory=dict)
    rosters: Mapping[str, pa.Table] = field(default_factory=dict)


def read_carried(home: Home, departments: list[str], month: str) -> dict[str, Carried]:
    """What the current release knows for the templates of ``month``, by department; nothing without a release."""
    release = current_release(home)
    if release is None:
        return {department: Carried() for department in departments}
    month_before = add_months(month, -1)
    with open_release(home, release.release_id) as connection:
        return {
            department: Carried(
                release.release_id,
                month_before in release.closed_months,
                _tables(connection, "rows", department, month),
                _tables(connection, "rosters", department, month),
            )
            for department in departments
        }


def _tables(connection: duckdb.DuckDBPyConnection, kind: str, department: str, month: str) -> dict[str, pa.Table]:
    parameters: dict[str, Any] = {
        "department": department,
        "departments": list(department_line(department)),
        "month_start": first_day(month),
        "month_before": add_months(month, -1),
    }
    tables = {}
    for name, query in _queries()[kind].items():
        used = {parameter: parameters[parameter] for parameter in _PARAMETER.findall(query)}
        tables[name] = connection.execute(query, used).to_arrow_table()
    return tables


@cache
def _queries() -> Mapping[str, Mapping[str, str]]:
    """The query of every entry of ``carry_forward.yml``, by ``rows`` or ``rosters`` and name.

    Raises:
        PersonalDataCarried: it names a field of personal data.
    """
    document = yaml.safe_load(CARRY_FORWARD_FILE.read_text("utf-8"))
    forms = load_forms()
    for form, entry in document["rows"].items():
        for name in entry["columns"]:
            if forms[form].field(name).is_personal:
                raise PersonalDataCarried(form=form, field=name)
    return {kind: {name: _query(entry) for name, entry in entries.items()} for kind, entries in document.items()}


def _query(entry: Mapping[str, Any]) -> str:
    columns = ", ".join(f'{expression} as "{name}"' for name, expression in entry["columns"].items())
    return f"select {columns} from {entry['from']} where {entry['where']} order by {entry['order']}"
