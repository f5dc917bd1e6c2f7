"""What a home holds is for the account that runs it alone; what other accounts need lies where the operator says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collecting import drop, hazards
from tests.commands import start_uw
from union_warehouse.orchestration.airflow_home import airflow_settings
from union_warehouse.paths import Home


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
