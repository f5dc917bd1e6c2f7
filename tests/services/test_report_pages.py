"""The report on paper: printed by a browser, read back page by page."""

from __future__ import annotations

import base64
import csv
import re
import subprocess
from pathlib import Path

import duckdb
import pytest

from reference_data import COMMITMENTS
from tests.browser import Page, chromium
from tests.commands import uw
from tests.compose import require_debian
from tests.releases import copy_of
from union_warehouse.paths import Home
from union_warehouse.reporting.report import build_document
from union_warehouse.reporting.report.document import Document, Table

MONTH = "2014-02"
REPORTS = {"2014-02_月报": 8, "2014_年报": 16}
"""Pages that each may have at most."""
MACHINE_CODE = re.compile(r"\d{4}-\d{2}-r\d|\d{4}-\d{2}/[A-Z]{2}|[a-z]+_[a-z]+|[a-z]+\.[a-z]+")
SUMMARY = ["概要", "主要成效", "与上年同期和实事项目相比", "存在问题", "下一步工作"]
ROWS_KEPT_TOGETHER = 25


@pytest.fixture(scope="module")
def told(february: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose reports have everything to tell: the same months a year before, and eleven commitments."""
    home = Home(copy_of(february, tmp_path_factory.mktemp("pages")))
    with duckdb.connect(str(home.releases / f"{MONTH}-r1" / "warehouse.duckdb")) as connection:
        connection.execute(
            """
            insert into dim_month by name select * replace ('2013' || month[5:] as month,
                cast(first_on - interval 1 year as date) as first_on, cast(last_on - interval 1 year as date) as last_on)
            from dim_month where is_closed;
            insert into rpt_indicators by name select * replace ('2013' || month[5:] as month, value_month * 1.5 as value_month,
                value_year_to_date * 1.5 as value_year_to_date) from rpt_indicators
            """
        )
        with COMMITMENTS.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                connection.execute(
                    """
                    insert into fct_commitment_progress (commitment_progress_key, commitment_no, commitment_year, month,
                        indicator_code, target_value, progress_value, progress_rate, forecast_value, forecast_low_value,
                        forecast_high_value, earlier_progress_value, commitment_status, milestone)
                    select $no, $no, 2014, $month, $indicator, $target, $target / 10, 0.1, $target * 0.9, $target * 0.6,
                        $target * 1.2, $target / 10, 'as_last_year', '样例：完成方案设计'
                    """,
                    {
                        "no": row["commitment"],
                        "month": MONTH,
                        "indicator": row["indicator"],
                        "target": float(row["target"]),
                    },
                )
    return home


@pytest.fixture(scope="module")
def printed(told: Home, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Text of every page of each report and its appendices, as a browser prints them."""
    require_debian({"chromium": "chromium", "pdftotext": "poppler-utils"})
    folder = tmp_path_factory.mktemp("printed")
    uw(told.root, "report", "--month", MONTH, "--out", folder)
    uw(told.root, "report", "--year", "2014", "--out", folder)
    found = {}
    with chromium(folder / "profile") as page:
        for path in sorted(folder.glob("*.html")):
            pdf = path.with_suffix(".pdf")
            print_page(page, path, pdf)
            found[path.stem] = text_of(pdf, "-layout").removesuffix("\f").split("\f")
            found[f"{path.stem}, boxes"] = text_of(pdf, "-bbox").split("<page ")[1:]
    return found


def print_page(page: Page, path: Path, pdf: Path) -> None:
    """Open a file and print it."""
    page.open(path.as_uri())
    page.wait_for_value("document.readyState + location.href", lambda state: state == f"complete{path.as_uri()}")
    pdf.write_bytes(base64.b64decode(page.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]))


def text_of(pdf: Path, form: str) -> str:
    """The text of a PDF, by layout, or its words with their places."""
    return subprocess.run(["pdftotext", form, pdf, "-"], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_is_short_and_begins_with_its_summary(report: str, printed: dict[str, list[str]]) -> None:
    first, second, *_ = printed[report]
    assert len(printed[report]) <= REPORTS[report]
    assert [heading for heading in SUMMARY if heading in first] == SUMMARY
    assert "一、" not in first, "the summary is the first page"
    assert second.strip().startswith("一、")


@pytest.mark.parametrize("report", [name + end for name in REPORTS for end in ("", "_附录")])
def test_no_machine_code_stands_on_paper(report: str, printed: dict[str, list[str]]) -> None:
    text = "".join(printed[report])
    fingerprint_and_versions = re.sub(r"[0-9a-f]{64}|\d+\.\d+\.\d+", "", text)
    assert MACHINE_CODE.findall(fingerprint_and_versions) == []


@pytest.mark.parametrize("report", REPORTS)
def test_no_page_is_half_empty(report: str, printed: dict[str, list[str]]) -> None:
    # the summary ends its page, the last page ends the report
    for number, boxes in list(enumerate(printed[f"{report}, boxes"], start=1))[1:-1]:
        height = float(re.findall(r'height="([\d.]+)"', boxes)[0])
        lowest = max(bottom for bottom in map(float, re.findall(r'yMax="([\d.]+)"', boxes)) if bottom < 0.94 * height)
        assert lowest > 0.5 * height, f"page {number} of {report}"


@pytest.mark.parametrize(("report", "month"), [("2014-02_月报", MONTH), ("2014_年报", None)])
def test_no_table_is_torn(report: str, month: str | None, told: Home, printed: dict[str, list[str]]) -> None:
    tables = short_tables(build_document(told, 2014, month))
    assert len(tables) >= 8
    for table in tables:
        number, name = table.caption.split("　")
        (place,) = (place for page in printed[report] if (place := re.search(rf"{number}\s+{name}", page)))
        after = re.sub(r"\s", "", place.string[place.start() :])
        assert all(row[0] in after for row in table.rows), table.caption


def short_tables(document: Document) -> list[Table]:
    return [
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Table) and len(block.rows) <= ROWS_KEPT_TOGETHER
    ]
