"""Trials at random moments: ``python -m tests.faults kill --count 100 --seed 1``."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.faults.shim import Fault, build_library, missing_compiler
from tests.faults.trials import SUBMIT, Finding, Given, add_submit, prepare, try_fault

_WEIGHTS = {"collect": 5, SUBMIT: 2, "close": 2, "publish": 4}
"""A close takes five times as long as collect or publish; so does Airflow, which submit starts."""

KINDS = ("kill", "power", "full", "read-only", "clock")


def fault_of(kind: str, given: Given, stage: str, random: Random) -> tuple[Fault, float | None]:
    """A fault of a kind at a random moment of a stage; of half the kills, after how many seconds."""
    counters = given.counters[stage]
    moment = random.randint(1, counters.changes)
    drawn: dict[str, Callable[[], Fault]] = {
        "kill": lambda: Fault(kill_at=moment, kills_one=random.random() < 0.4),
        "power": lambda: Fault(kill_at=moment, cuts_power=True),
        "full": lambda: Fault(full_after=random.randrange(counters.written)),
        "read-only": lambda: Fault(is_read_only=True),
        "clock": lambda: Fault(clock_ahead=random.choice([-86_400, 86_400])),
    }
    if kind == "kill" and random.random() < 0.5:
        return Fault(), random.uniform(0, given.seconds[stage])
    return drawn[kind](), None


def main() -> int:
    """Print what came of each trial; a fault keeps its folder and ends with exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=[*KINDS], metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--count", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first trial")
    parser.add_argument("--stages", nargs="*", choices=[*_WEIGHTS], default=[*_WEIGHTS])
    parser.add_argument("--folder", type=Path, help="for the homes; default: a temporary one")
    options = parser.parse_args()
    if reason := missing_compiler():
        parser.error(reason)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    library = build_library(folder)
    given = prepare(folder, library)
    if SUBMIT in options.stages:
        add_submit(folder, library, given)
    outcomes: Counter[tuple[str, str, str]] = Counter()
    faults = 0
    for kind in options.kinds:
        for number in range(options.first, options.first + options.count):
            random = Random(f"{options.seed}-{kind}-{number}")
            stage = random.choices(options.stages, [_WEIGHTS[name] for name in options.stages])[0]
            fault, killed_after = fault_of(kind, given, stage, random)
            place = folder / f"{kind}-{options.seed}-{number}"
            finding = try_fault(place, library, given, stage, fault, random, killed_after)
            outcomes[kind, stage, _outcome(finding)] += 1
            faults += bool(finding.faults)
            if finding.faults:
                print(f"{place}: {stage} {fault} {killed_after or ''}\n  " + "\n  ".join(finding.faults), flush=True)
            else:
                shutil.rmtree(place)
    for (kind, stage, outcome), count in sorted(outcomes.items()):
        print(f"{kind:10}{stage:9}{count:5}  {outcome}")
    print(f"{sum(outcomes.values())} trials, {faults} faults")
    return 1 if faults else 0


def _outcome(finding: Finding) -> str:
    first, again = ("killed" if ended.code < 0 else ended.error or "done" for ended in (finding.first, finding.again))
    return f"{first}, then {again}{', FAULT' if finding.faults else ''}"


if __name__ == "__main__":
    sys.exit(main())
