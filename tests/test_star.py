"""The marts are a star: facts join their dimensions by the keys that are documented, and nothing fans out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.collecting import drop
from tests.star_joins import accepted_codes, documented_references, marts_of, totals, undocumented, unresolved, without_version
from tests.workbook_factory import write_csv
from union_warehouse.contracts import load_forms
from union_warehouse.paths import Home
from union_warehouse.releases import open_release

RELEASE = "2014-02-r1"


def test_joining_a_dimension_by_its_documented_key_changes_no_row_and_no_sum(february: Path) -> None:
    home = Home(february)
    marts = marts_of(home, RELEASE)
    references = documented_references(marts)
    assert {reference.table for reference in references} >= {name for name in marts if name.startswith("fct_")}
    with open_release(home) as connection:
        alone = {name: totals(connection, node) for name, node in marts.items()}
        changed = [one for one in references if totals(connection, marts[one.table], one) != alone[one.table]]
        dangling = [one for one in references if unresolved(connection, one)]
        by_code = connection.execute(
            "select count(*) from fct_assistance join dim_reporting_unit using (reporting_unit_code)"
        ).fetchone()
    assert not changed
    assert not dangling
    assert by_code is not None and by_code[0] > alone["fct_assistance"][0], "by the code, which has several versions, it fans out"


def test_every_key_says_which_dimension_it_refers_to(february: Path) -> None:
    marts = marts_of(Home(february), RELEASE)
    assert not list(undocumented(marts))
    assert not list(without_version(marts))


def test_the_calendar_knows_holidays_of_known_years_and_guesses_none(february: Path) -> None:
    with open_release(Home(february)) as connection:
        days = connection.execute(
            """select calendar_on::varchar, half_year_number, is_working_day, is_holiday, holiday_name_zh from dim_date
            where calendar_on in ('2014-01-31', '2014-01-26', '2014-02-09', '2014-07-01', '2009-10-01', '2050-01-03') order by 1"""
        ).fetchall()
        due = connection.execute(
            """select month from dim_month where (
                select count(*) from dim_date where is_working_day and calendar_on > last_on and calendar_on <= due_on
            ) <> 5"""
        ).fetchall()
    assert days == [
        ("2009-10-01", 2, None, None, None),
        ("2014-01-26", 1, True, False, None),
        ("2014-01-31", 1, False, True, "春节"),
        ("2014-02-09", 1, False, False, None),
        ("2014-07-01", 2, True, False, None),
        ("2050-01-03", 1, None, None, None),
    ]
    assert not due, "reports are due on the fifth working day of the same calendar"


def test_every_code_has_its_labels(february: Path) -> None:
    with open_release(Home(february)) as connection:
        labels = connection.execute("select table_name, column_name, code, label_zh, label_en from dim_code").fetchall()
        columns = sorted({label[:2] for label in labels})
        unlabelled = [
            (table, column, code)
            for table, column in columns
            for (code,) in connection.execute(
                f"""select distinct {column} from {table} as mart where {column} is not null and cast({column} as varchar) not in (
                    select code from dim_code as label where label.table_name = '{table}' and label.column_name = '{column}'
                )"""
            ).fetchall()
        ]
    assert not unlabelled
    accepted = set(accepted_codes(Home(february), RELEASE))
    assert accepted and accepted <= {label[:3] for label in labels}
    assert all(label_zh and label_en for *_, label_zh, label_en in labels)
    of_columns = [{code: zh for table, name, code, zh, _ in labels if (table, name) == column} for column in columns]
    fields = [field for form in load_forms().values() for field in form.fields if field.enum and not field.is_yes_no]
    missing = [field.name for field in fields if dict(field.enum) not in of_columns]
    assert not missing, "the labels of a form come with its contract"
    assert ("fct_qualification_promotions", "grade_to", "1", "高级技师", "Senior technician") in labels
    assert ("rpt_indicators", "indicator_kind", "flow", "流量", "Flow") in labels


def test_booleans_are_documented_as_booleans(february: Path) -> None:
    for name, node in marts_of(Home(february), RELEASE).items():
        for column in node["columns"].values():
            if column["data_type"] == "boolean":
                assert "One of" not in column["description"], f"{name}.{column['name']}"


def test_a_contract_names_its_successor_also_when_it_came_months_later(february: Path) -> None:
    with open_release(Home(february)) as connection:
        wrong = connection.execute(
            """
            with following as (
                select earlier.contract_no, arg_min(later.contract_no, (later.valid_from_on, later.contract_no)) as successor
                from fct_collective_contracts as earlier
                join fct_collective_contracts as later using (contract_kind, party)
                where later.valid_from_on > earlier.valid_from_on
                group by earlier.contract_no
            )
            select contract_no, successor_contract_no, successor
            from fct_collective_contracts left join following using (contract_no)
            where successor_contract_no is distinct from successor
            """
        ).fetchall()
        later = connection.execute(
            """select count(*) from fct_collective_contracts as earlier
            join fct_collective_contracts as successor on earlier.successor_contract_no = successor.contract_no
            where earlier.submission_month < '2014-02' and successor.submission_month = '2014-02'"""
        ).fetchone()
    assert not wrong
    assert later is not None and later[0] > 0


def test_inspections_can_be_asked_by_industry_and_size(february: Path) -> None:
    with open_release(Home(february)) as connection:
        sizes = connection.execute(
            """select enterprise_size, count(*) from fct_safety_inspections join dim_enterprise using (uscc)
            where industry is not null group by 1 order by 1"""
        ).fetchall()
        of_agencies = connection.execute(
            "select distinct industry, enterprise_size from dim_enterprise where ownership = 'agency'"
        ).fetchall()
    assert {size for size, _ in sizes} >= {"medium", "small", "micro"}
    assert of_agencies == [("public_administration", None)]


@pytest.mark.parametrize("month", ["2014-03", "2026-12"])
def test_the_template_before_industries_is_read_until_the_new_one_is_sent(home: Home, tmp_path: Path, month: str) -> None:
    path = write_csv(tmp_path, "union_coverage", month=month)
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    kept = [position for position, label in enumerate(rows[0]) if label not in ("行业门类", "企业规模")]
    path.write_text("\n".join(",".join(row[position] for position in kept) for row in rows), "utf-8")
    outcome = drop(home, path, path.name)
    missing = {problem["rule"] for problem in outcome.problems} & {"missing_column"}
    assert (outcome.state, missing) == (("accepted", set()) if month == "2014-03" else ("rejected", {"missing_column"}))
