"""What the report rests on: definitions, who reported, rows that wait, restatements, and the release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from union_warehouse.contracts import load_forms
from union_warehouse.display import number_text
from union_warehouse.quality.row_messages import title_of
from union_warehouse.reporting.report.compose import form_label, local_time
from union_warehouse.reporting.report.document import Block, Note, Paragraph, Section, Table
from union_warehouse.reporting.report.exhibits import indicator_table
from union_warehouse.reporting.report.release_data import ReportData
from union_warehouse.reporting.report.wording import cell_text, day_text, month_text, months_text, release_text, unit_heading

DEFINITION_ANCHOR = "definition-"
_COMPLETE = "√"
_LISTED_FIGURES, _LISTED_UNITS = 5, 3
_LATE_ROWS, _LATE_REPORT, _RESENT = "以后月份补报", "迟报", "更正后重新报送"
"""What a submission that restates a figure was: of the month just closed, the first of an earlier month, or a further one."""
_UNKNOWN_CAUSE = "原因未知"
_CAUSES = {"definition": "口径变更", "organisation": "单位变更", "exception": "报送要求变更"}
"""What a restatement may come from beside a submission."""


def appendices(connection: duckdb.DuckDBPyConnection, data: ReportData) -> tuple[Section, ...]:
    """The appendices, read from the same release."""
    return (
        Section("figures", "指标一览", (indicator_table(data, "全部指标", list(data.figures)),)),
        Section("definitions", "指标口径", (_definitions(data),)),
        Section("completeness", "报送情况", tuple(_completeness(connection, data))),
        Section("quarantine", "待更正数据", tuple(_waiting_rows(connection, data))),
        Section("restatements", "数据更正", tuple(_restatements(connection, data))),
        Section("release", "发布版本", (_release(data),)),
    )


def _say(text: str) -> Paragraph:
    return Paragraph(((text, None),))


def _definitions(data: ReportData) -> Table:
    rows = tuple(
        (
            figure.name,
            figure.definition,
            figure.counts_for,
            unit_heading(figure.unit, figure.unit_zh),
            data.sender_names.get(figure.owner, figure.owner),
            form_label(figure.form),
        )
        for figure in data.figures.values()
    )
    anchors = tuple(f"{DEFINITION_ANCHOR}{code}" for code in data.figures)
    header = ("指标", "口径", "归属", "单位", "责任部门", "来源报表")
    return Table("指标的口径、单位和责任部门", header, rows, wide=frozenset({0, 1}), anchors=anchors)


_REPORTED = """
    select month, reporting_unit_code, expected_count, received_count, received_on_time_count,
        received_count - received_on_time_count as late_count, silent_count
    from rpt_reporting_rates
    where rate_level = 'unit' and month in (from unnest($months))
"""


def _completeness(connection: duckdb.DuckDBPyConnection, data: ReportData) -> list[Block]:
    months = data.period.covered
    rows = connection.execute(_REPORTED, {"months": list(months)}).fetchall()
    counts = {(month, unit): tuple(numbers) for month, unit, *numbers in rows}
    units = [unit for unit in data.sender_names if any((month, unit) in counts for month in months)]
    whole = _sum([*counts.values()])
    expected, received, on_time, late, missing = whole
    said = (
        f"{data.period.text}应报{number_text(expected)}份表，收到{number_text(received)}份，其中按时{number_text(on_time)}份、"
        f"迟报{number_text(late)}份；未报{number_text(missing)}份。"
    )
    header = ("应报", "收到", "按时", "迟报", "未报", "按时率（%）")
    numeric = frozenset(range(1, 7))
    by_unit = [
        (data.sender_names[unit], *_count_cells(_sum([counts[key] for key in counts if key[1] == unit]))) for unit in units
    ]
    blocks: list[Block] = [
        _say(said),
        Table("各单位报送情况（份）", ("单位", *header), (("全区", *_count_cells(whole)), *by_unit), numeric, has_total=True),
    ]
    if len(months) > 1:
        by_month = [
            (month_text(month), *_count_cells(_sum([counts[key] for key in counts if key[0] == month]))) for month in months
        ]
        blocks.append(Table("各月报送情况（份）", ("月份", *header), tuple(by_month), numeric))
        marks = [(data.sender_names[unit], *(_mark(counts.get((month, unit))) for month in months)) for unit in units]
        columns = ("单位", *(f"{int(month[5:])}月" for month in months))
        blocks.append(Table("各单位各月报送情况", columns, tuple(marks)))
        blocks.append(Note(f"注：“{_COMPLETE}”为全部按时收到；“迟”“缺”后为迟报、未报的份数；以首个被接受的版本判断是否按时。"))
    return blocks


def _sum(counts: list[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0,) * 5


def _count_cells(counts: tuple[int, ...]) -> tuple[str, ...]:
    expected, _, on_time, _, _ = counts
    return (*(number_text(count) for count in counts), cell_text(on_time / expected, "ratio").rstrip("%") if expected else "")


def _mark(counts: tuple[int, ...] | None) -> str:
    if counts is None:
        return ""
    *_, late, missing = counts
    return (f"迟{late}" if late else "") + (f"缺{missing}" if missing else "") or _COMPLETE


def _waiting_rows(connection: duckdb.DuckDBPyConnection, data: ReportData) -> list[Block]:
    rows = connection.execute(
        """
        select form, rule_code, count(distinct (submission_id, source_sheet, source_row)), count(distinct submitted_by_code),
            coalesce(min(message_zh), '')
        from fct_row_problems
        where severity = 'error' and submission_month in (from unnest($months))
        group by form, rule_code
        order by form, 3 desc, rule_code
        """,
        {"months": list(data.period.covered)},
    ).fetchall()
    if not rows:
        return [_say(f"{data.period.text}没有待更正的数据行。")]
    total = connection.execute(
        """
        select count(distinct (submission_id, form, source_sheet, source_row)), count(distinct submitted_by_code)
        from fct_row_problems where severity = 'error' and submission_month in (from unnest($months))
        """,
        {"months": list(data.period.covered)},
    ).fetchone()
    row_count, unit_count = total or (0, 0)
    cells = tuple(
        (form_label(form), title_of(rule, load_forms().get(form)) or rule, number_text(count), number_text(units), text)
        for form, rule, count, units, text in rows
    )
    header = ("报表", "问题", "行数", "单位数", "示例")
    return [
        _say(f"{data.period.text}报送的数据中有{unit_count}个单位的{row_count}行待更正，更正前不计入指标。"),
        Table("待更正数据行", header, cells, frozenset({2, 3}), wide=frozenset({4})),
    ]


def _restatements(connection: duckdb.DuckDBPyConnection, data: ReportData) -> list[Block]:
    """Months' values that changed after they were published, by cause; what follows from them for the year to date is not listed."""
    rows = connection.execute(
        """
        select indicator_code, month, closed_month, coalesce(caused_by, ''), cause, reason
        from rpt_restatements
        inner join dim_indicator using (indicator_code)
        where is_published and month in (from unnest($months)) and old_value_month is distinct from new_value_month
            and reporting_unit_code in (select reporting_unit_code from rpt_indicators where is_federation)
        order by known_at, month, indicator_code
        """,
        {"months": list(data.period.covered)},
    ).fetchall()
    if not rows:
        return [_say(f"{data.period.text}的全区指标没有更正。")]
    groups: dict[str, _Restated] = {}
    for code, month, closed_month, caused_by, cause, reason in rows:
        slots = [one.split("/") for one in caused_by.split(", ") if one.count("/") > 1]
        group = groups.setdefault(_cause(slots, closed_month, cause, reason), _Restated())
        group.count += 1
        group.figures[data.figures[code].name] += 1
        group.months.add(month)
        group.units |= {unit for _, unit, *_ in slots}
    cells = [
        (
            cause,
            number_text(group.count),
            months_text(sorted(group.months)),
            _units_text([name for unit, name in data.sender_names.items() if unit in group.units]),
            "、".join(f"{name}{count}处" for name, count in group.figures.most_common(_LISTED_FIGURES))
            + ("等" if len(group.figures) > _LISTED_FIGURES else ""),
        )
        for cause, group in sorted(groups.items(), key=lambda one: -one[1].count)
    ]
    return [
        _say(f"{data.period.text}各月的全区指标在发布后更正{len(rows)}处，按原因归类如下；逐处的原值和现值随发布版本提供。"),
        Table(
            "全区各月指标更正的原因",
            ("原因", "处数", "涉及月份", "报送单位", "主要指标"),
            tuple(cells),
            frozenset({1}),
            wide=frozenset({0, 2, 3, 4}),
        ),
    ]


def _units_text(names: Sequence[str]) -> str:
    return "、".join(names) if len(names) <= _LISTED_UNITS else f"{'、'.join(names[:_LISTED_UNITS])}等{len(names)}个单位"


@dataclass
class _Restated:
    """Restatements of one cause."""

    count: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    months: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)


def _cause(slots: Sequence[Sequence[str]], closed_month: str, cause: str | None, reason: str | None) -> str:
    """Why figures were restated: in words, the same for all that have it in common."""
    if cause in _CAUSES:
        return f"{_CAUSES[cause]}：{reason}" if reason else _CAUSES[cause]
    kinds = {
        _RESENT if version.lstrip("v0") != "1" else _LATE_ROWS if month == closed_month else _LATE_REPORT
        for month, _, version in slots
    }
    return "、".join(kind for kind in (_LATE_ROWS, _LATE_REPORT, _RESENT) if kind in kinds) or _UNKNOWN_CAUSE


def _provisional(data: ReportData) -> str:
    if not data.provisional_months:
        return "无，各月均已定稿"
    return f"{months_text([*data.provisional_months])}，最迟{month_text(max(data.provisional_months.values()))}关账后定稿"


def _release(data: ReportData) -> Table:
    release = data.release
    versions: dict[str, list[str]] = {}
    for form, version in release.contract_versions.items():
        versions.setdefault(version, []).append(form_label(form))
    rows = (
        ("发布版本", release_text(release.release_id)),
        ("数据截至", f"{local_time(release.known_at_utc)}（上海时间）"),
        ("单位建制", "各月当时的建制" if data.structure_on is None else f"{day_text(data.structure_on)}的建制，历史数据已重列"),
        (
            "公开范围",
            "内部使用，含不足公开人数的数值"
            if data.hides_below is None
            else f"公开：各单位不足{data.hides_below}人的数值及可据以推算的数值不列出",
        ),
        ("已关账月份", months_text(release.closed_months)),
        ("初步数", _provisional(data)),
        ("版本指纹（含以前各版本）", data.release_sha256),
        ("上一发布版本", release_text(release.previous_release_id) if release.previous_release_id else "无"),
        ("程序版本", release.code_version),
        ("报表版本", "；".join(f"{version}：{'、'.join(forms)}" for version, forms in sorted(versions.items()))),
    )
    return Table("本报告所依据的发布版本", ("项目", "内容"), rows, wide=frozenset({1}))
