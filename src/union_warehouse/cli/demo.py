"""``uw demo`` and ``uw demo-data``: the synthetic reference year."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from rich.text import Text

from union_warehouse.cli.close import headline
from union_warehouse.cli.console import Progress, print_table, progress
from union_warehouse.cli.read import as_text
from union_warehouse.cli.values import read_arrivals, read_moments
from union_warehouse.display import estimate_text
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.files import write_text
from union_warehouse.paths import Home

REFERENCE_YEAR = 2014
MONTHS_AFTER = 3
"""Months of the next year that follow in the demo, so that the commitments made for it show how they stand."""
# The reference year has late and missing submissions and rows in quarantine, and nobody waits at the demo to approve them.
_APPROVAL = {"by": "uw demo", "comment": "reference data: what is wrong in it is meant"}
_MARKER = ".made-by-uw-demo"


class NotADemoHome(UnionWarehouseError):
    """The demo starts clean, and never deletes anybody's work."""

    code = "not_a_demo_home"
    message_zh = "{home} 中已有不是演示生成的数据，演示不会删除它；请把 UW_HOME 设为另一个空文件夹后再运行。"
    message_en = "{home} holds data that the demo did not make and will not delete; set UW_HOME to another, empty folder."


class ReferenceDataMissing(UnionWarehouseError):
    """The generator of the reference year is a package of its own, which the product does without."""

    code = "reference_data_missing"
    message_zh = (
        "没有安装参考数据包 {package}；请在项目的源码目录中运行 make demo，或在该目录中先运行 pip install ./reference_data。"
    )
    message_en = (
        "the package {package} is not installed; run `make demo` in a checkout of the project, "
        "or `pip install ./reference_data` there first."
    )


def _reference_data() -> ModuleType:
    """The generator's package.

    Raises:
        ReferenceDataMissing: it is not installed.
    """
    try:
        return import_module("reference_data")
    except ModuleNotFoundError as error:
        if error.name != "reference_data":
            raise
        raise ReferenceDataMissing(package="union-warehouse-reference-data") from error


@click.command()
@click.option(
    "--seed", type=int, default=REFERENCE_YEAR, show_default=True, help="Another seed gives other rows with the same totals."
)
def demo(seed: int) -> None:
    """Run the reference year end to end, and compare every figure with what was published.

    Writes a year of synthetic submissions and the first months of the next, collects them, closes the months one by one
    as known at each closing date (through the real Airflow DAGs, in this process), and prints a table of the figures and
    one of the next year's commitments. UW_HOME is emptied first; exit code 1 if a figure differs.
    """
    _reference_data()
    home = Home(Home.from_environment().root)  # whatever inbox the operator has elsewhere
    clock = time.perf_counter()
    with progress() as shown:
        _start_clean(home)
        _run_year(home, seed, shown)
        shown.say(f"demo done in {time.perf_counter() - clock:.0f} s; all of it is in {home.root}")
    comparisons = compare_with_published(home)
    _print_commitments(home)
    _print_comparisons(comparisons)
    raise SystemExit(0 if comparisons and all(one.is_equal for one in comparisons) else 1)


@click.command("demo-data")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--year",
    type=click.IntRange(2000, 2020),
    default=REFERENCE_YEAR,
    show_default=True,
    help="Not after 2020: three of its departments were merged into others in April 2021.",
)
@click.option("--scale", type=click.IntRange(1, 1000), default=1, show_default=True, help="Multiplies what grows with size.")
@click.option("--seed", type=int, default=REFERENCE_YEAR, show_default=True)
@click.option(
    "--months-after",
    type=click.IntRange(0, 12),
    default=0,
    show_default=True,
    help="Write so many of the next year's first months too.",
)
def demo_data(out: Path, year: int, scale: int, seed: int, months_after: int) -> None:
    """Write a year of synthetic reference submissions to OUT, with their times of arrival and the closing dates."""
    reference_data = _reference_data()
    with progress() as shown, _timed(shown, f"write the submissions of {year}"):
        try:
            reference_data.write_reference_year(out, year=year, scale=scale, seed=seed, months_after=months_after)
        except ValueError as error:
            raise click.UsageError(str(error)) from error


@dataclass(frozen=True)
class Comparison:
    """A published figure and the warehouse's value."""

    indicator: str
    published: float
    value: float | None
    kind: str
    precision: float | None

    @property
    def is_equal(self) -> bool:
        """Equal in the sense of the figure (domain: Reporting): exactly, to the stated rounding, or at least."""
        if self.value is None:
            return False
        if self.kind.endswith("_rounded"):
            return abs(self.value - self.published) <= (self.precision or 0) / 2
        if self.kind.endswith("_at_least"):
            limit = self.published + (self.precision or 0)
            is_below = self.value <= 1 if self.kind.startswith("ratio") else self.value < limit
            return self.published <= self.value and is_below
        return self.value == self.published


def compare_with_published(home: Home) -> list[Comparison]:
    """Every published figure whose indicator the warehouse defines, with the value of the current release."""
    from union_warehouse.reporting.figures import figures

    found = figures(home, REFERENCE_YEAR)
    values = {row["indicator_code"]: row["value"] for row in found.to_pylist()}
    with _reference_data().PUBLISHED_FIGURES.open(encoding="utf-8", newline="") as file:
        published = [row for row in csv.DictReader(file) if row["indicator"] in values]
    return [_comparison(row, values) for row in published]


def _comparison(row: Mapping[str, str], values: Mapping[str, Any]) -> Comparison:
    value = values[row["indicator"]]
    return Comparison(
        indicator=row["indicator"],
        published=float(row["value"]),
        value=value,
        kind=row["kind"],
        precision=float(row["precision"]) if row["precision"] else None,
    )


def _start_clean(home: Home) -> None:
    """Empty the demo's home.

    Raises:
        NotADemoHome: it holds something that the demo did not make.
    """
    if home.root.exists() and any(home.root.iterdir()):
        if not (home.root / _MARKER).is_file():
            raise NotADemoHome(home=home.root)
        for path in home.root.iterdir():
            if path.name != _MARKER:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    write_text(home.root / _MARKER, "Synthetic data of `uw demo`, which deletes this folder's content when it runs again.\n")


def _run_year(home: Home, seed: int, shown: Progress) -> None:
    from union_warehouse.orchestration.in_process import in_process_runner
    from union_warehouse.orchestration.jobs import close, submit

    out = home.root / "reference"
    with _timed(shown, "write the reference submissions (synthetic)"):
        _reference_data().write_reference_year(out, year=REFERENCE_YEAR, scale=1, seed=seed, months_after=MONTHS_AFTER)
    with ExitStack() as stack:
        with _timed(shown, "start Airflow in this process"):
            runner = stack.enter_context(in_process_runner(home, shown.wait))
        with _timed(shown, "collect the submissions"):
            outcomes = submit(home, runner, [out / "submissions"], read_arrivals(out / "arrivals.csv"), shown.observer)
        shown.say(_count(outcomes))
        for month, known_at in sorted(_closings(out / "closings.csv").items()):
            with _timed(shown, f"close {month}"):
                one = close(home, runner, month, known_at, shown.observer, _APPROVAL)
            shown.say(f"  {month}: {headline(one)}")


def _closings(path: Path) -> dict[str, datetime]:
    return read_moments(path, "month", "known_at")


def _count(outcomes: list[Any]) -> str:
    states = [outcome.state for outcome in outcomes]
    counted = ", ".join(f"{states.count(state)} {state.replace('_', ' ')}" for state in sorted(set(states)))
    forms = sum(len(outcome.rejected_forms) for outcome in outcomes)
    return f"  {len(states)} files: {counted}; forms rejected: {forms}"


@contextmanager
def _timed(shown: Progress, activity: str) -> Iterator[None]:
    shown.begin(activity)
    clock = time.perf_counter()
    yield
    shown.say(f"{activity}: {time.perf_counter() - clock:.1f} s")


def _print_commitments(home: Home) -> None:
    from union_warehouse.releases import open_release

    with open_release(home) as connection:
        found = connection.execute(
            """select commitment_no, commitment_year, month, name_zh, target_value, progress_value, progress_rate, forecast_value,
                forecast_low_value, forecast_high_value, unit_zh, commitment_status
            from fct_commitment_progress left join dim_indicator using (indicator_code)
            where month = (select max(month) from fct_commitment_progress)
            order by try_cast(regexp_extract(commitment_no, '^\\d+') as integer), commitment_no"""
        ).fetchall()
    headings = (("no.", False), ("commitment", False), ("target", True), ("reached", True), ("share", True), ("forecast", True))
    rows = [
        (
            number,
            name,
            as_text(target),
            as_text(value),
            "" if rate is None else f"{rate:.1%}",
            estimate_text(forecast, low, high),
            unit,
            status.replace("_", " "),
        )
        for number, _, _, name, target, value, rate, forecast, low, high, unit, status in found
    ]
    if found:
        print_table(
            f"Commitments of {found[0][1]} at the end of {found[0][2]}", (*headings, ("unit", False), ("status", False)), rows
        )


def _print_comparisons(comparisons: list[Comparison]) -> None:
    headings = (("indicator", False), ("published", True), ("warehouse", True), ("equal means", False), ("equal", False))
    rows = [
        (
            one.indicator,
            as_text(one.published),
            as_text(one.value),
            _meaning(one),
            Text("yes", style="green") if one.is_equal else Text("NO", style="bold red"),
        )
        for one in comparisons
    ]
    print_table(f"Published figures of {REFERENCE_YEAR} and the warehouse's values", headings, rows)
    equal = sum(one.is_equal for one in comparisons)
    click.echo(f"{equal} of {len(comparisons)} figures equal")


def _meaning(one: Comparison) -> str:
    if one.kind.endswith("_rounded"):
        return f"within {as_text((one.precision or 0) / 2)}"
    if one.kind.endswith("_at_least"):
        return "at least"
    return "exactly"
