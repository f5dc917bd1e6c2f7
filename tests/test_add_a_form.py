"""Adding a form is what CONTRIBUTING says it is, and nothing else: really done, end to end, with a form whose rows wait for another's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import pytest

from tests.commands import APPROVED, uw_json
from union_warehouse.project import PROJECT_DIR

CONTRACTS = {
    "library_loans": """
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
""",
    "library_returns": """
apiVersion: v3.1.0
kind: DataContract
id: library_returns
name: 图书归还
version: 1.0.0
status: active
domain: training
description: {purpose: Books brought back to the workers' library., usage: A test., limitations: None.}
schema:
  - name: library_returns
    physicalName: library_returns
    physicalType: table
    logicalType: object
    businessName: 图书归还
    description: Books brought back to the workers' library.
    dataGranularityDescription: one return
    properties:
      - {name: return_no, businessName: 归还编号, logicalType: string, physicalType: VARCHAR, description: Number of the return., required: true, primaryKey: true, primaryKeyPosition: 1, classification: internal}
      - {name: loan_no, businessName: 借阅编号, logicalType: string, physicalType: VARCHAR, description: Number of the loan., required: true, classification: internal}
      - {name: returned_on, businessName: 归还日期, logicalType: date, physicalType: DATE, description: Day it was brought back., required: true, classification: internal, customProperties: [{property: dateRole, value: event}]}
customProperties:
  - {property: owedBy, value: [ZZ]}
""",
}

MODELS = {
    "staging/stg_library_loans.sql": """
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
""",
    "staging/stg_library_returns.sql": """
with
    source as ({{ new_accepted_rows('library_returns') }}),

    renamed as (
        select
            {{ provenance_columns() }},
            {{ entity_key(['return_no']) }} as library_return_key,
            return_no,
            loan_no,
            returned_on
        from source
    )

select *
from renamed
""",
    "intermediate/int_library_returns_judged.sql": """
with
    effective_rows as ({{ effective_rows('library_returns') }}),

    loans as (select distinct loan_no as known_loan_no from {{ ref('fct_library_loans') }})

select effective_rows.*, case when known_loan_no is null then 'unknown_loan' end as waiting_rule
from effective_rows
left join loans on loan_no = known_loan_no
""",
    "marts/training/fct_library_loans.sql": """
with
    effective_rows as ({{ effective_rows('library_loans') }}),

    current_rows as (select * from effective_rows {{ latest_per_entity('library_loan_key') }})

select library_loan_key, loan_no, lent_on, copy_count, {{ fact_columns('lent_on') }}
from current_rows
""",
    "marts/training/fct_library_returns.sql": """
-- depends_on: {{ ref('int_affected_entities') }}
with
    accepted_rows as (select * from {{ ref('int_library_returns_judged') }} where waiting_rule is null),

    current_rows as (select * from accepted_rows {{ latest_per_entity('library_return_key') }})

select library_return_key, return_no, loan_no, returned_on, {{ fact_columns('returned_on') }}
from current_rows
""",
    "marts/training/_library__models.yml": """
version: 2
models:
  - name: fct_library_loans
    description: "Grain: one loan."
    config:
      meta: {form: library_loans, entity_key: library_loan_key, natural_key: [loan_no], dimensions: [], takes_effect_on: [lent_on]}
    columns:
      - {name: library_loan_key, data_type: varchar, constraints: [{type: not_null}]}
      - {name: loan_no, data_type: varchar}
      - {name: lent_on, data_type: date}
      - {name: copy_count, data_type: bigint}
      - &sender {name: submitted_by_code, data_type: varchar}
      - &unit {name: reporting_unit_code, data_type: varchar}
      - &unit_key {name: reporting_unit_key, data_type: varchar}
      - &month {name: submission_month, data_type: varchar}
      - &event_month {name: event_month, data_type: varchar}
      - &late {name: is_late, data_type: boolean}
      - &opening {name: is_opening_stock, data_type: boolean}
      - &flows {name: flows_from_month, data_type: varchar}
      - &submission {name: submission_id, data_type: varchar}
      - &sheet {name: source_sheet, data_type: varchar}
      - &row {name: source_row, data_type: integer}
  - name: fct_library_returns
    description: "Grain: one return."
    config:
      meta:
        form: library_returns
        entity_key: library_return_key
        natural_key: [return_no]
        dimensions: []
        takes_effect_on: [returned_on]
        waits_for: {form: library_loans, column: loan_no, judged_by: int_library_returns_judged, day: returned_on}
    columns:
      - {name: library_return_key, data_type: varchar, constraints: [{type: not_null}]}
      - {name: return_no, data_type: varchar}
      - {name: loan_no, data_type: varchar}
      - {name: returned_on, data_type: date}
      - *sender
      - *unit
      - *unit_key
      - *month
      - *event_month
      - *late
      - *opening
      - *flows
      - *submission
      - *sheet
      - *row
""",
    "indicators/_library__indicators.yml": """
version: 2
exposures:
  - name: library_indicators
    type: analysis
    description: The workers' library.
    owner: {name: Library}
    depends_on: [ref('rpt_indicators'), ref('dim_indicator')]
    config:
      meta:
        indicators:
          library.returns:
            name_zh: 归还次数
            name_en: returns
            definition_zh: 当期归还次数
            unit: visits
            owner: ZZ
            form: library_returns
            kind: flow
            aggregation: count
            fact: fct_library_returns
            where: "true"
            date: returned_on
""",
}

RULES = """
  - code: unknown_loan
    kind: close
    forms: [library_returns]
    severity: error
    message_zh: 借阅编号不存在
    message_en: no loan of that number was submitted

  - code: return_names_known_loan
    kind: second_look
    judges: unknown_loan
    forms: [library_returns]
    severity: stop
    message_zh: 归还所列的借阅编号不存在
    message_en: a return of a loan that nobody submitted must wait, not count
    failing_rows: |
      select return_no, loan_no, submission_id, source_row
      from marts.fct_library_returns as returns, scope
      where (submission_month >= first_changed_month or loan_no in (from touched_library_loans))
        and not exists (from marts.fct_library_loans as loans where loans.loan_no = returns.loan_no)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project with two more forms."""
    folder = tmp_path / "project"
    for name in ("expectations", "federation", "dbt_project", "dags", "plugins"):
        shutil.copytree(PROJECT_DIR / name, folder / name, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    for form, contract in CONTRACTS.items():
        (folder / "expectations" / "contracts" / f"{form}.odcs.yaml").write_text(contract, encoding="utf-8")
    for path, text in MODELS.items():
        (folder / "dbt_project" / "models" / path).write_text(text, encoding="utf-8")
    rules = folder / "expectations" / "rules.yml"
    rules.write_text(rules.read_text("utf-8").replace("\nrules:\n", "\nrules:\n" + RULES, 1), encoding="utf-8")
    environment = os.environ | {"UW_PROJECT": str(folder)}
    subprocess.run([sys.executable, "-m", "union_warehouse.contracts.derive"], env=environment, check=True)
    monkeypatch.setenv("PROJECT_UNDER_TEST", str(folder))
    return folder


Rows = Sequence[tuple[object, ...]]


def write_library(path: Path, month: str, loans: Rows, returns: Rows) -> None:
    book = openpyxl.Workbook()
    cover = book.active
    cover.title = "封面"
    for row in (
        ("单位代码", "ZZ"),
        ("报送月份", month),
        ("模板版本", "1"),
        ("填报人", "样例"),
        ("联系电话", "0"),
        ("表单", "报送方式"),
        ("培训竞赛", "零报告"),
        ("走访慰问", "零报告"),
        ("职工书屋", "有数据"),
        ("图书归还", "有数据" if returns else "零报告"),
    ):
        cover.append(row)
    sheets: dict[str, Rows] = {"职工书屋": [("借阅编号", "借出日期", "册数"), *loans]}
    if returns:
        sheets["图书归还"] = [("归还编号", "借阅编号", "归还日期"), *returns]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    book.save(path)


def test_a_new_form_is_read_judged_audited_counted_and_released(project: Path, tmp_path: Path) -> None:
    home, january, february = tmp_path / "home", tmp_path / "january.xlsx", tmp_path / "february.xlsx"
    loans: Rows = [("B1", date(2014, 1, 6), 3), ("B2", "2014年1月7日", "１２"), ("B3", date(2014, 1, 8), 101)]
    write_library(january, "2014-01", loans, [("R1", "B1", date(2014, 1, 20)), ("R2", "B4", date(2014, 1, 21))])
    outcome = uw_json(home, "submit", january, "--received-at", "2014-02-05", exit_code=1)[0]
    assert outcome["state"] == "accepted_with_quarantine"
    assert [(problem["row"], problem["column"], problem["rule"]) for problem in outcome["problems"]] == [
        (4, "copies", "copies_limit")
    ]
    write_library(february, "2014-02", [("B4", date(2014, 2, 3), 1)], [])
    uw_json(home, "submit", february, "--received-at", "2014-03-05")
    closes = uw_json(home, "close", "2014-01..2014-02", "--known-at", "2014-03-20", *APPROVED)
    assert [close["release"] for close in closes] == ["2014-01-r1", "2014-02-r1"]

    with duckdb.connect(str(home / "build" / "2014-02-r1" / "build.duckdb"), read_only=True) as connection:
        rows = connection.execute("select loan_no, copy_count from staging.stg_library_loans order by loan_no").fetchall()
    assert rows == [("B1", 3), ("B2", 12), ("B4", 1)]
    counted = "select return_no from fct_library_returns order by 1"
    waiting = "select rule_code, column_name, record_key from fct_row_problems where is_made_at_close"
    figures = (
        "select month, value_month from rpt_indicators where indicator_code = 'library.returns' and is_federation order by 1"
    )
    assert read(home, "2014-01-r1", counted) == [("R1",)]
    assert read(home, "2014-01-r1", waiting) == [("unknown_loan", "loan_no", "R2")]
    assert read(home, "2014-01-r1", figures) == [("2014-01", 1)]
    assert read(home, "2014-02-r1", counted) == [("R1",), ("R2",)], "its loan came a month later"
    assert read(home, "2014-02-r1", waiting) == []
    assert read(home, "2014-02-r1", figures) == [("2014-01", 2), ("2014-02", 0)]
    assert "职工书屋" in (project / "docs" / "forms.md").read_text("utf-8")


def read(home: Path, release: str, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home / "releases" / release / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()
