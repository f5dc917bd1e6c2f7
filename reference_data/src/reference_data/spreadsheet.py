"""A small writer of xlsx workbooks: text, numbers and dates, the same bytes for the same cells.

A reference year holds half a million cells; this is faster than a general library, since it joins whole columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from string import ascii_uppercase
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from reference_data.spelling import Cell, Column

_FIRST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BOLD, _DATE = 1, 2
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True)
class Sheet:
    """One sheet: rows of text on top, then columns with their labels, then further rows (totals)."""

    name: str
    lead: Sequence[Sequence[str]] = ()
    columns: Sequence[Column] = ()
    tail: Sequence[Sequence[Cell]] = ()


@dataclass
class _SharedStrings:
    """Each text once, by its number in order of appearance."""

    numbers: dict[str, int] = field(default_factory=dict)

    def cell(self, place: str, text: str, style: int) -> str:
        number = self.numbers.setdefault(text, len(self.numbers))
        return f'<c r="{place}" s="{style}" t="s"><v>{number}</v></c>' if style else f'<c r="{place}" t="s"><v>{number}</v></c>'

    def numbers_of(self, texts: Iterable[str]) -> list[int]:
        numbers = self.numbers
        return [numbers.setdefault(text, len(numbers)) for text in texts]

    def xml(self) -> str:
        items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self.numbers)
        return f'{_HEAD}<sst xmlns="{_MAIN}" uniqueCount="{len(self.numbers)}">{items}</sst>'


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write the sheets as a workbook, in order; at most 26 columns each."""
    strings = _SharedStrings()
    parts = {f"xl/worksheets/sheet{number}.xml": _sheet_xml(sheet, strings) for number, sheet in enumerate(sheets, start=1)}
    parts["xl/sharedStrings.xml"] = strings.xml()
    parts["xl/styles.xml"] = _STYLES
    names = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{n}" r:id="rId{n}"/>' for n, sheet in enumerate(sheets, start=1)
    )
    parts["xl/workbook.xml"] = f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>'
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
    parts["xl/_rels/workbook.xml.rels"] = _relationships(
        [*targets, ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
    )
    parts["_rels/.rels"] = _relationships([("officeDocument", "xl/workbook.xml")])
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        for name, text in {"[Content_Types].xml": _content_types(len(sheets)), **parts}.items():
            package.writestr(ZipInfo(name, _FIRST_ZIP_TIME), text.encode(), ZIP_DEFLATED)


def _sheet_xml(sheet: Sheet, strings: _SharedStrings) -> str:
    rows = [_row(number, texts, strings, 0) for number, texts in enumerate(sheet.lead, start=1)]
    top = len(sheet.lead) + 1
    if sheet.columns:
        rows.append(_row(top, [column.label for column in sheet.columns], strings, _BOLD))
        rows += _column_rows(sheet.columns, top + 1, strings)
    for number, cells in enumerate(sheet.tail, start=top + 1 + max((len(column.cells) for column in sheet.columns), default=0)):
        rows.append(_row(number, cells, strings, 0))
    width = '<cols><col min="1" max="26" width="18" customWidth="1"/></cols>'
    return f'{_HEAD}<worksheet xmlns="{_MAIN}">{width}<sheetData>{"".join(rows)}</sheetData></worksheet>'


def _row(number: int, cells: Sequence[Cell], strings: _SharedStrings, style: int) -> str:
    parts = (_cell(f"{letter}{number}", cell, strings, style) for letter, cell in zip(ascii_uppercase, cells, strict=False))
    return f'<row r="{number}">{"".join(parts)}</row>'


def _column_rows(columns: Sequence[Column], top: int, strings: _SharedStrings) -> Iterable[str]:
    written = [_column_cells(letter, column, top, strings) for letter, column in zip(ascii_uppercase, columns, strict=False)]
    return [
        f'<row r="{number}">{"".join(parts)}</row>' for number, parts in enumerate(zip_longest(*written, fillvalue=""), start=top)
    ]


def _column_cells(letter: str, column: Column, top: int, strings: _SharedStrings) -> list[str]:
    texts = [cell for cell in column.cells if isinstance(cell, str)]
    if len(texts) == len(column.cells):
        cells = zip(range(top, top + len(texts)), strings.numbers_of(texts), strict=True)
        return [f'<c r="{letter}{row}" t="s"><v>{number}</v></c>' for row, number in cells]
    style = _DATE if column.is_date else 0
    return [_cell(f"{letter}{row}", cell, strings, style) for row, cell in enumerate(column.cells, start=top)]


def _cell(place: str, cell: Cell, strings: _SharedStrings, style: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return strings.cell(place, cell, 0 if style == _DATE else style)
    return f'<c r="{place}" s="{style}"><v>{cell:.17g}</v></c>'


def _relationships(targets: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{items}</Relationships>'


def _content_types(sheets: int) -> str:
    kinds = {"/xl/workbook.xml": "sheet.main", "/xl/styles.xml": "styles", "/xl/sharedStrings.xml": "sharedStrings"}
    kinds |= {f"/xl/worksheets/sheet{number}.xml": "worksheet" for number in range(1, sheets + 1)}
    overrides = "".join(f'<Override PartName="{part}" ContentType="{_CONTENT}.{kind}+xml"/>' for part, kind in kinds.items())
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
