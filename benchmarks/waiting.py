"""(e) What people and the scheduler wait for: commands, the parsing of the DAG files, a sheet of a million blank rows, durability."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import xlsxwriter

from union_warehouse.contracts import CONTRACT_VERSION, Federation, forms_owed
from union_warehouse.paths import Home
from union_warehouse.project import DAGS_DIR, PROJECT_DIR
from union_warehouse.submissions import check_file, collect_file, place_in_inbox, scan_inbox

COMMANDS = ("--help", "releases", "status", "figures --year 2014", "query --sql 'select 1'")
RUNS = 3
MONTH = "2014-03"
WORKBOOKS = 20
BLANK_ROWS = 1_000_000
_PARSING = f"""
import airflow.sdk, sys, time
from pathlib import Path
sys.path.insert(0, {str(PROJECT_DIR / "plugins")!r})
started = time.process_time()
for path in sorted(Path({str(DAGS_DIR)!r}).glob("*.py")):
    exec(compile(path.read_text("utf-8"), path, "exec"), {{"__name__": "parsed"}})
print(time.process_time() - started)
"""


def measure(folder: Path) -> dict[str, Any]:
    """Seconds of processor time of each command (on an empty home) and of the parsing; the fewest of some runs."""
    environment = {**os.environ, "UW_HOME": str(folder / "empty")}
    result: dict[str, Any] = {
        f"uw {command}, CPU s": min(_command(command, environment) for _ in range(RUNS)) for command in COMMANDS
    }
    parsing = [subprocess.run([sys.executable, "-c", _PARSING], capture_output=True, text=True, check=True) for _ in range(RUNS)]
    result["parsing the DAG files, CPU s"] = min(float(done.stdout.split()[-1]) for done in parsing)
    result["a sheet of a million blank rows, s"] = _seconds(
        lambda: check_file(Home(folder / "blank"), _blank(folder / "blank.xlsx"))
    )
    result |= _durability(folder)
    return result


def _command(command: str, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(f"{Path(sys.executable).with_name('uw')} {command}", shell=True, env=environment, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(work: Callable[[], object]) -> float:
    clock = time.perf_counter()
    work()
    return time.perf_counter() - clock


def _nil_returns(path: Path) -> Path:
    """A workbook of CQ that reports nothing of any form."""
    owed = forms_owed(Federation.load().units(MONTH)["CQ"])
    with xlsxwriter.Workbook(path) as book:
        cover = book.add_worksheet("封面")
        labels = (("单位代码", "CQ"), ("报送月份", MONTH), ("模板版本", CONTRACT_VERSION), ("填报人", "样例"), ("联系电话", "0"))
        for number, row in enumerate((*labels, ("表单", "报送方式"), *((form.sheet, "零报告") for form in owed))):
            cover.write_row(number, 0, row)
        for form in owed:
            book.add_worksheet(form.sheet).write_row(0, 0, [field.label for field in form.fields])
    return path


def _blank(path: Path) -> Path:
    """The same with blank cells in a million rows of a form."""
    _nil_returns(path)
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    name = (
        f"xl/worksheets/sheet{2 + [form.name for form in forms_owed(Federation.load().units(MONTH)['CQ'])].index('hazards')}.xml"
    )
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="inlineStr"><is><t> </t></is></c></row>' % (n, n) for n in range(2, BLANK_ROWS + 2)
    )
    parts[name] = parts[name].replace(b"</sheetData>", rows + b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts.items():
            package.writestr(part, content)
    return path


def _durability(folder: Path) -> dict[str, Any]:
    """Seconds to collect a workbook, of which flushing to disk takes some."""
    source = _nil_returns(folder / "nil.xlsx").read_bytes()
    collected: dict[bool, float] = {}
    for run in range(RUNS):
        for is_flushed in (False, True):
            home = Home(folder / f"collected-{run}-{is_flushed}")
            with mock.patch("os.fsync", os.fsync if is_flushed else lambda _: None):
                for number in range(WORKBOOKS):
                    path = folder / f"nil-{number}.xlsx"
                    path.write_bytes(source)
                    with zipfile.ZipFile(path, "a") as package:
                        package.comment = str(number).encode()
                    place_in_inbox(home, [path], datetime(2014, 4, 1, tzinfo=UTC) + timedelta(minutes=number))
                seconds = _seconds(lambda home=home: [collect_file(home, item) for item in scan_inbox(home)]) / WORKBOOKS
            collected[is_flushed] = min(seconds, collected.get(is_flushed, seconds))
    return {"collect a workbook, s": collected[True], "collect a workbook, nothing flushed to disk, s": collected[False]}
