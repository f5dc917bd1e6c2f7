"""What can go wrong when a template is asked for."""

from __future__ import annotations

from union_warehouse.errors import UnionWarehouseError


class NoSuchDepartment(UnionWarehouseError):
    """A template for a unit that does not report in the month."""

    code = "unknown_department"
    message_zh = "单位代码“{department}”不存在，或 {month} 不报送。可用代码：{known}。"
    message_en = "no reporting unit has the code {department!r} in {month}; known codes: {known}."


class TemplateExists(UnionWarehouseError):
    """A file where the template would go: somebody may have filled it."""

    code = "template_exists"
    message_zh = "文件“{path}”已存在，可能已有人填写，未予覆盖。请移走该文件或换一个文件名；确需覆盖请加 --overwrite。"
    message_en = "{path} exists and may have been filled; it was left alone. Move it, choose another name, or give --overwrite."


class PersonalDataCarried(UnionWarehouseError):
    """A mapping that would carry personal data into a template."""

    code = "personal_data_carried"
    message_zh = "carry_forward.yml 中 {form}.{field} 是个人信息，发布库不保存，不能预填。请删除该列。"
    message_en = "carry_forward.yml: {form}.{field} is personal data, of which a release holds nothing that can be read; remove the column."
