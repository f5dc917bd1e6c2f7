"""Which version counts, as known at a point in time: the plan, the status and the intake say the same."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.landings import land
from union_warehouse.landing.effective import effective_files
from union_warehouse.landing.folders import read_manifests
from union_warehouse.landing.instants import to_text
from union_warehouse.landing.manifests import MANIFEST_COLUMNS, Manifest, UnplacedManifest
from union_warehouse.landing.received import opened_manifests
from union_warehouse.landing.row_problems import ROW_PROBLEM_COLUMNS
from union_warehouse.paths import BUILD_FILE, Home
from union_warehouse.quality.row_rules import RowProblem
from union_warehouse.warehouse.plan import plan_from_landing

MONTH, UNIT = "2014-01", "CQ"
HAZARD = {"hazard_no": "H1"}


def send(home: Home, number: int, arrived: str, forms: tuple[str, ...] = ("hazards",), **said: Any) -> None:
    """Land submission ``number`` with one row of each of ``forms``; ``said`` as in :func:`rewrite`."""
    received_at = to_text(datetime.fromisoformat(arrived).replace(tzinfo=UTC))
    land(
        home, MONTH, UNIT, {form: [HAZARD if form == "hazards" else {}] for form in forms}, number=number, received_at=received_at
    )
    rewrite(folder_of(home, number), **said)


def read_again(home: Home, number: int, at: str, **said: Any) -> None:
    """Add a second reading of submission ``number``."""
    again = folder_of(home, number).with_name(f"v{number:04d}-r02")
    shutil.copytree(folder_of(home, number), again)
    read_at = to_text(datetime.fromisoformat(at).replace(tzinfo=UTC))
    rewrite(again, reading=2, read_at=read_at, submission_id=f"{MONTH}/{UNIT}/{again.name}", **said)


def folder_of(home: Home, number: int) -> Path:
    return home.landing / f"month={MONTH}" / f"department={UNIT}" / f"v{number:04d}"


def rewrite(folder: Path, rejected: tuple[str, ...] = (), **said: Any) -> None:
    """Replace what a manifest says by ``said``; all its forms are accepted but those ``rejected``."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for form in manifest["forms"]:
        form["state"] = "rejected" if form["form"] in rejected else "accepted"
    (folder / "manifest.json").write_text(json.dumps(manifest | said), encoding="utf-8")


def counting(home: Home, known_at: str) -> dict[str, str]:
    """The version that counts for each form as known at ``known_at``, by every door; they must agree."""
    at = datetime.fromisoformat(known_at).replace(tzinfo=UTC)
    plan_from_landing(home, "asked", [MONTH], at)
    with duckdb.connect(str(home.build / "asked" / BUILD_FILE), read_only=True) as connection:
        planned = dict(connection.execute("select form, submission_id from plan.effective_submissions").fetchall())
    with opened_manifests(home, [MONTH], at) as connection:
        reported = dict(connection.execute("select form, submission_id from by_form where is_received").fetchall())
    files = effective_files(home, read_manifests(home), received_before=to_text(at), read_until=to_text(at))
    told = {form: f"{MONTH}/{UNIT}/{path.parent.name}" for (_, _, form), path in files.items() if path}
    assert planned == reported == told
    return {form: name.rpartition("/")[2] for form, name in planned.items()}


def test_the_accepted_version_that_arrived_last_counts_form_by_form(home: Home) -> None:
    send(home, 1, "2014-02-01", ("hazards", "visits"))
    send(home, 2, "2014-02-03")
    send(home, 3, "2014-02-04", ("hazards", "visits"), state="rejected", rejected=("hazards", "visits"))
    assert counting(home, "2014-02-02") == {"hazards": "v0001", "visits": "v0001"}
    assert counting(home, "2014-02-05") == {"hazards": "v0002", "visits": "v0001"}


def test_a_form_that_is_rejected_replaces_nothing_and_the_others_do(home: Home) -> None:
    send(home, 1, "2014-02-01", ("hazards", "visits"))
    send(home, 2, "2014-02-03", ("hazards", "visits"), rejected=("hazards",))
    assert counting(home, "2014-02-05") == {"hazards": "v0001", "visits": "v0002"}
    read_again(home, 2, "2014-03-01")
    assert counting(home, "2014-03-02") == {"hazards": "v0002-r02", "visits": "v0002-r02"}


def test_a_reading_counts_from_when_it_was_read(home: Home) -> None:
    send(home, 1, "2014-02-01")
    read_again(home, 1, "2014-03-01")
    assert counting(home, "2014-02-28") == {"hazards": "v0001"}
    assert counting(home, "2014-03-02") == {"hazards": "v0001-r02"}


@pytest.mark.parametrize("forms", [[], None], ids=["names no form", "names the form"])
def test_a_reading_that_is_rejected_takes_its_submission_back(home: Home, forms: list[Any] | None) -> None:
    send(home, 1, "2014-02-01")
    read_again(home, 1, "2014-03-01", state="rejected", rejected=("hazards",), **({} if forms is None else {"forms": forms}))
    assert counting(home, "2014-02-28") == {"hazards": "v0001"}
    assert counting(home, "2014-03-02") == {}


def test_two_that_arrived_at_the_same_instant_have_no_order(home: Home) -> None:
    send(home, 1, "2014-02-01")
    send(home, 2, "2014-02-03")
    send(home, 3, "2014-02-03", state="rejected", rejected=("hazards",), ties_with=[f"{MONTH}/{UNIT}/v0002"])
    assert counting(home, "2014-02-05") == {"hazards": "v0001"}


def test_what_is_read_of_a_manifest_is_what_a_manifest_says() -> None:
    written = [*Manifest.__annotations__]
    assert sorted(MANIFEST_COLUMNS) == sorted({*written} - {"bytes", "files", "steps"})
    assert sorted(written) == sorted(UnplacedManifest.__annotations__)


def test_the_columns_of_row_problems_are_those_of_a_row_problem() -> None:
    assert list(ROW_PROBLEM_COLUMNS) == ["_submission_id", *RowProblem._fields, "record_key"]
