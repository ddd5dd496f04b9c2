"""Every guard is missed: its own accident goes well with it, and not without it."""

import pytest

from tests.faults.guards import GUARDS
from tests.faults.proofs import noticed, verdict_of


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_is_missed(name: str) -> None:
    kept = verdict_of(name, without=False)
    assert kept.score == 0, kept.lines()
    removed = verdict_of(name, without=True)
    assert noticed(kept, removed), "nobody notices that it is gone"
