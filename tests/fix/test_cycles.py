"""The FIX side, started and stopped under load, comes clean; five hundred times is a command."""

from pathlib import Path

from tests.fix.cycles import cycles


def test_a_few_cycles_in_one_process_leave_nothing_behind(tmp_path: Path) -> None:
    """Threads, descriptors; and each report of all cycles reaches the desk once."""
    found = cycles(4, tmp_path)
    assert found.faults == []
    first, last = found.seen[0], found.seen[-1]
    assert last.threads == first.threads
    assert last.descriptors <= first.descriptors
    assert found.reports > 0


def test_a_process_that_trades_leaves_well(tmp_path: Path) -> None:
    found = cycles(2, tmp_path, processes=True)
    assert found.faults == []
