"""A hundred files of ``make fuzz``: the reader lives, comes to an end, and loses no row."""

from __future__ import annotations

import pytest

from tests.fuzz.examine import examine, original
from tests.fuzz.mutations import SUFFIXES

SEED, FILES = 1, 100


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_changed_file_stops_the_reader_or_loses_a_row(suffix: str) -> None:
    found = [examine(SEED, number) for number in range(FILES) if SUFFIXES[number % len(SUFFIXES)] == suffix]
    assert [(item.number, item.stopped, sorted(item.lost)) for item in found if item.is_fault] == []
    assert {item.outcome for item in found} > {"read"}, "some changes must be harmless, and others not"
    assert sum(item.data != original(suffix)[1] for item in found) > len(found) / 2
