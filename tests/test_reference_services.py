"""What is planted in the forms of assistance, honours, rights, services, visits and commitments."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from reference_data import COMMITMENTS
from reference_data.files import write_submission
from reference_data.situations import plan_submissions
from reference_data.stray_rows import with_stray_rows
from reference_data.targets import load_targets
from reference_data.world import Truth, simulate, simulate_years
from union_warehouse.contracts import DateRole, load_forms


@pytest.fixture(scope="module")
def both_years() -> list[Truth]:
    return simulate_years(2014, 2015, load_targets(), 2014, 2014)


@pytest.fixture(scope="module")
def truth(both_years: list[Truth]) -> Truth:
    return both_years[0]


@pytest.fixture(scope="module")
def assistance(truth: Truth) -> pd.DataFrame:
    return truth.tables["assistance"]


def twice(table: pd.DataFrame, *key: str) -> pd.DataFrame:
    """Rows that share a key, by key and number of departments."""
    return table[table.duplicated(list(key), keep=False)].groupby(list(key))["department"].nunique().reset_index()


def test_persons_helped_several_times_are_more_rows_than_persons(assistance: pd.DataFrame) -> None:
    by_programme = assistance.groupby("programme")["id_number"].agg(["size", "nunique"])
    assert (by_programme["size"] > by_programme["nunique"]).all()
    across = twice(assistance, "programme", "id_number").groupby("programme")["department"].max()
    assert (across[["spring_card", "hardship_relief", "women_insurance", "recuperation"]] >= 2).all()
    months = assistance.drop_duplicates(["programme", "id_number", "month_number"])
    assert len(twice(months, "programme", "id_number")) > 100


def test_persons_keep_their_traits(assistance: pd.DataFrame) -> None:
    assert (assistance.groupby("id_number")["beneficiary"].nunique() == 1).all()
    assert (assistance.groupby("beneficiary")["id_number"].nunique() == 1).all()
    women = assistance[assistance["programme"].isin(["women_insurance", "women_insurance_free", "cervical_screening"])]
    assert (women["id_number"].str[16].astype(int) % 2 == 0).all()
    born = assistance["id_number"].str[6:10].astype(int)
    assert born[assistance["beneficiary_kind"] == "child"].min() >= 1996
    assert born[assistance["beneficiary_kind"] != "child"].max() < 1996


def test_what_the_figures_leave_out_is_there(truth: Truth, assistance: pd.DataFrame) -> None:
    cards = assistance[assistance["programme"] == "spring_card"]
    autumn = assistance[assistance["programme"] == "autumn_schooling"]
    visited = assistance[assistance["programme"] == "model_worker_visit"]
    assert (cards["migrant"] == "no").sum() >= 10
    assert set(zip(autumn["beneficiary_kind"], autumn["migrant"], strict=True)) == {
        ("child", "yes"),
        ("child", "no"),
        ("self", "yes"),
    }
    assert set(visited["model_worker_level"]) == {"national", "provincial", "municipal"}
    recuperated, checked = (
        set(assistance.loc[assistance["programme"] == name, "id_number"]) for name in ("recuperation", "health_check")
    )
    assert len(recuperated & checked) == 142
    assert recuperated - checked and checked - recuperated
    services, cases = truth.tables["employment_services"], truth.tables["rights_cases"]
    assert (services["role"] == "partner").sum() > 20
    assert set(services.loc[services["role"] == "host", "level"]) == {"municipal", "district", "street", "community"}
    published = cases[cases["published_case"] == "yes"]
    assert sorted(published["kind"]) == ["injury", "wage_arrears"]
    assert (truth.tables["honours"].query("honour == 'federation_award'")["level"] == "district").sum() == 1


def test_the_same_is_reported_by_two_departments(truth: Truth) -> None:
    planted = {
        "assistance": (("programme", "id_number", "granted_on"), 3),
        "honours": (("honour", "recipient"), 1),
        "visits": (("kind", "visitor_code", "uscc", "visited_on"), 2),
        "cultural_activities": (("kind", "title", "held_on"), 1),
    }
    for form, (key, count) in planted.items():
        table = truth.tables[form]
        shared = twice(table.dropna(subset=list(key)), *key)
        assert (len(shared), set(shared["department"])) == (count, {2}), form


def test_cases_are_closed_months_after_they_were_received(both_years: list[Truth]) -> None:
    cases = pd.concat([truth.tables["rights_cases"].assign(year=truth.plan.year) for truth in both_years], ignore_index=True)
    by_case = cases.groupby("case_no")
    assert (by_case["department"].nunique() == 1).all()
    assert set(by_case.size()) == {1, 2}
    updated = cases[cases.duplicated("case_no")]
    assert updated["closed_on"].notna().all()
    assert (pd.to_datetime(updated["closed_on"]) >= pd.to_datetime(updated["received_on"])).all()
    lasted = (
        12 * updated["year"]
        + updated["month_number"]
        - 12 * 2014
        - by_case["month_number"].first()[updated["case_no"]].to_numpy()
    )
    assert lasted.max() >= 4
    assert (updated["year"] == 2015).sum() > 20
    opening = cases[(cases["year"] == 2014) & (cases["month_number"] == 0)]
    assert len(opening) == 6 and set(opening["case_no"]) <= set(updated["case_no"])


def test_leaders_report_and_every_department_visits(truth: Truth) -> None:
    visits = truth.tables["visits"]
    front_line = visits[visits["kind"].isin(["frontline", "high_temperature"])]
    assert set(front_line["department"]) == set(truth.plan.units)
    heat = visits[visits["kind"] == "high_temperature"]
    assert 25_000 <= heat["workers"].sum() <= 29_000
    assert (heat["month_number"].isin([7, 8])).mean() > 0.9
    assert (visits.groupby("visitor_code")["visitor"].nunique() == 1).all()
    outreach = visits[visits["kind"] == "leader_outreach"]
    assert len(outreach) > outreach["uscc"].nunique() == 115
    paired = visits[visits["kind"] == "paired_worker"]
    assert paired["person"].value_counts().min() >= 3


def test_commitments_of_2015_are_reported_every_month(both_years: list[Truth]) -> None:
    before, after = (truth.tables["commitments"] for truth in both_years)
    assert before.empty
    published = pd.read_csv(COMMITMENTS, dtype={"commitment": str})
    assert set(zip(after["commitment_no"], after["indicator"], after["target"], strict=True)) == set(
        zip(published["commitment"], published["indicator"], published["target"].astype(float), strict=True)
    )
    assert (after.groupby("month_number").size() == len(published)).all() and after["month_number"].nunique() == 12
    stages = after.dropna(subset=["percent"]).sort_values("month_number")
    assert set(stages["indicator"]) == {"project.culture_centre", "policy.innovation_incentive"}
    for _, percent in stages.groupby("indicator")["percent"]:
        assert percent.is_monotonic_increasing and percent.iloc[-1] == 100
    policy = stages.set_index(["indicator", "month_number"])["percent"]["policy.innovation_incentive"]
    assert policy[2] < policy[3] == 100


def test_mutual_aid_goes_on_from_the_year_before(both_years: list[Truth]) -> None:
    before, after = (truth.tables["member_counts"].groupby("month_number")["mutual_aid"].sum() for truth in both_years)
    steps = pd.concat([before.loc[[12]], after]).diff().dropna()
    assert steps.between(205, 215).all()


def test_no_event_of_2014_comes_to_light_in_2015(both_years: list[Truth]) -> None:
    before, after = both_years
    for name, form in load_forms().items():
        key = [field.name for field in form.key]
        known = pd.MultiIndex.from_frame(before.tables[name][key])
        new = after.tables[name][~pd.MultiIndex.from_frame(after.tables[name][key]).isin(known)]
        for field in form.fields:
            if field.date_role is DateRole.EVENT:
                assert not (pd.to_datetime(new[field.name]) < pd.Timestamp("2015-01-01")).any(), (name, field.name)


def test_months_after_are_those_of_the_following_year(both_years: list[Truth], tmp_path: Path) -> None:
    after = both_years[1]
    alone = simulate(2015, load_targets(), 2014, 2014)
    for form, table in after.tables.items():
        pd.testing.assert_frame_equal(table, alone.tables[form])
    whole = {item.file_name: item for item in plan_submissions(with_stray_rows(after))}
    begun = plan_submissions(with_stray_rows(after).until(2))
    assert {item.month for item in begun} == {"2015-01", "2015-02"}
    for item in begun:
        assert item.received_at == whole[item.file_name].received_at
    for item in begun[::7]:
        unit = after.plan.units[item.department]
        first = write_submission(item, unit, tmp_path).read_bytes()
        assert write_submission(whole[item.file_name], unit, tmp_path).read_bytes() == first
