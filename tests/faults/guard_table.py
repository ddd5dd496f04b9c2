"""`python -m tests.faults.guard_table`: every guard taken out, and what notices that it is gone.

A guard whose removal nobody notices is reported as NOT NOTICED, and the exit code is 1 then.
"""

import argparse
import logging
import sys

from tests.faults.guards import GUARDS
from tests.faults.proofs import noticed, verdict_of

_NAME, _WHERE = 34, 52


def main() -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.guard_table", description=__doc__)
    parser.add_argument("guards", nargs="*", help="these alone, by a part of their names")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = [name for name in GUARDS if not asked.guards or any(a in name for a in asked.guards)]
    unnoticed = [name for name in names if not _tell(name)]
    caught = len(names) - len(unnoticed)
    _say(f"\n{caught} of {len(names)} guards are missed when they are gone")
    return 1 if unnoticed else 0


def _tell(name: str) -> bool:
    guard = GUARDS[name]
    kept, removed = verdict_of(name, without=False), verdict_of(name, without=True)
    found = noticed(kept, removed)
    _say(f"{name:{_NAME}}{guard.where:{_WHERE}}")
    _say(f"{'':4}without it: {guard.cost}")
    if kept.score:
        _say(f"{'':4}WITH IT ALREADY: {'; '.join(kept.lines())}")
    for line in found or ["NOT NOTICED"]:
        _say(f"{'':4}{line}")
    return bool(found) and not kept.score


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
