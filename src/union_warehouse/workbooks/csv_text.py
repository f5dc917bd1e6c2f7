"""A CSV export as a sheet: in whatever encoding and with whatever separator it comes, no line of it lost."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from union_warehouse.workbooks.cells import REPLACEMENT, Cell
from union_warehouse.workbooks.problems import BrokenBytes, SubmissionProblem, UnclosedQuote, UnreadableFile, UnusualFile
from union_warehouse.workbooks.sheet import Extent, Sheet

_SEPARATORS = {",": ("逗号", "commas"), ";": ("分号", "semicolons"), "\t": ("制表符", "tabs")}
_RARE_SEPARATORS = {"|": ("竖线", "bars"), "，": ("全角逗号", "full-width commas")}
"""Of lines in which none of the others occurs."""
_DECLARED = re.compile(r"\ufeff*\"?sep=(.)\"?\r?\n", re.IGNORECASE)
_GUARDED = re.compile(r'="((?:[^"]|"")*)"')
"""A text as systems write it that keep Excel from taking it for a number: ``="0012"``."""
_END_OF_FILE = "\x1a"
"""With which systems of old end a text."""
_SAMPLE_LINES = 20
_MOST_UNCLOSED = 20
_CHINESE = re.compile("[\u2000-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U000323af]")
"""Characters, punctuation and symbols of a Chinese text."""
_OUT_OF_STEP = ("\0", "\u0a00")
"""What no text holds: from a missing byte on, a line feed reads as the second, which is no character."""
_HALVES = {"utf-16-le": 1, "utf-16-be": 0}


def read_csv(data: bytes, file_name: str) -> Sheet:
    """A CSV export in UTF-8, with or without byte order mark, GB18030 or UTF-16, separated by commas, semicolons or tabs.

    Raises:
        UnreadableFile: in no such encoding, or not a CSV.
        SheetTooLarge: more columns, or cells, than any form could have.
    """
    text, problems = _decode(data, file_name)
    separator = _separator(text)
    if separator != ",":
        zh, en = (_SEPARATORS | _RARE_SEPARATORS).get(separator, (f"“{separator}”", repr(separator)))
        problems.append(
            UnusualFile(file=file_name, what_zh=f"各列以{zh}分隔，不是逗号", what_en=f"is separated by {en} instead of commas")
        )
    rows, unclosed = _rows(text, separator, file_name)
    if '="' in text:
        rows = [[_without_guard(cell) for cell in row] for row in rows]
    problems += [UnclosedQuote(sheet=file_name, row=row) for row in unclosed]
    width = max(map(len, rows), default=0)
    Extent(last_row=len(rows) - 1, last_column=width - 1).refuse_too_large(file_name)
    for row in rows:
        if len(row) < width:
            row.extend([""] * (width - len(row)))
    return Sheet(file_name, rows, problems=tuple(problems))


def _without_guard(cell: Cell) -> Cell:
    guarded = _GUARDED.fullmatch(cell)
    return guarded[1].replace('""', '"') if guarded else cell


def _decode(data: bytes, file_name: str) -> tuple[str, list[SubmissionProblem]]:
    encoding = _utf_16(data)
    if encoding is not None:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableFile(file=file_name, detail=f"UTF-16: {error.reason}") from error
        if any(sign in text for sign in _OUT_OF_STEP):
            raise UnreadableFile(file=file_name, detail="UTF-16: 缺少或多出字节 bytes are missing")
        what = UnusualFile(file=file_name, what_zh="的编码是 UTF-16，不是 UTF-8", what_en="is encoded in UTF-16 instead of UTF-8")
        return text.lstrip("\ufeff"), [what]
    if b"\0" in data:
        raise UnreadableFile(file=file_name, detail="UTF-8? GB18030?")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = error.start
    else:
        return _unless_gb18030(data, text).lstrip("\ufeff"), []
    mended = data.decode("utf-8", errors="replace")
    if _is_utf_8_after_all(data, mended):
        row = data.count(b"\n", 0, broken) + 1
        place = broken - data.rfind(b"\n", 0, broken)
        return mended.lstrip("\ufeff"), [BrokenBytes(sheet=file_name, row=row, byte=place, count=mended.count(REPLACEMENT))]
    try:
        return data.decode("gb18030"), []
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(file=file_name, detail=f"UTF-8? GB18030? {row}: {data[error.start : error.end].hex(' ')}") from error


def _utf_16(data: bytes) -> str | None:
    """By its byte order mark, or by the half in which the zeros of its ASCII characters stand."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:4096]
    zeros = {encoding: head[half::2].count(0) for encoding, half in _HALVES.items()}
    likely = max(zeros, key=lambda encoding: zeros[encoding])
    return likely if zeros[likely] * 8 > len(head) and zeros[likely] > 4 * min(zeros.values()) else None


def _is_utf_8_after_all(data: bytes, mended: str) -> bool:
    """Whether it is UTF-8 with a few broken bytes: GB18030 read as UTF-8 has more broken characters than Chinese ones."""
    if data.startswith(b"\xef\xbb\xbf"):
        return True
    broken = mended.count(REPLACEMENT)
    return len(_CHINESE.findall(mended)) > 2 * broken


def _unless_gb18030(data: bytes, text: str) -> str:
    """A few Chinese characters in GB18030 (一, 联通) happen to be UTF-8 too, of letters that no department writes without any Chinese."""
    if text.isascii() or _CHINESE.search(text):
        return text
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return text


def _separator(text: str) -> str:
    """As the first line ``sep=`` says; else the one that gives the widest of the first lines, commas if in doubt."""
    declared = _DECLARED.match(text)
    if declared:
        return declared[1]
    lines = list(_lines(text, _SAMPLE_LINES))
    has_usual = any(separator in line for line in lines for separator in _SEPARATORS)
    candidates = _SEPARATORS if has_usual else {",": "", **_RARE_SEPARATORS}
    return max(candidates, key=lambda separator: max((line.count(separator) for line in lines), default=0))


def _lines(text: str, count: int) -> Iterator[str]:
    source = io.StringIO(text, newline="")
    for line, _ in zip(source, range(count), strict=False):
        yield re.sub(r'"[^"]*"', "", line)


def _rows(text: str, separator: str, file_name: str) -> tuple[list[list[Cell]], list[int]]:
    """All rows, and the numbers of those with a quotation mark that is opened and never rightly closed.

    Such a mark would swallow the rows after it, so its own line is read as it stands. One that closes in a later row has
    swallowed rows if each line brings the separators of a row of its own.
    """
    lines = io.StringIO(text.rstrip(_END_OF_FILE), newline="").readlines()
    rows: list[list[Cell]] = []
    unclosed: list[int] = []
    start = width = 0
    while start < len(lines):
        reader = csv.reader(lines[start:] if start else lines, delimiter=separator, strict=True)
        consumed = 0
        try:
            for row in reader:
                taken = lines[start + consumed : start + reader.line_num]
                if len(taken) > 1 and sum(line.count(separator) for line in taken) >= len(taken) * (width - 1) > 0:
                    raise csv.Error("a quotation mark closes in another row")
                rows.append(list(row))
                consumed, width = reader.line_num, max(width, len(row))
            break
        except csv.Error as error:
            if len(unclosed) >= _MOST_UNCLOSED:
                raise UnreadableFile(file=file_name, detail=f"csv: {error}") from error
            rows.append(list(next(csv.reader([lines[start + consumed]], delimiter=separator, quoting=csv.QUOTE_NONE))))
            unclosed.append(len(rows))
            start += consumed + 1
    return rows, unclosed
