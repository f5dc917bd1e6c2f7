"""What was written can be told from what somebody changed afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.commands import APPROVED, start_uw, uw, uw_json
from tests.releases import copy_of
from union_warehouse.errors import UnionWarehouseError
from union_warehouse.landing.errors import UnreadableManifest
from union_warehouse.paths import Home
from union_warehouse.releases.errors import ReleaseFileChanged
from union_warehouse.warehouse import plan_close
from union_warehouse.warehouse.errors import BuildChanged


def harm(path: Path) -> None:
    """One byte in the middle of a file."""
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def raise_amount(path: Path) -> None:
    """A landed sum is raised, as somebody would who knows Parquet."""
    table = pq.read_table(path)
    position = table.column_names.index("amount")
    raised = pc.add(pc.cast(table["amount"], pa.decimal128(18, 2)), pa.scalar(700_000, pa.decimal128(18, 2)))
    pq.write_table(table.set_column(position, "amount", pc.cast(raised, table["amount"].type)), path)


def refused(home: Path, *arguments: str) -> str:
    """The code of the named error that `uw` ends with."""
    process = start_uw(home, *arguments)
    _, errors = process.communicate()
    assert process.returncode == 1, errors
    return next(line.split()[1].rstrip(":") for line in errors.splitlines() if line.startswith("error "))


@pytest.fixture
def home(february: Path, tmp_path: Path) -> Path:
    return copy_of(february, tmp_path)


@pytest.fixture
def opened(january: Path, tmp_path: Path) -> Path:
    """January published, February landed and not closed."""
    return copy_of(january, tmp_path)


def landed(home: Path, pattern: str) -> Path:
    return next(path for path in sorted(home.glob(f"landing/month=2014-02/department=*/v*/{pattern}")))


def test_what_nobody_touched_is_as_written_and_the_head_is_in_the_report(home: Path) -> None:
    found = uw_json(home, "verify", "--all")
    assert found["differences"] == []
    assert found["release"] == "2014-02-r1"
    assert uw_json(home, "releases")[0]["sha256"] == found["sha256"]
    uw(home, "report", "--month", "2014-02")
    (page,) = (home / "reports").rglob("*附录.html")
    assert found["sha256"] in page.read_text("utf-8")


def test_each_release_holds_the_fingerprint_of_the_one_before(home: Path) -> None:
    by_id = {release["release_id"]: release for release in uw_json(home, "releases")}
    assert by_id["2014-01-r1"]["previous_release_sha256"] is None
    assert by_id["2014-02-r1"]["previous_release_sha256"] == by_id["2014-01-r1"]["sha256"]
    approval = by_id["2014-02-r1"]["approval"]
    assert approval["previous_release_sha256"] == by_id["2014-01-r1"]["sha256"]
    assert approval["os_user"] and approval["host"]


@pytest.mark.parametrize(
    "place",
    [
        "releases/2014-02-r1/warehouse.duckdb",
        "releases/2014-01-r1/parquet/rpt_indicators/2014-01.parquet",
        "releases/2014-01-r1/release.json",
        "landing/month=2014-01/department=*/v*/original.*",
        "landing/month=2014-01/department=*/v*/[!rm]*.parquet",
        "landing/month=2014-01/department=*/v*/row_problems.parquet",
        "landing/month=2014-01/department=*/v*/manifest.json",
    ],
)
@pytest.mark.parametrize("change", [harm, Path.unlink], ids=["changed", "gone"])
def test_every_file_that_is_changed_or_gone_is_named(home: Path, place: str, change: Callable[[Path], None]) -> None:
    path = sorted(home.glob(place))[0]
    if change is Path.unlink and path.name.startswith("original"):
        pytest.skip("a file that was never read has none of its bytes there")
    change(path)
    process = start_uw(home, "verify", "--all", "--json")
    output, _ = process.communicate()
    assert process.returncode == 1
    assert path.relative_to(home).as_posix() in [one["path"] for one in json.loads(output)["differences"]]


def test_what_is_added_to_a_release_is_named(home: Path) -> None:
    (home / "releases" / "2014-02-r1" / "more.parquet").write_bytes(b"1")
    assert refused(home, "verify") == "verification_failed"


def test_a_landed_amount_that_was_raised_stops_the_close(opened: Path, closings: dict[str, str]) -> None:
    path = landed(opened, "assistance.parquet")
    raise_amount(path)
    assert refused(opened, "close", "2014-02", "--known-at", closings["2014-02"], *APPROVED) == "landed_file_changed"
    assert uw_json(opened, "releases")[0]["release_id"] == "2014-01-r1"


def plan_february(home: Path, closings: dict[str, str]) -> None:
    plan_close(Home(home), "2014-02", datetime.fromisoformat(closings["2014-02"]))


@pytest.mark.parametrize("left", [None, "", "{", "\0" * 99, "{}"], ids=["gone", "empty", "torn", "zeros", "says nothing"])
def test_a_submission_without_a_readable_manifest_stops_the_close_with_its_name(
    opened: Path, closings: dict[str, str], left: str | None
) -> None:
    path = landed(opened, "manifest.json")
    path.unlink()
    if left is not None:
        path.write_text(left)
    with pytest.raises(UnreadableManifest, match=path.relative_to(opened).as_posix()):
        plan_february(opened, closings)


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("releases/2014-01-r1/warehouse.duckdb", ReleaseFileChanged),
        ("build/2014-01-r1/build.duckdb", BuildChanged),
        ("build/2014-01-r1/marts.duckdb", BuildChanged),
    ],
)
def test_nothing_is_built_on_what_was_changed(
    opened: Path, closings: dict[str, str], place: str, error: type[UnionWarehouseError]
) -> None:
    harm(opened / place)
    with pytest.raises(error):
        plan_february(opened, closings)


def test_a_file_that_the_next_release_would_hold_too_is_checked(opened: Path, february: Path, closings: dict[str, str]) -> None:
    releases = february / "releases"
    linked = next(path for path in sorted((releases / "2014-02-r1" / "parquet").rglob("*.parquet")) if path.stat().st_nlink > 1)
    harm(opened / "releases" / "2014-01-r1" / linked.relative_to(releases / "2014-02-r1"))
    assert refused(opened, "close", "2014-02", "--known-at", closings["2014-02"], *APPROVED) == "release_file_changed"


def test_an_original_that_was_changed_is_not_read_again(home: Path) -> None:
    original = landed(home, "original.*")
    harm(original)
    assert refused(home, "reread", "2014-02") == "landed_file_changed"


def test_an_acknowledgement_says_who_and_a_changed_one_shows(home: Path) -> None:
    with duckdb.connect(str(home / "releases/current/warehouse.duckdb"), read_only=True) as connection:
        (key,) = connection.execute(
            "select min(quality_issue_key) from fct_quality_issues where issue_status = 'open'"
        ).fetchall()[0]
    uw(home, "issues", "acknowledge", key, "--by", "王主席")
    uw(home, "issues", "acknowledge", key, "--by", "李")
    first, _ = sorted(Home(home).acknowledgements.glob("*.json"))
    said = json.loads(first.read_text("utf-8"))
    assert (said["acknowledged_by"], bool(said["os_user"]), bool(said["host"])) == ("王主席", True, True)
    first.write_text(first.read_text("utf-8").replace("王主席", "赵"), encoding="utf-8")
    found = json.loads(start_uw(home, "verify", "--all", "--json").communicate()[0])
    assert [one["kind"] for one in found["differences"]] == ["chain"]
