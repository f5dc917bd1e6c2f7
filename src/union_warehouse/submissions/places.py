"""What the place of a file in the inbox says: whose door it came through, and when it arrived.

``inbox/<unit>/…`` is the door of a unit: what lies there may report for that unit only. All else is the office's, which may send for
everybody. ``inbox/received_at=<instant>,<signature>/[<unit>/]…`` is where ``uw submit`` and what unpacks archives put a file. Such a
folder states an arrival only with the signature that this home makes for it: one that somebody else named so is an ordinary folder.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from union_warehouse.contracts import Federation
from union_warehouse.landing.instants import from_name, to_name, to_text
from union_warehouse.paths import Home
from union_warehouse.personal_data import load_secret
from union_warehouse.submissions.problems import FutureArrival, UnknownDoor, WrongDoor

if TYPE_CHECKING:
    from union_warehouse.submissions.reading import Submission

UNPACKED = "unpacked-"
"""Begins the name of a folder with what an archive held; an archive within it stays packed."""

KEY_FILE = "arrival_key"
"""The secret of a home that signs arrivals: its own, so that every machine that works in the home has it."""

_ARRIVAL = re.compile(r"received_at=(?P<instant>\d{8}T\d{6}\.\d{6}Z),(?P<signature>[0-9a-f]{32})")


@dataclass(frozen=True)
class Place:
    """Where in the inbox a file lies.

    Attributes:
        door: the unit whose folder it is; None: the office's.
        received_at: the arrival that it states (instants.to_text); None of a file dropped by hand.
        folders: those in which somebody laid the file, within the door.
        is_unpacked: whether the file came out of an archive.
    """

    door: str | None
    received_at: str | None
    folders: tuple[str, ...]
    is_unpacked: bool


def place_of(home: Home, path: str) -> Place:
    """What ``path``, relative to the inbox, says."""
    federation, folders = home.federation, list(PurePosixPath(path).parts[:-1])
    received_at = _stated_arrival(home, folders[0]) if folders else None
    if received_at is not None:
        folders.pop(0)
    door = folders[0].upper() if folders and folders[0].upper() in federation.unit_names else None
    if door is not None:
        folders.pop(0)
    is_unpacked = received_at is not None and any(name.startswith(UNPACKED) for name in folders)
    return Place(door, received_at, () if received_at else tuple(folders), is_unpacked)


def check_door(federation: Federation, door: str | None) -> None:
    """Refuse a door that is none.

    Raises:
        UnknownDoor: the federation never had such a unit.
    """
    if door is not None and door not in federation.unit_names:
        raise UnknownDoor(unit=door, known="、".join(federation.unit_names))


def at_door(federation: Federation, door: str | None, submission: Submission) -> Submission:
    """What came through a door; of a unit that the door is not for, nothing but that it is so, and no place."""
    unit = submission.identity.department
    if door is None or unit is None or federation.may_send_for(door, unit):
        return submission
    wrong = WrongDoor(cover=federation.unit_label(unit), door=federation.unit_label(door))
    return replace(submission, identity=replace(submission.identity, department=None), returns=(), problems=(wrong,))


def arrival_folder(home: Home, received_at: str, door: str | None) -> Path:
    """Where in the inbox lies what came through a door at an instant: the one way to state an arrival.

    Raises:
        FutureArrival: the instant is still to come.
    """
    if received_at > to_text(datetime.now(UTC)):
        raise FutureArrival(received_at=received_at)
    instant = to_name(received_at)
    folder = home.inbox / f"received_at={instant},{_signature(home.root / KEY_FILE, instant)}"
    return folder / door if door else folder


def _stated_arrival(home: Home, name: str) -> str | None:
    stated = _ARRIVAL.fullmatch(name)
    if stated is None or not (home.root / KEY_FILE).exists():
        return None
    if not hmac.compare_digest(stated["signature"], _signature(home.root / KEY_FILE, stated["instant"])):
        return None
    return from_name(stated["instant"])


@lru_cache(maxsize=4096)
def _signature(key: Path, instant: str) -> str:
    return hmac.digest(load_secret(key), f"received_at={instant}".encode(), "sha256").hex()[:32]
