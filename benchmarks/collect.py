"""(a) Collect: rows per second, against the bare python-calamine read and pandas with openpyxl, of the same file; departments at once."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from python_calamine import CalamineWorkbook

from reference_data import write_reference_year
from reference_data.identifiers import resident_numbers, usccs
from union_warehouse.contracts import Federation, Form, forms_owed, load_forms
from union_warehouse.landing.states import ACCEPTED_STATES
from union_warehouse.paths import Home
from union_warehouse.submissions import check_file, collect_file, place_in_inbox, scan_inbox

ROWS = 100_000
DEPARTMENTS = 12
MONTH = "2014-03"
_UNION = {
    "event_no": "1",
    "union_code": "CQ0001",
    "union_name": "样例工会",
    "union_type": "独立基层工会",
    "ownership": "机关",
    "event": "新建",
    "event_on": "2014-03-01",
}


def measure(folder: Path) -> dict[str, Any]:
    """Rows per second and ratios for the widest form and for the one with personal data."""
    result: dict[str, Any] = {"rows": ROWS}
    for name in ("training_activities", "member_changes"):
        form = load_forms()[name]
        path = folder / f"{name}.xlsx"
        _write(path, form)
        bare = min(_seconds(lambda path=path, form=form: _read_bare(path, form)) for _ in range(2))
        openpyxl = _seconds(
            lambda path=path, form=form: pd.read_excel(path, sheet_name=form.sheet, engine="openpyxl", dtype=object)
        )
        seconds = min(_collect(folder / f"{name}-{run}", path) for run in range(2))
        result |= {
            f"{name}: cells": ROWS * len(form.fields),
            f"{name}: collect, rows/s": ROWS / seconds,
            f"{name}: collect / bare calamine read (target >= 0.5)": bare / seconds,
            f"{name}: collect / pandas + openpyxl (target >= 8)": openpyxl / seconds,
        }
    return result | _side_by_side(folder)


def _side_by_side(folder: Path) -> dict[str, Any]:
    """A month's workbooks of the reference year, of twelve departments at once: by one process, and by two."""
    written = folder / "reference"
    write_reference_year(written)
    seconds = {}
    for processes in (1, 2):
        home = Home(folder / f"departments-{processes}")
        place_in_inbox(home, _of_departments(written / "submissions"), datetime(2014, 4, 3, tzinfo=UTC))
        items = scan_inbox(home)
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(processes + 1)
        with ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(ready,)) as pool:
            for _ in range(processes):
                pool.submit(time.time)  # a process starts with the first task for which none is idle
            ready.wait()
            clock = time.perf_counter()
            outcomes = list(pool.map(partial(collect_file, home), items))
            seconds[processes] = time.perf_counter() - clock
        if len(outcomes) != DEPARTMENTS or any(outcome.state not in ACCEPTED_STATES for outcome in outcomes):
            raise RuntimeError(f"not all departments were collected: {[outcome.state for outcome in outcomes]}")
    return {
        "twelve departments, one process, s": seconds[1],
        "twelve departments, two processes, s": seconds[2],
        "twelve departments: one process / two": seconds[1] / seconds[2],
    }


def _of_departments(submissions: Path) -> list[Path]:
    """The largest workbook of each of twelve departments for ``MONTH``, largest first."""
    largest: dict[str, Path] = {}
    for path in sorted(submissions.glob(f"{MONTH}_*.xlsx"), key=lambda path: path.stat().st_size):
        largest[path.stem.split("_")[1]] = path
    return sorted(largest.values(), key=lambda path: path.stat().st_size, reverse=True)[:DEPARTMENTS]


def _start(ready: Any) -> None:
    """What is paid once a process: imports, and the start of the child that reads."""
    with tempfile.TemporaryDirectory() as folder:
        blank = Path(folder) / "blank.csv"
        blank.write_text("x", encoding="utf-8")
        check_file(Home(Path(folder)), blank)
    ready.wait()


def _read_bare(path: Path, form: Form) -> object:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(form.sheet).to_python()


def _collect(root: Path, path: Path) -> float:
    home = Home(root)
    place_in_inbox(home, [path], datetime(2014, 4, 3, tzinfo=UTC))
    (item,) = scan_inbox(home)
    clock = time.perf_counter()
    outcome = collect_file(home, item)
    seconds = time.perf_counter() - clock
    if outcome.state != "accepted" or outcome.rows != ROWS + 1 or outcome.warnings:
        raise RuntimeError(f"the benchmark's workbook is not accepted whole: {outcome.state}, {outcome.problems[:3]}")
    return seconds


def _seconds(work: Callable[[], object]) -> float:
    clock = time.perf_counter()
    work()
    return time.perf_counter() - clock


def _write(path: Path, form: Form) -> None:
    """A workbook of CQ with ``ROWS`` good rows of ``form``, the union that they name, and nil returns of the other forms."""
    owed = forms_owed(Federation.load().units(MONTH)["CQ"])
    register = load_forms()["union_register"]
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        cover, unions, sheet = (book.add_worksheet(name) for name in ("封面", register.sheet, form.sheet))
        labels = (
            ("单位代码", "CQ"),
            ("报送月份", MONTH),
            ("模板版本", "1"),
            ("填报人", "样例"),
            ("联系电话", "0"),
            ("表单", "报送方式"),
        )
        declared = [(other.sheet, "有数据" if other in (form, register) else "零报告") for other in owed]
        for number, row in enumerate((*labels, *declared)):
            cover.write_row(number, 0, row)
        unions.write_row(0, 0, [field.label for field in register.fields])
        unions.write_row(1, 0, [_UNION.get(field.name) for field in register.fields])
        sheet.write_row(0, 0, [field.label for field in form.fields])
        columns = [_values(field.name, field.checker) for field in form.fields]
        for number, row in enumerate(zip(*columns, strict=True), start=1):
            sheet.write_row(number, 0, row)


def _values(name: str, checker: str | None) -> list[object]:
    if checker == "uscc":
        return usccs(np.arange(ROWS), np.full(ROWS, "non_public")).tolist()
    if checker == "resident_id":
        nobody = np.zeros(ROWS, dtype=bool)
        return resident_numbers(np.arange(ROWS), nobody, nobody).tolist()
    constants: dict[str, object] = {
        "kind": "基层劳动竞赛培训练兵",
        "role": "主办",
        "campaign": None,
        "trade": "电工",
        "held_from": date(2014, 3, 5).isoformat(),
        "held_to": "2014年3月6日",
        "sessions": 2,
        "teams": 3,
        "participants": "1,200",
        "hours": 1.5,
        "gender": "女",
        "change": "入会",
        "changed_on": "2014/3/7",
        "migrant": "否",
        "union_code": "CQ0001",
    }
    if name in constants:
        return [constants[name]] * ROWS
    return [f"{name}-{number:06d}" for number in range(ROWS)]
