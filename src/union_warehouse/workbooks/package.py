"""What a file is, and whether it is safe to open: by its bytes, never by its name."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from enum import StrEnum

from union_warehouse.workbooks.limits import (
    DEFLATE_MAX_RATIO,
    MAX_FILE_BYTES,
    MAX_PACKING_RATIO,
    MAX_PARTS,
    MAX_UNPACKED_BYTES,
    RATIO_APPLIES_ABOVE_BYTES,
)
from union_warehouse.workbooks.problems import (
    FILL_THE_TEMPLATE,
    EmptyFile,
    EncryptedWorkbook,
    FileTooLarge,
    MacroWorkbook,
    NotAWorkbook,
    UnreadableFile,
    ZipBomb,
)
from union_warehouse.workbooks.xml import DamagedXml, Element, parse_xml

_ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
WORKBOOK_PART = "xl/workbook.xml"
_CONTENT_TYPES = "[content_types].xml"
_MACRO_WORKBOOK = "application/vnd.ms-excel.sheet.macroEnabled"
_WORKSHEETS = "xl/worksheets/"
_CHUNK = 2**20
_BIFF8_GLOBALS = struct.pack("<HHHH", 0x0809, 16, 0x0600, 0x0005)  # first record of a workbook stream of Excel 97 to 2003
_FILEPASS = struct.pack("<H", 0x002F)
_RECORDS_BEFORE_PASSWORD = 6
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What ``zipfile`` raises on damaged input; reading from memory, OSError can only mean the content."""


class FileKind(StrEnum):
    """A kind of file that the reader knows; the value is its extension."""

    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    CSV = "csv"


def sniff(data: bytes, file_name: str) -> FileKind:
    """The kind of ``data``, once it is known to be safe to open; a worksheet part is proved when it is read.

    Args:
        data: the whole file.
        file_name: its name, for messages; only a CSV is recognised by it.

    Raises:
        SubmissionProblem: empty, too large, encrypted, with macros, a zip bomb, damaged, or nothing that can be read.
    """
    if not data:
        raise EmptyFile(file=file_name)
    if len(data) > MAX_FILE_BYTES:
        raise FileTooLarge(file=file_name, size_mb=len(data) >> 20, limit_mb=MAX_FILE_BYTES >> 20)
    if data.startswith(_ZIP_MAGIC):
        return _sniff_package(data, file_name)
    if data.startswith(OLE_MAGIC):
        return _sniff_ole(data, file_name)
    if file_name.lower().endswith(".csv"):
        return FileKind.CSV
    raise _not_a_workbook(data, file_name)


def open_package(data: bytes, file_name: str) -> zipfile.ZipFile:
    """The zip package of an xlsx or ods file.

    Raises:
        UnreadableFile: damaged.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except ZIP_ERRORS as error:
        raise UnreadableFile(file=file_name, detail=f"zip: {error}") from error


def with_slashes(data: bytes, file_name: str) -> bytes:
    """A package whose parts are named with slashes; some exporters write backslashes, which Excel takes.

    Raises:
        UnreadableFile: damaged.
    """
    with open_package(data, file_name) as package:
        if not any("\\" in name for name in package.namelist()):
            return data
        straight = io.BytesIO()
        with zipfile.ZipFile(straight, "w") as target:
            for name in package.namelist():
                target.writestr(name.replace("\\", "/"), read_part(package, name, file_name))
    return straight.getvalue()


def with_part(package: zipfile.ZipFile, part: str, content: bytes, file_name: str) -> bytes:
    """A package with another content in one part.

    Raises:
        UnreadableFile: damaged.
    """
    replaced, target = _stored_name(package, part), io.BytesIO()
    with zipfile.ZipFile(target, "w") as changed:
        for name in package.namelist():
            changed.writestr(name, content if name == replaced else read_part(package, name, file_name))
    return target.getvalue()


def read_part(package: zipfile.ZipFile, part: str, file_name: str) -> bytes:
    """One part of a package; neither the case of its name nor which way its slashes lean matters.

    Raises:
        UnreadableFile: the part is missing or damaged.
    """
    try:
        return package.read(_stored_name(package, part))
    except (KeyError, *ZIP_ERRORS) as error:
        raise UnreadableFile(file=file_name, detail=f"{part}: {error}") from error


def part_size(package: zipfile.ZipFile, part: str) -> int:
    """Bytes of a part once unpacked, as the package says; none if it is missing."""
    try:
        return package.getinfo(_stored_name(package, part)).file_size
    except KeyError:
        return 0


def _stored_name(package: zipfile.ZipFile, part: str) -> str:
    wanted = _part_name(part)
    return next((name for name in package.namelist() if _part_name(name) == wanted), part)


def sheet_parts(package: zipfile.ZipFile, workbook: Element, file_name: str) -> Mapping[str, str]:
    """Part of each worksheet of an xlsx package by the sheet's name, as the root of its part ``workbook`` lists them."""
    relations = parse_part(package, "xl/_rels/workbook.xml.rels", file_name)
    targets = {item.get("Id"): item.get("Target", "") for item in relations.iterfind("{*}Relationship")}
    parts = {}
    for sheet in workbook.iterfind(".//{*}sheet"):
        relation = next((str(value) for name, value in sheet.attrib.items() if str(name).endswith("}id")), None)
        target = targets.get(relation, "")
        parts[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts


def parse_part(package: zipfile.ZipFile, part: str, file_name: str) -> Element:
    """The root of one small part.

    Raises:
        UnreadableFile: the part is missing or damaged.
    """
    try:
        return parse_xml(read_part(package, part, file_name))
    except DamagedXml as error:
        raise UnreadableFile(file=file_name, detail=f"xml: {error}") from error


def _sniff_package(data: bytes, file_name: str) -> FileKind:
    with open_package(data, file_name) as package:
        _check_sizes(package, len(data), file_name)
        listed = [_part_name(name) for name in package.namelist()]
        names = set(listed)
        if any(name.endswith("vbaproject.bin") for name in names):
            raise MacroWorkbook(file=file_name)
        if WORKBOOK_PART in names:
            if len(names) < len(listed):  # two readers might take two different ones
                raise UnreadableFile(file=file_name, detail="zip: a part twice")
            if _CONTENT_TYPES in names and _is_macro_workbook(parse_part(package, _CONTENT_TYPES, file_name)):
                raise MacroWorkbook(file=file_name)
            return FileKind.XLSX
        if "content.xml" in names and "mimetype" in names:
            return _sniff_ods(package, names, file_name)
    other = next((words for part, words in _OTHER_PACKAGES.items() if part in names), None)
    if other is not None:
        raise NotAWorkbook(file=file_name, detail=other, **(SAVE_AS_XLSX if "Numbers" in other else FILL_THE_TEMPLATE))
    if "xl/workbook.bin" in names:
        raise NotAWorkbook(file=file_name, detail="二进制工作簿 .xlsb a binary workbook", **SAVE_AS_XLSX)
    if _CONTENT_TYPES in names:
        raise NotAWorkbook(file=file_name, detail="非标准的 Office 文件 an Office file of another kind", **SAVE_AS_XLSX)
    raise NotAWorkbook(file=file_name, detail="压缩包 a zip archive", **UNPACK)


def _part_name(name: str) -> str:
    return name.lower().replace("\\", "/")


def _is_macro_workbook(content_types: Element) -> bool:
    """Whether a part is declared to be a workbook with macros; a default for ``.bin``, of which there is none, does not count."""
    overrides = content_types.iterfind("{*}Override")
    return any(item.get("ContentType", "").startswith(_MACRO_WORKBOOK) for item in overrides)


def _sniff_ods(package: zipfile.ZipFile, names: set[str], file_name: str) -> FileKind:
    if not read_part(package, "mimetype", file_name).startswith(_ODS_TYPE):
        raise NotAWorkbook(file=file_name, detail="OpenDocument，但不是电子表格 no spreadsheet", **SAVE_AS_XLSX)
    if "meta-inf/manifest.xml" in names and b"encryption-data" in read_part(package, "META-INF/manifest.xml", file_name):
        raise EncryptedWorkbook(file=file_name)
    if any(name.startswith("basic/") and not name.endswith(("/", "-lc.xml", "-lb.xml")) for name in names):
        raise MacroWorkbook(file=file_name)
    return FileKind.ODS


def _check_sizes(package: zipfile.ZipFile, packed: int, file_name: str) -> None:
    """Refuse a bomb before anything unpacks it.

    The sizes in the directory may lie. ``zipfile`` stops at the declared size and then finds the checksum wrong, so
    unpacking once proves them; a package too small to hold a bomb is spared that. Worksheets are left out: they are
    unpacked before calamine reads them (sheets.Workbook.sheet), and once is enough.
    """
    entries = package.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_PARTS:
        raise ZipBomb(file=file_name, detail=f"{len(entries)} parts")
    is_out_of_proportion = unpacked > RATIO_APPLIES_ABOVE_BYTES and unpacked > packed * MAX_PACKING_RATIO
    if unpacked > MAX_UNPACKED_BYTES or is_out_of_proportion:
        raise ZipBomb(file=file_name, detail=f"{unpacked >> 20} MB")
    if any(entry.flag_bits & 1 for entry in entries):
        raise EncryptedWorkbook(file=file_name)
    if packed * DEFLATE_MAX_RATIO <= MAX_UNPACKED_BYTES:
        return
    try:
        for entry in entries:
            if entry.filename.startswith(_WORKSHEETS):
                continue
            with package.open(entry) as part:
                while part.read(_CHUNK):
                    pass
    except ZIP_ERRORS as error:
        raise UnreadableFile(file=file_name, detail=f"zip: {error}") from error


def _sniff_ole(data: bytes, file_name: str) -> FileKind:
    """Old Office files name their streams in UTF-16 in the directory; that is enough to tell them apart."""
    if _has_stream(data, "EncryptedPackage"):
        raise EncryptedWorkbook(file=file_name)
    if not (_has_stream(data, "Workbook") or _has_stream(data, "Book")):
        raise NotAWorkbook(file=file_name, detail="Office 文件，但不是 Excel 工作簿 an Office file, no workbook", **SAVE_AS_XLSX)
    if _starts_with_password(data):
        raise EncryptedWorkbook(file=file_name)
    if _has_stream(data, "_VBA_PROJECT_CUR"):
        raise MacroWorkbook(file=file_name)
    return FileKind.XLS


def _starts_with_password(data: bytes) -> bool:
    """Whether one of the first records of an old workbook is FILEPASS; calamine would call it an unknown format."""
    position = data.find(_BIFF8_GLOBALS)
    if position < 0:
        return False
    for _ in range(_RECORDS_BEFORE_PASSWORD):
        _, length = struct.unpack_from("<HH", data, position)
        position += 4 + length
        if position + 4 > len(data):
            return False
        if data.startswith(_FILEPASS, position):
            return True
    return False


def _has_stream(data: bytes, name: str) -> bool:
    return name.encode("utf-16-le") + b"\0\0" in data


_ARCHIVES = (b"Rar!", b"7z\xbc\xaf'\x1c", b"\x1f\x8b", b"PK\x05\x06")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
_OTHER_PACKAGES = {
    "word/document.xml": "Word 文档 a Word document",
    "ppt/presentation.xml": "PowerPoint 文件 a PowerPoint file",
    "index/document.iwa": "苹果 Numbers 或 iWork 文件 a file of Apple Numbers or iWork",
}
_WEB_PAGE = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
_MAIL = re.compile(
    rb"(?:from|to|subject|date|received|return-path|mime-version|message-id|delivered-to|x-[\w-]+):", re.IGNORECASE
)
UNPACK = {"advice_zh": "请先解压，再报送其中的工作簿", "advice_en": "unpack it and send the workbooks in it"}
SAVE_AS_XLSX = {
    "advice_zh": "请用 Excel 打开后另存为 .xlsx，再重新报送",
    "advice_en": "open it in Excel, save it as .xlsx and send that",
}
_TAKE_ATTACHMENT = {
    "advice_zh": "请打开邮件、另存附件，再报送附件中的工作簿",
    "advice_en": "open the mail, save its attachment and send that",
}


def _not_a_workbook(data: bytes, file_name: str) -> NotAWorkbook:
    """What the file is instead, and what to do."""
    head = data[:512].lstrip().lower()
    if data.startswith(_ARCHIVES):
        return NotAWorkbook(file=file_name, detail="压缩包 an archive", **UNPACK)
    if data.startswith(_PICTURES):
        return NotAWorkbook(file=file_name, detail="图片 a picture", **FILL_THE_TEMPLATE)
    if _MAIL.match(head):
        return NotAWorkbook(file=file_name, detail="电子邮件 an e-mail", **_TAKE_ATTACHMENT)
    if head.startswith(_WEB_PAGE):
        return NotAWorkbook(file=file_name, detail="网页或 XML 文件 a web page or XML", **SAVE_AS_XLSX)
    if head.startswith((b"%pdf", b"{\\rtf")):
        return NotAWorkbook(
            file=file_name, detail="PDF" if head.startswith(b"%pdf") else "RTF 文档 an RTF document", **FILL_THE_TEMPLATE
        )
    if re.search(rb"[\x00-\x08]", head):
        return NotAWorkbook(file=file_name, detail="未知的二进制文件 an unknown binary file", **FILL_THE_TEMPLATE)
    return NotAWorkbook(file=file_name, detail="文本文件 a text file", **SAVE_AS_XLSX)
