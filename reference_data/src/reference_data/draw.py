"""Random draws that hit exact totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[Any]


def apportion(total: int, weights: Sequence[float] | Floats) -> Integers:
    """``total`` split into whole numbers in proportion to ``weights`` (largest remainders)."""
    shares = np.asarray(weights, dtype=float)
    exact = shares / shares.sum() * total
    counts: Integers = np.floor(exact).astype(np.int64)
    largest = np.argsort(counts - exact, kind="stable")[: total - int(counts.sum())]
    counts[largest] += 1
    return counts


def months_for(rng: np.random.Generator, total: int, season: Sequence[float]) -> Integers:
    """``total`` month numbers in random order; month ``n`` as often as ``season[n - 1]`` says."""
    months = np.repeat(np.arange(1, len(season) + 1), apportion(total, season))
    rng.shuffle(months)
    return months


def pick(rng: np.random.Generator, candidates: Integers, count: int) -> Integers:
    """``count`` different members of ``candidates``."""
    return np.sort(rng.choice(candidates, size=count, replace=False))


def deal(rng: np.random.Generator, total: int, weights: Sequence[float] | Floats) -> Integers:
    """``total`` positions in random order; position ``n`` in proportion to ``weights[n]``."""
    positions = np.repeat(np.arange(len(weights)), apportion(total, weights))
    rng.shuffle(positions)
    return positions
