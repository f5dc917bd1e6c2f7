"""How a report writes values, changes and spans, and draws its charts."""

from __future__ import annotations

import warnings

import pytest

from union_warehouse.reporting.report.charts import draw
from union_warehouse.reporting.report.document import Chart, Series
from union_warehouse.reporting.report.wording import change_text, months_text, ordinal, release_text, signed_text, value_text


@pytest.mark.parametrize(
    ("value", "unit", "unit_zh", "text"),
    [
        (22613, "persons", "人", "22,613人"),
        (657900, "CNY", "元", "65.79万元"),
        (657904.5, "CNY", "元", "65.79万元"),
        (10000, "CNY", "元", "1.00万元"),
        (9999.5, "CNY", "元", "9,999.5元"),
        (5050, "CNY", "元", "5,050元"),
        (0.9532, "ratio", "比率", "95.32%"),
        (1, "milestone", "进度", "100%"),
    ],
)
def test_values_are_written_as_reports_do(value: float, unit: str, unit_zh: str, text: str) -> None:
    assert value_text(value, unit, unit_zh) == text


def test_changes_and_spans_are_written_as_reports_do() -> None:
    assert change_text(-20000, "CNY", "元") == "同比减少2.00万元"
    assert change_text(-0.015, "ratio", "") == "同比下降1.5个百分点"
    assert change_text(0, "unions", "家") == "同比持平"
    assert [signed_text(change, "ratio") for change in (0.0219, -0.015, 0)] == ["+2.19个百分点", "-1.5个百分点", "0个百分点"]
    assert (signed_text(1200, "CNY"), signed_text(-3, "unions")) == ("+1,200", "-3")
    assert [release_text(release) for release in ("2014-03-r1", "2014-12-r12")] == ["2014年3月第1版", "2014年12月第12版"]
    assert months_text(["2014-03", "2014-01", "2014-02", "2014-06"]) == "2014年1—3月、2014年6月"
    assert months_text([f"2014-{month:02d}" for month in range(1, 13)]) == "2014年"
    assert months_text(["2013-12", "2014-01"]) == "2013年12月、2014年1月"
    assert [ordinal(number) for number in (1, 10, 12, 20, 21)] == ["一", "十", "十二", "二十", "二十一"]


@pytest.mark.parametrize("kind", ["months", "departments", "indicators", "commitments"])
def test_charts_have_a_chinese_font(kind: str) -> None:
    labels = ("1月", "2月") if kind == "months" else ("劳动和经济工作部", "女职工委员会")
    one = Series("职工晋升职业资格等级", "persons", "人", (3, None), last_year=(1, 2), year_to_date=(3, 3))
    series = tuple(Series(label, "persons", "人", (4,)) for label in labels) if kind == "indicators" else (one,)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a glyph that the font lacks
        picture = draw(Chart("图1　各月", kind, labels, series, ""))
    assert picture.startswith(b"\x89PNG")
