"""Charts drawn as PNG, in a font that comes with the project (Noto Sans SC)."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator
from pylopdf_fonts_zh_cn import sans_path

from union_warehouse.display import number_text
from union_warehouse.reporting.report.document import Chart, Series
from union_warehouse.reporting.report.wording import value_text

_WIDTH = 6.3
_PANEL_HEIGHT = 1.5
_ROOM_ABOVE = 1.15
_HALO = [withStroke(linewidth=1.5, foreground="white")]
_LEFT, _RIGHT, _BOTTOM, _BOTTOM_WITHOUT_LEGEND, _TOP = 0.07, 0.02, 0.26, 0.13, 0.15
_BEFORE, _NOW = _LEGEND = ("上年同月", "当月")
_BAR_HEIGHT = 0.19
_FRAME_HEIGHT = 0.5
_DPI = 200
_RED, _GREY, _GREEN = "#b3261e", "#c9c9c9", "#3d7a3d"
_SHARES = ("ratio", "milestone")
_FULL = 100
_MONTHS_OF_A_YEAR = 12


def draw(chart: Chart) -> bytes:
    """``chart`` as PNG; the same chart gives the same bytes."""
    with _style():
        figure = _horizontal(chart) if chart.kind in ("indicators", "departments", "commitments") else _months(chart)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


@contextmanager
def _style() -> Iterator[None]:
    with mpl.rc_context(
        {
            "font.family": _font_family(),
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#666666",
            "axes.unicode_minus": False,
            "figure.dpi": _DPI,
        }
    ):
        yield


@cache
def _font_family() -> str:
    fontManager.addfont(sans_path())
    return FontProperties(fname=sans_path()).get_name()


def _months(chart: Chart) -> Figure:
    """Two panels a row, one a series: bars of the month, those of the last year beside them."""
    columns = min(len(chart.series), 2)
    rows = math.ceil(len(chart.series) / columns)
    figure = Figure(figsize=(_WIDTH, _PANEL_HEIGHT * rows))
    panels = figure.subplots(rows, columns, squeeze=False).flat
    legend: dict[str, Artist] = {}
    for axes, series in zip(panels, chart.series, strict=False):
        _month_bars(axes, chart.labels, series, is_narrow=columns > 1)
        legend |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    for axes in list(panels):
        axes.set_axis_off()
    names = [name for name in _LEGEND if name in legend]
    is_named = _BEFORE in names
    if is_named:
        figure.legend([legend[name] for name in names], names, loc="lower center", ncols=len(names), frameon=False, fontsize=7.5)
    bottom = (_BOTTOM if is_named else _BOTTOM_WITHOUT_LEGEND) / rows
    figure.subplots_adjust(left=_LEFT, right=1 - _RIGHT, wspace=0.16, hspace=0.5, bottom=bottom, top=1 - _TOP / rows)
    return figure


def _month_bars(axes: Axes, labels: tuple[str, ...], series: Series, *, is_narrow: bool) -> None:
    places = [int(label.rstrip("月")) - 1 for label in labels]
    axes.set_xlim(-0.6, _MONTHS_OF_A_YEAR - 0.4)
    width = 0.38 if series.last_year else 0.6
    shift = width / 2 if series.last_year else 0
    if series.last_year:
        axes.bar([place - shift for place in places], _drawn(series.last_year), width, color=_GREY, label=_BEFORE)
    bars = axes.bar([place + shift for place in places], _drawn(series.values), width, color=_RED, label=_NOW)
    top = max(_drawn(series.values) + _drawn(series.last_year)) * _ROOM_ABOVE or 1
    axes.set_ylim(0, top)
    said = ["" if value is None else number_text(value) for value in series.values]
    axes.bar_label(bars, said, padding=1, fontsize=5.5 if is_narrow else 7, path_effects=_HALO, zorder=4)
    total = f"，年内累计{number_text(series.year_to_date[-1])}" if series.year_to_date and series.year_to_date[-1] else ""
    axes.set_title(f"{series.name}（{series.unit_zh}{total}）", fontsize=8 if is_narrow else 9, loc="left", pad=6)
    suffix = "" if is_narrow else "月"
    axes.set_xticks(range(_MONTHS_OF_A_YEAR), [f"{number}{suffix}" for number in range(1, _MONTHS_OF_A_YEAR + 1)])
    axes.tick_params(labelsize=7 if is_narrow else 8)
    _plain_numbers(axes)


def _drawn(values: tuple[float | None, ...]) -> list[float]:
    return [value or 0 for value in values]


def _plain_numbers(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))


def _horizontal(chart: Chart) -> Figure:
    """Bars from top to bottom; a panel a series unless each series is one bar."""
    is_one_bar_each = chart.kind == "indicators"
    columns = 1 if is_one_bar_each else len(chart.series)
    height = _FRAME_HEIGHT + _BAR_HEIGHT * len(chart.labels)
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    panels = figure.subplots(1, columns, squeeze=False, sharey=True)[0]
    if is_one_bar_each:
        _bars(panels[0], chart.labels, chart.series, lambda _: _RED)
    else:
        colour = _progress_colour if chart.kind == "commitments" else lambda _: _RED
        for axes, series in zip(panels, chart.series, strict=True):
            axes.set_title(f"{series.name}（{series.unit_zh or '%'}）", fontsize=9, loc="left")
            alone = tuple(Series(series.name, series.unit, series.unit_zh, (value,)) for value in series.values)
            _bars(axes, chart.labels, alone, colour)
            if chart.kind == "commitments":
                axes.set_xlim(0, max(_FULL * 1.15, axes.get_xlim()[1]))
    return figure


def _bars(axes: Axes, labels: tuple[str, ...], series: tuple[Series, ...], colour: Callable[[float], str]) -> None:
    """One bar a series."""
    values = [(one.values[0] or 0) * (_FULL if one.unit in _SHARES else 1) for one in series]
    bars = axes.barh(range(len(values)), values, 0.62, color=[colour(value) for value in values])
    said = ["" if one.values[0] is None else value_text(one.values[0], one.unit, one.unit_zh) for one in series]
    axes.bar_label(bars, said, padding=3, fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.margins(x=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
    axes.tick_params(axis="y", length=0)


def _progress_colour(percent: float) -> str:
    return _GREEN if percent >= _FULL else _RED
