"""Plan a close: which submissions count, which changed, and the private working files of the build.

The landing zone is the registry (docs/architecture.md). A plan reads the manifests that the last audited build has not
seen, picks the effective version per department, month and form as known at T, and writes that as the ``plan`` schema
of a copy of the last audited build, where dbt finds it as a source.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from union_warehouse.contracts import load_forms
from union_warehouse.files import read_derived, sha256_of, write_json
from union_warehouse.landing.effective import choose_effective, read_new_manifests
from union_warehouse.landing.instants import to_text
from union_warehouse.locks import exclusive
from union_warehouse.months import next_month, parse_month
from union_warehouse.paths import BUILD_FILE, MARTS_FILE, PLAN_FILE, PREVIOUS_FILE, REHEARSAL, Home
from union_warehouse.releases.database import STORAGE
from union_warehouse.releases.errors import NoRelease
from union_warehouse.releases.integrity import check_release_file
from union_warehouse.releases.read import DATABASE_FILE, Release, current_release, list_releases
from union_warehouse.warehouse.build import writer_lock
from union_warehouse.warehouse.definitions import CONTRACT, DefinitionChange, Definitions, compare_definitions, in_words
from union_warehouse.warehouse.definitions_changelog import explain
from union_warehouse.warehouse.errors import (
    BuildChanged,
    CommentMissing,
    DefinitionsChanged,
    EarlierMonthOpen,
    HashKeyChanged,
    KnownAtTooEarly,
    MonthNotOver,
    NothingSubmitted,
)
from union_warehouse.warehouse.plan_tables import write_plan_and_landing
from union_warehouse.working_days import SHANGHAI

_ANY_MONTH = "9999-12"


def plan_close(home: Home, month: str, known_at: datetime, *, is_rehearsal: bool = False) -> dict[str, Any]:
    """Prepare the close of ``month`` as known at ``known_at``.

    Args:
        home: the warehouse's state.
        month: ``YYYY-MM``: the next month to close, or a closed one to close again.
        known_at: versions that arrived until then count; aware.
        is_rehearsal: whether nothing is to be published.

    Returns:
        The plan, also written to ``build/<close_id>/plan.json``: close_id (the release it will become), month,
        known_at, is_needed (False when a closed month has not changed), release_id (of the current release when not
        needed), closed_months, beginning_month, previous_release_id, changed_submissions, hash_key_fingerprint, definitions
        (see :class:`Definitions`), rebuilt (None), is_rehearsal.

    Raises:
        DefinitionsChanged: figures would be made otherwise than those of the current release.
        EarlierMonthOpen: a month before it is not closed yet.
        MonthNotOver: the month had not ended at ``known_at``.
        KnownAtTooEarly: the current release already knows later submissions.
        NothingSubmitted: no department's submission for the month counts.
        HashKeyChanged: submissions were hashed with another key than the releases before.
        ReleaseFileChanged: the current release is not what was published.
        BuildChanged: the build that it came from is not.
        LandedFileChanged: a file to be read is not what was landed.
        UnreadableManifest: a submission has none that can be read.
    """
    month = parse_month(month)
    known_at = known_at.astimezone(UTC)
    current = current_release(home)
    _check_order(month, known_at, current)
    closed_months = tuple(sorted({*(current.closed_months if current else ()), month}))
    definitions, changes = compare_definitions(home, current, closed_months[-1])
    if current is not None and changes:
        raise definitions_changed(home, current, changes)
    close_id = _next_release_id(home, month, is_rehearsal=is_rehearsal)
    folder = home.build / close_id
    with exclusive(writer_lock(home)):
        has_audited = _copy_last_audited(home, current, folder)
    close = _close(close_id, month, known_at, closed_months, current)
    facts = write_plan_and_landing(home, folder, close, definitions)
    if current is None and not facts["changed_submissions"]:
        raise NothingSubmitted(month=month, known_at=close["known_at"])
    is_needed = not has_audited or bool(facts["changed_submissions"]) or current is None or month not in current.closed_months
    plan = _write_plan(home, close, facts, definitions, current, is_needed=is_needed, is_rehearsal=is_rehearsal)
    if not is_needed:
        shutil.rmtree(folder)
    return plan


def plan_rebuild(home: Home, comment: str | None, *, is_rehearsal: bool = False) -> dict[str, Any]:
    """Prepare the current release's months again, as known at the same time, from the landing zone and by today's definitions.

    Args:
        home: the warehouse's state.
        comment: why; None in a rehearsal.
        is_rehearsal: whether nothing is to be published. Where no definition changed, nothing ever is: then it shows that the
            figures of the release can be made again.

    Returns:
        As :func:`plan_close`; ``rebuilt`` as in :class:`Release`.

    Raises:
        NoRelease: nothing has been published yet.
        CommentMissing: it does not say why.
        DefinitionsUnexplained: nothing says why a definition changed.
        ReleaseFileChanged: the current release is not what was published.
        LandedFileChanged: a file to be read is not what was landed.
        UnreadableManifest: a submission has none that can be read.
    """
    current = current_release(home)
    if current is None:
        raise NoRelease
    if not is_rehearsal and not (comment or "").strip():
        raise CommentMissing
    definitions, changes = compare_definitions(home, current, current.closed_months[-1])
    explained = explain(home, changes, is_required=not is_rehearsal)
    is_rehearsal = is_rehearsal or not changes
    close_id = _next_release_id(home, current.month, is_rehearsal=is_rehearsal)
    folder = home.build / close_id
    with exclusive(writer_lock(home)):
        _link_previous(home, current, folder)
        _create_empty(folder / MARTS_FILE)
    close = _close(close_id, current.month, current.known_at_utc, current.closed_months, current)
    facts = write_plan_and_landing(home, folder, close, definitions, explained, is_rebuild=True)
    rebuilt = {"comment": comment, "at": to_text(datetime.now(UTC)), "changes": [item.to_dict() for item in explained]}
    return _write_plan(home, close, facts, definitions, current, rebuilt=rebuilt, is_rehearsal=is_rehearsal)


def plan_from_landing(home: Home, close_id: str, closed_months: Sequence[str], known_at: datetime) -> dict[str, Any]:
    """Prepare a build of several months at once from the landing zone alone, whatever was built or published before.

    Any past state can be built so: the versions that had arrived by ``known_at`` count, and no others.

    Args:
        home: the warehouse's state.
        close_id: name of the build, ``build/<close_id>/``.
        closed_months: every month it holds, in order.
        known_at: versions that arrived until then count; aware.

    Returns:
        As :func:`plan_close`.
    """
    folder = home.build / close_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (PREVIOUS_FILE, MARTS_FILE):
        _create_empty(folder / name)
    close = _close(close_id, closed_months[-1], known_at.astimezone(UTC), closed_months, None)
    definitions, _ = compare_definitions(home, None, closed_months[-1])
    facts = write_plan_and_landing(home, folder, close, definitions)
    return _write_plan(home, close, facts, definitions, None)


def definitions_changed(home: Home, current: Release, changes: Sequence[DefinitionChange]) -> DefinitionsChanged:
    """The error that says which definitions changed since the current release, what they feed, and which months to read again."""
    contracts = [change.definition.partition(" ")[2] for change in changes if change.kind == CONTRACT]
    months = _months_read(home, contracts) if contracts else ""
    return DefinitionsChanged(
        release_id=current.release_id,
        changes=in_words(changes),
        months_zh=f"以下月份的报送是按旧报表定义读取的，需要时用 uw reread 重新读取：{months}。" if months else "",
        months_en=f" Read by the former contract, and unchanged until `uw reread`: {months}." if months else "",
    )


def _months_read(home: Home, forms: Sequence[str]) -> str:
    """The months of which what counts was judged by another contract of ``forms`` than today's, by form."""
    today = [(form, load_forms()[form].fingerprint) for form in forms if form in load_forms()]
    with duckdb.connect() as connection:
        connection.execute("create schema plan")
        read_new_manifests(connection, home.landing)
        choose_effective(connection, datetime.now(UTC), _ANY_MONTH)
        found = connection.execute(
            """select form, string_agg(distinct month, ' ' order by month)
            from plan.effective_submissions inner join (select unnest($forms) as form, unnest($contracts) as today) using (form)
            where contract is distinct from today group by form order by form""",
            {"forms": [form for form, _ in today], "contracts": [contract for _, contract in today]},
        ).fetchall()
    return "; ".join(f"{form} {months}" for form, months in found)


def _close(
    close_id: str, month: str, known_at: datetime, closed_months: Sequence[str], current: Release | None
) -> dict[str, Any]:
    return {
        "close_id": close_id,
        "month": month,
        "known_at": known_at.isoformat().replace("+00:00", "Z"),
        "beginning_month": closed_months[0],
        "closed_months": list(closed_months),
        "previous_release_id": current.release_id if current else None,
        "previous_known_at": current.known_at if current else None,
    }


def _write_plan(
    home: Home,
    close: dict[str, Any],
    facts: Mapping[str, Any],
    definitions: Definitions,
    current: Release | None,
    *,
    is_needed: bool = True,
    rebuilt: dict[str, Any] | None = None,
    is_rehearsal: bool = False,
) -> dict[str, Any]:
    """Write the plan of ``close`` beside its files: ``facts`` as :func:`write_plan_and_landing` gives them, the rest as :func:`plan_close`."""
    plan = close | {
        "is_needed": is_needed,
        "release_id": None if is_needed or current is None else current.release_id,
        "hash_key_fingerprint": _one_hash_key(facts["hash_keys"], current),
        "structure_fingerprint": home.federation.structure_fingerprint,
        "changed_submissions": facts["changed_submissions"],
        "manifests": facts["manifests"],
        "definitions": definitions.to_dict(),
        "rebuilt": rebuilt,
        "is_rehearsal": is_rehearsal,
    }
    write_json(home.build / close["close_id"] / PLAN_FILE, plan)
    return plan


def _check_order(month: str, known_at: datetime, current: Release | None) -> None:
    month_end = datetime.combine(date.fromisoformat(f"{next_month(month)}-01"), datetime.min.time(), SHANGHAI)
    if known_at < month_end.astimezone(UTC):
        raise MonthNotOver(month=month, known_at=known_at.isoformat())
    if current is None:
        return
    if known_at < current.known_at_utc:
        raise KnownAtTooEarly(known_at=known_at.isoformat(), release_id=current.release_id, release_known_at=current.known_at)
    if month < current.beginning_month:
        raise EarlierMonthOpen(month=month, open_month=None, beginning_month=current.beginning_month)
    open_month = next_month(current.closed_months[-1])
    if month > open_month:
        raise EarlierMonthOpen(month=month, open_month=open_month, beginning_month=current.beginning_month)


def _next_release_id(home: Home, month: str, *, is_rehearsal: bool) -> str:
    return f"{month}-r{1 + len(list_releases(home, month))}" + (REHEARSAL if is_rehearsal else "")


def _copy_last_audited(home: Home, current: Release | None, folder: Path) -> bool:
    """Fill ``folder`` with a copy of the last audited build, if there is one that knew today's units; else it starts empty."""
    _link_previous(home, current, folder)
    audited = home.build / current.release_id if current else folder
    if (audited / BUILD_FILE).is_file() and (audited / MARTS_FILE).is_file() and _has_todays_structure(home, audited):
        if current:
            _check_audited(audited, current)
        shutil.copyfile(audited / BUILD_FILE, folder / BUILD_FILE)
        shutil.copyfile(audited / MARTS_FILE, folder / MARTS_FILE)
        return True
    _create_empty(folder / MARTS_FILE)
    return False


def _link_previous(home: Home, current: Release | None, folder: Path) -> None:
    """Make ``folder`` anew, with the database of the current release, or an empty one before the first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if current is None:
        _create_empty(folder / PREVIOUS_FILE)
    else:
        check_release_file(home, current, DATABASE_FILE)
        os.link(home.releases / current.release_id / DATABASE_FILE, folder / PREVIOUS_FILE)


def _check_audited(audited: Path, release: Release) -> None:
    for name, sha256 in ((BUILD_FILE, release.build_sha256), (MARTS_FILE, release.files[DATABASE_FILE])):
        if sha256_of(audited / name) != sha256:
            raise BuildChanged(path=audited / name, folder=audited, release_id=release.release_id)


def _create_empty(file: Path) -> None:
    duckdb.connect(os.fspath(file), config=STORAGE).close()


def _has_todays_structure(home: Home, audited: Path) -> bool:
    """Whether a build knew the units as they are known now; with others its facts would stand for the wrong units."""
    plan = read_derived(audited / PLAN_FILE) or {}
    return bool(plan.get("structure_fingerprint") == home.federation.structure_fingerprint)


def _one_hash_key(fingerprints: Collection[str], current: Release | None) -> str | None:
    before = current.hash_key_fingerprint if current else None
    found = {*fingerprints, before} - {None}
    if len(found) > 1:
        raise HashKeyChanged(fingerprints=", ".join(sorted(str(fingerprint) for fingerprint in found)))
    return next(iter(found), None)
