"""A clerk who drops a file into a folder finds its receipt in a folder: his unit's, and no other's."""

from __future__ import annotations

import stat
from pathlib import Path

import openpyxl
import pytest

from tests.collecting import at, collect, collect_one, drop, hazards, tree
from tests.workbook_factory import write_csv
from union_warehouse.paths import Home


@pytest.mark.parametrize(
    ("dropped", "found"),
    [
        ("三月.xlsx", "CQ/三月_回执.xlsx"),
        ("长庆/三月.xlsx", "CQ/长庆/三月_回执.xlsx"),
        ("CQ/三月.xlsx", "CQ/三月_回执.xlsx"),
        ("WL/报表/三月.xlsx", "WL/报表/三月_回执.xlsx"),
        ("长" * 83 + ".xlsx", "CQ/" + "长" * 80 + "_回执.xlsx"),
    ],
)
def test_a_receipt_lies_where_its_sender_looks(home: Home, tmp_path: Path, dropped: str, found: str) -> None:
    outcome = drop(home, hazards(tmp_path / "x.xlsx", {"category": "火"}), dropped)
    assert list(tree(home.outbox)) == [found]
    place = home.outbox / found
    assert place.read_bytes() == Path(str(outcome.receipt)).read_bytes()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_receipt_of_a_file_that_cannot_be_placed_is_for_its_folders_unit_only(home: Home, tmp_path: Path) -> None:
    broken = tmp_path / "x.xlsx"
    broken.write_bytes("没有报表".encode())
    assert drop(home, broken, "WL/三月.xlsx").department is None
    assert drop(home, broken, "三月.xlsx").receipt is not None
    assert list(tree(home.outbox)) == ["WL/三月_回执.xlsx"]


def test_each_units_receipts_are_in_its_own_folder_and_the_last_one_stays(home: Home, tmp_path: Path) -> None:
    collect(home, hazards(tmp_path / "a.xlsx", {}), hazards(tmp_path / "b.xlsx", {}, department="WL"), received_at=at(4))
    assert list(tree(home.outbox)) == ["CQ/a_回执.xlsx", "WL/b_回执.xlsx"]
    second = collect_one(home, hazards(tmp_path / "a.xlsx", {"category": "火"}), at(4, 3))
    receipt = home.outbox / "CQ" / "a_回执.xlsx"
    assert receipt.read_bytes() == Path(str(second.receipt)).read_bytes()
    corrected = openpyxl.load_workbook(receipt)
    corrected["隐患整改"]["C2"] = "消防"
    corrected.save(tmp_path / "a_回执.xlsx")
    third = collect_one(home, tmp_path / "a_回执.xlsx", at(4, 4))
    assert (third.state, list(tree(home.outbox / "CQ"))) == ("accepted", ["a_回执.xlsx"])
    assert receipt.read_bytes() == Path(str(third.receipt)).read_bytes()


def test_an_outbox_that_cannot_be_written_is_no_reason_to_fail(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.root.mkdir(parents=True)
    home.outbox.write_text("no folder", encoding="utf-8")
    assert collect_one(home, write_csv(tmp_path, "hazards"), at(4)).state == "accepted"
    assert "outbox" in caplog.text
