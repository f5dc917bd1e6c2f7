"""What the first page says by itself: what stands out, what went wrong and what comes next, in sentences made of a release."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from union_warehouse.code_words import COMMITMENT_STATUSES
from union_warehouse.display import number_text
from union_warehouse.months import last_day
from union_warehouse.reporting.report.release_data import Commitment, Figure, ReportData
from union_warehouse.reporting.report.wording import change_text, day_text, value_text
from union_warehouse.working_days import SHANGHAI

_LISTED = 4
_LEAST_SHARE, _LEAST_POINTS, _LEAST_MONEY, _DEVIATIONS = 0.1, 0.01, 10_000, 2
"""What a change must be to stand out; a difference of two counts varies by the root of their sum."""
_SHARES = frozenset({"ratio", "milestone"})

Fact = Callable[[duckdb.DuckDBPyConnection, ReportData], str]


def facts(connection: duckdb.DuckDBPyConnection, data: ReportData) -> dict[str, str]:
    """Every sentence by its name in the template (docs/report.md); empty where there is nothing to say."""
    return {name: say(connection, data) for name, say in _FACTS.items()}


@dataclass(frozen=True)
class _Change:
    """A figure that is known in this year and the last, over the same months, and by how much it moved."""

    figure: Figure
    now: float
    change: float

    @property
    def size(self) -> float:
        """How much it moved: of a share in points, else the share of what it was."""
        before = self.now - self.change
        return self.change if self.figure.unit in _SHARES or not before else self.change / before

    @property
    def stands_out(self) -> bool:
        """Whether it is worth a word: more than a tenth, and of a count more than chance, or a percentage point."""
        if self.figure.unit in _SHARES:
            return abs(self.change) >= _LEAST_POINTS
        before = self.now - self.change
        least = _LEAST_MONEY if self.figure.unit == "CNY" else _DEVIATIONS * math.sqrt(max(0, self.now + before))
        return before > 0 and abs(self.size) >= _LEAST_SHARE and abs(self.change) >= least

    @property
    def text(self) -> str:
        """Name, value, and by how much it moved."""
        figure = self.figure
        moved = change_text(self.change, figure.unit, figure.unit_zh).removeprefix("同比")
        share = "" if figure.unit in _SHARES else f"，{number_text(abs(self.size) * 100, 1)}%"
        return f"{figure.name}{value_text(self.now, figure.unit, figure.unit_zh)}（{moved}{share}）"


def _changes(_: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    """What moved most against the same period a year before: flows from January on, stocks and rates at its end."""
    compared = list(_compared(data))
    if not compared:
        return f"没有{int(data.period.last_month[:4]) - 1}年同期的数据，未作同比。"
    ranked = sorted((one for one in compared if one.stands_out), key=lambda one: -abs(one.size))
    up = [one.text for one in ranked if one.size > 0][:_LISTED]
    down = [one.text for one in ranked if one.size < 0][:_LISTED]
    said = [f"{word}较多的有{'、'.join(texts)}" for word, texts in (("增加", up), ("减少", down)) if texts]
    since = "年初以来" if data.period.month else ""
    return f"{since}与上年同期相比，{'；'.join(said)}。" if said else f"{since}与上年同期相比，各项指标没有明显变化。"


def _compared(data: ReportData) -> Iterator[_Change]:
    for figure in data.figures.values():
        is_cumulated = figure.kind == "flow"
        now, change = (figure.year_to_date, figure.change_year_to_date) if is_cumulated else (figure.value, figure.change)
        if now is not None and change is not None and figure.unit != "milestone":
            yield _Change(figure, now, change)


def _commitments(_: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    if not data.commitments:
        return ""
    by_status = {
        status: [one for one in data.commitments if one.status == status] for status in (*COMMITMENT_STATUSES, "unknown")
    }
    words = {**COMMITMENT_STATUSES, "unknown": "暂无数据"}
    said = [f"{words[status]}{len(ones)}项" for status, ones in by_status.items() if ones]
    return f"{data.period.last_month[:4]}年{len(data.commitments)}项实事项目，{'、'.join(said)}。"


def _late_commitments(_: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    late = [one for one in data.commitments if one.status in {"at_risk", "missed"}]
    if not late:
        return ""
    listed = "、".join(f"{_name(data, one)}（目标{_amount(data, one, one.target)}，{_reached(data, one)}）" for one in late)
    return f"实事项目进度滞后或未完成的有：{listed}。"


def _reached(data: ReportData, one: Commitment) -> str:
    said = f"已完成{_amount(data, one, one.progress or 0)}"
    if one.status == "missed" or one.forecast is None:
        return said
    return f"{said}，预计年末{_amount(data, one, round(one.forecast, 2 if _is_share(data, one) else 0))}"


def _remaining_commitments(_: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    if data.period.last_month.endswith("-12"):
        return ""
    open_ones = [one for one in data.commitments if one.progress is not None and one.progress < one.target]
    if not open_ones:
        return ""
    listed = "、".join(f"{_name(data, one)}{_amount(data, one, one.target - (one.progress or 0))}" for one in open_ones)
    return f"对照实事项目目标，年内还需完成：{listed}。"


def _next_commitments(_: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    if not data.next_commitments:
        return ""
    listed = "、".join(f"{_name(data, one)}{_amount(data, one, one.target)}" for one in data.next_commitments)
    return f"{int(data.period.last_month[:4]) + 1}年实事项目目标：{listed}。"


def _name(data: ReportData, one: Commitment) -> str:
    return data.figures[one.indicator].name if one.indicator in data.figures else one.indicator


def _is_share(data: ReportData, one: Commitment) -> bool:
    return one.indicator in data.figures and data.figures[one.indicator].unit in _SHARES


def _amount(data: ReportData, one: Commitment, value: float) -> str:
    figure = data.figures.get(one.indicator)
    return number_text(value) if figure is None else value_text(value, figure.unit, figure.unit_zh)


def _reports(connection: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    found = connection.execute(
        """
        select sum(expected_count), sum(silent_count), sum(received_count - received_on_time_count)
        from rpt_reporting_rates
        where rate_level = 'unit' and month in (from unnest($months))
        """,
        {"months": list(data.period.covered)},
    ).fetchone()
    expected, missing, late = found or (0, 0, 0)
    if not missing and not late:
        return ""
    said = [f"{word}{count}份" for word, count in (("未报", missing), ("迟报", late)) if count]
    units = _some(list(dict.fromkeys(gap.unit_name for gap in data.gaps)))
    return f"应报{number_text(expected)}份报表中{'、'.join(said)}{f'（未报：{units}）' if units else ''}。"


def _some(names: Sequence[str]) -> str:
    """Names, of many the first and how many there are."""
    return "、".join(names) if len(names) <= _LISTED else f"{'、'.join(names[:_LISTED])}等{len(names)}个单位"


def _waiting_rows(connection: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    found = connection.execute(
        """
        select count(distinct (submission_id, form, source_sheet, source_row)), count(distinct submitted_by_code)
        from fct_row_problems where severity = 'error' and submission_month in (from unnest($months))
        """,
        {"months": list(data.period.covered)},
    ).fetchone()
    rows, units = found or (0, 0)
    return f"{units}个单位报送的{rows}行数据有误，更正前不计入指标。" if rows else ""


def _overdue_hazards(connection: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    found = connection.execute(
        "select count(*) from fct_hazards where found_on <= $day and due_on < $day and (rectified_on is null or rectified_on > $day)",
        {"day": last_day(data.period.last_month)},
    ).fetchone()
    return f"期末有{found[0]}处安全隐患逾期未整改。" if found and found[0] else ""


def _restatements(connection: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    found = connection.execute(
        """
        select count(*), count(distinct month)
        from rpt_restatements
        inner join dim_indicator using (indicator_code)
        where is_published and month in (from unnest($months)) and old_value_month is distinct from new_value_month
            and reporting_unit_code in (select reporting_unit_code from rpt_indicators where is_federation)
        """,
        {"months": list(data.period.covered)},
    ).fetchone()
    count, months = found or (0, 0)
    if not count:
        return ""
    where = f"，涉及{months}个月" if len(data.period.covered) > 1 else ""
    return f"全区指标发布后更正{count}处{where}，原因见附录。"


def _open_issues(connection: duckdb.DuckDBPyConnection, data: ReportData) -> str:
    """Who has to correct something until when: of the period, and still open in the release."""
    rows = connection.execute(
        """
        select reporting_unit_code, due_on, count(*)
        from fct_quality_issues
        where severity = 'error' and issue_status in ('open', 'acknowledged', 'reopened') and month in (from unnest($months))
        group by reporting_unit_code, due_on
        """,
        {"months": list(data.period.covered)},
    ).fetchall()
    known_on = data.release.known_at_utc.astimezone(SHANGHAI).date()
    said = []
    for due_on in sorted({due for _, due, _ in rows}):
        by_unit = {unit: count for unit, due, count in rows if due == due_on}
        listed = _some([f"{name}{by_unit[unit]}项" for unit, name in data.sender_names.items() if unit in by_unit])
        said.append(f"{listed}（{day_text(due_on)}前{'，已逾期' if due_on < known_on else ''}）")
    return f"有关单位须更正或补报：{'；'.join(said)}。" if said else ""


_FACTS: Mapping[str, Fact] = {
    "changes": _changes,
    "commitments": _commitments,
    "late_commitments": _late_commitments,
    "reports": _reports,
    "waiting_rows": _waiting_rows,
    "overdue_hazards": _overdue_hazards,
    "restatements": _restatements,
    "remaining_commitments": _remaining_commitments,
    "next_commitments": _next_commitments,
    "open_issues": _open_issues,
}
