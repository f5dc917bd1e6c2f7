"""A version that replaces one tells its unit what it changes: how many rows, never which values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl

from tests.alert_servers import http_server
from tests.collecting import at, collect_one, hazards, open_department, version_folder
from tests.workbook_factory import resident_number, write_csv, write_workbook
from union_warehouse.alerts import send_alerts
from union_warehouse.paths import Home
from union_warehouse.submissions import Outcome, check_file


def changes(outcome: Outcome, form: str = "hazards") -> Any:
    (made,) = (item["changes"] for item in outcome.forms if item["form"] == form)
    return made


def counts(new: int, gone: int, changed: int, replaces: str = "2014-03/CQ/v0001") -> dict[str, Any]:
    return {"replaces": replaces, "new": new, "gone": gone, "changed": changed}


def sent(path: Path, *numbers: str, **cells: Any) -> Path:
    return hazards(path, *({"hazard_no": number} | (cells if number == "H2" else {}) for number in numbers))


def test_what_a_version_changes_is_counted_by_the_forms_key(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    assert changes(collect_one(home, sent(tmp_path / "1.xlsx", "H1", "H2", "H3"), at(4, 2))) is None
    second = sent(tmp_path / "2.xlsx", "H1", "H2", "H4", "H5", description="另一处")
    assert changes(check_file(home, second, at(4, 3))) == counts(2, 1, 1)
    assert changes(collect_one(home, second, at(4, 3))) == counts(2, 1, 1)
    rejected = hazards(tmp_path / "3.xlsx", {"hazard_no": "H9"}, month="2099-01")
    collect_one(home, rejected, at(4, 4))
    third = collect_one(home, sent(tmp_path / "4.xlsx", "H5", "H5"), at(4, 5))
    assert changes(third) == counts(1, 3, 1, "2014-03/CQ/v0002"), "of two rows with one key one is new"
    assert changes(collect_one(home, hazards(tmp_path / "5.xlsx"), at(4, 6))) is None, "a form that is rejected changes nothing"
    between = collect_one(home, sent(tmp_path / "6.xlsx", "H1"), at(4, 2, hour=9))
    assert changes(between) == counts(0, 2, 0), "it is held against what it replaced when it arrived"


def test_what_a_tie_takes_back_is_not_what_the_next_version_replaces(home: Home, tmp_path: Path) -> None:
    open_department(home, tmp_path)
    collect_one(home, sent(tmp_path / "1.xlsx", "H1"), at(4, 2))
    for name, number in (("2.xlsx", "H2"), ("3.xlsx", "H3")):
        collect_one(home, sent(tmp_path / name, number), at(4, 3))
    assert changes(collect_one(home, sent(tmp_path / "4.xlsx", "H1", "H4"), at(4, 4))) == counts(1, 0, 0)


def test_persons_are_compared_and_not_named(home: Home, tmp_path: Path) -> None:
    for number, day in ((1, 2), (2, 3)):
        rows = [{"change_no": "M1", "member_name": "张三丰", "id_number": resident_number(number)}]
        outcome = collect_one(home, write_csv(tmp_path / str(day), "member_changes", rows), at(4, day))
    assert changes(outcome, "member_changes") == counts(0, 0, 1)
    manifest = (version_folder(home, outcome) / "manifest.json").read_text("utf-8")
    assert "张三丰" not in manifest and resident_number(2) not in manifest


def test_the_receipt_and_an_alert_tell_the_unit(home: Home, tmp_path: Path) -> None:
    first, second = (write_workbook(tmp_path / f"{n}.xlsx", rows={"hazards": [{"hazard_no": f"H{n}"}]}) for n in (1, 2))
    collect_one(home, first, at(4, 2))
    outcome = collect_one(home, second, at(4, 3))
    book = openpyxl.load_workbook(str(outcome.receipt))
    told = [tuple(str(cell) for cell in row if cell) for row in book["回执"].iter_rows(values_only=True)]
    assert ("与上一份相比",) in told
    assert ("隐患整改", "新增 1 行，减少 1 行，改动 0 行（上一份：2014-03/CQ/v0001）") in told
    assert any(row[0] == "其余" and "相同" in row[1] for row in told if row)
    with http_server() as hook:
        (home.root / "alert_targets.yml").write_text(json.dumps({"department": {"CQ": f"{hook.url}/CQ"}}), encoding="utf-8")
        send_alerts(home, at(4, 4))
        alerts = dict(hook.take())
    assert "替换了上一份：隐患整改 新增 1 行、减少 1 行、改动 0 行" in alerts["/CQ"]
