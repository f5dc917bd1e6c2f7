"""Workbooks that Excel locks with a password of its own, and opens without asking for one."""

from __future__ import annotations

import io

import msoffcrypto

from union_warehouse.workbooks.limits import MAX_FILE_BYTES
from union_warehouse.workbooks.package import OLE_MAGIC
from union_warehouse.workbooks.problems import SubmissionProblem, UnusualFile

_PASSWORD = "VelvetSweatshop"  # noqa: S105 - Excel's own, [MS-OFFCRYPTO]: known to everybody


def unlock(data: bytes, file_name: str) -> tuple[bytes, tuple[SubmissionProblem, ...]]:
    """The workbook within a file that only Excel's own password locks, and the warning; any other file as it is."""
    if not data.startswith(OLE_MAGIC) or len(data) > MAX_FILE_BYTES:
        return data, ()
    try:
        locked = msoffcrypto.OfficeFile(io.BytesIO(data))
        if not locked.is_encrypted():
            return data, ()
        locked.load_key(password=_PASSWORD)
        opened = io.BytesIO()
        locked.decrypt(opened)
    except MemoryError:
        raise
    except Exception:  # another password, or damaged, for which olefile raises anything: the reader says which
        return data, ()
    what = UnusualFile(
        file=file_name,
        what_zh="设了“审阅 - 保护工作簿”，Excel 因此用其内置密码（VelvetSweatshop）加密了它",
        what_en="is locked with Excel's own password (VelvetSweatshop) because the workbook's structure is protected",
    )
    return opened.getvalue(), (what,)
