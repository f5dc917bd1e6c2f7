"""A few of the trials of ``make faults``, at moments that matter, and the order in which a month is written to the disk."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from random import Random

import pytest

from tests.faults.shim import Fault, build_library, logged, missing_compiler
from tests.faults.trials import Given, prepare, try_fault

pytestmark = [pytest.mark.build, pytest.mark.skipif(missing_compiler() is not None, reason=str(missing_compiler()))]

DURABLE = {"inbox", "landing", "receipts", "outbox", "approvals", "releases"}
NOTES = {".attempts", ".pending"}
"""Of what is about to be collected: looked for again, if they are lost."""
RELEASE = "/releases/2014-02-r1"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Given:
    return prepare(tmp_path_factory.mktemp("given"), library)


@pytest.mark.parametrize(
    ("stage", "fault", "first"),
    [
        pytest.param("publish", Fault(kill_after=RELEASE), "killed", id="killed before current moves"),
        pytest.param("publish", Fault(kill_after=RELEASE, cuts_power=True), "killed", id="no power before current moves"),
        pytest.param("collect", Fault(kill_at=500, cuts_power=True), "killed", id="no power while collecting"),
        pytest.param("publish", Fault(full_after=1_000_000), "disk_full", id="disk full while publishing"),
        pytest.param("collect", Fault(full_after=100_000), "disk_full", id="disk full while collecting"),
        pytest.param("collect", Fault(is_read_only=True), "not_writable", id="read-only"),
    ],
)
def test_a_fault_leaves_no_trace(tmp_path: Path, library: Path, given: Given, stage: str, fault: Fault, first: str) -> None:
    found = try_fault(tmp_path / "trial", library, given, stage, fault, Random(1))
    assert found.faults == []
    assert ("killed" if found.first.code < 0 else found.first.error or "done") == first


@pytest.mark.parametrize("stage", ["collect", "publish"])
def test_what_gets_its_name_is_flushed_before_and_its_folder_after(given: Given, stage: str) -> None:
    steps = logged(given.files.parent / f"notes-{stage}")
    named = [
        (number, source, target)
        for number, (operation, source, target) in enumerate(steps)
        if operation in {"rename", "link"} and _is_kept(PurePosixPath(target).relative_to(given.built_in))
    ]
    assert len(named) > 2
    for number, source, target in named:
        before = {path for operation, path, _ in steps[:number] if operation in {"fsync", "fdatasync"}}
        after = {path for operation, path, _ in steps[number:] if operation in {"fsync", "fdatasync"}}
        assert source in before or source.endswith(".new"), f"{target} has its name before its content; a link has none"
        assert str(PurePosixPath(target).parent) in after, f"the name of {target} may be lost"


def _is_kept(target: PurePosixPath) -> bool:
    """Whether it must last, and is not within a folder that has no name of its own yet."""
    inner = {part for part in target.parts if part.startswith(".")} - {".collected", ".unpacked", ".first_accepted"}
    return target.parts[0] in DURABLE and not inner
