"""What can be wrong with a file, its cover or a sheet as a whole.

Each class is raised where reading cannot go on, and collected (never raised) where the rest can still be read, so that
a department learns of everything at once.
"""

from __future__ import annotations

from typing import ClassVar

from union_warehouse.contracts import Severity
from union_warehouse.errors import UnionWarehouseError


class SubmissionProblem(UnionWarehouseError):
    """A problem of a submission as a whole, or of one of its sheets.

    Attributes:
        severity: ``error`` rejects the form that it is about, or the submission if it is about none; ``warning`` is reported only.
        form: machine name of the form it is about, if one.
        sheet: name of the sheet it is about, if one.
        row: row of the sheet, as Excel numbers it, if one.
    """

    severity: ClassVar[Severity] = Severity.ERROR
    form: str | None = None
    sheet: str | None = None
    row: int | None = None


class UnreadableFile(SubmissionProblem):
    """Damaged or cut short."""

    code = "unreadable_file"
    message_zh = "文件“{file}”已损坏或不完整，无法读取（{detail}）。请在 Excel 中重新打开、另存为 .xlsx 后再报送。"
    message_en = "the file {file} is damaged or cut short ({detail}); open it in Excel, save it as .xlsx and send it again."


class EmptyFile(SubmissionProblem):
    """Zero bytes."""

    code = "empty_file"
    message_zh = "文件“{file}”是空的（0 字节）。请检查后重新报送。"
    message_en = "the file {file} is empty (0 bytes); check it and send it again."


class FileTooLarge(SubmissionProblem):
    """More bytes than any submission needs."""

    code = "file_too_large"
    message_zh = "文件“{file}”过大（{size_mb} MB，上限 {limit_mb} MB）。请只保留报表内容后重新报送。"
    message_en = "the file {file} is too large ({size_mb} MB, limit {limit_mb} MB); keep only the forms and send it again."


FILL_THE_TEMPLATE = {
    "advice_zh": "请用模板填写并保存为 .xlsx、.xls 或 .ods，或按 2014-03_CQ_hazards.csv 的格式命名 CSV",
    "advice_en": "fill the template and save it as .xlsx, .xls or .ods, or name a CSV like 2014-03_CQ_hazards.csv",
}


class NotAWorkbook(SubmissionProblem):
    """Neither xlsx, xls, ods nor a CSV export."""

    code = "not_a_workbook"
    message_zh = "文件“{file}”不能作为报表读取：它是{detail}。{advice_zh}。"
    message_en = "the file {file} cannot be read as a report: {detail}; {advice_en}."


class EncryptedWorkbook(SubmissionProblem):
    """Protected by a password."""

    code = "encrypted_workbook"
    message_zh = (
        "文件“{file}”设有密码，无法读取。请取消打开密码；没有设过打开密码的，请在“审阅”中取消“保护工作簿”。保存后重新报送。"
    )
    message_en = (
        "the file {file} is encrypted: remove its password, or, where none was set to open it, switch off Review > Protect "
        "Workbook; save it and send it again."
    )


class MacroWorkbook(SubmissionProblem):
    """Carries program code."""

    code = "macro_workbook"
    message_zh = "文件“{file}”含有宏，不予接收。请另存为不含宏的 .xlsx 后重新报送。"
    message_en = "the file {file} contains macros and is not taken; save it as .xlsx without macros and send it again."


class ZipBomb(SubmissionProblem):
    """Unpacks to far more than it should."""

    code = "zip_bomb"
    message_zh = "文件“{file}”解压后过大（{detail}），不予读取。请用模板重新填写后报送。"
    message_en = "the file {file} unpacks to far too much ({detail}) and is not read; fill the template anew and send it."


class SheetTooLarge(SubmissionProblem):
    """A used range that no form needs, such as a stray cell in the last column of the last row, or texts without end."""

    code = "sheet_too_large"
    message_zh = "工作表“{sheet}”过大（{detail}）。请删除表格以外的内容（选中表格右侧和下方的行列后删除）后重新报送。"
    message_en = (
        "the sheet {sheet} is too large ({detail}); delete what lies to the right of the table and below it, and send it again."
    )


class NotReadable(SubmissionProblem):
    """A file that may not be opened, or is no plain file."""

    code = "not_readable"
    message_zh = "文件“{file}”无法打开（{detail}）。请管理员检查收件箱中该文件的读取权限，然后重新放入。"
    message_en = (
        "the file {file} cannot be opened ({detail}); have the administrator give read permission, and put it there again."
    )


class ReadingStopped(SubmissionProblem):
    """Reading took too much, or the reader broke down on it."""

    code = "reading_stopped"
    message_zh = "读取文件“{file}”时中止：{detail_zh}。文件可能已损坏或含有异常内容。请把各表内容复制到新下载的模板，另存为 .xlsx 后重新报送。"
    message_en = (
        "reading the file {file} was stopped: {detail_en}; it may be damaged or hold something unusual. Copy the forms into a new "
        "template, save it as .xlsx and send it again."
    )


class WrongTemplate(SubmissionProblem):
    """The cover sheet is missing or lacks what it must state."""

    code = "wrong_template"
    message_zh = "文件“{file}”不是本系统的报表模板：{detail_zh}。请使用现行模板填写后重新报送。"
    message_en = "the file {file} does not follow the template: {detail_en}; use the current template and send it again."


class UnknownContractVersion(SubmissionProblem):
    """A template version that is not in force."""

    code = "unknown_contract_version"
    message_zh = "封面的模板版本为“{value}”，现行版本是 {expected}。请改用现行模板重新报送。"
    message_en = "the cover's template version is {value!r}, the one in force is {expected}; use the current template."


class UnknownReturn(SubmissionProblem):
    """A form whose 报送方式 is neither of the two words."""

    code = "unknown_return"
    message_zh = "封面第 {row} 行“{label}”的报送方式为“{value}”，应为“有数据”或“零报告”。请改正后重新报送。"
    message_en = "cover row {row}: the return of {label} is {value!r}; it must be 有数据 (rows) or 零报告 (nil)."


class RepeatedDeclaration(SubmissionProblem):
    """A form declared twice on the cover."""

    code = "repeated_declaration"
    message_zh = "封面第 {row} 行重复列出了表单“{label}”。请只保留一行后重新报送。"
    message_en = "cover row {row} lists the form {label} again; keep one row."


class MissingColumn(SubmissionProblem):
    """Columns of the contract that the sheet lacks."""

    code = "missing_column"
    message_zh = (
        "工作表“{sheet}”缺少列：{missing_zh}{others_zh}。{suggestions_zh}请按模板补齐表头（一行，不要合并成多行）后重新报送。"
    )
    message_en = (
        "sheet {sheet} lacks the columns {missing_en}{others_en}. {suggestions_en}Restore the template's header, in one row."
    )


class UnknownColumn(SubmissionProblem):
    """Columns of the sheet that the contract lacks, beside all of its own."""

    code = "unknown_column"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”有模板之外的列：{unknown_zh}，这些列未予读取，其余各列已照常读取。"
    message_en = "sheet {sheet} has columns that the template lacks: {unknown_en}; they were not read, all others were."


class TwoRowHeader(SubmissionProblem):
    """A header of two rows, merged titles above the columns' own."""

    code = "two_row_header"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”的表头分为两行（第 {row} 行起），已把两行合并读取，请核对；下次请使用模板的一行表头。"
    message_en = "the header of sheet {sheet} takes two rows (from row {row}); they were read as one. Use the template's header of one row."


class RowsAboveHeader(SubmissionProblem):
    """Rows above the header that look like data: the header may have sunk when the table was sorted."""

    code = "rows_above_header"
    message_zh = (
        "工作表“{sheet}”的表头在第 {header_row} 行，它上面的第 {row} 行也像是数据（排序时表头被一起移动，或表头分成了多行），"
        "表头以上的行不会读取。请把表头移到数据之上、合并为一行后重新报送。"
    )
    message_en = (
        "the header of sheet {sheet} is in row {header_row}, but row {row} above it looks like data (the header was sorted along, or takes "
        "several rows); rows above the header are not read. Move the header above all data, in one row, and send it again."
    )


class RepeatedSheet(SubmissionProblem):
    """Two sheets whose names are the same but for spaces, width or case."""

    code = "repeated_sheet"
    message_zh = "工作簿中有同名的工作表：{names}（只差空格、全半角或大小写），无法确定以哪一张为准。请只保留一张后重新报送。"
    message_en = "the workbook has several sheets of one name but for spaces, width or case: {names}; keep one and send it again."


class RepeatedLabel(SubmissionProblem):
    """The cover states something twice, differently."""

    code = "repeated_label"
    message_zh = "封面两次填写了“{label}”，内容不同：“{first}”和“{second}”（第 {row} 行）。请只保留正确的一处后重新报送。"
    message_en = "the cover states {label} twice, differently: {first!r} and {second!r} (row {row}); keep the right one."


class UnusualFile(SubmissionProblem):
    """A file of an unusual make that could be read all the same."""

    code = "unusual_file"
    severity = Severity.WARNING
    message_zh = (
        "文件“{file}”{what_zh}；已照常读取，请核对。下次请在 Excel 中打开后另存为 .xlsx（CSV 请用 UTF-8 编码、逗号分隔）。"
    )
    message_en = (
        "the file {file} {what_en}; it was read all the same, check it. Next time open it in Excel and save it as .xlsx "
        "(a CSV in UTF-8, separated by commas)."
    )


class UnclosedQuote(SubmissionProblem):
    """A quotation mark in a CSV that would swallow the rows after it."""

    code = "unclosed_quote"
    message_zh = 'CSV“{sheet}”第 {row} 行有一个没有正确闭合的双引号（"），它后面的行可能并入这一格。请改正这一行后重新报送。'
    message_en = 'row {row} of the CSV {sheet} opens a quotation mark (") that is not rightly closed and may swallow the rows after it; correct it.'


class SurplusCells(SubmissionProblem):
    """A line of a CSV with more cells than its header: a comma within a text, or two lines that became one."""

    code = "surplus_cells"
    message_zh = (
        "CSV“{sheet}”第 {row} 行的内容超出了表头的 {width} 列：文字中的逗号没有用双引号括起，或两行连成了一行，这一行的内容会错位。"
        "请改正这一行后重新报送。"
    )
    message_en = (
        "row {row} of the CSV {sheet} goes beyond the {width} columns of the header: a comma within a text that is not in quotation marks, "
        "or two lines that became one. Correct it and send the file again."
    )


class BrokenBytes(SubmissionProblem):
    """A CSV in UTF-8 with bytes that are no UTF-8."""

    code = "broken_bytes"
    severity = Severity.WARNING
    message_zh = (
        "CSV“{sheet}”是 UTF-8 编码，但有 {count} 处字节损坏，第一处在第 {row} 行第 {byte} 个字节；损坏的字显示为 \ufffd，"
        "所在的单元格按错误处理。请在原系统重新导出（不要截断文字）。"
    )
    message_en = (
        "the CSV {sheet} is UTF-8 with {count} broken places, the first in row {row}, byte {byte}; the broken characters are shown as \ufffd and "
        "their cells are errors. Export it again without cutting texts."
    )


class RepeatedColumn(SubmissionProblem):
    """The same label twice in the header."""

    code = "repeated_column"
    message_zh = "工作表“{sheet}”的表头重复：{repeated_zh}。请每列只保留一个后重新报送。"
    message_en = "sheet {sheet} has these columns more than once: {repeated_zh}; keep one of each."


class UnlabelledColumn(SubmissionProblem):
    """Data under an empty header cell."""

    code = "unlabelled_column"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”的 {column_letter} 列有内容但没有表头，未予读取。"
    message_en = "column {column_letter} of sheet {sheet} has content but no header; it was not read."


class HiddenSheet(SubmissionProblem):
    """A sheet that its sender may not have looked at."""

    code = "hidden_sheet"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”是隐藏的，其中的数据已照常读取，请核对。"
    message_en = "sheet {sheet} is hidden; its rows were read all the same, check them."


class HiddenRows(SubmissionProblem):
    """Rows that its sender may not have looked at."""

    code = "hidden_rows"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”有隐藏行（第一处为第 {row} 行），其中的数据已照常读取，请核对。"
    message_en = "sheet {sheet} has hidden rows (the first is row {row}); they were read all the same, check them."


class HiddenColumns(SubmissionProblem):
    """Columns that its sender may not have looked at."""

    code = "hidden_columns"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”有隐藏列：{labels}，其中的数据已照常读取，请核对。"
    message_en = "sheet {sheet} has hidden columns: {labels}; they were read all the same, check them."


class HiddenCells(SubmissionProblem):
    """Cells whose number format (``;;;``) shows nothing of what they hold."""

    code = "hidden_cells"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”有单元格的数字格式不显示内容（第一处为 {cell}），其中的数据已照常读取，请核对。"
    message_en = "sheet {sheet} has cells whose number format shows nothing (the first is {cell}); they were read all the same, check them."


class MergedCells(SubmissionProblem):
    """Merged data cells hold only their first value."""

    code = "merged_cells"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”的数据区有合并单元格（{cells}），只有左上角的值被读取。请取消合并、逐行填写。"
    message_en = (
        "sheet {sheet} has merged cells among its rows ({cells}); only the top left value is read: unmerge and fill each row."
    )
