"""Receipts: what each sender is told, as JSON; they can be made again from the landing zone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from union_warehouse.paths import Home
from union_warehouse.submissions.outcome import Outcome
from union_warehouse.submissions.registry import Manifest, write_json


def receipt_path(home: Home, manifest: Manifest) -> Path:
    """``receipts/<month>/<department>/v0001.json``, or ``receipts/rejected/<sha256>.json`` of what could not be placed."""
    if manifest["submission_id"] is None:
        return home.receipts / "rejected" / f"{manifest['sha256']}.json"
    return home.receipts / f"{manifest['submission_id']}.json"


def write_receipt(home: Home, outcome: Outcome, manifest: Manifest) -> Outcome:
    """Write the receipt of a landed submission; returns the outcome that names it, shortened."""
    path = receipt_path(home, manifest)
    received = replace(outcome, receipt=os.fspath(path))
    arrival = {name: manifest[name] for name in ("sha256", "bytes", "received_at", "read_at", "kind", "contract_version")}
    write_json(path, {**received.to_dict(), **arrival})
    return received.shortened()
