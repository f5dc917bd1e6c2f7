"""Where the state of a warehouse lives."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from union_warehouse.errors import UnionWarehouseError
from union_warehouse.project import FEDERATION_DIR, PROJECT_DIR

if TYPE_CHECKING:
    from union_warehouse.contracts.federation import Federation

BUILD_FILE = "build.duckdb"
MARTS_FILE = "marts.duckdb"
PREVIOUS_FILE = "previous.duckdb"
PLAN_FILE = "plan.json"
"""Files of a build, ``build/<close>/`` (docs/architecture.md, Files of a build)."""

REHEARSAL = "-rehearsal"
"""Ends the name of a close that publishes nothing, whatever comes of it."""

_LOGGER = logging.getLogger(__name__)
_OTHERS = 0o077
"""What group and others may do, in the mode of a file or folder."""


class HomeOpenToOthers(UnionWarehouseError):
    """Other accounts may look into the home, which holds personal data: told, not raised."""

    code = "home_open_to_others"
    message_zh = (
        "UW_HOME（{home}，权限 {mode}）允许其他账号进入，其中有个人信息。请运行 chmod 700 {home}；"
        "需要交给其他账号的收件箱和回执，用 UW_INBOX、UW_OUTBOX 放到别处。"
    )
    message_en = (
        "other accounts may look into UW_HOME ({home}, mode {mode}), which holds personal data: run `chmod 700 {home}`; the inbox and "
        "the receipts, which other accounts need, may lie elsewhere (UW_INBOX, UW_OUTBOX)."
    )


@dataclass(frozen=True)
class Home:
    """All state of one warehouse, under one folder (``UW_HOME``, default ``var/``), and the federation whose warehouse it is.

    Attributes:
        root: the folder; each property below is one place with one permission (docs/architecture.md).
        federation_folder: of the files that describe the federation.
        inbox_folder: the inbox, where it lies elsewhere, so that other accounts may drop files into it.
        outbox_folder: the outbox, likewise.
    """

    root: Path
    federation_folder: Path = FEDERATION_DIR
    inbox_folder: Path | None = None
    outbox_folder: Path | None = None

    @classmethod
    def from_environment(cls) -> Home:
        """The home named by ``UW_HOME``, else ``var/`` in the project: this process and its children work in it from here on.

        So what they make is for their own account alone (umask 077), and whoever runs them is warned if others may look into
        the home. ``UW_INBOX`` and ``UW_OUTBOX`` name folders outside it.
        """
        os.umask(_OTHERS)
        root, inbox, outbox = (_folder(name) for name in ("UW_HOME", "UW_INBOX", "UW_OUTBOX"))
        home = cls(root or (PROJECT_DIR / "var").resolve(), inbox_folder=inbox, outbox_folder=outbox)
        _warn_if_open(home.root)
        return home

    @cached_property
    def federation(self) -> Federation:
        """The federation as its folder describes it, read once."""
        from union_warehouse.contracts.federation import Federation  # most who look for a folder need no contracts

        return Federation.load(self.federation_folder)

    @property
    def inbox(self) -> Path:
        """What departments drop: read, never edited."""
        return self.inbox_folder or self.root / "inbox"

    @property
    def landing(self) -> Path:
        """One immutable folder per submission version: append only."""
        return self.root / "landing"

    @property
    def build(self) -> Path:
        """The private DuckDB working files: one writer."""
        return self.root / "build"

    @property
    def audits(self) -> Path:
        """Results and Data Docs of every audit, one folder per close."""
        return self.root / "audits"

    @property
    def approvals(self) -> Path:
        """Requests for approval and the decisions on them, one folder per close: append only."""
        return self.root / "approvals"

    @property
    def releases(self) -> Path:
        """Published releases: never change; ``current`` points at one."""
        return self.root / "releases"

    @property
    def cache(self) -> Path:
        """What was made from releases for a reader: may be deleted at any time."""
        return self.root / "cache"

    @property
    def receipts(self) -> Path:
        """The answer to each submission: its verdict and what to correct."""
        return self.root / "receipts"

    @property
    def outbox(self) -> Path:
        """Each unit's last receipts by the names of its files, one folder a unit."""
        return self.outbox_folder or self.root / "outbox"

    @property
    def acknowledgements(self) -> Path:
        """Who acknowledged which quality issue: append only, a file each."""
        return self.root / "acknowledgements"

    @property
    def reports(self) -> Path:
        """Reports written from releases, one folder per release: made again at will."""
        return self.root / "reports"

    @property
    def alerts(self) -> Path:
        """The state of each alert, and every message sent (docs/alerts.md)."""
        return self.root / "alerts"

    @property
    def airflow(self) -> Path:
        """Airflow's own state (``AIRFLOW_HOME``)."""
        return self.root / "airflow"


def _folder(variable: str) -> Path | None:
    name = os.environ.get(variable)
    return Path(name).resolve() if name else None


@cache
def _warn_if_open(root: Path) -> None:
    if root.is_dir() and root.stat().st_mode & _OTHERS:
        told = HomeOpenToOthers(home=root, mode=f"{stat.S_IMODE(root.stat().st_mode):o}")
        _LOGGER.warning("%s %s", told.message_zh, told.message_en)
