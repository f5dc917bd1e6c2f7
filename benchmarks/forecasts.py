"""(g) Forecasts: which commitments are called wrongly month by month, by their pace alone and by the seasons of the year before.

Two reference years are collected and built once, as known at the last close. In the second the federation promised what
it really promised for 2015, and here also every flow and stock at 80, 100 and 120 per cent of what the first year came to.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.timing import read_instants
from reference_data import COMMITMENTS, write_reference_year
from union_warehouse.contracts import load_forms
from union_warehouse.months import month_range
from union_warehouse.paths import Home
from union_warehouse.submissions import collect_file, place_in_inbox, scan_inbox
from union_warehouse.warehouse import run_dbt
from union_warehouse.warehouse.plan import plan_from_landing

YEAR = 2014
SHARES = (0.8, 1.0, 1.2)
_FIRST, _SECOND = "first-year", "both-years"
_TARGETS = """
    select indicator_code, value_year_to_date
    from marts.rpt_indicators inner join marts.dim_indicator using (indicator_code)
    where is_federation and is_published and month = ? and rpt_indicators.indicator_kind <> 'ratio' and unit <> 'milestone'
        and value_year_to_date > 0
    order by indicator_code
"""
_CALLS = """
    with
        ended as (
            select commitment_no, commitment_status = 'done' as is_reached
            from marts.fct_commitment_progress where month = $december
        ),
        -- what was called before seasons were known: at the pace since January, a stock since December
        called as (
            select progress.*, is_reached,
                month_number,
                coalesce(before.value_year_to_date, 0) as value_at_start
            from marts.fct_commitment_progress as progress
            inner join ended using (commitment_no)
            inner join marts.dim_month using (month)
            left join marts.rpt_indicators as before
                on progress.indicator_code = before.indicator_code and before.is_federation
                and before.indicator_kind = 'stock' and before.month = $december_before
            where commitment_year = $year and (commitment_no like '%@%') = $is_supposed and forecast_method <> 'milestone'
        ),
        judged as (
            select month, is_reached, commitment_status,
                case
                    when value_at_start + (progress_value - value_at_start) / month_number * 12 >= target_value then 'on_track'
                    else 'at_risk'
                end as status_by_pace
            from called
            where commitment_status <> 'done' and month < $december
        )
    select month, count(*),
        count(*) filter (where (status_by_pace = 'at_risk') = is_reached),
        count(*) filter (where commitment_status in ('on_track', 'at_risk') and (commitment_status = 'at_risk') = is_reached),
        count(*) filter (where commitment_status in ('as_last_year', 'undetermined'))
    from judged
    group by month
    order by month
"""


def measure(folder: Path) -> dict[str, Any]:
    """Per month: commitments not reached yet, called wrongly by pace alone, called wrongly now, and left open now."""
    reference = write_reference_year(folder / "reference", year=YEAR, months_after=12)
    arrivals = {Path(file).name: at for file, at in read_instants(reference.arrivals, "file", "received_at").items()}
    closings = read_instants(reference.closings, "month", "known_at")
    home = Home(folder / "home")
    _collect(home, list(reference.submissions), arrivals)
    months = list(closings)
    first_months = [month for month in months if month <= f"{YEAR}-12"]
    _build(home, _FIRST, first_months, closings[months[-1]])
    with _built(home, _FIRST) as connection:
        reached = connection.execute(_TARGETS, [f"{YEAR}-12"]).fetchall()
    # sent after everything else, so that they are the version that counts
    promises = _write_promises(folder / "promises", reached)
    _collect(home, promises, {path.name: closings[months[-1]] - timedelta(minutes=1) for path in promises})
    _build(home, _SECOND, months, closings[months[-1]])
    result: dict[str, Any] = {}
    with _built(home, _SECOND) as connection:
        for is_supposed, name in ((False, f"{YEAR + 1}"), (True, "supposed")):
            for month, count, by_pace, now, left_open in connection.execute(
                _CALLS,
                {
                    "december": f"{YEAR + 1}-12",
                    "december_before": f"{YEAR}-12",
                    "year": YEAR + 1,
                    "is_supposed": is_supposed,
                },
            ).fetchall():
                result[f"{name}, {month}: not reached yet"] = count
                result[f"{name}, {month}: wrong by pace alone"] = by_pace / count
                result[f"{name}, {month}: wrong now"] = now / count
                result[f"{name}, {month}: left open now"] = left_open / count
    return result


def _collect(home: Home, files: list[Path], arrivals: dict[str, datetime]) -> None:
    place_in_inbox(home, files, arrivals)
    for item in scan_inbox(home):
        collect_file(home, item)


def _build(home: Home, close_id: str, months: list[str], known_at: datetime) -> None:
    plan_from_landing(home, close_id, months, known_at)
    run_dbt(home, close_id)
    print(f"  built {close_id}", flush=True)


def _built(home: Home, close_id: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach '{home.build / close_id / 'marts.duckdb'}' as marts (read_only)")
    return connection


def _write_promises(folder: Path, reached: list[tuple[str, float]]) -> list[Path]:
    """The office's CSV of each month of the second year: what was promised in truth, and what is supposed here."""
    folder.mkdir()
    with COMMITMENTS.open(encoding="utf-8", newline="") as file:
        promised = [(row["commitment"], row["indicator"], float(row["target"])) for row in csv.DictReader(file)]
    supposed = [(f"{code}@{share:.0%}", code, float(value) * share) for code, value in reached for share in SHARES]
    labels = [field.label for field in load_forms()["commitments"].fields]
    paths = []
    for month in month_range(f"{YEAR + 1}-01", f"{YEAR + 1}-12"):
        paths.append(folder / f"{month}_BG_commitments.csv")
        with paths[-1].open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(labels)
            rows.writerows((number, YEAR + 1, code, round(target, 2), "", "") for number, code, target in promised + supposed)
    return paths
