"""Row rules: what a glance at a column rules out, the query would not have found either."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workbook_factory import write_csv
from union_warehouse.contracts import load_forms
from union_warehouse.paths import Home
from union_warehouse.quality.row_rules import RowCheck
from union_warehouse.submissions import check_file

FORMS = ["hazards", "collective_contracts", "member_counts", "programme_enrolments", "training_activities"]
GARBAGE = st.sampled_from(
    [
        "",
        "x",
        "-1",
        "3.5",
        "7",
        "日常",
        "enterprise",
        "2014-03-31",
        "2014-04-01",
        "2013-11-30",
        "2014-02-01",
        "=A1",
        "3.30103E+17",
        "#N/A",
    ]
)


@st.composite
def spoilt_rows(draw: st.DrawFn) -> tuple[str, list[dict[str, str]]]:
    """A form and rows of which some cells hold anything."""
    form = draw(st.sampled_from(FORMS))
    names = [field.name for field in load_forms()[form].fields]
    return form, draw(st.lists(st.dictionaries(st.sampled_from(names), GARBAGE, max_size=2), min_size=1, max_size=4))


@settings(max_examples=60, deadline=None)
@given(spoilt_rows())
def test_a_glance_rules_out_only_what_no_row_breaks(spoilt: tuple[str, list[dict[str, str]]]) -> None:
    form, rows = spoilt
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        path = write_csv(Path(folder), form, rows)
        received_at = datetime(2014, 4, 2, tzinfo=UTC)
        glanced = check_file(home, path, received_at)
        with patch.object(RowCheck, "is_ruled_out", lambda *_: False):
            queried = check_file(home, path, received_at)
    assert glanced == queried


def test_every_row_that_shares_a_key_waits(tmp_path: Path) -> None:
    same = {"uscc": "91330103YY00000010", "programme": "双爱活动", "enrolled_on": date(2014, 3, 7)}
    path = write_csv(tmp_path, "programme_enrolments", [same, {}, same, same | {"level": "达标"}])
    outcome = check_file(Home(tmp_path / "home"), path, datetime(2014, 4, 2, tzinfo=UTC))
    assert [item["row"] for item in outcome.problems if item["rule"] == "duplicate_key"] == [2, 4]
    assert {(item["column"], "第 4 行" in item["message"]) for item in outcome.problems if item["row"] == 2} >= {("uscc", True)}
