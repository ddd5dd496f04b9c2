"""The clock over a restart: a journal's time never goes back."""

from datetime import timedelta
from pathlib import Path

import pytest

from oms.clock import ManualClock
from oms.resumed import resumed
from oms.store.queries import Reader
from oms.store.store import Store


def test_an_empty_journal_has_no_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'oms.db'}"
    Store.open(url, owner="test", now=ManualClock().now()).close()
    with Reader.open(url) as reader:
        assert reader.last_time() is None
    clock = ManualClock()
    assert resumed(clock, None) is clock


@pytest.mark.parametrize(
    ("behind_s", "warned"),
    [(0, False), (3, True), (-3, False)],
)
def test_it_stands_where_the_journal_left_off(
    behind_s: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """And what venues compare with their clocks, and waits, are the machine's all the same."""
    machine = ManualClock(5_000_000)
    last = machine.now() + timedelta(seconds=behind_s)
    clock = resumed(machine, last)
    assert clock.now() == max(machine.now(), last)
    assert ("behind the journal" in caplog.text) == warned
    assert (clock.stamp_us(), clock.monotonic()) == (machine.stamp_us(), machine.monotonic())
    machine.advance(10)
    assert (clock.now_us(), clock.now_ms()) == (15_000_000, 15_000)
