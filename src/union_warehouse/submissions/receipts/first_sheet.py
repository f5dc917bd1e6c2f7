"""The first sheet of a receipt, 回执: the verdict, what was read of each form, every problem with its cell, what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, cast

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from union_warehouse.contracts import Federation, Form, layout_called, load_forms
from union_warehouse.display import display_width
from union_warehouse.landing.instants import from_text
from union_warehouse.landing.manifests import AnyManifest
from union_warehouse.landing.states import ACCEPTED, QUARANTINED, REJECTED, UNCHANGED
from union_warehouse.submissions.outcome import Outcome
from union_warehouse.submissions.receipts.causes import Cause, Finding, listed_findings
from union_warehouse.submissions.receipts.cells import make_cell, put_text
from union_warehouse.submissions.receipts.marks import RED, YELLOW
from union_warehouse.submissions.receipts.places import Place
from union_warehouse.workbooks.cover import NIL, NIL_WORD, RECEIPT_SHEET, ROWS, ROWS_WORD
from union_warehouse.working_days import SHANGHAI, due_on

_WIDTHS = (20, 14, 10, 10, 14, 10, 40)
_LAST = len(_WIDTHS)
_TEXT_WIDTH = sum(_WIDTHS[1:]) - 2
_LINE_HEIGHT, _MOST_HEIGHT = 16.5, 409.0  # Excel refuses a file with a higher row
_GREEN, _GREY = "FFC6E6C3", "FFE8EEF4"
_LINE = Side("thin", color="FFB8C2CC")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_WRAP = Alignment(wrap_text=True, vertical="top")
_FACE, _SIZE = "Microsoft YaHei", 10
_BASE, _BOLD = Font(_FACE, _SIZE), Font(_FACE, _SIZE, bold=True)
_LINK = Font(_FACE, _SIZE, color="FF0563C1", underline="single")
_RETURN_WORDS = {ROWS: ROWS_WORD, NIL: NIL_WORD, None: "未填"}
_STATE_WORDS = {ACCEPTED: "已接收", QUARANTINED: "已接收，有错误的行除外", REJECTED: "退回"}
_FILL = "填写后重新报送；没有数据的表单，请在封面选择“零报告”。"
_HEADING, _VERDICT, _TITLE = Font(_FACE, 12, bold=True), Font(_FACE, 13, bold=True), Font(_FACE, 18, bold=True)


@dataclass(frozen=True)
class Returned:
    """What of the sender's file the receipt gives back.

    Attributes:
        note: about it, in Chinese; empty if there is nothing to say.
        is_whole: whether the receipt may be corrected and sent back.
    """

    note: str = ""
    is_whole: bool = False


def add_first_sheet(
    workbook: Workbook,
    manifest: AnyManifest,
    outcome: Outcome,
    causes: Sequence[Cause],
    returned: Returned,
    federation: Federation,
) -> None:
    """Put the sheet 回执 before all others and make it the one that opens."""
    sheet = workbook.create_sheet(RECEIPT_SHEET, 0)
    page = _Page(sheet)
    page.wide("报送回执", _TITLE)
    page.wide(_verdict(outcome, causes), _VERDICT, _verdict_colour(outcome, causes))
    page.gap()
    for label, text in _facts(manifest, outcome, federation):
        page.labelled(label, text)
    page.gap()
    page.heading("下一步")
    steps = [_FILL] if outcome.state == UNCHANGED else _next_steps(outcome, causes, returned, manifest)
    for number, step in enumerate(steps, start=1):
        page.labelled(f"{number}", step)
    if causes:
        page.gap()
        page.heading("问题清单（点击位置可跳到该单元格）" if returned.is_whole or returned.note else "问题清单")
        for number, (cause, findings) in enumerate(listed_findings(causes), start=1):
            _cause(page, number, cause, findings)
    if manifest["forms"]:
        page.gap()
        page.heading("各表情况")
        _forms(page, manifest)
    if any(item["changes"] for item in manifest["forms"]):
        page.gap()
        page.heading("与上一份相比")
        _changes(page, manifest)
    _finish(workbook, sheet)


def _verdict(outcome: Outcome, causes: Sequence[Cause]) -> str:
    if outcome.state == REJECTED:
        return "结论：未接收（退回）。整份文件未采用，请更正后重新报送。"
    if outcome.state == UNCHANGED:
        return "结论：未计为报送。这是尚未填写的模板，该月仍为未报。"
    if outcome.rejected_forms:
        rows = f"；其余各表中有 {outcome.quarantined} 行存在错误，更正前不计入统计" if outcome.quarantined else "；其余各表已接收"
        return f"结论：部分接收。{len(outcome.rejected_forms)} 张表被退回（{_sheets(outcome.rejected_forms)}）{rows}。"
    if outcome.state == QUARANTINED:
        return f"结论：已接收，但有 {outcome.quarantined} 行存在错误，更正前这些行不计入统计。"
    if any(cause.is_provisional for cause in causes):
        return "结论：已接收。有些行要等其他报表收到后才能计入，见问题清单。"
    if causes:
        return "结论：已接收，全部计入。有提醒事项请核对。"
    return "结论：已接收，没有发现问题。"


def _sheets(forms: Iterable[str]) -> str:
    return "、".join(load_forms()[form].sheet for form in forms)


def _verdict_colour(outcome: Outcome, causes: Sequence[Cause]) -> str:
    if outcome.state == REJECTED:
        return RED
    return YELLOW if causes or outcome.state != ACCEPTED else _GREEN


def _facts(manifest: AnyManifest, outcome: Outcome, federation: Federation) -> list[tuple[str, str]]:
    department, month = manifest["department"], manifest["month"]
    facts = [("文件", manifest["file_name"])]
    if department and month:
        unit = federation.units(month).get(department)
        facts.append(("报送单位", f"{unit.name}（{department}）" if unit else department))
        facts.append(("报送月份", month))
    facts.append(("收到时间", _local(manifest["received_at"])))
    if manifest["read_at"] != manifest["received_at"]:
        facts.append(("重新读取", f"{_local(manifest['read_at'])}（第 {manifest['reading']} 次读取）"))
    if month:
        facts.append(("报送期限", f"{due_on(month)}（当日结束前）"))
    if manifest["contract_version"]:
        facts.append(("模板版本", manifest["contract_version"]))
    if manifest["submission_id"]:
        facts.append(("回执编号", manifest["submission_id"]))
    if outcome.state not in (REJECTED, UNCHANGED):
        facts.append(("行数", f"读取 {outcome.rows} 行，错误 {outcome.quarantined} 行，提醒 {outcome.warnings} 处"))
    facts.append(("文件校验值", f"SHA-256 {manifest['sha256']}"))
    return facts


def _local(instant: str) -> str:
    return f"{from_text(instant).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}（北京时间）"


def _next_steps(outcome: Outcome, causes: Sequence[Cause], returned: Returned, manifest: AnyManifest) -> Iterable[str]:
    is_csv = manifest["kind"] == "csv"
    has_errors = any(cause.is_error for cause in causes)
    if returned.note:
        yield returned.note
    if has_errors and returned.is_whole and not is_csv:
        yield "点击问题清单中的位置，在标红的单元格按批注改正（标黄的请核对）。"
        yield "改完保存，直接把本文件重新报送即可；“回执”表不用删除，标色和批注也不用清除。"
    elif has_errors:
        yield "按问题清单在原文件（或原系统）中改正。" if manifest["submission_id"] else "按问题清单处理后重新报送。"
        if manifest["submission_id"]:
            yield "改正后重新报送整份文件；请不要报送本回执。"
    if outcome.rejected_forms and manifest["submission_id"]:
        yield "被退回的表没有逐行检查，改正后重新报送时可能还会发现其他问题。"
        yield "被退回的表按未报计算；以前报送并接收过的，在改正之前继续有效。"
    if outcome.state == QUARANTINED:
        yield "重新报送的文件会整体替换本次报送的表，请保留没有问题的行。"
    if any(cause.is_provisional for cause in causes):
        yield "“暂定错误”取决于其他报表：请确认相关报表已报送。每次月结时重新判定，相关报表收到后自动计入，不必重报本表。"
    if causes and not has_errors:
        yield "标黄的提醒事项请核对：确认无误的不必处理，有误的改正后重新报送。"
    if not causes:
        yield "无需处理，请留存本回执。"


def _forms(page: _Page, manifest: AnyManifest) -> None:
    page.table_row(["表单", "报送方式", "版本", "行数", "错误行数", "提醒", "结论"], _BOLD, _GREY)
    forms = load_forms()
    for item in manifest["forms"]:
        kind = _RETURN_WORDS[item["return"]]
        counts = [str(item[name]) for name in ("rows", "quarantined", "warnings")]
        is_rejected = item["state"] == REJECTED
        if is_rejected:  # its rows were not judged
            counts = ["未检查"] * len(counts)
        line = [
            _form_as_read(forms[item["form"]], item["layout"]),
            kind,
            f"第{item['version']}版",
            *counts,
            _STATE_WORDS[item["state"]],
        ]
        page.table_row(line, _BASE, RED if is_rejected else None)


def _changes(page: _Page, manifest: AnyManifest) -> None:
    replacing = {item["form"]: made for item in manifest["forms"] if (made := item["changes"])}
    unlike = {form: made for form, made in replacing.items() if made["new"] or made["gone"] or made["changed"]}
    for form, made in unlike.items():
        told = f"新增 {made['new']} 行，减少 {made['gone']} 行，改动 {made['changed']} 行（上一份：{made['replaces']}）"
        page.labelled(load_forms()[form].sheet, told)
    if len(replacing) > len(unlike):
        page.labelled("其余" if unlike else "全部", f"{len(replacing) - len(unlike)} 张表的数据与上一份相同。")


def _form_as_read(form: Form, layout: str | None) -> str:
    return form.sheet if layout_called(form, layout).is_current else f"{form.sheet}（按 {layout} 版式读取）"


def _cause(page: _Page, number: int, cause: Cause, findings: Sequence[Finding]) -> None:
    where = " · ".join(part for part in (cause.form.sheet if cause.form else None, cause.label) if part)
    title = f"{number}. 【{cause.word}】{f'{where}：' if where else ''}{cause.title.rstrip('。')}（{cause.count} 处）"
    page.wide(title, _BOLD, RED if cause.is_error else YELLOW)
    if cause.guidance:
        page.labelled("应填", f"{cause.guidance.expected}。例如：{cause.guidance.example}")
    for finding in findings:
        text = "见上。" if finding.text == cause.title else finding.text
        if finding.place:
            page.linked(finding.place, text)
        elif finding.text != cause.title:
            page.labelled("", text)
    if cause.count > len(findings):
        page.labelled("", f"另有 {cause.count - len(findings)} 处，未在此列出；完整清单见同名的 .json 文件。")


class _Page:
    """Writes rows from top to bottom; a text spans the columns after the first."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._row = 0
        self._styles: dict[tuple[object, ...], Any] = {}

    def gap(self) -> None:
        """An empty row."""
        self._row += 1

    def heading(self, text: str) -> None:
        """A heading of a part."""
        self.wide(text, _HEADING)

    def wide(self, text: str, font: Font, colour: str | None = None) -> None:
        """A text over all columns."""
        self._row += 1
        self._write(1, text, font, colour)
        self._merge_from(1)
        self._set_height(text, sum(_WIDTHS) - 2, float(font.size or _SIZE) / _SIZE)

    def labelled(self, label: str, text: str) -> None:
        """A label and a text."""
        self._row += 1
        self._write(1, label, _BASE if label.isdigit() else _BOLD, None)
        self._span(text)

    def linked(self, place: Place, text: str) -> None:
        """A link to a cell and a text."""
        self._row += 1
        self._write(1, f"{place.sheet}!{place.address}", _LINK, None)
        quoted = place.sheet.replace("'", "''")
        cell = make_cell(self._sheet, self._row, 1)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!{place.address}")
        self._span(text)

    def table_row(self, texts: Sequence[str], font: Font, colour: str | None) -> None:
        """A row of the table of forms; counts are numbers."""
        self._row += 1
        for column, text in enumerate(texts, start=1):
            cell = self._write(column, text, font, colour, _BORDER)
            if text.isdigit():
                cell.value, cell.data_type = int(text), "n"

    def _span(self, text: str) -> None:
        self._write(2, text, _BASE, None)
        self._merge_from(2)
        self._set_height(text, _TEXT_WIDTH, 1)

    def _merge_from(self, column: int) -> None:
        """Not by ``merge_cells``, which compares each range with all before it."""
        self._sheet.merged_cells.ranges.add(CellRange(min_col=column, min_row=self._row, max_col=_LAST, max_row=self._row))

    def _write(self, column: int, text: str, font: Font, colour: str | None, border: Border | None = None) -> Cell:
        cell: Any = make_cell(self._sheet, self._row, column)
        style = self._styles.get((id(font), colour, border is None))
        if style is not None:  # a copy costs a twentieth of what openpyxl does for each new font, fill and border
            cell._style = copy(style)
        else:
            cell.font, cell.alignment = font, _WRAP
            if colour:
                cell.fill = PatternFill("solid", fgColor=colour)
            if border:
                cell.border = border
            self._styles[id(font), colour, border is None] = copy(cell._style)
        put_text(cell, text)
        return cast(Cell, cell)

    def _set_height(self, text: str, width: int, size: float) -> None:
        """Excel does not fit the height of merged cells."""
        lines = sum(1 + int(display_width(line) * size) // width for line in text.splitlines() or [""])
        self._sheet.row_dimensions[self._row].height = min(_MOST_HEIGHT, _LINE_HEIGHT * size * lines)


def _finish(workbook: Workbook, sheet: Worksheet) -> None:
    for number, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFG"[number]].width = width
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "portrait", 9  # A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    workbook.active = 0
    # Of several selected sheets, what is typed into one goes into all.
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet
