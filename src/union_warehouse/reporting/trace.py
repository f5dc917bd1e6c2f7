"""Trace a figure to the submitted rows behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from union_warehouse.code_words import RATIO_PARTS
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.paths import Home
from union_warehouse.releases.database import open_release
from union_warehouse.releases.read import release_folder
from union_warehouse.reporting.contributions import contributions
from union_warehouse.reporting.figures import last_closed_month, values_of
from union_warehouse.reporting.table_files import Table
from union_warehouse.reporting.unit_values import unit_values

_ROW_LABELS = {
    "part": "组成部分",
    "department": "报送单位",
    "month": "报送月份",
    "reporting_unit": "统计单位",
    "file": "文件",
    "version": "版本",
    "sheet": "工作表",
    "row": "行号",
    "natural_key": "业务编号",
    "contribution": "贡献",
    "counted_in": "计入月份",
    "submission_id": "报送编号",
}
TRACE_COLUMNS = tuple(_ROW_LABELS)
_FIGURE_LABELS = {
    "indicator": "指标代码",
    "name_zh": "指标名称",
    "definition_zh": "口径",
    "counts_for_zh": "归属",
    "period": "期间",
    "reporting_unit": "单位代码",
    "release_id": "发布版本",
    "value": "数值",
    "total": "明细合计",
    "series_breaks": "口径变更月份",
}
_ROW_ORDER = "received_at, file, sheet, row"
_CENT = 0.01


class UnknownIndicator(UnionWarehouseError):
    """No indicator has that code."""

    code = "unknown_indicator"
    message_zh = "没有指标 {indicator}；指标清单可用 uw figures 查看。相近的有：{similar}。"
    message_en = "there is no indicator {indicator}; `uw figures` lists them. Similar: {similar}."


class FigureDiffers(UnionWarehouseError):
    """A figure that is not what its rows add up to: the release was changed, or made wrongly."""

    code = "figure_differs"
    message_zh = "{release_id} 中 {indicator}（{period}，{unit}）的数值是 {value}，明细合计却是 {total}。请勿引用该数字，用 uw verify 核对发布版本。"
    message_en = (
        "{release_id} says {value} of {indicator} ({period}, {unit}), whose rows add up to {total}: do not quote it, and check the release "
        "with `uw verify`."
    )


@dataclass(frozen=True)
class Trace:
    """A figure and the rows that it is made of.

    Attributes:
        indicator: its code.
        name_zh: its Chinese name.
        period: the year or month asked for.
        reporting_unit: code of the unit.
        release_id: release that was read.
        value: as the release states it; None where the unit did not report, or does not owe the form.
        total: what the contributions add up to; of a ratio the numerator's total over the denominator's.
        rows: one row per submitted row (columns: :data:`TRACE_COLUMNS`), in the order received_at, file, sheet, row.
            ``part`` is ``numerator`` or ``denominator`` of a ratio, else empty.
        series_breaks: first months that count by another rule than the month before, comma-separated; None without one.
        definition_zh: what it counts.
        counts_for_zh: for which unit a row counts, in words.
    """

    indicator: str
    name_zh: str
    period: str
    reporting_unit: str
    release_id: str
    value: float | None
    total: float | None
    rows: pd.DataFrame
    series_breaks: str | None
    definition_zh: str
    counts_for_zh: str

    def check(self) -> None:
        """See that the rows add up to the figure.

        Raises:
            FigureDiffers: they do not.
        """
        if self.value != self.total and (
            self.value is None or self.total is None or not math.isclose(self.value, self.total, rel_tol=1e-9, abs_tol=_CENT / 2)
        ):
            raise FigureDiffers(
                indicator=self.indicator,
                period=self.period,
                unit=self.reporting_unit,
                release_id=self.release_id,
                value=self.value,
                total=self.total,
            )


def trace(
    home: Home,
    indicator: str,
    year: int,
    month: str | None = None,
    department: str | None = None,
    release_id: str | None = None,
    structure_on: date | None = None,
) -> Trace:
    """The submitted rows behind one indicator value.

    A row contributes 1 to a count and its amount to a sum. A distinct count counts on the first of its rows in the order
    received_at, file, sheet, row; the others contribute 0. Personal data stays masked: no row holds any.

    Args:
        home: the warehouse's state.
        indicator: its code.
        year: calendar year.
        month: ``YYYY-MM`` of that year for the month's value; None for the year's (of a stock or ratio: at its last closed month).
        department: code of a reporting unit; None for the whole federation.
        release_id: None for the current release.
        structure_on: history restated to the units as they stand on that day; None as they stood.

    Raises:
        UnknownIndicator: no indicator has that code.
        NoFigures: the release does not hold that period.
        NoSuchUnit: nor that unit, in the structure asked for.
        NoRelease: nothing has been published yet.
    """
    folder = release_folder(home, release_id)
    with open_release(home, folder.name) as connection:
        definition = _definition(connection, indicator)
        last = last_closed_month(connection, year, month)
        period = "value_month" if month else "value_year_to_date"
        unit, is_federation, values = _of_unit(connection, last, department, structure_on, period)
        parts = {"": definition}
        if definition["indicator_kind"] == "ratio":
            parts = {
                "numerator": _definition(connection, definition["numerator_code"]),
                "denominator": _definition(connection, definition["denominator_code"]),
            }
        asked = {
            "first": last if month or definition["indicator_kind"] != "flow" else f"{year}-01",
            "last": last,
            "unit": None if is_federation else unit,
            "structure_on": structure_on,
        }
        found = {part: _rows(connection, item, asked) for part, item in parts.items()}
        totals = [_total(table, values.get(parts[part]["indicator_code"])) for part, table in found.items()]
        total = totals[0] if len(totals) == 1 else _ratio(connection, *totals)
    rows = pd.concat([table.assign(part=part) for part, table in found.items()], ignore_index=True)
    return Trace(
        indicator=indicator,
        name_zh=definition["name_zh"],
        period=month or str(year),
        reporting_unit=unit,
        release_id=folder.name,
        value=values.get(indicator),
        total=total,
        rows=rows[list(TRACE_COLUMNS)],
        series_breaks=definition["series_breaks"] or None,
        definition_zh=definition["definition_zh"],
        counts_for_zh=definition["counts_for_zh"],
    )


def trace_tables(found: Trace) -> list[Table]:
    """A trace to be written: the figure, and its rows."""
    figure = pa.table({name: [getattr(found, name)] for name in _FIGURE_LABELS})
    rows = pa.Table.from_pandas(found.rows, preserve_index=False)
    return [
        Table("figure", "指标", figure, _FIGURE_LABELS),
        Table("rows", "明细", rows, _ROW_LABELS, {"part": RATIO_PARTS}),
    ]


def trace_document(tables: list[Table]) -> dict[str, Any]:
    """The same for a program: the figure, with its ``rows``."""
    figure, rows = tables
    return {**figure.records()[0], rows.name: rows.records()}


def _definition(connection: duckdb.DuckDBPyConnection, indicator: str) -> dict[str, Any]:
    found = connection.execute("select * from dim_indicator where indicator_code = ?", [indicator]).df()
    if found.empty:
        similar = connection.execute(
            "select indicator_code from dim_indicator order by jaro_winkler_similarity(indicator_code, ?) desc limit 3",
            [indicator],
        ).fetchall()
        raise UnknownIndicator(indicator=indicator, similar=", ".join(code for (code,) in similar))
    return dict(found.iloc[0])


def _of_unit(
    connection: duckdb.DuckDBPyConnection, month: str, department: str | None, structure_on: date | None, period: str
) -> tuple[str, bool, dict[str, float | None]]:
    """The unit that was asked for, whether it is the federation, and the values that it has by indicator."""
    found = values_of(unit_values(connection, month, structure_on), department, month)
    rows = found.to_pylist()
    return (
        str(rows[0]["reporting_unit_code"]),
        bool(rows[0]["is_federation"]),
        {row["indicator_code"]: None if row[period] is None else float(row[period]) for row in rows},
    )


def _rows(connection: duckdb.DuckDBPyConnection, definition: dict[str, Any], asked: dict[str, Any]) -> pd.DataFrame:
    """The rows behind one indicator; ``asked``: first and last month, unit (None: all), structure_on."""
    is_restated = asked["structure_on"] is not None
    return connection.execute(
        f"""
        with
            span as (select month, last_on as month_end from dim_month where is_closed and month between $first and $last),
            contributions as ({contributions([definition], is_restated)}),
            placed as (
                select
                    contributions.submitted_by_code as department,
                    contributions.submission_month as month,
                    contributions.reporting_unit_code as reporting_unit,
                    file_name as file,
                    version_number as version,
                    source_sheet as sheet,
                    source_row as row,
                    natural_key,
                    contributions.month as counted_in,
                    contributions.submission_id,
                    distinct_key,
                    part_value,
                    amount,
                    received_at
                from contributions
                inner join fct_submissions as submissions
                    on contributions.submission_id = submissions.submission_id and submissions.form = $form
                where $unit is null or contributions.reporting_unit_code = $unit
            ),
            in_order as (select *, row_number() over (order by {_ROW_ORDER}) as position from placed),
            -- a distinct count counts a value once, on the first of its rows; every other row counts by itself
            measured as (
                select min(position) as position,
                    indicator_measure($aggregation, $part_count::integer, distinct_key, part_value, amount, true) as measure
                from in_order
                group by distinct_key, if(distinct_key is null, position, null)
            )
        select in_order.* exclude (distinct_key, part_value, amount, received_at, position),
            cast(coalesce(measure, 0) as double) as contribution
        from in_order
        left join measured using (position)
        order by position
        """,
        {key: value for key, value in asked.items() if value is not None or key == "unit"}
        | {name: definition[name] for name in ("form", "aggregation")}
        | {"part_count": None if pd.isna(definition["part_count"]) else int(definition["part_count"])},
    ).df()


def _total(rows: pd.DataFrame, value: float | None) -> float | None:
    """What the contributions add up to; a unit that did not report has neither rows nor a value."""
    return float(rows["contribution"].sum()) if len(rows) or value is not None else None


def _ratio(connection: duckdb.DuckDBPyConnection, numerator: float | None, denominator: float | None) -> float | None:
    found = connection.execute("select indicator_ratio(?::double, ?::double)", [numerator, denominator]).fetchone()
    return found[0] if found else None
