"""Quality issues of a release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from union_warehouse.code_words import ISSUE_STATUSES, SEVERITIES
from union_warehouse.contracts import load_forms
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.releases.read import release_folder
from union_warehouse.reporting.issue_statuses import STANDING
from union_warehouse.reporting.table_files import YES_NO, Table
from union_warehouse.working_days import SHANGHAI

_LABELS = {
    "quality_issue_key": "问题编号",
    "severity": "严重程度",
    "issue_status": "状态",
    "reporting_unit_code": "责任单位代码",
    "unit_name": "责任单位",
    "form": "报表",
    "month": "月份",
    "record_key": "业务编号",
    "column_name_zh": "字段",
    "rule_code": "规则",
    "message_zh": "问题说明",
    "evidence": "核对依据",
    "due_on": "更正期限",
    "is_overdue": "是否逾期",
    "occurrence_count": "出现次数",
    "first_seen_at": "首次发现时间",
    "first_seen_release_id": "首次发现版本",
    "opened_at": "本次发现时间",
    "corrected_at": "更正时间",
    "reopened_count": "复发次数",
    "acknowledged_by": "确认人",
    "acknowledgement_comment": "确认说明",
    "waiver_reason": "豁免理由",
    "waived_by": "豁免批准人",
    "waiver_expires_on": "豁免到期日",
    "submission_id": "报送编号",
    "source_sheet": "工作表",
    "source_row": "行号",
}


def quality_issues(
    home: Home,
    release_id: str | None = None,
    department: str | None = None,
    rule: str | None = None,
    statuses: Sequence[str] = STANDING,
) -> pa.Table:
    """Issues of the ledger (``fct_quality_issues``), the most pressing first.

    Args:
        home: the warehouse's state.
        release_id: None for the current release.
        department: code of a reporting unit; None for all.
        rule: code; None for all.
        statuses: of ``STATUSES``.

    Returns:
        The columns of ``fct_quality_issues``, unit_name (of the owner) and is_overdue (stands beyond its due day, today); errors before warnings, overdue ones first, then by due day.

    Raises:
        NoRelease: nothing has been published yet.
    """
    with open_release(home, release_folder(home, release_id).name) as connection:
        return connection.execute(
            """
            select issues.*, unit_name, issue_status in ('open', 'acknowledged', 'reopened') and due_on < $today as is_overdue
            from fct_quality_issues as issues
            left join (select reporting_unit_code, max_by(unit_name, valid_from) as unit_name from dim_reporting_unit group by all)
                using (reporting_unit_code)
            where issue_status in (from unnest($statuses))
                and reporting_unit_code = coalesce($department, reporting_unit_code)
                and rule_code = coalesce($rule, rule_code)
            order by severity, is_overdue desc, due_on, reporting_unit_code, form, record_key, rule_code, column_name
            """,
            {"today": datetime.now(SHANGHAI).date(), "statuses": list(statuses), "department": department, "rule": rule},
        ).to_arrow_table()


def issues_table(found: pa.Table) -> Table:
    """What :func:`quality_issues` found, to be written, with the label of the column at fault (column_name_zh)."""
    forms = load_forms().values()
    labels = {(form.name, field.name): field.label for form in forms for field in form.fields}
    columns = zip(found["form"].to_pylist(), found["column_name"].to_pylist(), strict=True)
    found = found.append_column("column_name_zh", pa.array([labels.get(column) for column in columns], pa.string()))
    return Table(
        name="issues",
        label="质量问题",
        rows=found,
        labels=_LABELS,
        words={
            "form": {form.name: form.sheet for form in forms},
            "severity": SEVERITIES,
            "issue_status": ISSUE_STATUSES,
            "is_overdue": YES_NO,
        },
        instants=frozenset({"first_seen_at", "last_seen_at", "opened_at", "corrected_at"}),
    )
