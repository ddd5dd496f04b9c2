"""The shortest story: what may go, goes; what is needed, stays; and a person can read it."""

from dataclasses import dataclass

import pytest

from tests.faults.story import Moment, plainer, shrink, timeline


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong."""

    kind: str
    ordinal: int = 1
    late_s: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What is asked, and what goes wrong."""

    intents: tuple[str, ...]
    faults: tuple[Fault, ...]


MANY = Plan(
    intents=(),
    faults=tuple(Fault(f"k{n}", ordinal=n + 1, late_s=n * 1.5) for n in range(40)),
)


def _kinds(plan: Plan) -> set[str]:
    return {fault.kind for fault in plan.faults}


@pytest.mark.parametrize("needed", [{"k0"}, {"k3", "k39"}, {"k7", "k8", "k9", "k30"}])
def test_only_what_is_needed_is_left(needed: set[str]) -> None:
    told = shrink(MANY, lambda plan: needed <= _kinds(plan), ("faults",))
    assert _kinds(told) == needed
    assert all(fault.ordinal <= 1 and not fault.late_s for fault in told.faults)


def test_a_field_that_matters_keeps_the_least_that_fails() -> None:
    def fails(plan: Plan) -> bool:
        return any(fault.kind == "k30" and fault.ordinal >= 7 for fault in plan.faults)

    told = shrink(MANY, fails, ("faults",))
    assert told.faults == (Fault("k30", ordinal=7),)


def test_what_one_part_needs_of_another_is_found() -> None:
    """An intent may go only once the fault is gone that was about it."""
    plan = Plan(intents=tuple(f"i{n}" for n in range(9)), faults=MANY.faults[:5])

    def fails(plan: Plan) -> bool:
        return "i4" in plan.intents and (len(plan.intents) >= 3 or not plan.faults)

    assert shrink(plan, fails) == Plan(intents=("i4",), faults=())


def test_no_plan_is_run_twice_and_no_more_than_allowed() -> None:
    asked: list[str] = []

    def fails(plan: Plan) -> bool:
        asked.append(repr(plan))
        return "k20" in _kinds(plan) and "k21" in _kinds(plan)

    shrink(MANY, fails, ("faults",), tries=60)
    assert len(asked) == len(set(asked)) <= 60


def test_what_does_not_fail_has_no_story() -> None:
    with pytest.raises(ValueError, match="does not fail"):
        shrink(MANY, lambda plan: False, ("faults",))


def test_plainer_comes_to_an_end() -> None:
    steps, fault = 0, Fault("k", ordinal=1_000, late_s=99.75)
    while (nearer := next(iter(plainer(fault)), None)) is not None:
        fault, steps = nearer, steps + 1
        assert steps < 100
    assert fault == Fault("k")


def test_a_story_is_aligned_and_an_instant_is_named_once() -> None:
    told = timeline(
        [
            Moment(0.0, "desk", "new order d1"),
            Moment(0.0, "engine", "PENDING_NEW"),
            Moment(61.25, "venue", "a page\nof two lines"),
        ],
        title="seed 7",
    )
    assert told.splitlines() == [
        "seed 7",
        "     0.000 s  desk      new order d1",
        "              engine    PENDING_NEW",
        "    61.250 s  venue     a page",
        "                        of two lines",
    ]
