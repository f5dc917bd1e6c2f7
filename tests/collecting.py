"""Collect submissions as the inbox does, for tests of what lands."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.workbook_factory import nil_except, write_workbook
from union_warehouse.paths import Home
from union_warehouse.submissions import Outcome, collect_file, place_in_inbox, scan_inbox
from union_warehouse.submissions.inbox import SETTLE_SECONDS

OPENING = datetime(2014, 1, 3, 8, tzinfo=UTC)


def at(month: int, day: int = 2, **changes: Any) -> datetime:
    return datetime(2014, month, day, 8, tzinfo=UTC).replace(**changes)


def collect(home: Home, *paths: Path, received_at: datetime, door: str | None = None) -> list[Outcome]:
    place_in_inbox(home, paths, received_at, door)
    return [collect_file(home, item) for item in scan_inbox(home)]


def collect_one(home: Home, path: Path, received_at: datetime, door: str | None = None) -> Outcome:
    (outcome,) = collect(home, path, received_at=received_at, door=door)
    return outcome


def drop(home: Home, made: Path, place: str) -> Outcome:
    """Lay a file into the inbox by hand, and collect it once it rests."""
    target = home.inbox / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(made.read_bytes())
    rested = datetime.now(UTC).timestamp() - SETTLE_SECONDS - 1
    os.utime(target, (rested, rested))
    (outcome,) = [collect_file(home, item) for item in scan_inbox(home)]
    return outcome


def hazards(path: Path, *rows: dict[str, Any], month: str = "2014-03", department: str = "CQ") -> Path:
    return write_workbook(path, department, month, {"hazards": list(rows)}, nil=nil_except("hazards", department))


def open_department(home: Home, tmp_path: Path, month: str = "2013-12", received_at: datetime = OPENING) -> None:
    """Land an opening submission, so that the next ones are ordinary."""
    path = hazards(
        tmp_path / f"opening-{month}.xlsx",
        {"hazard_no": "H0", "found_on": date(2010, 5, 1), "due_on": date(2010, 6, 1)},
        month=month,
    )
    assert collect_one(home, path, received_at).state == "accepted"


def archive_of(path: Path, *files: Path, names: dict[Path, str] | None = None) -> Path:
    """A zip archive of files, under other names where ``names`` has some."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, (names or {}).get(file, file.name))
    return path


def problems(outcome: Outcome, *severities: str) -> list[tuple[Any, ...]]:
    wanted = severities or ("error",)
    return [
        (item["row"], item["column"], item["rule"])
        for item in outcome.problems
        if item["severity"] in wanted and not item["provisional"]
    ]


def version_folder(home: Home, outcome: Outcome) -> Path:
    return (
        home.landing
        / f"month={outcome.month}"
        / f"department={outcome.department}"
        / str(outcome.submission_id).rsplit("/", 1)[1]
    )


def rows_of(home: Home, outcome: Outcome, form: str) -> list[dict[str, Any]]:
    return pq.read_table(version_folder(home, outcome) / f"{form}.parquet", partitioning=None).to_pylist()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its bytes, without locks and leftovers."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def in_this_process(_size: int, function: Callable[..., Any], *args: Any) -> Any:
    """In place of ``call_apart``: no child process, so that what is patched here is patched where a file is read."""
    return function(*args)


if __name__ == "__main__":
    (collected,) = collect(Home.from_environment(), Path(sys.argv[1]), received_at=datetime.fromisoformat(sys.argv[2]))
    sys.stdout.write(json.dumps(collected.to_dict(), default=str))
    sys.exit(0 if collected.is_clean else 1)
