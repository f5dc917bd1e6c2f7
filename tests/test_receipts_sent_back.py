"""A receipt can always be sent back: untouched, it gives the values and verdicts of the file, whatever the file's make."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.collecting import at, collect_one
from tests.formatted_workbooks import write_formatted
from tests.reading import Read, change_part, grid_of, in_strict_format, locked, read, with_1904_dates, with_backslashes
from tests.workbook_factory import Grid, make_grids, nil_except
from union_warehouse.paths import Home

HAZARDS = "隐患整改"
FORMATS: dict[tuple[int, int], tuple[Any, str]] = {
    (1, 0): (12, "0000"),
    (1, 7): (3, '0"号"'),
    (2, 0): (1.5, '0.00"万元"'),
    (2, 1): (date(2015, 3, 1), "yyyy-mm-dd"),
    (2, 4): (date(2014, 3, 5), "yyyy-mm-dd"),
    (3, 7): (0.95, "0%"),
    (4, 4): (40241, "General"),
}
"""Cells of 隐患整改 that show something else than they store: a padded key, a text, a unit, a code that became a day, a day, a share,
and a day that was never formatted."""


def grids_of_odd_cells() -> dict[str, Grid]:
    """A workbook's cells; what differs from row to row is wrong in one, so that there is a receipt to send back."""
    rows: list[dict[str, Any]] = [{}, {}, {"category": "？"}, {}, {"description": "Ａ（一）\u200b"}]
    return make_grids(nil=nil_except("hazards")) | {HAZARDS: grid_of("hazards", *rows)}


def write(folder: Path, suffix: str = ".xlsx") -> Path:
    return write_formatted(folder / f"x{suffix}", grids_of_odd_cells(), HAZARDS, FORMATS)


def write_xls_of_1904(folder: Path) -> Path:
    path = write(folder, ".xls")
    data = path.read_bytes()
    counted = bytes.fromhex("22000200") + b"%c\0"
    assert data.count(counted % 0) == 1
    path.write_bytes(data.replace(counted % 0, counted % 1))
    return path


def without_calculation(path: Path) -> Path:
    """The workbook as programs write it that know nothing of formulas."""
    return change_part(
        path,
        lambda name, content: (name, re.sub(rb"<calcPr[^>]*/>", b"", content) if name == "xl/workbook.xml" else content),
    )


def seen(outcome: Read) -> list[Any]:
    """Values and verdicts."""
    values = [{name: value for name, value in row.items() if not name.endswith("__text")} for row in outcome.rows]
    return [values, outcome.accepted, [rule for rule in outcome.errors if rule != "unusual_file"]]


@pytest.mark.parametrize(
    "make",
    [
        write,
        lambda folder: write(folder, ".xls"),
        write_xls_of_1904,
        lambda folder: write(folder, ".ods"),
        lambda folder: without_calculation(write(folder)),
        lambda folder: in_strict_format(write(folder)),
        lambda folder: with_backslashes(write(folder)),
        lambda folder: with_1904_dates(write(folder)),
        lambda folder: in_strict_format(with_1904_dates(write(folder))),
        lambda folder: locked(write(folder)),
    ],
    ids=["xlsx", "xls", "xls 1904", "ods", "no calculation", "strict", "backslashes", "1904", "strict 1904", "locked"],
)
def test_an_untouched_receipt_is_read_as_its_file_was(home: Home, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    outcome = collect_one(home, path, at(4))
    assert (outcome.state, outcome.rows) == ("accepted_with_quarantine", 5)
    values, verdicts, _ = first = seen(read(path))
    assert (values[0]["hazard_no"], values[0]["description"], verdicts[1]) == ("0012", "3号", False)
    assert seen(read(Path(str(outcome.receipt)))) == first
