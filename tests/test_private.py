"""What a home holds is for the account that runs it alone; what other accounts need lies where the operator says."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.collecting import drop, hazards
from tests.commands import APPROVED, start_uw, uw_json
from tests.releases import copy_of
from tests.workbook_factory import nil_except, resident_number, write_csv, write_workbook
from union_warehouse.landing.rows import read_landed
from union_warehouse.orchestration.airflow_home import airflow_settings
from union_warehouse.paths import Home
from union_warehouse.releases import open_release


@pytest.fixture
def umask() -> Iterator[None]:
    """The mask of an account whose files everybody reads, for this test and the processes that it starts."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_that_a_submit_and_a_close_made_is_for_other_accounts(january: Path) -> None:
    open_to_others = [path for path in january.rglob("*") if not path.is_symlink() and mode(path) & 0o077]
    assert (open_to_others, mode(january) & 0o077) == ([], 0)


def test_a_home_that_others_may_enter_is_told_with_what_to_do(tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir(mode=0o755)
    home.chmod(0o755)
    for told in (True, False):
        process = start_uw(home, "status")
        _, errors = process.communicate()
        assert process.returncode == 0
        assert (f"chmod 700 {home}" in errors, "其他账号" in errors, "755" in errors) == (told,) * 3
        home.chmod(0o700)


def test_inbox_and_outbox_lie_where_the_operator_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: None) -> None:
    shared = tmp_path / "shared"
    for name, folder in (("UW_HOME", "home"), ("UW_INBOX", "shared/inbox"), ("UW_OUTBOX", "shared/outbox")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    (shared / "outbox" / "CQ").mkdir(parents=True)
    (shared / "outbox" / "CQ").chmod(0o2750)
    home = Home.from_environment()
    outcome = drop(home, hazards(tmp_path / "x.xlsx", {"category": "火"}), "CQ/报表/三月.xlsx")
    assert (shared / "inbox" / "CQ" / "报表" / "三月.xlsx").is_file()
    receipt = shared / "outbox" / "CQ" / "报表" / "三月_回执.xlsx"
    assert receipt.read_bytes() == Path(str(outcome.receipt)).read_bytes()
    assert (mode(receipt), mode(receipt.parent)) == (0o640, 0o2750), "for the group that the unit's folder is shared with"
    drop(home, hazards(tmp_path / "y.xlsx", {}, department="WL"), "四月.xlsx")
    assert (mode(shared / "outbox" / "WL" / "四月_回执.xlsx"), mode(shared / "outbox" / "WL")) == (0o600, 0o700)
    assert not (home.root / "inbox").exists() and not (home.root / "outbox").exists()


def test_a_run_within_a_process_uses_the_folders_of_its_home(tmp_path: Path) -> None:
    named = airflow_settings(Home(tmp_path, inbox_folder=tmp_path / "in"))
    assert (named["UW_INBOX"], named["UW_OUTBOX"]) == (str(tmp_path / "in"), "")


# Of a table whose rows are about persons: what somebody may know of a person, and what says nothing of them but where and when the
# row was reported or what the federation did. A new column must be put on one of the lists, with a look at the k that follows.
QUASI_IDENTIFIERS = {
    "fct_membership_changes": {"reporting_unit_code", "gender", "birth_year_band", "union_code", "union_key", "is_migrant"},
    "fct_assistance": {
        "reporting_unit_code",
        "gender",
        "birth_year_band",
        "beneficiary_kind",
        "model_worker_level",
        "is_migrant",
    },
    "fct_qualification_promotions": {
        "reporting_unit_code",
        "gender",
        "birth_year_band",
        "union_code",
        "union_key",
        "trade",
        "grade_from",
        "grade_to",
        "is_one_grade_up",
    },
    "fct_visits": {"reporting_unit_code", "uscc", "visitor_code"},
    "fct_honours": {"reporting_unit_code", "recipient_kind", "honour", "honour_level"},
}
PERSONS = {"fct_visits": "visited_person_key", "fct_honours": "recipient_key"}
EVENTS = {
    "fct_membership_changes": {"change_no", "membership_change", "changed_on"},
    "fct_assistance": {"record_no", "programme", "amount_cny", "granted_on"},
    "fct_qualification_promotions": {"certificate_no", "certified_on"},
    "fct_visits": {"visit_no", "visit_kind", "visited_on", "worker_count", "amount_cny"},
    "fct_honours": {"honour_no", "title", "awarding_body", "batch", "recipient_name", "awarded_on"},
}


def test_a_release_says_of_a_person_only_what_is_on_the_list(january: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_release(Home(january)) as release:
        tables = {name: columns_of(release, name) for name in marts_of(release)}
        about_persons = {
            name
            for name, columns in tables.items()
            if any(column.endswith(("person_key", "recipient_key")) for column in columns)
        }
        assert about_persons == set(QUASI_IDENTIFIERS)
        reported = {"submitted_by_code", "submission_month", "event_month", "is_late", "is_opening_stock", "flows_from_month"}
        reported |= {"submission_id", "source_sheet", "source_row", "reporting_unit_key"}
        for name, quasi_identifiers in QUASI_IDENTIFIERS.items():
            person = PERSONS.get(name, "person_key")
            own_key = tables[name][0]
            assert set(tables[name]) == quasi_identifiers | EVENTS[name] | reported | {own_key, person}, name
            smallest, alone = anonymity(release, name, person, quasi_identifiers)
            with capsys.disabled():
                sys.stdout.write(
                    f"\n{name}: k = {smallest}, {alone:.1%} of persons alone by {', '.join(sorted(quasi_identifiers))}"
                )


def anonymity(release: duckdb.DuckDBPyConnection, table: str, person: str, columns: set[str]) -> tuple[int, float]:
    """Size of the smallest group of persons who are alike in ``columns``, and the share of persons that are alone in theirs."""
    listed = ", ".join(sorted(columns))
    row = release.execute(
        f"""
        with persons as (select distinct {person}, {listed} from {table} where {person} is not null),
            alike as (select count(*) as people from persons group by {listed})
        select coalesce(min(people), 0), coalesce(sum(people) filter (people = 1) / sum(people), 0) from alike
        """
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_a_release_shows_no_part_of_a_name_or_number(january: Path, tmp_path: Path) -> None:
    home = copy_of(january, tmp_path)
    row = {"member_name": "欧阳小明", "id_number": "33990019800101001X", "gender": "不详"}
    path = write_workbook(tmp_path / "x.xlsx", "CQ", "2014-02", {"member_changes": [row]}, nil=nil_except("member_changes", "CQ"))
    (outcome,) = uw_json(home, "submit", path, exit_code=1)
    assert {"invalid_resident_id", "outside_enum"} <= {problem["rule"] for problem in outcome["problems"]}
    uw_json(home, "close", "2014-02", *APPROVED)
    with open_release(Home(home)) as release:
        assert release.execute("select count(*) from fct_row_problems where rule_code = 'invalid_resident_id'").fetchone() != (0,)
        for name in marts_of(release):
            for column in columns_of(release, name):
                shown = release.execute(
                    f"""select "{column}" from {name} where regexp_matches("{column}"::varchar, '[^*]\\*{{2,}}|欧|3399\\*')"""
                ).fetchone()
                assert shown is None, (name, column)


def test_of_a_number_its_decade_of_birth_and_gender_are_kept_and_no_more(january: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    rows = [{"id_number": resident_number(1, born)} for born in ("19791231", "19800101")]
    rows += [{"id_number": resident_number(2, "20001010")}, {"id_number": "339900200010100020"}]
    sent = write_csv(tmp_path, "qualification_promotions", rows, "XJ")
    drop(home, sent, sent.name)
    (landed,) = home.landing.rglob("qualification_promotions.parquet")
    kept = read_landed(landed, ["id_number__valid", "id_number__birth_year_band", "id_number__gender"]).to_pylist()
    assert [tuple(row.values()) for row in kept] == [
        (True, "1970-1979", "male"),
        (True, "1980-1989", "male"),
        (True, "2000-2009", "female"),
        (False, None, None),
    ]
    with open_release(Home(january)) as release:
        helped = release.execute(
            "select count(*) filter (where birth_year_band is null), list_sort(list(distinct gender)) from fct_assistance"
        ).fetchone()
    assert helped == (0, ["female", "male"])


def marts_of(release: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for (name,) in release.execute("select table_name from duckdb_tables() where schema_name = 'main'").fetchall()]


def columns_of(release: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [name for name, *_ in release.execute(f"describe {table}").fetchall()]
