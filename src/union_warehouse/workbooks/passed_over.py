"""Rows below a header that are no data: totals and what is made of them, footers and the header once more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from union_warehouse.contracts import FieldType, Form
from union_warehouse.workbooks.cells import normalise_text, text_bytes
from union_warehouse.workbooks.header import normalise_label
from union_warehouse.workbooks.values import enum_spelling, parse_decimal

TOTAL, FOOTER, REPEATED_HEADER = "total_row_ignored", "footer_ignored", "header_repeated"

_TOTAL_LABEL = re.compile(
    r"[\u4e00-\u9fff\d]{0,10}?(?:总?合计|总和|小计|共计|总计|累计|汇总)(?:数|行|人数|金额|完成数?|\d*[家人项户个件次场笔份]?)(?:/?totals?)?"
    r"|(?:grand|sub)?-?totals?(?:/?[合总]计)?|sum|[σ∑计总]|总(?:数|人数)"
)
_COMPARISON_LABEL = re.compile(
    r"[\u4e00-\u9fff\d]{0,6}?平均(?:值|数|分)?|[人户月]?均(?:值|数)?|(?:与?上[年月]|去年|同期)?[同环]比(?:增[长减幅速]|升降|下降|变化)?(?:率|额|数|幅度?)?|其中"
)
"""Averages, changes and shares: words that a record may begin with, too, so that the rest of the row decides."""
_ROLE = (
    r"(?:单位|部门|街道|工会|财务|分管|主管|总)*(?:填[表报写]|制[表单]|审[核批定]|复核|核[对准]|校[对核]|负责|经[办手]|打印|导出|统计|报[送出表]|上报|录入|编[制报]"
    r"|主管|分管|领导|主席|主任|会计|出纳|签[字名章发]|盖章|公章)"
)
_FOOTER_LABEL = re.compile(
    rf"{_ROLE}(?:人|员|单位|部门|日期|时间|领导|主席|主任|电话|意见|签[字名章]|盖章|审[核批])*"
    r"|联系(?:人|电话|方式)|电话|手机|传真|日期|[备附]?注\d*|(?:填[表写])?说明|附件?\d*|(?:prepared|checked|approved|reviewed)by"
)
_GLUED_NAME = re.compile(rf"({_ROLE}人)(?!员)[\u4e00-\u9fff·]{{2,4}}")
"""A role with a name right behind it: 制表人张三."""
_VALUE = re.compile(r"[\u4e00-\u9fff·]{2,8}|[\d()+./:年月日号时分-]{4,}")
"""What stands behind a role without a colon: a name, a day, a telephone."""
_HEADING = re.compile(r"([\u4e00-\u9fff]{2,10}(?:\([^()]*\))?):.*", re.DOTALL)
_NUMBERED = re.compile(r"(\(?\d{1,2}[.、)]|[※★●①-⑳])(?=.*[\u4e00-\u9fff]{4}).*", re.DOTALL)
_DAY = re.compile(r"\d{4}年\d{1,2}月\d{1,2}[日号]|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|年月日")
_RULE = re.compile(r"[-—_=*·.…]{3,}")
_CLOSING = re.compile(
    r"([此本]页)?以下(为?空白?|无正文|无内容|无)(行|处)?|第\d+页,?(共\d+页)?|共\d+[页条项行](记录|数据)?|\(?(此|本)页(以下)?无正文\)?|-*(end|完)-*"
    r"|page\d+(of|/)\d+"
)
_NOTES = frozenset({"注", "备注", "附注", "说明", "填表说明", "填写说明", "附"})
_BRACKETS = str.maketrans("", "", "()[]{}【】〔〕<>《》「」\"'“”-—_=*")
_GLANCE = "计|汇|总|均|比|其中|Σ|∑|[Tt][Oo][Tt][Aa][Ll]|[Ss][Uu][Mm]"
_ASCII_GLANCE = (b"total", b"sum")
_LONGEST_LABEL = 30


class PassedOver(NamedTuple):
    """A row that is no data.

    Attributes:
        position: among the rows given.
        rule: why.
        label: the word by which it was known; empty for a sum without one.
    """

    position: int
    rule: str
    label: str


@dataclass(frozen=True)
class _Rows:
    """Texts of all filled rows.

    Attributes:
        form: the contract.
        fields: texts by field.
        columns: texts of every column, from left to right, also of those that the contract lacks.
        names: field of each of ``columns``, None where the contract lacks it.
        first: the first text of each row.
    """

    form: Form
    fields: Mapping[str, pa.Array]
    columns: Sequence[pa.Array]
    names: Sequence[str | None]
    first: pa.Array

    def row(self, position: int) -> list[tuple[str | None, str]]:
        """Field and text of each filled cell, from left to right."""
        texts = [(name, column[position].as_py()) for name, column in zip(self.names, self.columns, strict=True)]
        return [(name, text) for name, text in texts if text is not None]


def find_passed_over(
    form: Form,
    fields: Mapping[str, pa.Array],
    columns: Sequence[pa.Array],
    names: Sequence[str | None],
    header: Mapping[str, str],
) -> list[PassedOver]:
    """Rows that are no data, in order.

    Args:
        form: the contract.
        fields: texts of the filled rows by field.
        columns: texts of every column from left to right, those that the contract lacks too.
        names: field of each of ``columns``, None where the contract lacks it.
        header: label of each field as the sheet has it.
    """
    if not len(columns[0]):
        return []
    rows = _Rows(form, fields, columns, names, pc.coalesce(*columns))
    found = {item.position: item for item in (*_repeated_headers(rows, header), *_totals(rows))}
    found |= {item.position: item for item in _footers(rows, found)}
    unlabelled = _unlabelled_sum(rows, set(found))
    if unlabelled is not None:
        found[unlabelled] = PassedOver(unlabelled, TOTAL, "")
    return [found[position] for position in sorted(found)]


def _repeated_headers(rows: _Rows, header: Mapping[str, str]) -> list[PassedOver]:
    labels = {name: normalise_label(label) for name, label in header.items()}
    suspects = np.flatnonzero(
        np.asarray(pc.is_in(pc.utf8_trim_whitespace(rows.first), pa.array(list(header.values()), pa.string())))
    )
    found = []
    for position in suspects.tolist():
        cells = [(name, text) for name, text in rows.row(position) if name is not None]
        if len(cells) > 1 and all(normalise_label(text) == labels[name] for name, text in cells):
            found.append(PassedOver(position, REPEATED_HEADER, cells[0][1].strip()))
    return found


def _suspects(rows: _Rows) -> list[int]:
    """Rows whose first text holds a character of the words of totals; codes and numbers hold none."""
    data = text_bytes(rows.first)
    if data.isascii() and not any(word in data.lower() for word in _ASCII_GLANCE):
        return []
    positions: list[int] = np.flatnonzero(np.asarray(pc.match_substring_regex(rows.first, _GLANCE).fill_null(False))).tolist()
    return positions


def _label(text: str) -> str:
    return re.sub(r"\s", "", normalise_text(text)).casefold()


def _totals(rows: _Rows) -> list[PassedOver]:
    found = []
    keys = {field.name for field in rows.form.key}
    for position in _suspects(rows):
        cells = rows.row(position)
        label = _label(cells[0][1]).split(":")[0]
        word = re.sub(r"\(.*\)$", "", label).translate(_BRACKETS) or label.translate(_BRACKETS)
        has_key = any(name in keys for name, _ in cells[1:])
        is_known = _TOTAL_LABEL.fullmatch(word) or (_COMPARISON_LABEL.fullmatch(word) and not _records(rows.form, cells[1:]))
        if len(label) <= _LONGEST_LABEL and is_known and not has_key:
            found.append(PassedOver(position, TOTAL, cells[0][1].strip()))
    return found


def _records(form: Form, cells: Sequence[tuple[str | None, str]]) -> bool:
    """Whether a row says when something was, or of what kind it is: so it is a record of something."""
    return any(
        name is not None and (form.field(name).type is FieldType.DATE or _weight(form, name, text) > 1) for name, text in cells
    )


def _footers(rows: _Rows, passed: Mapping[int, PassedOver]) -> list[PassedOver]:
    """Signatures and remarks below all data, or above a repeated header."""
    found = []
    headers = [position for position, item in passed.items() if item.rule == REPEATED_HEADER]
    for end in (*headers, len(rows.first)):
        for position in range(end - 1, -1, -1):
            if position in passed:
                continue
            word = _footer_word(rows, position)
            if word is None:
                break
            found.append(PassedOver(position, FOOTER, word))
    return found


def _footer_word(rows: _Rows, position: int) -> str | None:
    """The word of a footer, without the names behind it; None if the row holds values or is none."""
    cells = rows.row(position)
    if sum(_weight(rows.form, name, text) for name, text in cells) > 1:
        return None
    name, sent = cells[0]
    text = _label(sent)
    if len(cells) == 1 and (word := _word_of_line(text, is_leftmost=rows.columns[0][position].is_valid)):
        return None if name is not None and rows.form.field(name).type is FieldType.DATE else word
    word, colon, _ = text.lstrip("*(").partition(":")
    word = re.sub(r"\(.*", "", word).rstrip(")")
    if _FOOTER_LABEL.fullmatch(word):
        return word if colon or len(cells) == 1 or word not in _NOTES else None
    return _word_before_value(sent)


def _word_of_line(text: str, *, is_leftmost: bool) -> str | None:
    """The word of a line that is one cell: a closing, a day, a rule; at the left edge any heading or numbered remark."""
    if _CLOSING.fullmatch(text.translate(_BRACKETS)) or _CLOSING.fullmatch(text) or _RULE.fullmatch(text):
        return text[:_LONGEST_LABEL]
    if _DAY.fullmatch(text):
        return "日期"
    match = (_HEADING.fullmatch(text) or _NUMBERED.fullmatch(text)) if is_leftmost else None
    return match[1] if match else None


def _word_before_value(text: str) -> str | None:
    """The label of 制表人 张三, 制 表 人 张三 and 制表人张三."""
    parts = normalise_text(text).split()
    for count in range(len(parts) - 1, 0, -1):
        word = _label("".join(parts[:count]))
        if _FOOTER_LABEL.fullmatch(word) and _VALUE.fullmatch("".join(parts[count:])):
            return word
    match = _GLUED_NAME.fullmatch("".join(parts))
    return match[1] if match else None


def _weight(form: Form, name: str | None, text: str) -> int:
    """How much a cell says that its row is data: a number may be a telephone, a code of the contract is none."""
    if name is None:
        return 0
    field = form.field(name)
    if field.enum:
        spelling = enum_spelling(text)
        return 2 if any(spelling in (enum_spelling(code), enum_spelling(label)) for code, label in field.enum) else 0
    is_number = field.type in (FieldType.INTEGER, FieldType.DECIMAL)
    return int(is_number and parse_decimal(normalise_text(text)) is not None)


def _unlabelled_sum(rows: _Rows, passed: set[int]) -> int | None:
    """The last row, if it holds nothing but the sum of each of its columns."""
    data = [position for position in range(len(rows.first) - 1, -1, -1) if position not in passed][:1]
    if not data:
        return None
    last = data[0]
    filled = dict(rows.row(last))
    numbers = {
        field.name for field in rows.form.fields if field.type in (FieldType.INTEGER, FieldType.DECIMAL) and not field.is_key
    }
    if not filled or not set(filled) <= numbers or last == 0:
        return None
    above = np.ones(len(rows.first), bool)
    above[[last, *passed]] = False
    is_sum = above.any() and all(_total(rows.fields[name], above) == _amount(text) for name, text in filled.items() if name)
    return last if is_sum else None


def _amount(text: str | None) -> Any:
    return parse_decimal(normalise_text(text or ""))


def _total(texts: pa.Array, above: Any) -> Any:
    values = [_amount(text) for text in texts.filter(pa.array(above)).to_pylist() if text is not None]
    return None if not values or None in values else sum(values)
