"""Tables and charts of a section, from what a release says."""

from __future__ import annotations

from collections.abc import Sequence

from union_warehouse.code_words import COMMITMENT_STATUSES
from union_warehouse.display import estimate_text
from union_warehouse.months import add_months
from union_warehouse.reporting.report.document import Block, Chart, Note, Series, Table
from union_warehouse.reporting.report.release_data import Commitment, Figure, ReportData, UnitValue
from union_warehouse.reporting.report.template import Exhibit
from union_warehouse.reporting.report.wording import (
    cell_text,
    is_in_ten_thousands,
    release_text,
    signed_text,
    unit_heading,
    value_text,
)

_UNREPORTED = "未报送"
_NO_VALUE = "暂无数据"
_UNPROMISED = "本年无此项目"
_NOT_OWED = "—"
_OUTDATED = "*"
_HIDDEN = "×"
_WHOLE = "全区"
_STATUS = {**COMMITMENT_STATUSES, "unknown": _NO_VALUE}
_DISTINCT = ("count_distinct", "count_distinct_all")


def table_blocks(data: ReportData, exhibit: Exhibit) -> list[Block]:
    """A table without its number, and the notes under it; nothing where it would be empty."""
    if exhibit.kind == "departments":
        return _department_table(data, exhibit)
    if exhibit.kind == "indicators":
        told = [code for code in exhibit.indicators if not _was_never(data.figures[code])]
        return [indicator_table(data, exhibit.title, told)] if told else []
    return _commitment_tables(data, exhibit)


def _department_table(data: ReportData, exhibit: Exhibit) -> list[Block]:
    """The whole, and the units that have anything to show; an indicator that is nil everywhere is told in the text."""
    chosen = [figure for code in exhibit.indicators if not is_nil(figure := data.figures[code])]
    if not chosen:
        return []
    in_ten_thousands = [is_in_ten_thousands([figure.value], figure.unit) for figure in chosen]
    columns = list(zip(chosen, in_ten_thousands, strict=True))
    rows = [(_WHOLE, *(_whole_cell(figure, large) for figure, large in columns))]
    empty = []
    for unit, name in data.unit_names.items():
        values = [data.by_unit.get((figure.code, unit)) for figure in chosen]
        if any(value and (value.is_missing or value.is_hidden or value.value) for value in values):
            rows.append((name, *(_unit_cell(value, *column) for value, column in zip(values, columns, strict=True))))
        elif any(value and value.value is not None for value in values):
            empty.append(name)
    header = ("单位", *(_heading(figure, large) for figure, large in columns))
    table = Table(exhibit.title, header, tuple(rows), frozenset(range(1, len(header))), has_total=True)
    return [table, *_table_notes(chosen, rows, empty, data.hides_below)]


def _heading(figure: Figure, is_large: bool) -> str:
    unit = unit_heading(figure.unit, figure.unit_zh, is_in_ten_thousands=is_large)
    return figure.name if unit == "%" else f"{figure.name}（{unit}）"


def is_nil(figure: Figure) -> bool:
    """Whether nothing happened, which is known."""
    return figure.value == 0


def _was_never(figure: Figure) -> bool:
    """Whether there was nothing of it, neither in the period nor since January nor a year before."""
    return is_nil(figure) and not figure.year_to_date and not figure.last_year


def _whole_cell(figure: Figure, is_large: bool) -> str:
    return why_no_value(figure) if figure.value is None else cell_text(figure.value, figure.unit, is_in_ten_thousands=is_large)


def why_no_value(figure: Figure) -> str:
    """Why a figure has no value."""
    if figure.is_unpromised:
        return _UNPROMISED
    return _UNREPORTED if figure.is_unreported else _NO_VALUE


def _unit_cell(value: UnitValue | None, figure: Figure, is_large: bool) -> str:
    if value is not None and value.is_hidden:
        return _HIDDEN
    if value is None or (value.value is None and not value.is_missing):
        return _NOT_OWED
    if value.value is None:
        return _UNREPORTED
    return cell_text(value.value, figure.unit, is_in_ten_thousands=is_large) + (_OUTDATED if value.is_missing else "")


def _table_notes(
    chosen: Sequence[Figure], rows: Sequence[Sequence[str]], empty: Sequence[str], hides_below: int | None
) -> list[Block]:
    cells = {cell for row in rows for cell in row[1:]}
    notes = [f"{'、'.join(empty)}均为零，不列。"] if empty else []
    if distinct := [figure.name for figure in chosen if figure.aggregation in _DISTINCT]:
        notes.append(f"{'、'.join(distinct)}按{_WHOLE}去重统计，不一定等于各单位之和。")
    notes.append(_attributions(chosen))
    if _HIDDEN in cells:
        notes.append(f"“{_HIDDEN}”为涉及不足{hides_below}人，或可据以推算出这类数值的数，不公开。")
    if _NOT_OWED in cells:
        notes.append(f"“{_NOT_OWED}”为不报送该表或尚无数据。")
    if any(cell.endswith(_OUTDATED) for cell in cells):
        notes.append(f"“{_OUTDATED}”为当月未报送：累计数不含当月，期末数沿用上期。")
    return [Note("注：" + "".join(notes))] if any(notes) else []


def _attributions(chosen: Sequence[Figure]) -> str:
    """For which units the columns count, where they do not all count alike; empty where they do."""
    names: dict[str, list[str]] = {}
    for figure in chosen:
        names.setdefault(figure.counts_for, []).append(figure.name)
    *few, (most, _) = sorted(names.items(), key=lambda item: len(item[1]))
    return "".join(f"{'、'.join(some)}{label}统计，" for label, some in few) + f"其余{most}统计。" if few else ""


def indicator_table(data: ReportData, title: str, codes: Sequence[str]) -> Table:
    """A row an indicator: unit, value, in a month's report the year to date, and last year's where the release has it."""
    chosen = [data.figures[code] for code in codes]
    is_month = data.period.month is not None
    is_compared = any(figure.last_year is not None for figure in chosen)
    columns = [
        "本月" if is_month else "本年",
        *(["年内累计"] if is_month else []),
        *(["上年同期", "增减"] if is_compared else []),
    ]
    rows = []
    for figure in chosen:
        is_large = is_in_ten_thousands([figure.value, figure.last_year, figure.year_to_date if is_month else None], figure.unit)
        numbers = [_whole_cell(figure, is_large)]
        if is_month:
            numbers.append(_optional(figure.year_to_date, figure, is_large))
        if is_compared:
            numbers += [_optional(figure.last_year, figure, is_large), _signed(figure, is_large)]
        unit = unit_heading(figure.unit, figure.unit_zh, is_in_ten_thousands=is_large)
        rows.append((figure.name, unit, *numbers))
    header = ("指标", "单位", *columns)
    return Table(title, header, tuple(rows), frozenset(range(2, len(header))), wide=frozenset({0}))


def _optional(value: float | None, figure: Figure, is_large: bool) -> str:
    return "" if value is None else cell_text(value, figure.unit, is_in_ten_thousands=is_large)


def _signed(figure: Figure, is_large: bool) -> str:
    if figure.change is None:
        return ""
    return signed_text(figure.change, figure.unit, is_in_ten_thousands=is_large)


def _commitment_tables(data: ReportData, exhibit: Exhibit) -> list[Block]:
    tables: list[Block] = []
    if data.commitments:
        header = ("编号", "项目", "目标", "进展", "完成率", "往年同期", "年末预测", "状态", "进展说明")
        rows = tuple(_commitment_row(data, one) for one in data.commitments)
        tables.append(Table(exhibit.title, header, rows, frozenset({2, 3, 4, 5, 6}), wide=frozenset({1, 8})))
        if any(one.forecast_low != one.forecast_high for one in data.commitments):
            tables.append(
                Note("注：年末预测按往年同期之后的进展推算，没有往年数据的按今年进度推算；括号内为十年中约有九年落入的范围。")
            )
    if data.next_commitments:
        year = int(data.period.last_month[:4]) + 1
        rows = tuple((one.number, _name_of(data, one), _amount(data, one, one.target)) for one in data.next_commitments)
        tables.append(Table(f"{year}年实事项目目标", ("编号", "项目", "目标"), rows, frozenset({2}), wide=frozenset({1})))
    if not tables:
        tables.append(Note(f"{release_text(data.release.release_id)}没有{data.period.last_month[:4]}年的实事项目。"))
    return tables


def _commitment_row(data: ReportData, one: Commitment) -> tuple[str, ...]:
    return (
        one.number,
        _name_of(data, one),
        _amount(data, one, one.target),
        _amount(data, one, one.progress),
        "" if one.rate is None else cell_text(one.rate, "ratio"),
        _amount(data, one, one.earlier_progress),
        _forecast(data, one),
        _STATUS[one.status],
        one.milestone,
    )


def _name_of(data: ReportData, one: Commitment) -> str:
    return data.figures[one.indicator].name if one.indicator in data.figures else one.indicator


def _amount(data: ReportData, one: Commitment, value: float | None) -> str:
    if value is None:
        return ""
    figure = data.figures.get(one.indicator)
    return cell_text(value, "") if figure is None else value_text(value, figure.unit, figure.unit_zh)


def _forecast(data: ReportData, one: Commitment) -> str:
    said = estimate_text(one.forecast, one.forecast_low, one.forecast_high)
    return said if one.forecast_low is not None else _amount(data, one, one.forecast)


def chart_of(data: ReportData, exhibit: Exhibit) -> Chart | None:
    """A chart without its number, or None where there is nothing to draw."""
    labels, series = {
        "months": _month_series,
        "departments": _department_series,
        "indicators": _indicator_series,
        "commitments": _commitment_series,
    }[exhibit.kind](data, exhibit)
    if not any(value for one in series for value in one.values):
        return None
    return Chart(exhibit.title, exhibit.kind, labels, series, _description(labels, series))


def _month_series(data: ReportData, exhibit: Exhibit) -> tuple[tuple[str, ...], tuple[Series, ...]]:
    months = data.period.months
    series = []
    for figure in (data.figures[code] for code in exhibit.indicators):
        now = [data.by_month.get((figure.code, month), (None, None)) for month in months]
        before = [data.by_month.get((figure.code, add_months(month, -12)), (None, None)) for month in months]
        series.append(
            Series(
                figure.name,
                figure.unit,
                figure.unit_zh,
                values=tuple(value for value, _ in now),
                last_year=tuple(value for value, _ in before) if any(value is not None for value, _ in before) else (),
                year_to_date=tuple(total for _, total in now) if figure.kind == "flow" else (),
            )
        )
    return tuple(f"{int(month[5:])}月" for month in months), tuple(series)


def _department_series(data: ReportData, exhibit: Exhibit) -> tuple[tuple[str, ...], tuple[Series, ...]]:
    chosen = [data.figures[code] for code in exhibit.indicators]
    units = [unit for unit in data.unit_names if any((figure.code, unit) in data.by_unit for figure in chosen)]
    series = [
        Series(
            figure.name,
            figure.unit,
            figure.unit_zh,
            tuple(found.value if (found := data.by_unit.get((figure.code, unit))) else None for unit in units),
        )
        for figure in chosen
    ]
    return tuple(data.unit_names[unit] for unit in units), tuple(series)


def _indicator_series(data: ReportData, exhibit: Exhibit) -> tuple[tuple[str, ...], tuple[Series, ...]]:
    chosen = [data.figures[code] for code in exhibit.indicators]
    series = tuple(Series(figure.name, figure.unit, figure.unit_zh, (figure.value,)) for figure in chosen)
    return tuple(figure.name for figure in chosen), series


def _commitment_series(data: ReportData, _exhibit: Exhibit) -> tuple[tuple[str, ...], tuple[Series, ...]]:
    rates = tuple(one.rate for one in data.commitments)
    labels = tuple(f"{one.number} {_name_of(data, one)}" for one in data.commitments)
    return labels, (Series("完成率", "ratio", "", rates),)


def _description(labels: Sequence[str], series: Sequence[Series]) -> str:
    """The numbers of a chart in words."""
    parts = []
    for one in series:
        points = zip(labels, one.values, strict=True) if len(one.values) == len(labels) else [(one.name, one.values[0])]
        words = "、".join(f"{label}{value_text(value, one.unit, one.unit_zh)}" for label, value in points if value is not None)
        parts.append(f"{one.name}：{words}" if len(one.values) == len(labels) else words)
    return "；".join(parts) + "。"
