"""One desk's reports, with a session that a test holds in its hand."""

import threading
from collections.abc import Iterator

import pytest

from fix import outlet
from fix.outlet import Outlet
from fix.wire import Fields
from oms.clock import SystemClock
from oms.core.notes import Delivered, SessionReset
from oms.core.ports import DeskReport, Inbound
from tests.fix.child_acceptor import report

WAIT_S = 5.0


class Desk:
    """A session and a journal, both in memory."""

    def __init__(self) -> None:
        self.committed = 0
        self.page = 1_000
        self.reads: list[int] = []
        self.troubles = 0
        self.up = True
        self.told: list[int] = []
        self.posted: list[Inbound] = []
        self._seen = threading.Condition()
        self.outlet = Outlet(
            "DESK1", "S", self, self._encode, self._backlog, self._post, SystemClock()
        )

    def send(self, session: str, fields: Fields) -> bool:
        """As a role's."""
        if self.up:
            with self._seen:
                self.told.append(int(fields[0][1]))
                self._seen.notify()
        return self.up

    def next_numbers(self, session: str) -> tuple[int, int]:
        """As a role's; the Logon had number 1."""
        return 1, len(self.told) + 2

    def _post(self, inbound: Inbound) -> None:
        self.posted.append(inbound)

    def commit(self, count: int, *, give: tuple[int, ...] | None = None) -> None:
        """So many more reports in the journal; `give`: those handed to the outlet, else all."""
        first = self.committed + 1
        self.committed += count
        numbers = range(first, self.committed + 1) if give is None else give
        for number in numbers:
            self.outlet.send(number, report("DESK1", number, 0))

    def wait_told(self, count: int) -> list[int]:
        """What was handed over, once it is so many."""
        with self._seen:
            done = self._seen.wait_for(lambda: len(self.told) >= count, WAIT_S)
        assert done, f"waited {WAIT_S} s for {count} reports: {self.told[-5:]}"
        return self.told

    def _encode(self, one: DeskReport) -> Fields:
        return [(17, str(one).partition("DESK1-")[2].partition("'")[0])]

    def _backlog(self, origin: str, since: int) -> Iterator[tuple[int, DeskReport]]:
        self.reads.append(since)
        if self.troubles:
            self.troubles -= 1
            raise OSError("the disk is gone")
        for number in range(since + 1, min(self.committed, since + self.page) + 1):
            yield number, report(origin, number, 0)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A desk that is logged on and was told nothing yet."""
    desk = Desk()
    desk.outlet.start(0)
    desk.outlet.open()
    yield desk
    desk.outlet.stop()


def test_a_gap_is_filled_from_the_journal(desk: Desk) -> None:
    """A report that was not given is read, and no other comes before it."""
    desk.commit(1)
    desk.wait_told(1)
    desk.commit(5, give=(2, 6))
    assert desk.wait_told(6) == [1, 2, 3, 4, 5, 6]


def test_a_report_given_twice_is_told_once(desk: Desk) -> None:
    desk.commit(3, give=(1, 1, 2, 1, 2, 3))
    desk.commit(1)
    assert desk.wait_told(4) == [1, 2, 3, 4]


def test_a_journal_that_gives_a_page_at_a_time_is_read_to_its_end() -> None:
    desk = Desk()
    desk.page = 2
    desk.committed = 7
    desk.outlet.start(0)
    desk.outlet.open()
    assert desk.wait_told(7) == [1, 2, 3, 4, 5, 6, 7]
    desk.outlet.stop()


def test_more_than_the_bound_is_read_from_the_journal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory holds so much and no more."""
    monkeypatch.setattr(outlet, "WAITING_MAX", 5)
    desk.up = False
    desk.commit(50)
    desk.up = True
    assert desk.wait_told(50) == list(range(1, 51))
    assert desk.reads, "the journal was asked"


def test_a_session_that_is_down_before_it_is_said_loses_nothing(desk: Desk) -> None:
    """quickfix says so a moment later; what could not be handed over is tried again."""
    desk.up = False
    desk.commit(3)
    desk.outlet.close()
    desk.up = True
    desk.commit(2)
    desk.outlet.open()
    assert desk.wait_told(5) == [1, 2, 3, 4, 5]


def test_a_store_in_trouble_is_asked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outlet, "_RETRY_S", 0.01)
    desk.troubles = 2
    desk.commit(4, give=(4,))
    assert desk.wait_told(4) == [1, 2, 3, 4]
    assert "the disk is gone" in caplog.text


def test_the_journal_hears_how_far_the_desk_is_before_a_fresh_start(desk: Desk) -> None:
    """Else what it was told would be told again under the new numbers."""
    desk.commit(3)
    desk.wait_told(3)
    desk.outlet.reset()
    notes = [one.message for one in desk.posted]
    assert isinstance(notes[-1], SessionReset)
    assert isinstance(notes[-2], Delivered)
    assert (notes[-2].number, notes[-2].msg_seq_num) == (3, 4)


def test_a_desk_that_leaves_is_noted_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "NOTE_AFTER_S", 60.0)
    desk.commit(3)
    desk.wait_told(3)
    desk.outlet.close()
    desk.outlet.stop()
    assert [one.message for one in desk.posted] == [
        Delivered(origin="DESK1", number=3, msg_seq_num=4)
    ]


def test_notes_are_few(desk: Desk) -> None:
    """Not one for each report."""
    desk.commit(2_000)
    desk.wait_told(2_000)
    desk.outlet.stop()
    assert len(desk.posted) <= 2_000 / outlet.NOTE_EVERY + 5
    last = desk.posted[-1].message
    assert isinstance(last, Delivered)
    assert last.number == 2_000
