"""Where the state of a warehouse lives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from union_warehouse.project import FEDERATION_DIR, PROJECT_DIR

if TYPE_CHECKING:
    from union_warehouse.contracts.federation import Federation

BUILD_FILE = "build.duckdb"
MARTS_FILE = "marts.duckdb"
PREVIOUS_FILE = "previous.duckdb"
LAST_BUILD_FILE = "last_build.duckdb"
PLAN_FILE = "plan.json"
"""Files of a build, ``build/<close>/`` (docs/architecture.md, Files of a build)."""


@dataclass(frozen=True)
class Home:
    """All state of one warehouse, under one folder (``UW_HOME``, default ``var/``), and the federation whose warehouse it is.

    Attributes:
        root: the folder; each property below is one place with one permission (docs/architecture.md).
        federation_folder: of the files that describe the federation.
    """

    root: Path
    federation_folder: Path = FEDERATION_DIR

    @classmethod
    def from_environment(cls) -> Home:
        """The home named by ``UW_HOME``, else ``var/`` in the project."""
        return cls(Path(os.environ.get("UW_HOME") or PROJECT_DIR / "var").resolve())

    @cached_property
    def federation(self) -> Federation:
        """The federation as its folder describes it, read once."""
        from union_warehouse.contracts.federation import Federation  # most who look for a folder need no contracts

        return Federation.load(self.federation_folder)

    @property
    def inbox(self) -> Path:
        """What departments drop: read, never edited."""
        return self.root / "inbox"

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
        return self.root / "outbox"

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
