"""What can be wrong between a submission and what its department owes."""

from __future__ import annotations

from union_warehouse.contracts import Severity
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.workbooks.problems import SubmissionProblem


class UnknownDepartment(SubmissionProblem):
    """A unit code that no reporting unit has in the month."""

    code = "unknown_department"
    message_zh = "单位代码“{value}”不存在或该月不报送（{month}）。可用代码：{known}。请改正后重新报送。"
    message_en = "no reporting unit has the code {value!r} in {month}; known codes: {known}. Correct it and send the file again."


class WrongDoor(SubmissionProblem):
    """A cover of another unit than the one whose folder the file lay in: a unit reports for itself, the office for all."""

    code = "wrong_door"
    message_zh = "封面写的是 {cover}，但文件放在 {door} 的报送文件夹里，未予采用。请核对封面的单位代码；代其他单位报送的，请交区总工会办公室。"
    message_en = (
        "the cover names {cover}, the folder is that of {door}: nothing was taken. Correct the unit on the cover; what is sent for another "
        "unit goes to the federation's office."
    )


class UnknownMonth(SubmissionProblem):
    """A month that cannot be read."""

    code = "unknown_month"
    message_zh = "报送月份“{value}”无法识别（如输入 2014.10 后 Excel 只存 2014.1，请先把单元格设为文本）。请写成 2014-03 的形式后重新报送。"
    message_en = (
        "the month {value!r} is not understood (of 2014.10 Excel keeps 2014.1: format the cell as text); write it as 2014-03 "
        "and send the file again."
    )


class MonthBeforeFirst(SubmissionProblem):
    """A month before any that can be reported: a typing error, or a number that looks like a month."""

    code = "unknown_month"
    message_zh = "报送月份“{value}”读作 {month}，早于可以报送的第一个月（{first}）。请写成 2014-03 的形式后重新报送。"
    message_en = (
        "the month {value!r} reads as {month}, before the first that can be reported ({first}); write it as 2014-03 "
        "and send the file again."
    )


class UnitGivenByName(SubmissionProblem):
    """The name of a unit where its code belongs."""

    code = "unit_given_by_name"
    severity = Severity.WARNING
    message_zh = "单位代码处写的是名称“{value}”，已按 {department} {name} 读取；请填写代码 {department}。"
    message_en = (
        "the unit's name {value!r} stands in place of its code; it was read as {department}. Write the code {department}."
    )


class FutureMonth(SubmissionProblem):
    """A month that had not begun when the file arrived."""

    code = "future_month"
    message_zh = "报送月份 {month} 在收到时（{received_on}）尚未开始。请检查封面的报送月份。"
    message_en = "the month {month} had not begun when the file arrived ({received_on}); check the month."


class MonthClosed(SubmissionProblem):
    """The month was closed when the file arrived: it lands, but what it changes is published only when somebody approves."""

    code = "month_closed"
    severity = Severity.WARNING
    message_zh = (
        "{month} 已于 {closed_on} 关账；本次报送已收下，所改数据须经批准后在更正版本中发布。如已获准补报，请办公室登记例外。"
    )
    message_en = (
        "{month} was closed on {closed_on}; the file is taken, and what it changes is published as a restatement once approved. "
        "If a late report was granted, have the exception entered in reporting_exceptions.csv."
    )


class UnknownForm(SubmissionProblem):
    """A CSV named after no form."""

    code = "unknown_form"
    message_zh = "没有名为“{value}”的表单。可用：{known}。请改正文件名后重新报送。"
    message_en = "there is no form called {value!r}; known forms: {known}. Rename the file and send it again."


class UnknownDeclaredForm(SubmissionProblem):
    """A line of the cover's table that names no form."""

    code = "unknown_form"
    severity = Severity.WARNING
    message_zh = "封面第 {row} 行的“{value}”不是任何表单，未予处理。"
    message_en = "cover row {row}: {value!r} is no form and was ignored."


class MissingDeclaration(SubmissionProblem):
    """A form owed that the cover does not mention: nothing happened is not nothing was sent."""

    code = "missing_declaration"
    message_zh = "封面没有填写应报表单“{sheet}”的报送方式。请{where_zh}选“有数据”或“零报告”后重新报送。"
    message_en = "the cover does not declare the form {sheet} ({form}), which is owed; {where_en} 有数据 (rows) or 零报告 (nil)."


class MissingSheet(SubmissionProblem):
    """A form declared with rows whose sheet is not there."""

    code = "missing_sheet"
    message_zh = "封面声明“{sheet}”有数据，但没有名为“{sheet}”的工作表。{suggestion_zh}请补上，或改报零报告。"
    message_en = (
        "the cover declares rows for {sheet} ({form}) but there is no such sheet; {suggestion_en}add it or declare a nil return."
    )


class NoRowsOnReturn(SubmissionProblem):
    """有数据 without rows."""

    code = "no_rows_on_return"
    message_zh = "封面声明“{sheet}”有数据，但表中没有数据行。请填写，或改报零报告。"
    message_en = "the cover declares rows for {sheet} ({form}) but it holds none; fill it or declare a nil return."


class RowsOnNilReturn(SubmissionProblem):
    """零报告 with rows."""

    code = "rows_on_nil_return"
    message_zh = "封面声明“{sheet}”零报告，但表中有数据行（第一行为第 {row} 行）。请改报有数据，或清空该表。"
    message_en = "the cover declares a nil return for {sheet} ({form}) but it holds rows (the first is row {row}); declare rows or clear it."


class PrefilledRowsIgnored(SubmissionProblem):
    """零报告 on a sheet with nothing but the rows that the template brought along: the sender has nothing to add to them."""

    code = "prefilled_rows_ignored"
    severity = Severity.WARNING
    message_zh = (
        "封面声明“{sheet}”零报告，表中只有模板预填的 {count} 行且没有改动：按零报告处理，预填行未读取，沿用以前报送的数据。"
        "如需更新这些行，请改报有数据。"
    )
    message_en = (
        "the cover declares a nil return for {sheet} ({form}), which holds only the {count} rows that the template brought along: "
        "they were not read, and what was reported earlier goes on. Declare rows to update them."
    )


class TemplateOfAnother(SubmissionProblem):
    """A template whose cover was changed to another department or month: what it brought along does not fit."""

    code = "template_of_another"
    severity = Severity.WARNING
    message_zh = (
        "封面写的是 {cover}，但文件由 {made_for} 的模板改成：预填的数据、下拉列表和日期范围都不是这个单位、这个月的。"
        "已照常读取，请核对（特别是月初会员数），下次请使用当月的模板。"
    )
    message_en = (
        "the cover says {cover}, but the file is a template made for {made_for}: its prefilled rows, drop-downs and bounds of dates are "
        "not those of this department and month. It was read all the same; check it, and use the month's own template next time."
    )


class UntouchedTemplate(SubmissionProblem):
    """A template that came back as it was sent."""

    code = "untouched_template"
    severity = Severity.WARNING
    message_zh = (
        "文件“{file}”是尚未填写的模板：各表没有填写或改动任何数据，封面也没有选择报送方式，因此未计为报送，该月仍为未报。"
        "请填写后重新报送；没有数据的表单，请在封面选择“零报告”。"
    )
    message_en = (
        "the file {file} is a template that nobody has filled: no row was written or changed and no form is declared, so nothing "
        "was reported and the month is still missing. Fill it and send it again; declare 零报告 (nil) where there is nothing to report."
    )


class FormNotOwed(SubmissionProblem):
    """A form that the department does not owe: its rows are not read."""

    code = "form_not_owed"
    severity = Severity.WARNING
    message_zh = "“{sheet}”不是本单位应报的表单，未予处理。"
    message_en = "the form {sheet} ({form}) is not owed by this department; it was ignored."


class CsvNotOwed(SubmissionProblem):
    """A CSV whose only form is not owed: nothing would be left of it."""

    code = "form_not_owed"
    message_zh = "“{sheet}”不是单位 {department} 应报的表单。请核对文件名中的单位代码和表单名。"
    message_en = "the form {sheet} ({form}) is not owed by {department}; check the unit and the form in the file name."


class CsvWithoutRows(SubmissionProblem):
    """A CSV export with a header only is a nil return, since it has no cover to say so."""

    code = "csv_without_rows"
    severity = Severity.WARNING
    message_zh = "CSV“{sheet}”只有表头，按零报告处理。"
    message_en = "the CSV {sheet} holds a header only; it counts as a nil return."


class CsvWithOtherLines(SubmissionProblem):
    """A CSV without rows of data, but with other lines: it is no nil return."""

    code = "no_rows_on_return"
    message_zh = (
        "CSV“{sheet}”除表头外还有其他行，但没有一行能作为数据读取，不能按零报告处理。请只保留表头（零报告）或补上数据后重新报送。"
    )
    message_en = "the CSV {sheet} has lines beside its header, none of which is data; it is no nil return. Keep the header alone, or add the rows."


class ExtraSheet(SubmissionProblem):
    """A sheet that is no form."""

    code = "extra_sheet"
    severity = Severity.WARNING
    message_zh = "工作表“{sheet}”不是任何表单，未予读取。"
    message_en = "the sheet {sheet} is no form; it was not read."


class TiedArrival(SubmissionProblem):
    """Another file of the same department, month and form arrived at the same instant: neither can be the later one."""

    code = "tied_arrival"
    message_zh = "单位 {department}、{month} 的“{sheet}”有两个文件在同一时刻（{received_at}）收到，无法确定先后，均不采用。请只重新报送正确的一份。"
    message_en = (
        "two files of {department} for {month} and the form {sheet} arrived at the same instant ({received_at}); "
        "neither is taken: send the right one again."
    )


class LaterVersionCounts(SubmissionProblem):
    """A form of which a file that arrived later was taken before: sent late by somebody, or by a server whose clock went back."""

    code = "later_version_counts"
    severity = Severity.WARNING
    message_zh = (
        "{month} 的“{sheet}”已采用一份更晚收到的（{received_at}），以那份为准，本文件存档但不计入。应以本文件为准的，请重新报送；"
        "收到时间不对的，请告知系统管理员检查服务器时钟。"
    )
    message_en = (
        "a file that arrived later ({received_at}) brought {sheet} of {month} and goes on counting; this one is kept and does not count. "
        "If it is the right one, send it again; if the time is wrong, look at the server's clock."
    )


class LeftInArchive(SubmissionProblem):
    """Files in an archive of workbooks that nobody reports with."""

    code = "left_in_archive"
    severity = Severity.WARNING
    message_zh = "压缩包“{file}”中的 {names} 不是报表，未读取；其余文件已分别处理。"
    message_en = "{names} in the archive {file} are no reports and were not read; each of the other files has its own answer."


class InboxFileMissing(UnionWarehouseError):
    """A listed file is no longer in the inbox."""

    code = "inbox_file_missing"
    message_zh = "收件箱中已没有文件“{path}”。请重新扫描收件箱。"
    message_en = "the inbox no longer holds {path}; scan it again."


class ReceiptNotFound(UnionWarehouseError):
    """A receipt asked for of what never landed."""

    code = "receipt_not_found"
    message_zh = "没有收到过“{wanted}”。请给出回执编号（如 2014-03/CQ/v0001），或当时报送的原文件。"
    message_en = "nothing such has landed: {wanted}; give a submission's id (2014-03/CQ/v0001) or the very file that was sent."


class ReceiptFailed(UnionWarehouseError):
    """A receipt that could not be written as a workbook."""

    code = "receipt_failed"
    message_zh = "无法生成“{submission}”的回执工作簿。请查看日志，并使用同名的 .json 回执。"
    message_en = "the receipt workbook of {submission} could not be made; see the log, and use its JSON receipt."


class PathNotFound(UnionWarehouseError):
    """A path to submit that does not exist."""

    code = "path_not_found"
    message_zh = "找不到文件或文件夹：{path}。"
    message_en = "no such file or folder: {path}."


class UnknownArrival(UnionWarehouseError):
    """A table of arrival times without a line for a file."""

    code = "unknown_arrival"
    message_zh = "收到时间表中没有文件“{path}”。请补上该文件一行。"
    message_en = "the table of arrival times has no line for {path}; add one."


class FutureArrival(UnionWarehouseError):
    """A time of arrival that is still to come."""

    code = "future_arrival"
    message_zh = "收到时间 {received_at}（UTC）晚于现在，没有收下任何文件。请改正收到时间，或核对本机时钟。"
    message_en = "the arrival {received_at} (UTC) is still to come; nothing was taken. Correct it, or this machine's clock."


class UnknownDoor(UnionWarehouseError):
    """A unit to send as that the federation never had."""

    code = "unknown_door"
    message_zh = "没有代码为“{unit}”的单位。可用代码：{known}。由办公室代报的，不写 --unit。"
    message_en = "there is no unit {unit!r}; known codes: {known}. Leave --unit out to send as the office."
