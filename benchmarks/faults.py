"""(d) Faults: which of those planted in the reference year are found, by which rule, and what else is reported (false alarms).

The year runs twice, as it is and with the plants of :mod:`benchmarks.plants`; each is collected and built once from the
landing zone, as known at the last close, which gives the findings that twelve closes leave.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from benchmarks.planted_sheets import PlantedWorkbooks
from benchmarks.planting import Plant
from benchmarks.plants import PLANTS
from benchmarks.timing import read_instants
from reference_data import ReferenceYear, write_reference_year
from reference_data.situations import SITUATIONS
from reference_data.stray_rows import STRAY_ROWS
from union_warehouse.months import add_months
from union_warehouse.paths import Home
from union_warehouse.quality.audit import audit_warehouse
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox
from union_warehouse.warehouse import run_dbt
from union_warehouse.warehouse.plan import plan_from_landing

YEAR = int(os.environ.get("BENCHMARK_FAULTS_YEAR", "2014"))
SEED = int(os.environ.get("BENCHMARK_FAULTS_SEED", "2014"))
_BUILD = "faults"
_FINDINGS = """
    select rule_code, form, submitted_by_code, submission_month, coalesce(source_row, 0), '' from marts.fct_row_problems
    union all
    select rule_code, form, reporting_unit_code, month, source_row, other_place from build.intermediate.int_cross_checks
    union all
    select outlier_kind, indicator_code, reporting_unit_code, month, 0, '' from marts.rpt_outliers
    union all
    select 'missing_submission', form, department, month, 0, ''
    from build.plan.expected_submissions
    anti join build.plan.effective_submissions using (form, department, month)
"""
_PLACES = {plant.place for plant in PLANTS}
_OUTLIERS = {"flow_value", "stock_change", "sudden_zero"}
_OF_ORDINARY_YEARS = {"late_row", "total_row_ignored"}
"""Warnings that tell the sender what was done with a row; nobody has to act on them."""
_DELIBERATE = {
    "inspection_reported_once": "inspections that two departments report",
    "assistance_reported_once": "insurance that a street and the women's committee report",
    "honour_reported_once": "an honour that two offices report",
    "visit_reported_once": "visits that the office reports again",
    "cultural_event_reported_once": "a film that two departments report",
    "transfer_out_arrives": "members who never arrive",
    "opening_is_last_closing": "an opening that is not the last closing",
    "snapshot_agrees_with_movements": "a count that is not the rows",
    "one_grade_step": "promotions by more than a grade",
}
"""What the generator plants all year (reference_data/), by the rule that finds it."""


class Reported(NamedTuple):
    """One finding, whichever rule found it."""

    rule: str
    form: str
    department: str
    month: str
    row: int
    other_place: str


def measure(folder: Path) -> dict[str, Any]:
    """Faults found, and false alarms, of the reference year."""
    base = _findings(folder / "base", None)
    planted_rows: dict[Plant, list[int]] = {}
    planted = _findings(folder / "planted", planted_rows)
    new = planted - base
    found = {plant: _found(plant, planted_rows[plant], new) for plant in PLANTS}
    _print_plants(found)
    departures = _departures_into_plants(Home(folder / "base" / "home"))
    caused = partial(_is_caused, departures=departures)
    unexplained = Counter({reported: count for reported, count in new.items() if not caused(reported)})
    strange = Counter({reported: count for reported, count in base.items() if not _is_deliberate(reported)})
    _print_by_rule("findings of the year as it is", base, _is_deliberate, "deliberate mistake of the generator")
    _print_by_rule("findings that the plants add", new, caused, "in a planted workbook, or compared with it")
    for reported in sorted([*strange, *unexplained]):
        print(f"  false alarm: {reported.rule} {reported.form} {reported.department} {reported.month} {reported.row or ''}")
    return {
        "faults planted": len(PLANTS),
        "kinds": len({plant.kind for plant in PLANTS}),
        "found": sum(found.values()),
        "false alarms in the year as it is (target <= 5 in all)": strange.total(),
        "false alarms that the plants add": unexplained.total(),
        "deliberate mistakes of the generator reported": base.total() - strange.total(),
    }


def _findings(folder: Path, planted_rows: dict[Plant, list[int]] | None) -> Counter[Reported]:
    """Write, plant, collect and build a year; its findings. Plants that have rows put them into ``planted_rows``."""
    reference = write_reference_year(folder, year=YEAR, seed=SEED)
    if planted_rows is not None:
        books = PlantedWorkbooks(folder / "submissions")
        for plant in PLANTS:
            planted_rows[plant] = plant.action(books, plant)
        books.save()
    home = Home(folder / "home")
    rejected = _collect(home, reference)
    closings = read_instants(reference.closings, "month", "known_at")
    plan_from_landing(home, _BUILD, sorted(closings), max(closings.values()))
    run_dbt(home, _BUILD)
    audit_warehouse(home, _BUILD)
    with _attached(home) as connection:
        rows = connection.execute(_FINDINGS).fetchall()
    return Counter(Reported(*row) for row in rows if row[0] not in _OF_ORDINARY_YEARS) + rejected


@contextmanager
def _attached(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in ("build", "marts"):
            connection.execute(f"attach '{home.build / _BUILD / name}.duckdb' as {name} (read_only)")
        yield connection


def _collect(home: Home, reference: ReferenceYear) -> Counter[Reported]:
    """Collect every file that is there; what rejected one of them."""
    instants = {Path(file).name: instant for file, instant in read_instants(reference.arrivals, "file", "received_at").items()}
    place_in_inbox(home, [path for path in reference.submissions if path.exists()], instants)
    rejected: Counter[Reported] = Counter()
    for item in scan_inbox(home):
        outcome = collect_file(home, item)
        if outcome.state == "rejected":
            rejected.update(
                Reported(problem["rule"], problem["form"] or "", outcome.department or "", outcome.month or "", 0, "")
                for problem in outcome.problems
            )
    return rejected


def _found(plant: Plant, rows: list[int], findings: Counter[Reported]) -> bool:
    return any(
        (reported.rule, reported.form, reported.department, reported.month)
        == (plant.rule, plant.form, plant.department, plant.month)
        and (not rows or reported.row in rows)
        for reported in findings
    )


def _departures_into_plants(home: Home) -> set[tuple[str, str, int]]:
    """Department, month and row of the transfers out whose transfer in stood in a workbook that a plant spoils."""
    with _attached(home) as connection:
        rows = connection.execute(
            """select departure.submitted_by_code, departure.submission_month, departure.source_row,
                arrival.submitted_by_code, arrival.submission_month
            from marts.fct_membership_changes as departure
            inner join marts.fct_membership_changes as arrival using (person_key)
            where departure.membership_change = 'transfer_out' and arrival.membership_change = 'transfer_in'"""
        ).fetchall()
    return {(code, month, row) for code, month, row, *arrival in rows if tuple(arrival) in _PLACES}


def _is_caused(reported: Reported, departures: set[tuple[str, str, int]]) -> bool:
    """Whether a finding follows from a plant: in its workbook, or in what depends on it."""
    if (reported.department, reported.month) in _PLACES:
        return True
    if reported.rule == "opening_is_last_closing":
        return (reported.department, add_months(reported.month, -1)) in _PLACES
    if reported.rule == "transfer_out_arrives":
        return (reported.department, reported.month, reported.row) in departures
    if reported.rule in _OUTLIERS:
        return any(
            (plant.department, plant.form) == (reported.department, reported.form) and plant.month < reported.month
            for plant in PLANTS
        )
    return any(
        plant.rule == reported.rule and other.startswith(plant.department)
        for plant in PLANTS
        for other in reported.other_place.split(", ")
    )


def _is_deliberate(reported: Reported) -> bool:
    if reported.rule in _DELIBERATE:
        return True
    departments = {(code, f"{YEAR}-{month:02}") for code, month, _ in STRAY_ROWS}
    departments |= {(item.department, f"{YEAR}-{item.month_number:02}") for item in SITUATIONS if item.mistake}
    return (reported.department, reported.month) in departments


def _print_plants(found: dict[Plant, bool]) -> None:
    print("\n| fault | department, month | form or indicator | rule | found |\n|---|---|---|---|---|")
    for plant, is_found in found.items():
        place = f"{plant.department} {plant.month}"
        print(f"| {plant.kind} | {place} | `{plant.form}` | `{plant.rule}` | {'yes' if is_found else '**no**'} |")


def _print_by_rule(title: str, findings: Counter[Reported], is_explained: Callable[[Reported], bool], explanation: str) -> None:
    explained: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for reported, count in findings.items():
        (explained if is_explained(reported) else others)[reported.rule] += count
    print(f"\n{title}\n\n| rule | {explanation} | false alarm |\n|---|---|---|")
    for rule in sorted({*explained, *others}):
        print(f"| `{rule}` | {explained[rule]} | {others[rule] or ''} |")
