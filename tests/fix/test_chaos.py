"""A small run of the accidents, and that the comparison at its end would see what went wrong."""

from pathlib import Path

import pytest

from fix.wire import body_of
from tests.fix.chaos import Chaos, Findings, compare
from tests.fix.desk import Fields


def told(number: int, **more: str) -> Fields:
    """The number-th report as the desk got it; `more` by tag: `_97="Y"`."""
    return {35: "8", 17: str(number)} | {int(tag[1:]): value for tag, value in more.items()}


REPORTS = [(number, body_of(told(number).items())) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        ([told(1), told(2), told(3)], ""),
        ([told(1), told(2), told(1, _97="Y"), told(2, _97="Y"), told(3)], ""),
        ([told(1), told(2)], "report 3 never came"),
        ([told(1), told(3)], "not what follows report 1"),
        ([told(1), told(1), told(2), told(3)], "repeated without a word"),
        ([told(2), told(1), told(3)], "not what follows report 0"),
    ],
)
def test_the_comparison_sees_what_is_wrong(log: list[Fields], fault: str) -> None:
    found = Findings()
    faults = compare("DESK1", log, REPORTS, found)
    assert bool(faults) is bool(fault)
    assert not fault or fault in faults[0]


def test_one_accident_of_each_kind_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Real processes, killed and started again: half a minute of the command's many."""
    found = Chaos(tmp_path, rounds=8, seed=3, doubt_s=0.5).run(lambda _: None)
    assert found.faults == []
    assert len(found.events) == 8
    assert found.reports == found.copies > 50
    assert found.poss_resend > 0
