"""Adding a form is a contract and a staging model, nothing in Python (CONTRIBUTING, Add a form): really done, end to end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.commands import APPROVED, uw_json
from union_warehouse.paths import PROJECT_DIR

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: library_loans
name: 职工书屋
version: 1.0.0
status: active
domain: training
description: {purpose: Books lent by the workers' library., usage: A test., limitations: None.}
schema:
  - name: library_loans
    physicalName: library_loans
    physicalType: table
    logicalType: object
    businessName: 职工书屋
    description: Books lent by the workers' library.
    dataGranularityDescription: one loan
    properties:
      - {name: loan_no, businessName: 借阅编号, logicalType: string, physicalType: VARCHAR, description: Number of the loan., required: true, primaryKey: true, primaryKeyPosition: 1, classification: internal}
      - {name: lent_on, businessName: 借出日期, logicalType: date, physicalType: DATE, description: Day it was lent., required: true, classification: internal, customProperties: [{property: dateRole, value: event}]}
      - {name: copies, businessName: 册数, logicalType: integer, physicalType: BIGINT, description: Copies lent., required: true, classification: internal, logicalTypeOptions: {minimum: 0}}
    quality:
      - id: copies_limit
        type: custom
        engine: duckdb
        implementation: {column: copies, predicate: copies <= 100, messageZh: 册数不得超过100}
        description: copies must not exceed 100
        severity: error
        dimension: consistency
customProperties:
  - {property: owedBy, value: [ZZ]}
"""

STAGING = """
with
    source as ({{ new_accepted_rows('library_loans') }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(['loan_no']) }} as library_loan_key,
            loan_no,
            lent_on,
            copies as copy_count
        from source
    )

select *
from renamed
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project with one more form."""
    folder = tmp_path / "project"
    for name in ("expectations", "dbt_project", "dags", "plugins"):
        shutil.copytree(PROJECT_DIR / name, folder / name, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    (folder / "expectations" / "contracts" / "library_loans.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    (folder / "dbt_project" / "models" / "staging" / "stg_library_loans.sql").write_text(STAGING, encoding="utf-8")
    environment = os.environ | {"UW_PROJECT": str(folder)}
    subprocess.run([sys.executable, "-m", "union_warehouse.contracts.derive"], env=environment, check=True)
    monkeypatch.setenv("PROJECT_UNDER_TEST", str(folder))
    return folder


def write_loans(path: Path) -> None:
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "封面"
    for row in (
        ("单位代码", "ZZ"),
        ("报送月份", "2014-01"),
        ("模板版本", "1"),
        ("填报人", "样例"),
        ("联系电话", "0"),
        ("表单", "报送方式"),
        ("培训竞赛", "零报告"),
        ("走访慰问", "零报告"),
        ("职工书屋", "有数据"),
    ):
        cover.append(row)
    sheet = book.create_sheet("职工书屋")
    rows: tuple[tuple[object, ...], ...] = (
        ("借阅编号", "借出日期", "册数"),
        ("B1", date(2014, 1, 6), 3),
        ("B2", "2014年1月7日", "１２"),
        ("B3", date(2014, 1, 8), 101),
    )
    for loan in rows:
        sheet.append(loan)
    book.save(path)


def test_a_new_form_is_read_judged_audited_and_staged(project: Path, tmp_path: Path) -> None:
    home, workbook = tmp_path / "home", tmp_path / "loans.xlsx"
    write_loans(workbook)
    outcome = uw_json(home, "submit", workbook, "--received-at", "2014-02-05", exit_code=1)[0]
    assert outcome["state"] == "accepted_with_quarantine"
    assert [(problem["row"], problem["column"], problem["rule"]) for problem in outcome["problems"]] == [
        (4, "copies", "copies_limit")
    ]
    assert uw_json(home, "close", "2014-01", "--known-at", "2014-02-20", *APPROVED)[0]["release"] == "2014-01-r1"
    with duckdb.connect(str(home / "build" / "2014-01-r1" / "build.duckdb"), read_only=True) as connection:
        rows = connection.execute("select loan_no, copy_count from staging.stg_library_loans order by loan_no").fetchall()
    assert rows == [("B1", 3), ("B2", 12)]
    assert "职工书屋" in (project / "docs" / "forms.md").read_text("utf-8")
