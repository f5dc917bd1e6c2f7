"""Chinese words of the codes that the warehouse makes (docs/glossary.md, States); those of the forms are in their contracts."""

from __future__ import annotations

from collections.abc import Mapping

COMMITMENT_STATUSES = {
    "done": "已完成",
    "missed": "未完成",
    "on_track": "进度正常",
    "as_last_year": "与去年同期相当",
    "undetermined": "尚难判断",
    "at_risk": "进度滞后",
}
INDICATOR_KINDS = {"flow": "流量", "stock": "存量", "ratio": "比率"}
ISSUE_STATUSES = {"open": "未处理", "acknowledged": "已确认", "waived": "已豁免", "corrected": "已更正", "reopened": "复发"}
SEVERITIES = {"error": "错误", "warning": "警告"}
MONTH_STATES = {"open": "未关账", "closed": "待批准", "published": "已发布", "reopened": "需重新关账"}
APPROVAL_STATES = {"requested": "待批准", "approved": "已批准", "rejected": "已否决", "timed_out": "超时未批准"}
RATIO_PARTS = {"numerator": "分子", "denominator": "分母"}

UNIT_KINDS = {"federation": "总工会", "street_union": "街道总工会", "bureau_union": "局工会", "federation_office": "部室"}
FORM_STATES = {"accepted": "已接受", "accepted_with_quarantine": "部分接受", "rejected": "退回"}
FILE_KINDS = {"workbook": "工作簿", "csv": "CSV文件"}
RETURN_KINDS = {"rows": "有数据", "nil": "零报告"}
AGGREGATIONS = {
    "count": "计数",
    "sum": "求和",
    "count_distinct": "去重计数",
    "count_distinct_all": "同时具备各项的去重计数",
    "ratio": "比率",
}
RATE_LEVELS = {"unit_and_form": "单位和报表", "unit": "单位", "form": "报表", "federation": "全区"}
OUTLIER_KINDS = {"flow_value": "数值异常", "stock_change": "存量变动异常", "sudden_zero": "突然为零"}
CAUSES = {"submission": "报送", "organisation": "机构调整", "exception": "例外", "definition": "口径变更"}
FORECAST_METHODS = {
    "seasonal": "按往年季节",
    "linear": "按今年进度",
    "stock": "按存量增长",
    "milestone": "按进展推算",
    "level": "保持当前水平",
}
STALE_WAIVERS = {"fault_gone": "问题已消除", "expired": "已到期"}

WORDS_OF_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "aggregation": AGGREGATIONS,
    "cause": CAUSES,
    "commitment_status": {**COMMITMENT_STATUSES, "unknown": "暂无数据"},
    "file_kind": FILE_KINDS,
    "form_state": FORM_STATES,
    "forecast_method": FORECAST_METHODS,
    "indicator_kind": INDICATOR_KINDS,
    "issue_status": ISSUE_STATUSES,
    "outlier_kind": OUTLIER_KINDS,
    "rate_level": RATE_LEVELS,
    "return_kind": RETURN_KINDS,
    "severity": SEVERITIES,
    "stale_because": STALE_WAIVERS,
    "submission_state": FORM_STATES,
    "unit_kind": UNIT_KINDS,
}
"""Of the columns of the marts that hold such codes, by name: one name is one thing in every table."""
