"""What becomes of a changed file, and which of its rows another reader still sees in it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

from tests.fuzz.mutations import SUFFIXES, mutate
from tests.workbook_factory import make_grids, nil_except, write_csv, write_workbook
from union_warehouse.child_process import ChildStopped, Limits, call_in_child
from union_warehouse.contracts import Federation
from union_warehouse.personal_data import HashKey
from union_warehouse.submissions.apart import read_apart
from union_warehouse.submissions.original import Original
from union_warehouse.submissions.reading import Submission
from union_warehouse.workbooks.problems import ReadingStopped, SubmissionProblem

FORM, SHEET = "hazards", "隐患整改"
ROWS = 12
_INSTANT = "2014-04-02T08:00:00.000000Z"
_KEY = HashKey(b"of the changed files")
_FEDERATION = Federation.load()
_MARKER = re.compile(r"FZ\d{4}")
_SECOND_READER = Limits(2**30, cpu_seconds=20, wall_seconds=60)
_FAULTS = ("所需时间", "无法处理")
"""Of a cut-off: that the reader hung, or met what it was not written for; a library of others may break down."""


@dataclass(frozen=True)
class Finding:
    """What became of one file.

    Attributes:
        number: of the file.
        suffix: of its name.
        outcome: ``read``, or the first error.
        lost: rows that are in the file, neither landed nor told.
        stopped: why reading was cut off: the reader hung or broke down; empty if it was not.
        data: the file.
    """

    number: int
    suffix: str
    outcome: str
    lost: frozenset[str]
    stopped: str
    data: bytes

    @property
    def is_fault(self) -> bool:
        """Whether a row is lost in silence, or the reader hung or failed."""
        return bool(self.lost) or any(word in self.stopped for word in _FAULTS)


@cache
def original(suffix: str) -> tuple[str, bytes]:
    """Name and bytes of the file that is changed: twelve rows, each with its own mark in two columns."""
    rows = [{"hazard_no": f"FZ{number:04}", "description": f"说明FZ{number:04}"} for number in range(1, ROWS + 1)]
    with TemporaryDirectory() as folder:
        if suffix == ".csv":
            path = write_csv(Path(folder), FORM, rows)
        else:
            grids = make_grids(rows={FORM: rows}, nil=nil_except(FORM))
            path = write_workbook(Path(folder) / f"x{suffix}", grids=grids)
        return path.name, path.read_bytes()


def changed_file(seed: int, number: int) -> tuple[str, bytes]:
    """Suffix and bytes of one changed file; the same for the same numbers."""
    suffix = SUFFIXES[number % len(SUFFIXES)]
    return suffix, mutate(original(suffix)[1], suffix, Random(f"{seed}-{number}"))


def examine(seed: int, number: int) -> Finding:
    """Read one changed file as the inbox does, and compare."""
    suffix, data = changed_file(seed, number)
    name = original(suffix)[0]
    submission = read_apart(Original(name, data, len(data), "0" * 64), _INSTANT, _KEY, _FEDERATION)
    errors = [problem for problem in submission.problems if problem.severity == "error"]
    stopped = next((str(problem.facts["detail_zh"]) for problem in errors if isinstance(problem, ReadingStopped)), "")
    lost = frozenset() if _is_told_whole(submission, errors) else _unaccounted(submission, suffix, data)
    return Finding(number, suffix, errors[0].code if errors else "read", lost, stopped, data)


def _is_told_whole(submission: Submission, errors: Iterable[SubmissionProblem]) -> bool:
    """Whether the file or the form is rejected: nothing of it counts, and the sender reads why."""
    return not submission.identity.is_placed or any(problem.facts.get("form") in (None, FORM) for problem in errors)


def _unaccounted(submission: Submission, suffix: str, data: bytes) -> frozenset[str]:
    rows = next((item.rows for item in submission.returns if item.form.name == FORM), None)
    if rows is None:
        return _marks_seen(suffix, data)
    texts = rows.table.select([name for name in rows.table.column_names if name.endswith("__text")]).to_pylist()
    landed = [set(_MARKER.findall(" ".join(filter(None, row.values())))) for row in texts]
    missing = _marks_seen(suffix, data).difference(*landed)
    without_mark = sum(not marks for marks in landed)  # in a column that the contract lacks
    told = sum(notice.column is None for notice in rows.notices)
    told += sum(problem.code in ("unlabelled_column", "unknown_column") for problem in submission.problems)
    return frozenset(sorted(missing)[told + without_mark :])


def _marks_seen(suffix: str, data: bytes) -> frozenset[str]:
    """Marks of the rows that another reader sees; none if it cannot read the file."""
    try:
        return frozenset(call_in_child(_SECOND_READER, _READERS[suffix], data))
    except ChildStopped:
        return frozenset()


def marks_in_csv(data: bytes) -> set[str]:
    """Of any line, whatever the encoding."""
    return set(_MARKER.findall(data.replace(b"\0", b"").decode("latin-1")))


def marks_in_xls(data: bytes) -> set[str]:
    """As calamine reads it, which the product does not use for an .xls."""
    rows: list[list[Any]] = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(SHEET).to_python()
    return {mark for row in rows for cell in row for mark in _MARKER.findall(str(cell))}


def marks_in_xlsx(data: bytes) -> set[str]:
    """Of every cell of the sheet's XML, the texts that it shares with others looked up."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        shared = ["".join(item.itertext()) for item in _root(package, "xl/sharedStrings.xml").iterfind("{*}si")]
        sheets = [sheet.get("name") for sheet in _root(package, "xl/workbook.xml").iterfind("{*}sheets/{*}sheet")]
        sheet = _root(package, f"xl/worksheets/sheet{sheets.index(SHEET) + 1}.xml")
    marks: set[str] = set()
    for cell in sheet.iterfind("{*}sheetData/{*}row/{*}c"):
        text = "".join(cell.itertext())
        if cell.get("t") == "s":
            text = shared[int(cell.findtext("{*}v", "0"))]
        marks.update(_MARKER.findall(text))
    return marks


def marks_in_ods(data: bytes) -> set[str]:
    """Of every paragraph of a cell of the table."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = _root(package, "content.xml")
    marks: set[str] = set()
    for table in root.iterfind("{*}body/{*}spreadsheet/{*}table"):
        if SHEET in table.attrib.values():
            for cell in table.iterfind("{*}table-row/{*}table-cell"):
                marks.update(_MARKER.findall("".join("".join(part.itertext()) for part in cell.iterfind("{*}p"))))
    return marks


def _root(package: zipfile.ZipFile, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(package.read(part))


_READERS: dict[str, Callable[[bytes], set[str]]] = {
    ".xlsx": marks_in_xlsx,
    ".ods": marks_in_ods,
    ".xls": marks_in_xls,
    ".csv": marks_in_csv,
}
