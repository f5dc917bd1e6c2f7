"""Read changed files until one is a fault: ``python -m tests.fuzz --count 2000 --seed 1``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from tests.fuzz.examine import examine


def main() -> int:
    """Print what became of the files; faults are written to ``--keep``, and end with exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-faults"), help="folder for the files that are faults")
    options = parser.parse_args()
    outcomes: Counter[tuple[str, str]] = Counter()
    faults = 0
    for number in range(options.first, options.first + options.count):
        finding = examine(options.seed, number)
        outcomes[finding.suffix, f"reading stopped: {finding.stopped}" if finding.stopped else finding.outcome] += 1
        if finding.is_fault:
            faults += 1
            options.keep.mkdir(exist_ok=True)
            path = options.keep / f"{options.seed}-{number}{finding.suffix}"
            path.write_bytes(finding.data)
            print(f"{path}: {finding.outcome} {finding.stopped} lost: {', '.join(sorted(finding.lost)) or 'nothing'}", flush=True)
    for (suffix, outcome), count in sorted(outcomes.items()):
        print(f"{suffix:6}{count:6}  {outcome}")
    print(f"{options.count} files, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
