"""What leaves the federation: no small value of persons, nor anything that it could be worked out from."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import docx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.commands import uw, uw_json
from tests.releases import copy_of
from union_warehouse.paths import Home
from union_warehouse.project import FEDERATION_DIR
from union_warehouse.releases.database import open_release
from union_warehouse.reporting.disclosure.attack import Published, worked_out
from union_warehouse.reporting.disclosure.policy import UnknownAudience, audience_of
from union_warehouse.reporting.disclosure.suppression import Hidden, YearOfUnits, hide, is_told_by_total, least_hidden
from union_warehouse.reporting.unit_values import StructureNotPublic, unit_values
from union_warehouse.yaml_files import MalformedFile

SMALL = 3
COUNTS = arrays.arrays(
    np.int64,
    st.tuples(st.integers(2, 8), st.integers(1, 6)),
    elements=st.one_of(st.sampled_from([0, 0, 0, 1, 2]), st.integers(0, 40)),
)


def published(values: np.ndarray, hidden: Hidden) -> Published:
    to_date = values.cumsum(axis=1)
    return Published(
        values=np.where(hidden.values, np.nan, values),
        to_date=np.where(hidden.to_date, np.nan, to_date),
        hides_values=hidden.values,
        hides_to_date=hidden.to_date,
        totals=values.sum(axis=0),
        totals_to_date=to_date.sum(axis=0),
        least=least_hidden(values.astype(float), SMALL),
        bounds=np.full(values.shape, np.inf),
        adds_up_units=True,
        adds_up_months=True,
    )


def year_of(values: np.ndarray) -> YearOfUnits:
    numbers = values.astype(float)
    return YearOfUnits(numbers, numbers.cumsum(axis=1), np.full(values.shape, np.inf), is_flow=True, totals=numbers.sum(axis=0))


@settings(max_examples=150, deadline=None)
@given(COUNTS, st.booleans())
def test_no_hidden_value_can_be_worked_out(values: np.ndarray, shows_again: bool) -> None:
    hidden = hide(year_of(values), SMALL, shows_again=shows_again)
    small = (values > 0) & (values < SMALL)
    to_date = values.cumsum(axis=1)
    assert hidden.values[small].all()
    assert hidden.to_date[(to_date > 0) & (to_date < SMALL)].all()
    told, told_to_date = worked_out(published(values, hidden))
    assert not told.any()
    assert not told_to_date.any()
    assert not is_told_by_total(hidden.values).any()


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_what_is_hidden_of_a_month_stays_so_when_others_follow(values: np.ndarray) -> None:
    whole = hide(year_of(values), SMALL)
    for months in range(1, values.shape[1]):
        part = hide(year_of(values[:, :months]), SMALL)
        assert (part.values == whole.values[:, :months]).all()
        assert (part.to_date == whole.to_date[:, :months]).all()


def test_a_year_to_date_is_shown_again_only_if_it_tells_nothing() -> None:
    values = np.array([[1, 2, 2], [7, 9, 8], [3, 4, 5]])
    hidden = hide(year_of(values), SMALL)
    assert hidden.to_date.tolist() == [[True, False, True], [False] * 3, [True, False, True]]
    assert not any(told.any() for told in worked_out(published(values, hidden)))
    shown = replace(hidden, to_date=np.zeros_like(hidden.to_date))
    told, _ = worked_out(published(values, shown))
    assert told.all(axis=1).tolist() == [True, False, True], "every year to date tells the month before it"


def test_a_year_to_date_that_leaves_each_month_its_least_stays_hidden() -> None:
    """Three months of at least one person each that make three."""
    hidden = hide(year_of(np.array([[1, 1, 1], [2, 2, 2], [9, 9, 9]])), SMALL)
    assert hidden.to_date.all(axis=1).tolist() == [True, True, False]


def test_a_small_value_alone_is_told_by_the_total() -> None:
    values = np.array([[2], [7], [9]])
    alone = np.array([[True], [False], [False]])
    told, _ = worked_out(published(values, Hidden(alone, alone)))
    assert told.tolist() == alone.tolist()
    assert hide(year_of(values), SMALL).values.tolist() == [[True], [True], [False]]


def test_small_values_that_are_all_alike_do_not_stand_alone() -> None:
    for column, hidden in {
        (2, 2, 7, 9): [True, True, True, False],
        (1, 1, 1, 4, 4): [True] * 5,
        (1, 2, 7, 9): [True, True, False, False],
        (2, 0, 2, 0, 0, 0): [True, True, True, True, False, False],
    }.items():
        assert hide(year_of(np.array([column]).T), SMALL).values[:, 0].tolist() == hidden, column


def test_a_small_year_to_date_is_hidden_though_no_month_is() -> None:
    months = np.zeros((4, 2))
    to_date = np.array([[0, 1], [0, 2], [0, 7], [0, 0]], float)
    year = YearOfUnits(months, to_date, np.full(months.shape, np.inf), is_flow=True, totals=months.sum(axis=0))
    hidden = hide(year, SMALL)
    assert not hidden.values.any()
    assert hidden.to_date.tolist() == [[False, True], [False, True], [False, False], [False, False]]


def test_where_all_others_are_nil_the_same_units_are_hidden_whichever_has_the_small_value() -> None:
    for units in (2, 5, 6):
        patterns: dict[tuple[bool, ...], list[int]] = {}
        for unit in range(units):
            values = np.zeros((units, 1), np.int64)
            values[unit] = 1
            patterns.setdefault(tuple(hide(year_of(values), SMALL).values[:, 0].tolist()), []).append(unit)
        assert all(len(told_by) > 1 for told_by in patterns.values())


def test_small_values_do_not_leave_the_federation(february: Path, tmp_path: Path) -> None:
    home = Home(february)
    with open_release(home, "2014-02-r1") as connection:
        everything, shown = (unit_values(connection, "2014-02", hides_below=below).to_pandas() for below in (None, SMALL))
        persons = connection.execute("select indicator_code from dim_indicator where counts_persons").df()["indicator_code"]
    keys = ["indicator_code", "reporting_unit_code"]
    both = everything.merge(shown, on=keys, suffixes=("", "_shown"))
    counted = both["indicator_code"].isin(persons) & ~both["is_federation"]
    for value in ("value_month", "value_year_to_date"):
        small = counted & both[value].between(1, SMALL - 1)
        assert small.sum() > 10
        assert both.loc[small, f"{value}_shown"].isna().all()
        assert (both[f"{value}_shown"].isna() == (both[f"is_hidden_{value}_shown"] | both[value].isna())).all()
    assert not both.loc[both["is_federation"], "is_hidden_value_month_shown"].any(), "the federation's totals are shown"
    (code, unit), *_ = both.loc[counted & both["value_month"].between(1, SMALL - 1), keys].to_numpy().tolist()

    asked = ("figures", "--month", "2014-02", "--department", unit)
    for audience, flag in (("public", True), ("federation", False)):
        (row,) = (
            row
            for row in json.loads(uw(february, *asked, "--audience", audience, "--format", "json"))
            if row["indicator_code"] == code
        )
        assert (row["value"] is None, row["is_month_hidden"]) == (flag, flag)
    assert "×" in uw(february, *asked, "--audience", "public")
    assert "×" not in uw(february, *asked)

    texts = {}
    for name, options in {"public": (), "federation": ("--audience", "federation")}.items():
        found = uw_json(february, "report", "--month", "2014-02", "--out", str(tmp_path / name), *options)
        word = next(Path(path) for path in found["files"] if path.endswith(".docx"))
        assert ("内部" in word.name) == (name == "federation")
        texts[name] = [cell.text for table in docx.Document(str(word)).tables for row in table.rows for cell in row.cells]
    assert "×" in texts["public"]
    assert "×" not in texts["federation"]


def test_values_by_the_units_of_another_day_are_not_for_the_public(february: Path) -> None:
    asked = ("figures", "--month", "2014-02", "--structure", "today")
    uw(february, *asked, "--audience", "public", exit_code=1)
    with pytest.raises(StructureNotPublic), open_release(Home(february), "2014-02-r1") as connection:
        unit_values(connection, "2014-02", date(2026, 1, 1), hides_below=SMALL)
    assert "member.joined" in uw(february, *asked)


def test_the_policy_says_who_sees_what(january: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FEDERATION_DIR, tmp_path / "federation"))
    home = Home(copy_of(january, tmp_path), folder)
    assert audience_of(home, "report", None) == ("public", SMALL)
    assert audience_of(home, "figures", None) == ("federation", None)
    with pytest.raises(UnknownAudience):
        audience_of(home, "report", "press")
    policy = folder / "disclosure.yml"
    policy.write_text(policy.read_text("utf-8").replace("report: public", "report: press"), encoding="utf-8")
    with pytest.raises(MalformedFile, match="press"):
        audience_of(home, "report", None)
