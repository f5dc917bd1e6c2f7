"""Write the receipt of a landed submission: a workbook for its sender, and the same as JSON for programs.

Both are made from the landing zone and can be made again at will; they are durable all the same, since nobody looks again at a
file that is collected. What is wrong with a receipt is never the reason that a collect fails.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from union_warehouse.child_process import ChildStopped
from union_warehouse.files import write_bytes, write_json
from union_warehouse.landing.folders import original_of, submission_folder, unplaced_name
from union_warehouse.landing.manifests import AnyManifest
from union_warehouse.paths import Home
from union_warehouse.submissions.apart import call_apart
from union_warehouse.submissions.outcome import Outcome
from union_warehouse.submissions.receipts.compose import compose_receipt, compose_verdict, is_given_back
from union_warehouse.submissions.receipts.first_sheet import Returned

_LOGGER = logging.getLogger(__name__)
_FAILED = Returned("系统未能在原工作簿上标注（已记录，请联系管理员）。请按下面的问题清单在原文件中改正。")


def receipt_path(home: Home, manifest: AnyManifest) -> Path:
    """``receipts/<month>/<department>/v0001.xlsx``, or ``receipts/rejected/<sha256>.xlsx`` of what could not be placed.

    ``receipts/untouched/<sha256>.xlsx`` of a template that nobody has filled: its place is known, and it does not land. What came
    through a unit's door has ``<sha256>-<unit>.xlsx``: it tells of a file as this sender named it.
    """
    if manifest["submission_id"] is None:
        is_placed = manifest["department"] is not None and manifest["month"] is not None
        name = unplaced_name(manifest["sha256"], manifest["door"])
        return home.receipts / ("untouched" if is_placed else "rejected") / f"{name}.xlsx"
    return home.receipts / f"{manifest['submission_id']}.xlsx"


def write_receipt(home: Home, outcome: Outcome, manifest: AnyManifest, tables: Mapping[str, pa.Table]) -> Outcome:
    """Write the workbook and the JSON; to be called under the department's lock.

    Args:
        home: the warehouse's state.
        outcome: with all its problems.
        manifest: of the landed submission.
        tables: its landed rows by form.

    Returns:
        The outcome that names the workbook, shortened.
    """
    path = receipt_path(home, manifest)
    data = receipt_bytes(home, outcome, manifest, tables)
    json_path = path.with_suffix(".json")
    received = replace(outcome, receipt=os.fspath(path if data else json_path))
    if data:
        write_bytes(path, data, is_durable=True, is_private=True)
    arrival = {name: manifest[name] for name in ("sha256", "bytes", "received_at", "read_at", "kind", "contract_version")}
    write_json(json_path, {**received.to_dict(), **arrival}, is_durable=True)
    return received.shortened()


def receipt_bytes(home: Home, outcome: Outcome, manifest: AnyManifest, tables: Mapping[str, pa.Table]) -> bytes | None:
    """The receipt's workbook; with the verdict only where the sender's file cannot be marked, None if even that fails."""
    try:
        original = _original(home, manifest)
        if original is None or not is_given_back(outcome):
            return compose_verdict(outcome, manifest, home.federation)
        return call_apart(original.stat().st_size, compose_receipt, original, outcome, manifest, dict(tables), home.federation)
    except Exception as error:
        # Without its text: a library's message may quote the cell that it stumbled over.
        _LOGGER.error("could not mark %s: %s", manifest["submission_id"], _where(error))
    try:
        return compose_verdict(outcome, manifest, home.federation, _FAILED)
    except Exception as error:
        _LOGGER.error("could not write a receipt for %s: %s", manifest["submission_id"] or manifest["sha256"], _where(error))
        return None


def _where(error: Exception) -> str:
    """Class and place of an error; of one in a child process, those that the child told."""
    if isinstance(error, ChildStopped):
        return f"{error.reason} {error.detail}".strip()
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"


def _original(home: Home, manifest: AnyManifest) -> Path | None:
    """The file as sent; None if it was not read, or could not be placed: nothing of it is given back."""
    if manifest["submission_id"] is None:
        return None
    return original_of(submission_folder(home, manifest))
