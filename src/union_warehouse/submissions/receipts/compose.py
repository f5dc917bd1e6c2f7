"""Which receipt a submission gets: its own workbook marked, its sheets made anew, an excerpt, or the verdict alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pyarrow as pa
from openpyxl import Workbook

from union_warehouse.contracts import Federation, load_forms
from union_warehouse.landing.instants import from_text
from union_warehouse.landing.manifests import AnyManifest
from union_warehouse.submissions.outcome import Outcome
from union_warehouse.submissions.receipts.causes import find_causes
from union_warehouse.submissions.receipts.cells import StoredResults, workbook_bytes
from union_warehouse.submissions.receipts.first_sheet import Returned, add_first_sheet
from union_warehouse.submissions.receipts.marks import MAX_MARKED, mark_cells
from union_warehouse.submissions.receipts.places import PlaceOf, SenderPlaces, nowhere
from union_warehouse.submissions.receipts.printing import leave_out_of_print
from union_warehouse.submissions.receipts.rebuilt import MAX_CELLS, Excerpt, count_filled, rebuild
from union_warehouse.submissions.receipts.senders_workbook import is_editable, open_senders_workbook
from union_warehouse.workbooks.builtin_password import unlock
from union_warehouse.workbooks.cover import RECEIPT_SHEET
from union_warehouse.workbooks.csv_text import read_csv
from union_warehouse.workbooks.header import normalise_label
from union_warehouse.workbooks.package import FileKind, with_slashes
from union_warehouse.workbooks.sheet import Sheet
from union_warehouse.workbooks.sheets import open_workbook

MAX_REREAD_BYTES = 16 * 2**20
"""Unpacked size of a file that is read once more for its receipt; a larger one gets an excerpt of its landed rows."""

_UNREADABLE = frozenset(
    {
        "unreadable_file",
        "empty_file",
        "file_too_large",
        "not_a_workbook",
        "encrypted_workbook",
        "macro_workbook",
        "zip_bomb",
        "sheet_too_large",
        "not_readable",
        "reading_stopped",
    }
)
_WHOLE = Returned(is_whole=True)
_REBUILT = Returned("本回执按读取到的内容重建，单元格均为文本，不含原文件的格式和公式。", is_whole=True)
_CSV = Returned("CSV 不能标色，本回执把它的内容放入工作表后标注，仅供查看。请在原系统或原 CSV 中改正。")
_EXCERPT = Returned("文件较大，本回执只列出有问题的行（前 2000 行，列按模板顺序，姓名和证件号码已遮盖），行号见“原文件行号”。")


def is_given_back(outcome: Outcome) -> bool:
    """Whether there is something to mark in the sender's file, and it could be read."""
    rules = {problem["rule"] for problem in outcome.problems}
    return bool(rules) and not rules & _UNREADABLE


def compose_receipt(
    original: Path, outcome: Outcome, manifest: AnyManifest, tables: Mapping[str, pa.Table], federation: Federation
) -> bytes:
    """The receipt's workbook with what the sender sent; it opens the file, so it is called in a child process.

    Args:
        original: the file as sent.
        outcome: with all its problems.
        manifest: of the submission.
        tables: landed rows by form, for an excerpt.
        federation: whose department sent it.
    """
    return _finished(_given_back(original, outcome, manifest, tables), outcome, manifest, federation)


def compose_verdict(outcome: Outcome, manifest: AnyManifest, federation: Federation, returned: Returned | None = None) -> bytes:
    """A workbook of the sheet 回执 only."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    return _finished(_GivenBack(workbook, nowhere, returned or Returned()), outcome, manifest, federation)


@dataclass(frozen=True)
class _GivenBack:
    """The sender's file as the receipt gives it back, before anything is marked in it.

    Attributes:
        workbook: its sheets.
        place_of: where in them a problem is.
        returned: what of the file they are.
        results: of their formulas.
    """

    workbook: Workbook
    place_of: PlaceOf
    returned: Returned
    results: StoredResults = field(default_factory=dict)


def _finished(given: _GivenBack, outcome: Outcome, manifest: AnyManifest, federation: Federation) -> bytes:
    causes, marks = find_causes(outcome.problems, given.place_of, manifest, MAX_MARKED)
    mark_cells(given.workbook, marks)
    leave_out_of_print(given.workbook, manifest)
    add_first_sheet(given.workbook, manifest, outcome, causes, given.returned, federation)
    return workbook_bytes(given.workbook, from_text(manifest["read_at"]).replace(tzinfo=None), given.results)


def _given_back(original: Path, outcome: Outcome, manifest: AnyManifest, tables: Mapping[str, pa.Table]) -> _GivenBack:
    kind = FileKind(original.suffix[1:])
    data, _ = unlock(original.read_bytes(), manifest["file_name"])
    if kind is FileKind.XLSX:
        data = with_slashes(data, manifest["file_name"])
    may_be_edited = kind is FileKind.XLSX and is_editable(data, manifest["file_name"])
    sheets = _read_again(data, kind, manifest) if may_be_edited or _landed_cells(tables) <= MAX_CELLS else None
    if sheets is not None and may_be_edited:
        workbook, results = open_senders_workbook(data, manifest["file_name"])
        titles = {sheet.title: sheet.title for sheet in workbook.worksheets}  # a chart on a sheet of its own has no cells
        places = SenderPlaces(_ReadWhenAsked(sheets.__getitem__, [name for name in sheets if name in titles]), titles, manifest)
        return _GivenBack(workbook, places, _WHOLE, results)
    if sheets is not None and count_filled(list(sheets.values())) <= MAX_CELLS:
        workbook, titles = rebuild(sheets, manifest)
        return _GivenBack(workbook, SenderPlaces(sheets, titles, manifest), _CSV if kind is FileKind.CSV else _REBUILT)
    excerpt = Excerpt(outcome.problems, tables)
    return _GivenBack(excerpt.workbook, excerpt.place_of, _EXCERPT)


def _landed_cells(tables: Mapping[str, pa.Table]) -> int:
    """How many cells of the file landed: it has no fewer."""
    texts = [
        column
        for table in tables.values()
        for name, column in zip(table.column_names, table.columns, strict=True)
        if name.endswith("__text")
    ]
    return sum(len(column) - column.null_count for column in texts)


def _read_again(data: bytes, kind: FileKind, manifest: AnyManifest) -> Mapping[str, Sheet] | None:
    """The file's sheets by name, without that of an earlier receipt; None if reading them would take too long."""
    if _unpacked_size(data, kind) > MAX_REREAD_BYTES:
        return None
    file_name = manifest["file_name"]
    if kind is FileKind.CSV:
        names = [load_forms()[form["form"]].sheet for form in manifest["forms"]]  # none if its form is not owed
        return {names[0] if names else file_name: read_csv(data, file_name)}
    workbook = open_workbook(data, file_name, kind)
    return _ReadWhenAsked(workbook.sheet, [name for name in workbook.sheet_names if normalise_label(name) != RECEIPT_SHEET])


class _ReadWhenAsked(Mapping[str, Sheet]):
    """Sheets by name, each read at the first time that it is asked for: most have no problem to be placed."""

    def __init__(self, read: Callable[[str], Sheet], names: Sequence[str]) -> None:
        self._read, self._names = cache(read), names

    def __getitem__(self, name: str) -> Sheet:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _unpacked_size(data: bytes, kind: FileKind) -> int:
    if kind not in (FileKind.XLSX, FileKind.ODS):
        return len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return sum(entry.file_size for entry in package.infolist())
