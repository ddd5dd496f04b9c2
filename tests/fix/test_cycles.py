"""The FIX side, started and stopped under load, comes clean; five hundred times is a command."""

from pathlib import Path

import pytest

from fix import thread_state
from tests.fix.cycles import cycles


@pytest.mark.parametrize("kept", [True, False])
def test_a_few_cycles_in_one_process_leave_nothing_behind(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads, their states, descriptors; and each report of all cycles reaches the desk once."""
    claims = []
    claim = thread_state._claim

    def counted() -> int:
        claims.append(kept)
        return int(claim())

    monkeypatch.setattr(thread_state, "_claim", counted)
    monkeypatch.setattr(thread_state, "KEPT", kept)
    found = cycles(3, tmp_path)
    assert found.faults == []
    first, last = found.seen[0], found.seen[-1]
    assert last.threads == first.threads
    assert last.thread_states <= first.thread_states
    assert last.descriptors <= first.descriptors
    assert found.reports > 0
    # A desk's session and Apifiny's, in each cycle and in the one that counts the reports.
    assert len(claims) >= 8 if kept else not claims


def test_a_process_that_trades_leaves_well(tmp_path: Path) -> None:
    found = cycles(2, tmp_path, processes=True)
    assert found.faults == []
