"""Zip packages whose parts bear no time: the same content is the same bytes."""

from __future__ import annotations

import zipfile
from typing import Any

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip archive can hold."""


class ClocklessZip(zipfile.ZipFile):
    """A package to write with :meth:`writestr`; its parts bear no time."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *arguments: Any, **options: Any) -> None:
        """Add a part by its name."""
        part = zipfile.ZipInfo(getattr(zinfo_or_arcname, "filename", zinfo_or_arcname), _LONG_AGO)
        part.compress_type = self.compression
        super().writestr(part, data, *arguments, **options)
