"""`python -m tests.faults.guard_table`: every guard taken out, and what notices that it is gone.

Each is tried on an accident of its own; with `--seeds N` also on those of `make faults`, from seed 1 on
until one of them goes wrong that goes well with the guard. A guard whose removal nobody notices is
reported as NOT NOTICED, and the exit code is 1 then.
"""

import argparse
import logging
import sys
import time

from tests.faults.draw_all import draw_all
from tests.faults.guards import GUARDS
from tests.faults.judge import Outcome
from tests.faults.plan import Plan
from tests.faults.proofs import noticed, verdict_of
from tests.faults.world import run

_NAME, _WHERE = 34, 52


def main() -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.guard_table", description=__doc__)
    parser.add_argument("guards", nargs="*", help="these alone, by a part of their names")
    parser.add_argument("--seeds", type=int, default=0, help="at most so many for each")
    parser.add_argument("--seconds", type=float, default=60.0, help="at most so long for each")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = [name for name in GUARDS if not asked.guards or any(a in name for a in asked.guards)]
    unnoticed = [name for name in names if not _tell(name, asked)]
    caught = len(names) - len(unnoticed)
    _say(f"\n{caught} of {len(names)} guards are missed when they are gone")
    return 1 if unnoticed else 0


def _tell(name: str, asked: argparse.Namespace) -> bool:
    guard = GUARDS[name]
    kept, removed = verdict_of(name, without=False), verdict_of(name, without=True)
    found = noticed(kept, removed)
    _say(f"{name:{_NAME}}{guard.where:{_WHERE}}")
    _say(f"{'':4}without it: {guard.cost}")
    if kept.score:
        _say(f"{'':4}WITH IT ALREADY: {'; '.join(kept.lines())}")
    for line in found or ["NOT NOTICED"]:
        _say(f"{'':4}{line}")
    if asked.seeds:
        _say(f"{'':4}{_seeds(name, asked.seeds, asked.seconds)}")
    return bool(found) and not kept.score


def _seeds(name: str, most: int, seconds: float) -> str:
    began, seed = time.monotonic(), 0
    while seed < most and time.monotonic() - began < seconds:
        seed += 1
        if found := _missed(draw_all(seed), name):
            return f"caught by seed {seed}: {found}"
    return f"not caught by {seed} seeds"


def _missed(plan: Plan, name: str) -> str:
    """What goes wrong without the guard and not with it, or stays in doubt for ever; "" if nothing."""
    removed = _outcome(plan, name)
    if not removed.failures and not removed.unresolved:
        return ""
    kept = _outcome(plan)
    if kept.failures:
        return ""
    if removed.failures:
        return f"{len(removed.failures)} failures: {removed.failures[0]}"
    if len(removed.unresolved) > len(kept.unresolved):
        return f"unresolved: {removed.unresolved[-1].reason}"
    return ""


def _outcome(plan: Plan, name: str = "") -> Outcome:
    try:
        return run(plan, without=GUARDS[name].without() if name else None)
    except Exception as error:  # noqa: BLE001  a careless engine may trip over itself
        return Outcome(seed=plan.seed, failures=[f"it trips: {error!r}"])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
