"""Run benchmarks: ``make benchmark``, or ``python -m benchmarks collect close history faults waiting scale forecasts``.

Each prints a table and adds it to ``benchmarks/results/``. Times are of this machine and run; only the ratios of one
run are meant to be compared.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import close, collect, faults, forecasts, history, scale, waiting

BENCHMARKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "collect": collect.measure,
    "close": close.measure,
    "history": history.measure,
    "faults": faults.measure,
    "waiting": waiting.measure,
    "scale": scale.measure,
    "forecasts": forecasts.measure,
}
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the benchmarks named on the command line, by default all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"benchmark-{name}-") as folder:
            result = BENCHMARKS[name](Path(folder))
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
        print(f"\n{name}")
        for key, value in result.items():
            print(f"  {key:<58}{value:>12,.3f}" if isinstance(value, float) else f"  {key:<58}{value!s:>12}")


main()
