"""A disk that takes nothing more, in words: whatever library found it, its error becomes one of ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from union_warehouse.errors import UnionWarehouseError


class DiskFull(UnionWarehouseError):
    """There is no room for what was to be written."""

    code = "disk_full"
    message_zh = "磁盘已满，未能写入（{detail}）。已写入的内容保持完整，当前版本不受影响：请腾出空间后重新执行同一命令。"
    message_en = (
        "the disk is full, so this could not be written ({detail}). What was written before is whole, the current release stands: "
        "make room, then run the same command again."
    )


class NotWritable(UnionWarehouseError):
    """The place of what was to be written takes nothing from this account."""

    code = "not_writable"
    message_zh = (
        "无法写入（{detail}）。已写入的内容保持完整，当前版本不受影响：请检查 UW_HOME、UW_INBOX、UW_OUTBOX 是否只读挂载、是否属于当前账号，"
        "然后重新执行同一命令。"
    )
    message_en = (
        "this could not be written ({detail}). What was written before is whole, the current release stands: see whether UW_HOME, UW_INBOX "
        "or UW_OUTBOX is mounted read-only or belongs to another account, then run the same command again."
    )


class DiskFailing(UnionWarehouseError):
    """The disk gave an error: SQLite says no more of one that is full."""

    code = "disk_failing"
    message_zh = "读写磁盘出错（{detail}）。已写入的内容保持完整，当前版本不受影响：请检查磁盘是否已满（df -h）或有故障，然后重新执行同一命令。"
    message_en = (
        "the disk gave an error ({detail}). What was written before is whole, the current release stands: see whether the disk is full "
        "(df -h) or failing, then run the same command again."
    )


_NUMBERS = {
    errno.EIO: DiskFailing,
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EROFS: NotWritable,
    errno.EACCES: NotWritable,
    errno.EPERM: NotWritable,
}
_WORDS = {
    "no space left on device": DiskFull,
    "disk quota exceeded": DiskFull,
    "disk is full": DiskFull,
    "read-only file system": NotWritable,
    "readonly database": NotWritable,
    "disk i/o error": DiskFailing,
}
"""Of libraries that hand on no number: DuckDB, SQLite and those that quote them."""


def storage_error(error: BaseException) -> UnionWarehouseError | None:
    """The error of ours that ``error``, or one that led to it, stands for; None of any other error."""
    for one in _chain(error):
        number = one.errno if isinstance(one, OSError) else None
        text = str(one)
        kind = _NUMBERS.get(number or 0) or next((kind for words, kind in _WORDS.items() if words in text.lower()), None)
        if kind is not None:
            return kind(detail=text.strip().splitlines()[0])
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
