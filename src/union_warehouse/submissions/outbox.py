"""The outbox: a clerk who drops a file into a folder finds its receipt in a folder, one of his unit's own."""

from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath

from union_warehouse.files import is_shared, make_folder, write_bytes
from union_warehouse.paths import Home
from union_warehouse.storage import DiskFull, storage_error
from union_warehouse.submissions.inbox import InboxItem
from union_warehouse.submissions.original import storable_name
from union_warehouse.submissions.outcome import Outcome

_LOGGER = logging.getLogger(__name__)
_MARK = "_回执"


def put_in_outbox(home: Home, item: InboxItem, outcome: Outcome) -> None:
    """Copy the receipt of a collected file to ``outbox/<unit>/``, named as the file was and in the folders that it lay in.

    The unit is the one through whose door it came, else the one on its cover: nobody finds what another unit sent. A file that
    names none has no receipt there. The next file of the same name replaces it, and a receipt that cannot be
    copied is no reason that a collect fails, unless the disk is full.

    Args:
        home: the warehouse's state.
        item: the file.
        outcome: what became of it, with the path of its receipt.
    """
    unit = item.door or outcome.department
    if unit is None or outcome.receipt is None:
        return
    receipt = Path(outcome.receipt)
    stem = PurePosixPath(outcome.file).stem.removesuffix(_MARK)
    folder = home.outbox.joinpath(unit, *map(storable_name, item.folders))
    try:
        make_folder(folder)
        name = storable_name(f"{stem}{receipt.suffix}", _MARK)
        write_bytes(folder / name, receipt.read_bytes(), is_durable=True, is_private=not is_shared(folder))
    except OSError as error:
        if isinstance(storage_error(error), DiskFull):
            raise  # the file is collected again, when there is room
        _LOGGER.error("could not put the receipt of %s into the outbox: %s", outcome.submission_id, error.strerror)
