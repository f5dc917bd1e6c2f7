"""The reference year gives the published figures, and holds the situations that it says it does."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference_data import PUBLISHED_FIGURES, ReferenceYear, write_reference_year
from reference_data.days_of_month import nth_working_day
from reference_data.files import write_submission
from reference_data.situations import plan_submissions
from reference_data.stray_rows import with_stray_rows
from reference_data.targets import load_targets
from reference_data.world import Truth, simulate
from tests.reference_figures import figures
from tests.reference_rows import effective_rows, is_resident_number, is_uscc
from union_warehouse.contracts import forms_owed, load_forms

UPDATED = {"hazards", "member_counts", "union_coverage", "programme_enrolments", "rights_cases", "commitments"}
GROWING = (
    "org.",
    "member.",
    "harmony.p",
    "harmony.compliant",
    "harmony.care",
    "contract.",
    "safety.",
    "training.q",
    "training.gr",
    "assist.",
    "women.",
    "visit.",
)


def published() -> list[dict[str, str]]:
    with PUBLISHED_FIGURES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def differences(values: dict[str, float], scale: int = 1) -> dict[str, tuple[float, float]]:
    """Figures that are not the published ones, by the rule of each figure's kind."""
    wrong = {}
    for row in published():
        name, kind = row["indicator"], row["kind"]
        expected = float(row["value"]) * (scale if name.startswith(GROWING) else 1)
        precision = float(row["precision"] or 0) * scale
        value = values[name]
        if kind.endswith("_rounded"):
            equal = abs(value - expected) <= precision / 2
        elif kind.endswith("_at_least"):
            equal = expected <= value < expected + precision
        else:
            equal = value == expected
        if not equal:
            wrong[name] = (value, expected)
    return wrong


def closings(written: ReferenceYear) -> dict[str, str]:
    with written.closings.open(encoding="utf-8") as file:
        return {row["month"]: row["known_at"] for row in csv.DictReader(file)}


def arrivals(written: ReferenceYear) -> dict[str, str]:
    with written.arrivals.open(encoding="utf-8") as file:
        return {row["file"].removeprefix("submissions/"): row["received_at"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> ReferenceYear:
    return write_reference_year(tmp_path_factory.mktemp("reference"), months_after=3)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return simulate(2014, load_targets(), 2014, 2014)


def with_months(truth: Truth) -> dict[str, pd.DataFrame]:
    months = dict(enumerate(truth.plan.months))
    return {form: table.assign(month=table["month_number"].map(months)) for form, table in truth.tables.items()}


def test_files_give_the_published_figures_at_the_last_close_and_three_months_later(written: ReferenceYear, truth: Truth) -> None:
    assert len(published()) == 81
    known = closings(written)
    rows = effective_rows(written.folder, known["2014-12"])
    values = figures(rows, 2014)
    assert differences(values) == {}
    assert figures(effective_rows(written.folder, known["2015-03"]), 2014) == values
    # nothing true waits in quarantine, nothing untrue counts
    assert {form: len(rows[form]) for form in rows} == {form: len(table) for form, table in truth.tables.items()}


def test_corrections_after_the_close_change_what_was_known(written: ReferenceYear) -> None:
    known = closings(written)
    at_close, later = (effective_rows(written.folder, known[month]) for month in ("2014-05", "2014-06"))

    def rows(table: dict[str, pd.DataFrame], form: str, department: str, month: str) -> int:
        return int(((table[form]["department"] == department) & (table[form]["month"] == month)).sum())

    assert rows(at_close, "member_changes", "TS", "2014-05") < rows(later, "member_changes", "TS", "2014-05")
    assert rows(at_close, "union_register", "TS", "2014-05") + 1 == rows(later, "union_register", "TS", "2014-05")
    assert rows(at_close, "training_activities", "CM", "2014-04") == rows(later, "training_activities", "CM", "2014-04") > 0


def test_visits_forgotten_until_after_the_close_raise_the_figure(written: ReferenceYear) -> None:
    known = closings(written)
    at_close, later = (effective_rows(written.folder, known[month])["visits"] for month in ("2014-07", "2014-08"))
    heat_at_close, heat_later = (
        table.loc[(table["kind"] == "high_temperature") & (table["month"] == "2014-07"), "department"]
        for table in (at_close, later)
    )
    assert set(heat_later) - set(heat_at_close) == {"DX"}
    assert len(heat_later) == len(heat_at_close) + int((heat_later == "DX").sum())


def test_every_file_of_the_year_arrives_before_its_last_close(written: ReferenceYear) -> None:
    received = arrivals(written)
    assert len(received) == len(set(received.values())) == len(written.submissions)
    of_year = [at for name, at in received.items() if name < "2015"]
    assert max(of_year) < closings(written)["2014-12"] < min(set(received.values()) - set(of_year))
    assert max(received.values()) < closings(written)["2015-03"]
    assert {path.name for path in written.submissions} == set(received)
    after_close = {name for name, at in received.items() if at > closings(written).get(name[:7], "9")}
    assert sorted(name[:7] for name in after_close) == [
        *("2014-04", "2014-05", "2014-06", "2014-07", "2014-08"),
        *("2014-10", "2014-10"),
    ]


def test_closing_follows_the_due_day(written: ReferenceYear) -> None:
    assert str(nth_working_day("2014-10", 5)) == "2014-10-13"  # 11 October was a make-up Saturday
    assert closings(written)["2014-09"] == "2014-10-16T10:00:00Z"


def test_every_department_sends_every_month(written: ReferenceYear, truth: Truth) -> None:
    places = Counter((item.department, item.month) for item in plan_submissions(with_stray_rows(truth)))
    assert len(places) == 18 * 13
    kinds = Counter(path.suffix for path in written.submissions if path.name < "2015")
    assert kinds[".csv"] == 12 * len(forms_owed(truth.plan.units["FW"])) + 2
    assert 215 <= kinds[".xlsx"] <= 250


def test_keys_are_unique_within_a_month_and_numbers_within_the_federation(truth: Truth) -> None:
    for name, form in load_forms().items():
        key = [field.name for field in form.key]
        table = truth.tables[name]
        assert not table.duplicated([*key, "month_number"]).any(), name
        if name not in UPDATED:
            assert table[key[0]].is_unique, name


def test_departments_send_only_forms_they_owe(truth: Truth) -> None:
    for unit in truth.plan.units.values():
        owed = {form.name for form in forms_owed(unit)}
        sent = {name for name, table in truth.tables.items() if (table["department"] == unit.code).any()}
        assert sent <= owed


def test_identifiers_are_valid(truth: Truth) -> None:
    assert all(map(is_uscc, truth.tables["union_coverage"]["uscc"].unique()))
    assert all(map(is_uscc, truth.tables["visits"]["uscc"].dropna().unique()))
    assert set(truth.tables["visits"]["uscc"].dropna()) <= set(truth.tables["union_coverage"]["uscc"])
    assert all(map(is_resident_number, truth.tables["assistance"]["id_number"].unique()))
    changes = truth.tables["member_changes"]
    assert all(map(is_resident_number, changes["id_number"].unique()))
    is_female = changes["id_number"].str[16].astype(int) % 2 == 0
    assert (is_female == (changes["gender"] == "female")).all()
    assert not is_uscc("91330103MA27XXXX01")
    assert not is_resident_number("110101199003070012")


def test_counts_follow_from_changes_but_for_two_planted_differences(truth: Truth) -> None:
    counts, changes = truth.tables["member_counts"], truth.tables["member_changes"]
    movement = counts["joined"] + counts["transferred_in"] - counts["transferred_out"] - counts["left"]
    assert (counts["opening"] + movement == counts["closing"]).all()
    assert (counts[["women", "mutual_aid"]].le(counts["closing"], axis=0)).all(axis=None)
    joined = changes[changes["change"] == "join"].groupby(["union_code", "month_number"]).size()
    stated = counts.set_index(["union_code", "month_number"])["joined"]
    dissolved = set(truth.tables["union_register"].query("event == 'dissolved'")["union_code"])
    assert set(joined.index.difference(stated.index).get_level_values(0)) <= dissolved
    assert int((stated != joined.reindex(stated.index, fill_value=0)).sum()) == 1
    ordered = counts.sort_values(["union_code", "month_number"])
    last = ordered.groupby("union_code")["closing"].shift()
    assert int((last.notna() & (last != ordered["opening"])).sum()) == 1


def test_hazards_take_months_and_are_updated_by_their_department(truth: Truth) -> None:
    hazards = truth.tables["hazards"].sort_values("month_number")
    updates = hazards[hazards.duplicated("hazard_no", keep=False)]
    by_hazard = updates.groupby("hazard_no")
    assert (by_hazard["department"].nunique() == 1).all()
    assert int((by_hazard["month_number"].max() - by_hazard["month_number"].min() == 2).sum()) >= 5
    assert (hazards.drop_duplicates("hazard_no", keep="last")["rectified_on"].isna()).sum() == 5


def test_a_joint_union_covers_many_and_some_enterprises_move(truth: Truth) -> None:
    coverage = truth.tables["union_coverage"]
    assert coverage.drop_duplicates(["uscc", "union_code"])["union_code"].value_counts().max() >= 120
    spells = coverage.drop_duplicates(["uscc", "union_code", "covered_from"])
    assert int((spells["uscc"].value_counts() > 1).sum()) >= 40
    moved = truth.tables["union_register"].query("event == 'moved'")
    assert sorted(zip(moved["from_unit"], moved["to_unit"], moved["department"], strict=True)) == [
        ("TS", "WL", "WL"),
        ("ZJ", "CG", "CG"),
    ]


def test_late_rows_keep_within_three_months(truth: Truth) -> None:
    for form, column in {
        "member_changes": "changed_on",
        "safety_inspections": "inspected_on",
        "collective_contracts": "signed_on",
        "assistance": "granted_on",
        "visits": "visited_on",
    }.items():
        table = truth.tables[form]
        sent = table[table["month_number"] > 0]
        lag = sent["month_number"] - (pd.to_datetime(sent[column]).dt.month).to_numpy()
        assert lag.between(0, 3).all(), form
        assert int((lag > 0).sum()) >= 8, form


def test_another_year_and_scale_keep_the_figures() -> None:
    larger = simulate(2019, load_targets(2), 7, 2019)
    values = figures(with_months(larger), 2019)
    assert differences(values, scale=2) == {}


def test_a_following_year_goes_on_from_the_one_before(truth: Truth) -> None:
    following = simulate(2015, load_targets(), 2014, 2014)
    before, after = with_months(truth), with_months(following)
    assert {form for form, table in following.tables.items() if table["month_number"].min() != 1} == set()
    for name, form in load_forms().items():
        key = form.key[0].name
        if name not in UPDATED:
            assert not set(before[name][key]) & set(after[name][key]), name
    both = {form: pd.concat([before[form], after[form]], ignore_index=True) for form in before}
    values = figures(both, 2015)
    assert set(differences(values)) == {"member.mutual_aid_participants"}
    assert values["member.mutual_aid_participants"] == round(load_targets().mutual_aid * 1.09)
    assert set(after["member_changes"]["union_code"]) <= set(both["union_register"]["union_code"])


def test_same_seed_same_bytes_other_seed_other_rows(truth: Truth, written: ReferenceYear, tmp_path: Path) -> None:
    chosen = [item for item in plan_submissions(with_stray_rows(truth)) if item.month in {"2014-03", "2014-06"}]
    for submission in chosen:
        path = write_submission(submission, truth.plan.units[submission.department], tmp_path)
        assert path.read_bytes() == (written.folder / "submissions" / path.name).read_bytes(), path.name
    other = simulate(2014, load_targets(), 1, 2014)
    assert not np.array_equal(other.tables["member_changes"]["id_number"][:50], truth.tables["member_changes"]["id_number"][:50])


def test_impossible_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scale must be at least 1"):
        write_reference_year(tmp_path, scale=0)
    with pytest.raises(ValueError, match="first_year at most 2014"):
        write_reference_year(tmp_path, first_year=2015)
    with pytest.raises(ValueError, match="months_after must be from 0 to 12"):
        write_reference_year(tmp_path, months_after=13)
    with pytest.raises(ValueError, match="CG, JY, ZJ do not report for 2021-12"):
        write_reference_year(tmp_path, year=2021)
