"""What can be wrong with a report's template."""

from __future__ import annotations

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.yaml_files import MalformedFile


class MalformedTemplate(MalformedFile):
    """The template lacks something, or holds what nobody reads."""

    code = "malformed_report_template"
    message_zh = "报告模板 {path} 的“{place}”有误：{reason_zh}。请对照 docs/report.md 修改。"
    message_en = "the report template {path} is wrong at {place!r}: {reason_en}; docs/report.md describes it."


class UnknownPlaceholder(UnionWarehouseError):
    """The template names an indicator that the release does not define."""

    code = "unknown_report_indicator"
    message_zh = "报告模板 {path} 的“{place}”引用了“{name}”，版本 {release_id} 中没有这个指标；指标代码可用 uw figures 查看。"
    message_en = (
        "the report template {path} names {name!r} at {place!r}, which is no indicator of release {release_id}; "
        "`uw figures` lists them."
    )


class NumberWithoutIndicator(UnionWarehouseError):
    """The template's own words hold a number."""

    code = "number_without_indicator"
    message_zh = (
        "报告模板 {path} 的“{place}”里直接写了数字“{number}”（{text}）。"
        "报告中的数字只能来自指标：请改写为花括号中的指标代码；如属专有名称，须先列入 wording.py 的 PROPER_NAMES。"
    )
    message_en = (
        "the report template {path} spells the number {number!r} at {place!r} ({text}). Every number of a report is an "
        "indicator's: write its code in braces instead; a proper name has to be listed in PROPER_NAMES of wording.py first."
    )
