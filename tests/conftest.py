"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from union_warehouse.paths import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty warehouse."""
    return Home(tmp_path / "home")
