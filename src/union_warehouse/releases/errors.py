"""What can go wrong when a release is read."""

from __future__ import annotations

from union_warehouse.errors import UnionWarehouseError


class NoRelease(UnionWarehouseError):
    """Nothing has been published yet."""

    code = "no_release"
    message_zh = "尚未发布任何版本；请先关账（uw close 月份）。"
    message_en = "nothing has been published yet; close a month first (uw close MONTH)."


class UnknownRelease(UnionWarehouseError):
    """There is no release of that id."""

    code = "unknown_release"
    message_zh = "没有发布版本“{release_id}”；可用 uw releases 查看全部版本。"
    message_en = "there is no release {release_id!r}; see `uw releases`."


class ReleaseFileChanged(UnionWarehouseError):
    """A file of a release is not what was published."""

    code = "release_file_changed"
    message_zh = "{path} 与发布时不一致（已被改动或丢失），未在其上继续：请从备份恢复版本 {release_id} 的文件夹后重试；uw verify --all 检查全部内容。"
    message_en = (
        "{path} is not what was published (changed or gone), and nothing was built on it: restore the folder of release {release_id} from "
        "a backup, then run this again; `uw verify --all` checks everything."
    )


class UnreadableRelease(UnionWarehouseError):
    """A release without a readable ``release.json``."""

    code = "unreadable_release"
    message_zh = "{path} 无法读取：请从备份恢复该版本的文件夹。"
    message_en = "{path} cannot be read: restore the folder of that release from a backup."


class NoReleaseAsOf(UnionWarehouseError):
    """Nothing had been published by then."""

    code = "no_release_as_of"
    message_zh = "截至 {instant} 尚未发布任何版本；可用 uw releases 查看各版本的数据截止时间。"
    message_en = "nothing had been published as of {instant}; `uw releases` shows as of when each release was made."


class ReleaseOfAnotherVersion(UnionWarehouseError):
    """A release lacks a table or column that is read: another version of the project made it."""

    code = "release_of_another_version"
    message_zh = (
        "该发布版本由其他版本的程序生成，缺少本程序要读取的内容（{reason}）：当前版本可用 uw rebuild 重新生成；较早的版本请用生成它的程序读取，"
        "或用 uw query 直接查询，其表结构见该版本文件夹中的 data_dictionary.md 或 schema.sql。"
    )
    message_en = (
        "another version of this program made the release, and it lacks what this one reads ({reason}): `uw rebuild` makes the current release "
        "again; read an older one with the program that made it, or by `uw query`, with its tables as its data_dictionary.md or schema.sql says."
    )
