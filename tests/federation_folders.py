"""Folders that describe a federation: the project's, but for some files."""

from __future__ import annotations

import shutil
from pathlib import Path

from union_warehouse.project import FEDERATION_DIR


def folder_with(folder: Path, **files: str) -> Path:
    """A copy of the project's federation in ``folder``, where ``files`` have another content, by name without ``.csv``."""
    shutil.copytree(FEDERATION_DIR, folder)
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def exceptions(*lines: str) -> str:
    """Content of ``reporting_exceptions.csv``."""
    return "\n".join(["month,unit_code,form,exception_kind,due_on,reason,given_by,given_on", *lines, ""])
