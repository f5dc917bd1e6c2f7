"""Which reports are expected and by when: working days, closings, dated exceptions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from tests.federation_folders import exceptions, folder_with
from tests.releases import copy_of
from union_warehouse.contracts import Federation, expected_reports, forms_owed
from union_warehouse.contracts.expected import (
    ExceptionKind,
    InvalidReportingException,
    ReportingException,
    load_exceptions,
)
from union_warehouse.paths import Home
from union_warehouse.reporting.status import month_status
from union_warehouse.warehouse import plan_close, run_dbt
from union_warehouse.working_days import closing_at, due_on

RATES = {
    "expected_count": "expected",
    "received_count": "received",
    "received_on_time_count": "on_time",
    "silent_count": "missing",
    "excused_count": "excused",
    "nil_return_count": "nil_returns",
    "quarantined_count": "quarantined",
    "completeness_rate": "completeness_rate",
    "on_time_of_expected_rate": "on_time_of_expected_rate",
    "on_time_of_received_rate": "on_time_of_received_rate",
}
OWING_HAZARDS = 12
EXTENDED_LINE = "2014-01,CQ,hazards,extended,2014-02-17,系统升级,办公室,2014-02-10"
EXTENDED = ReportingException(
    "2014-01", "CQ", "hazards", ExceptionKind.EXTENDED, date(2014, 2, 17), "系统升级", "办公室", date(2014, 2, 10)
)


def federation_with(folder: Path, *lines: str) -> Federation:
    return Federation.load(folder_with(folder / "federation", reporting_exceptions=exceptions(*lines)))


def expected(federation: Federation, known_on: date) -> dict[tuple[str, str], tuple[date, bool, bool]]:
    table = expected_reports(federation, ["2014-01"], known_on)
    with duckdb.connect() as connection:
        connection.register("expected", table)
        rows = connection.execute("select department, form, due_on, is_excused, is_unlocked from expected").fetchall()
    return {(unit, form): (due, excused, unlocked) for unit, form, due, excused, unlocked in rows}


def test_every_form_owed_is_expected_once() -> None:
    found = expected(Federation.load(), date(2014, 2, 10))
    owed = {(unit.code, form.name) for unit in Federation.load().units("2014-01").values() for form in forms_owed(unit)}
    assert found.keys() == owed
    assert set(found.values()) == {(due_on("2014-01"), False, False)}


def test_an_exception_counts_from_the_day_it_was_given(tmp_path: Path) -> None:
    federation = federation_with(tmp_path, EXTENDED_LINE)
    assert expected(federation, date(2014, 2, 9))["CQ", "hazards"][0] == date(2014, 2, 12)
    after = expected(federation, date(2014, 2, 10))
    assert after["CQ", "hazards"][0] == date(2014, 2, 17)
    assert after["CQ", "visits"][0] == after["WL", "hazards"][0] == date(2014, 2, 12)


def test_an_exception_without_a_form_is_of_all_its_forms(tmp_path: Path) -> None:
    found = expected(federation_with(tmp_path, "2014-01,CQ,,excused,,系统升级,办公室,2014-02-10"), date(2014, 3, 1))
    assert {unit for (unit, _), (_, is_excused, _) in found.items() if is_excused} == {"CQ"}
    assert all(is_excused for (unit, _), (_, is_excused, _) in found.items() if unit == "CQ")


def test_a_month_is_closed_on_the_eighth_working_day() -> None:
    assert closing_at("2014-01") == datetime(2014, 2, 17, 10, tzinfo=UTC), "after the Spring Festival"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2014-1,CQ,,excused,,撤并,办公室,2014-02-01", "must be like 2014-03"),
        ("2014-01,C1,,excused,,撤并,办公室,2014-02-01", "no unit 'C1'"),
        ("2014-01,CQ,hazard,excused,,撤并,办公室,2014-02-01", "no form 'hazard'"),
        ("2014-01,CQ,,forgiven,,撤并,办公室,2014-02-01", "is none of extended, excused, unlocked"),
        ("2014-01,CQ,,excused,,,办公室,2014-02-01", "the reason, who gave it"),
        ("2014-01,CQ,,excused,,撤并,办公室,", "the reason, who gave it"),
        ("2014-01,CQ,,extended,2014-02-12,撤并,办公室,2014-02-01", "after 2014-02-12"),
        ("2014-01,CQ,,extended,,撤并,办公室,2014-02-01", "after 2014-02-12"),
        ("2014-01,CQ,,excused,2014-02-20,撤并,办公室,2014-02-01", "after 2014-02-12"),
    ],
)
def test_an_exception_that_grants_nothing_is_refused(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(InvalidReportingException, match="line 3") as raised:
        load_exceptions(federation_with(tmp_path, EXTENDED_LINE, line))
    assert told in str(raised.value)


def test_an_exception_is_read(tmp_path: Path) -> None:
    assert load_exceptions(federation_with(tmp_path, EXTENDED_LINE)) == (EXTENDED,)


def test_an_exception_given_after_the_close_is_told_by_the_next_one(
    tmp_path: Path, january: Path, closings: dict[str, str]
) -> None:
    federation = federation_with(tmp_path, "2014-01,CQ,hazards,excused,,系统升级,办公室,2014-02-20")
    home = Home(copy_of(january, tmp_path), federation.folder)
    before = reports(home.build / "2014-01-r1" / "marts.duckdb")
    close_id = plan_close(home, "2014-02", datetime.fromisoformat(closings["2014-02"]))["close_id"]
    run_dbt(home, close_id)
    after = reports(home.build / close_id / "marts.duckdb")
    assert {month for month, *_ in after} == {"2014-01", "2014-02"}
    january_after = {key: excused for key, excused in after.items() if key[0] == "2014-01"}
    assert january_after == before | {("2014-01", "CQ", "hazards"): True}
    owed = sum(unit == "CQ" for _, unit, _ in before)
    counted = rates(home.build / close_id / "marts.duckdb", "2014-01")
    assert counted["CQ"]["expected"] == counted["CQ"]["received"] == owed - 1, "what is sent all the same is not counted"
    assert counted["CQ"]["excused"] == 1
    with duckdb.connect(str(home.build / close_id / "marts.duckdb"), read_only=True) as connection:
        statement = "select owing_unit_count from rpt_indicators where indicator_code = 'safety.hazards_rectified' and is_federation order by month"
        assert connection.execute(statement).fetchall() == [(OWING_HAZARDS - 1,), (OWING_HAZARDS,)]
    status = {unit["department"]: unit for unit in month_status(home, "2014-01")["departments"]}
    assert {unit: {name: found[name] for name in RATES.values()} for unit, found in status.items()} == counted


def reports(marts: Path) -> dict[tuple[str, str, str], bool]:
    with duckdb.connect(str(marts), read_only=True) as connection:
        rows = connection.execute("select month, reporting_unit_code, form, is_excused from fct_expected_reports").fetchall()
    assert len(rows) == len({row[:3] for row in rows})
    return {(month, unit, form): excused for month, unit, form, excused in rows}


def rates(marts: Path, month: str) -> dict[str, dict[str, float]]:
    """The reporting rates of each unit in the marts, by their names in `uw status`."""
    columns = ", ".join(f"cast(round({column}, 4) as double) as {name}" for column, name in RATES.items())
    with duckdb.connect(str(marts), read_only=True) as connection:
        found = connection.execute(
            f"select reporting_unit_code, {columns} from rpt_reporting_rates where month = ? and rate_level = 'unit'", [month]
        ).fetchall()
    return {unit: dict(zip(RATES.values(), values, strict=True)) for unit, *values in found}
