"""One desk's reports, with a session that a test holds in its hand."""

import threading
from collections.abc import Iterator

import pytest

from fix import outlet
from fix.outlet import Outlet
from fix.wire import Fields
from oms.clock import SystemClock
from oms.core.messages import News
from oms.core.notes import Delivered, Quarantined, SessionReset, WentBack
from oms.core.ports import DeskReport, Inbound
from oms.core.sessions import Session
from tests.fix.child_acceptor import report

WAIT_S = 30.0


class Desk:
    """A session and a journal, both in memory."""

    def __init__(self, prove_after_s: float = 60.0) -> None:
        self.committed = 0
        self.page = 1_000
        self.reads: list[int] = []
        self.troubles = 0
        self.broken = 0
        self.mistakes = 0
        self.up = True
        self.told: list[int] = []
        self.repeated: list[int] = []
        """Which of those told said that they may have been told before, from 1."""
        self.asked: list[str] = []
        self.posted: list[Inbound] = []
        self._seen = threading.Condition()
        self.outlet = Outlet(
            "DESK1",
            "S",
            self,
            self._encode,
            self._backlog,
            self._post,
            SystemClock(),
            prove_after_s,
        )

    def send(self, session: str, fields: Fields) -> bool:
        """As a role's."""
        if self.mistakes:
            self.mistakes -= 1
            raise RuntimeError("a mistake of ours, on purpose")
        if self.up:
            with self._seen:
                if fields[0] == (35, "1"):
                    self.asked.append(fields[1][1])
                else:
                    self.told.append(int(dict(fields)[17]))
                    if (97, "Y") in fields:
                        self.repeated.append(len(self.told))
                self._seen.notify()
        return self.up

    def next_numbers(self, session: str) -> tuple[int, int]:
        """As a role's; the Logon had number 1."""
        return 1, len(self.told) + len(self.asked) + 2

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

    def wait_asked(self) -> str:
        """The last question, once there is one."""
        with self._seen:
            assert self._seen.wait_for(lambda: self.asked, WAIT_S), f"waited {WAIT_S} s for it"
        return self.asked[-1]

    def _encode(self, one: DeskReport) -> Fields:
        if isinstance(one, News):
            return [(17, "0")]
        if self.broken and f"DESK1-{self.broken}'" in str(one):
            raise ValueError("not a report")
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
    desk.outlet.start()
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
    desk.outlet.start()
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
    """What it has not proved to have is told again, and says so; the rest is told once."""
    desk.commit(3)
    desk.wait_told(3)
    desk.outlet.reset()
    assert desk.posted[-1].message == SessionReset(origin="DESK1", number=0, repeat_to=3)
    desk.commit(1)
    desk.outlet.open()
    assert desk.wait_told(7) == [1, 2, 3, 1, 2, 3, 4]
    assert desk.repeated == [4, 5, 6]


def test_a_desk_that_leaves_is_noted_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "NOTE_AFTER_S", 60.0)
    desk.commit(3)
    desk.wait_told(3)
    desk.outlet.close()
    desk.outlet.stop()
    assert desk.posted[-1].message == Delivered(origin="DESK1", number=3, msg_seq_num=4)


def test_notes_are_few(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one for each report."""
    monkeypatch.setattr(outlet, "NOTE_AFTER_S", 60.0)  # as many more as the machine is slow
    desk.commit(2_000)
    desk.wait_told(2_000)
    desk.outlet.stop()
    assert len(desk.posted) <= 2_000 / outlet.NOTE_EVERY + 5
    last = desk.posted[-1].message
    assert isinstance(last, Delivered)
    assert last.number == 2_000


def test_a_desk_is_asked_whether_it_has_what_it_was_told() -> None:
    """Its answer proves it: a fresh start goes on after that."""
    desk = Desk(prove_after_s=0.0)
    desk.outlet.start()
    desk.outlet.open()
    desk.commit(3)
    desk.wait_told(3)
    last = desk.wait_asked()
    desk.outlet.answered("SEEN 99")
    assert desk.outlet.seen == 0, "an answer to a question that was not asked proves nothing"
    desk.outlet.answered(last)
    assert desk.outlet.seen == int(last.removeprefix("SEEN "))
    desk.outlet.answered(last)
    desk.outlet.stop()
    noted = desk.posted[-1].message
    assert isinstance(noted, Delivered)
    assert noted.seen == desk.outlet.seen


def test_an_answer_after_a_resend_request_proves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have overtaken what is sent again; the desk is asked once more, later."""
    monkeypatch.setattr(outlet, "PROVE_LOGON_S", 0.0)
    desk.commit(3)
    desk.wait_told(3)
    desk.outlet.close()
    desk.outlet.open()
    desk.wait_asked()
    desk.outlet.missed(2)
    desk.outlet.answered(desk.asked[-1])
    assert desk.outlet.seen == 0


def test_what_a_desk_asks_for_again_proves_what_it_has(desk: Desk) -> None:
    """All before the first number that it misses."""
    desk.commit(3)
    desk.wait_told(3)
    desk.outlet.close()
    desk.outlet.note()
    desk.outlet.missed(4)
    assert desk.outlet.seen == 0, "number 4 was the third report's"
    desk.outlet.missed(5)
    assert desk.outlet.seen == 3


def test_a_desk_that_says_what_it_misses_is_told_no_more_than_that() -> None:
    """Its files are lost: it has the first 4 reports, and the 6 others come again and say so."""
    desk = Desk()
    desk.committed = 12
    desk.outlet.place(Session(delivered=4, msg_seq_num_out=5, seen=2), 4)
    desk.outlet.go_back(1_000, 10, "lost")
    assert desk.posted[-1].message == WentBack(
        origin="DESK1", number=2, repeat_to=10, msg_seq_num=1_000, lost=True, text="lost"
    )
    desk.outlet.start()
    desk.outlet.open()
    desk.outlet.missed(6)
    assert desk.wait_told(8) == list(range(5, 13))
    assert desk.repeated == list(range(1, 7)), "reports 5 to 10"
    desk.outlet.stop()


def test_a_desk_that_never_says_is_told_all_it_may_not_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outlet, "HOLD_S", 0.05)
    desk = Desk()
    desk.committed = 6
    desk.outlet.place(Session(delivered=4, msg_seq_num_out=5, seen=2), 4)
    desk.outlet.go_back(1_000, 6, "lost")
    desk.outlet.start()
    desk.outlet.open()
    assert desk.wait_told(4) == [3, 4, 5, 6]
    assert desk.asked == ["SEEN 2"]
    desk.outlet.stop()


def test_a_report_that_can_not_be_written_silences_nobody(desk: Desk) -> None:
    """The desk hears that one is missing, people hear which, and the next one follows."""
    desk.broken = 2
    desk.commit(3)
    assert desk.wait_told(3) == [1, 0, 3]
    (alarm,) = [one.message for one in desk.posted if isinstance(one.message, Quarantined)]
    assert "report 2 to DESK1" in alarm.text


def test_a_mistake_while_sending_silences_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outlet, "_RETRY_S", 0.01)
    desk.mistakes = 2
    desk.commit(2)
    assert desk.wait_told(2) == [1, 2]
    assert "a mistake of ours" in caplog.text


def test_nothing_is_asked_before_the_logon_of_a_reset_is_answered() -> None:
    """The question would have the MsgSeqNum of the answer; its thread looked a moment before."""
    desk = Desk()
    desk.outlet.open()
    desk.outlet.reset()
    desk.outlet._ask_desk()
    assert desk.asked == []
    desk.outlet.open()
    desk.outlet._ask_desk()
    assert desk.asked == ["SEEN 0"]
