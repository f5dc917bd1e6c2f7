"""Chinese words of the codes that commands hand out (docs/glossary.md, States)."""

from __future__ import annotations

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
