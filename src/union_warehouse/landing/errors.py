"""What can be wrong with what has landed. Nothing lands and changes afterwards, so either is damage or tampering."""

from __future__ import annotations

from union_warehouse.errors import UnionWarehouseError


class UnreadableManifest(UnionWarehouseError):
    """A landed submission without a readable manifest would vanish from the plan without a word."""

    code = "unreadable_manifest"
    message_zh = "{path} 无法读取，该次报送将无法计入：请从备份恢复该文件夹后重试；uw verify --all 检查全部内容。"
    message_en = (
        "{path} cannot be read, so its submission would not count: restore its folder from a backup, then run this again; "
        "`uw verify --all` checks everything."
    )


class LandedFileChanged(UnionWarehouseError):
    """A landed file is not what was landed."""

    code = "landed_file_changed"
    message_zh = (
        "{path} 与落地时不一致（已被改动或丢失），未使用其内容：请从备份恢复该文件夹后重试，或由部门重新报送；"
        "uw verify --all 检查全部内容。"
    )
    message_en = (
        "{path} is not what was landed (changed or gone), and was not used: restore its folder from a backup, then run this again, "
        "or have the department send the workbook anew; `uw verify --all` checks everything."
    )
