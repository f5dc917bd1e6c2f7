"""What a template carries forward from the current release, as ``carry_forward.yml`` declares it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

import duckdb
import pyarrow as pa
from pydantic import Field, model_validator

from union_warehouse.contracts import Form, load_forms
from union_warehouse.months import add_months, first_day
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.releases.read import current_release
from union_warehouse.reporting.templates.errors import PersonalDataCarried
from union_warehouse.yaml_files import YamlEntry, fault, read_yaml

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
    carried = {}
    with open_release(home, release.release_id) as connection:
        for department in departments:
            parameters = {
                "department": department,
                "departments": list(home.federation.units_sharing_records(department)),
                "month_start": first_day(month),
                "month_before": month_before,
            }
            rows, rosters = (_tables(connection, kind, parameters) for kind in ("rows", "rosters"))
            carried[department] = Carried(release.release_id, month_before in release.closed_months, rows, rosters)
    return carried


def _tables(connection: duckdb.DuckDBPyConnection, kind: str, parameters: Mapping[str, Any]) -> dict[str, pa.Table]:
    tables = {}
    for name, query in _queries()[kind].items():
        used = {parameter: parameters[parameter] for parameter in _PARAMETER.findall(query)}
        tables[name] = connection.execute(query, used).to_arrow_table()
    return tables


class CarriedQuery(YamlEntry):
    """A query on the marts, in parts; ``columns`` are SQL expressions by name."""

    from_: Annotated[str, Field(alias="from")]
    where: str
    order: str
    columns: Annotated[Mapping[str, str], Field(min_length=1)]

    @property
    def sql(self) -> str:
        """The whole query."""
        columns = ", ".join(f'{expression} as "{name}"' for name, expression in self.columns.items())
        return f"select {columns} from {self.from_} where {self.where} order by {self.order}"


class CarryForward(YamlEntry):
    """The file: rows by form, with columns that are fields of the form; rosters by ``form.field``."""

    rows: Mapping[str, CarriedQuery]
    rosters: Mapping[str, CarriedQuery]

    @model_validator(mode="after")
    def _fields_exist(self) -> Self:
        forms = load_forms()
        for form, query in self.rows.items():
            if form not in forms:
                fault(f"没有表 {form} 的合同", f"no contract is called {form}", "rows", form)
            for name in query.columns:
                _check_field(forms[form], name, "rows", form, "columns", name)
        for roster in self.rosters:
            form, _, name = roster.partition(".")
            if form not in forms:
                fault(f"没有表 {form} 的合同", f"no contract is called {form}", "rosters", roster)
            _check_field(forms[form], name, "rosters", roster)
        return self


def _check_field(form: Form, name: str, *place: str) -> None:
    if name not in {item.name for item in form.fields}:
        fault(f"表 {form.name} 的合同没有字段 {name}", f"the contract of {form.name} has no field {name}", *place)


@cache
def _queries() -> Mapping[str, Mapping[str, str]]:
    """The query of every entry of ``carry_forward.yml``, by ``rows`` or ``rosters`` and name.

    Raises:
        MalformedFile: the file is not what :class:`CarryForward` says.
        PersonalDataCarried: it names a field of personal data.
    """
    declared = read_yaml(CARRY_FORWARD_FILE, CarryForward)
    forms = load_forms()
    for form, query in declared.rows.items():
        for name in query.columns:
            if forms[form].field(name).is_personal:
                raise PersonalDataCarried(form=form, field=name)
    return {
        "rows": {name: query.sql for name, query in declared.rows.items()},
        "rosters": {name: query.sql for name, query in declared.rosters.items()},
    }
