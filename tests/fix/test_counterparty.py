"""A plain FIX 4.2 counterparty over real sockets: what is lost, resent, missed and told twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fix.broker import Broker, cancel_reject, report
from tests.fix.desk import Fields, order
from tests.fix.firm import Firm

BROKER = "BROKER"
ORDER = {100: BROKER, 207: "", 38: "10", 44: "100", 59: "0"}
FILLED = ((39, "2"), (32, "10"), (31, "99.5"), (14, "10"), (151, "0"), (6, "99.5"))
PART = ((39, "1"), (32, "4"), (31, "99"), (14, "4"), (151, "6"), (6, "99"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """An engine that is up, with one broker; each test ends the orders that it makes."""
    firm = Firm(tmp_path_factory.mktemp("firm"), {BROKER: ()})
    try:
        firm.open()
        yield firm
        firm.stop()
        firm.verify()
    finally:
        firm.close()


class Trade:
    """One order of a test's, entered by the desk and received by the broker."""

    def __init__(self, firm: Firm, name: str, *, acknowledged: bool = True) -> None:
        self.firm, self.name = firm, name
        self.desk, self.broker = firm.desk, firm.brokers[BROKER]
        self.desk.send("D", *order(name, ORDER))
        self.sent = self.broker.expect("D")
        if acknowledged:
            self.say("N", "0")
            assert self.told()[150] == "0"

    def say(self, exec_id: str, exec_type: str, *fields: tuple[int, str]) -> None:
        """The broker's report."""
        self.broker.send("8", *self.report(exec_id, exec_type, *fields))

    def report(
        self, exec_id: str, exec_type: str, *fields: tuple[int, str]
    ) -> list[tuple[int, str]]:
        """Its fields."""
        return report(self.sent, f"{self.name}-{exec_id}", exec_type, *fields)

    def told(self, *kinds: str) -> Fields:
        """The next thing that the desk is told."""
        found = self.desk.expect(*(kinds or ("8",)))
        assert found[11].startswith(self.name), found
        return found

    def cancel(self) -> Fields:
        """The desk cancels; the F that the broker gets."""
        ids = ((11, f"{self.name}C"), (41, self.name))
        self.desk.send("F", *ids, (55, "BTC/USDT"), (54, "1"), (60, "20260101-00:00:00"))
        return self.broker.expect("F")

    def end(self) -> None:
        """The broker cancels what is left; the desk has been told nothing else."""
        self.say("END", "4", (151, "0"))
        told = self.told()
        assert (told[39], told[150]) == ("4", "4"), told


def _cut(firm: Firm) -> Broker:
    broker = firm.brokers[BROKER]
    broker.cut()
    firm.wait(lambda: not firm.status()["venues"][0]["up"], "the loss to be seen")
    return broker


def _quarantined(firm: Firm) -> int:
    count: int = firm.status()["quarantined"]
    return count


def test_an_order_is_sent_filled_and_told(running: Firm) -> None:
    """The desk's id stays here; the counterparty's own id comes back in 198."""
    trade = Trade(running, "A1", acknowledged=False)
    assert trade.sent[11] != "A1"
    wanted = {55: "BTCUSDT", 54: "1", 40: "2", 38: "10", 44: "100", 59: "0", 21: "1"}
    assert {tag: trade.sent[tag] for tag in wanted} == wanted
    trade.say("N", "0")
    told = trade.told()
    assert (told[11], told[39], told[150], told[198]) == ("A1", "0", "0", f"B{trade.sent[11]}")
    trade.say("F", "2", *FILLED)
    told = trade.told()
    assert (told[39], told[32], told[31], told[14], told[6]) == ("2", "10", "99.5", "10", "99.5")


def test_an_order_is_not_sent_twice_when_it_is_asked_for_again(running: Firm) -> None:
    """The gap is filled; the order is in doubt until its status tells that it never was."""
    trade = Trade(running, "B1", acknowledged=False)
    trade.broker.forget(trade.sent)
    trade.broker.send("2", (7, trade.sent[34]), (16, "0"))
    filled = trade.broker.expect("4", "D")
    assert (filled[35], filled[123]) == ("4", "Y")
    assert "IN DOUBT" in trade.told()[58]
    assert trade.broker.answer_status()[11] == trade.sent[11]
    told = trade.told()
    assert (told[39], told[103], told[20]) == ("8", "2", "0")
    trade.broker.hears_nothing()


def test_an_order_that_was_lost_with_its_connection_is_refused(running: Firm) -> None:
    """Not resent at the next logon; route up, but not ready until the status is known."""
    trade = Trade(running, "C1", acknowledged=False)
    trade.broker.forget(trade.sent)
    _cut(running)
    assert "IN DOUBT" in trade.told()[58]
    trade.broker.welcome()
    asked = trade.broker.expect("H", "D")
    assert (asked[35], asked[11]) == ("H", trade.sent[11])
    venue = running.status()["venues"][0]
    assert (venue["up"], venue["ready"]) == (True, False)
    trade.desk.send("D", *order("C2", ORDER))
    assert "ROUTE DOWN" in trade.desk.expect("8")[58]
    trade.broker.send(
        "8", *report(asked, "0", "8", (37, "NONE"), (20, "3"), (103, "5"), (151, "0"))
    )
    told = trade.told()
    assert (told[39], told[103]) == ("8", "2")
    running.wait_ready()
    trade.broker.hears_nothing()


def test_an_order_that_arrived_is_known_again_after_a_loss(running: Firm) -> None:
    """Its status proves it; its acknowledgement, which was lost, comes with the session."""
    trade = Trade(running, "E1", acknowledged=False)
    _cut(running)
    assert "IN DOUBT" in trade.told()[58]
    trade.broker.lose("8", *trade.report("N", "0"))
    trade.broker.welcome()
    trade.broker.answer_status((39, "0"), (150, "0"), (38, "10"), (151, "10"))
    told = trade.told()
    assert (told[39], told[150], told.get(20)) == ("0", "0", "0")
    running.wait_ready()
    trade.end()


def test_a_cancel_that_was_lost_leaves_again_and_one_that_arrived_does_not(running: Firm) -> None:
    """Under the same ClOrdID; without PossDup, since it is a message of its own."""
    lost, arrived = Trade(running, "G1"), Trade(running, "H1")
    kept, request = arrived.cancel(), lost.cancel()
    broker = lost.broker
    broker.forget(request)
    _cut(running)
    doubts = [lost.desk.expect("8"), lost.desk.expect("8")]
    assert all("IN DOUBT" in doubt[58] for doubt in doubts)
    broker.welcome()
    for _ in range(2):
        broker.answer_status((39, "0"), (150, "0"), (38, "10"), (151, "10"))
    again = broker.expect("F")
    assert again[11] == request[11]
    assert 43 not in again
    settled = [lost.desk.expect("8"), lost.desk.expect("8")]
    assert {told[20] for told in settled} == {"3"}
    running.wait_ready()
    broker.hears_nothing()
    for trade, asked in ((lost, again), (arrived, kept)):
        trade.say("X", "4", (11, asked[11]), (41, asked[41]), (151, "0"))
        told = trade.told()
        assert (told[11], told[41], told[39]) == (f"{trade.name}C", trade.name, "4")


def test_a_fill_that_was_lost_is_asked_for_and_booked_once(running: Firm) -> None:
    """Before the status that counts it; told again by its ExecID it is no news."""
    trade = Trade(running, "I1")
    before = _quarantined(running)
    _cut(running)
    trade.broker.lose("8", *trade.report("F", "1", *PART))
    trade.broker.welcome()
    trade.broker.answer_status((39, "1"), (150, "1"), *PART[3:])
    told = trade.told()
    assert (told[32], told[14]) == ("4", "4")
    running.wait_ready()
    trade.say("F", "1", *PART)
    trade.broker.barrier()
    trade.say("END", "4", *PART[3:4], (151, "0"))
    told = trade.told()
    assert (told[39], told[14]) == ("4", "4")
    assert _quarantined(running) == before


def test_a_fill_that_is_gone_for_good_is_booked_from_the_status(running: Firm) -> None:
    """The counterparty's session forgot it; its order book did not."""
    trade = Trade(running, "J1")
    before = _quarantined(running)
    _cut(running)
    trade.broker.welcome()
    trade.broker.answer_status((39, "1"), (150, "1"), (38, "10"), *PART[3:])
    told = trade.told()
    assert (told[32], told[31], told[14]) == ("4", "99", "4")
    running.wait_ready()
    assert _quarantined(running) == before + 1
    trade.end()


def test_a_fill_that_is_missing_before_another_is_asked_about(running: Firm) -> None:
    """The next fill counts more than was told; the status brings the rest, without a loss."""
    trade = Trade(running, "S1")
    before = _quarantined(running)
    second = ((39, "1"), (32, "2"), (31, "101"), (14, "6"), (151, "4"), (6, "99.66666667"))
    trade.say("F2", "1", *second)
    assert trade.told()[14] == "2"
    assert "IN DOUBT" in trade.told()[58]
    trade.broker.answer_status((39, "1"), (38, "10"), (14, "6"), (6, "99.5"))
    assert trade.told()[14] == "6"
    settled = trade.told()
    assert (settled[20], settled[14]) == ("3", "6")
    assert _quarantined(running) == before + 1
    trade.end()


def test_a_fill_that_a_sequence_reset_leaps_over_is_asked_for(running: Firm) -> None:
    """Without GapFillFlag it says that what is leapt over is lost, and nobody asks for it again."""
    trade = Trade(running, "U1")
    broker = trade.broker
    before = _quarantined(running)
    broker.lose("8", *trade.report("F1", "1", *PART))
    broker.send("4", (36, str(broker.next_out + 1)))
    broker.answer_status((39, "1"), (150, "1"), (38, "10"), *PART[3:])
    told = trade.told()
    assert (told[32], told[31], told[14]) == ("4", "99", "4")
    assert _quarantined(running) == before + 2
    trade.end()


def test_what_the_counterparty_can_not_read_is_refused(running: Firm) -> None:
    """A Reject or a BusinessMessageReject names the request by its MsgSeqNum."""
    trade = Trade(running, "K1", acknowledged=False)
    trade.broker.send("j", (45, trade.sent[34]), (372, "D"), (380, "0"), (58, "no such market"))
    told = trade.told()
    assert (told[39], told[58]) == ("8", "no such market")
    other = Trade(running, "L1")
    asked = other.cancel()
    other.broker.send("3", (45, asked[34]), (58, "what?"))
    told = other.told("9")
    assert (told[11], told[39], told[58]) == ("L1C", "0", "what?")
    other.end()


def test_what_we_can_not_read_is_kept_and_its_quantity_found(running: Firm) -> None:
    """A fill without its price, and one that our session rejects: each is asked about."""
    trade = Trade(running, "M1")
    before = _quarantined(running)
    trade.say("F", "1", *PART[:2], *PART[3:], (31, ""))
    trade.broker.answer_status((39, "1"), (150, "1"), (38, "10"), *PART[3:])
    assert trade.told()[14] == "4"
    trade.say("G", "1", *PART, (39, "Z"))
    assert trade.broker.expect("3")[371] == "39"
    trade.broker.answer_status((39, "2"), (150, "2"), (38, "10"), *FILLED[3:])
    assert trade.told()[39] == "2"
    assert _quarantined(running) == before + 4


def test_an_answer_that_can_not_be_read_is_not_asked_for_again(running: Firm) -> None:
    """Else the two sides would go round for ever; the next logon asks anew."""
    trade = Trade(running, "R1")
    broker = trade.broker
    trade.say("G", "1", *PART, (39, "Z"))
    assert broker.expect("3")[371] == "39"
    broker.answer_status((39, "Z"))
    assert broker.expect("3")[371] == "39"
    broker.hears_nothing()
    _cut(running)
    broker.welcome()
    asked = broker.expect("H")
    broker.forget(asked)
    broker.send("2", (7, asked[34]), (16, "0"))
    assert broker.answer_status((39, "0"), (38, "10"), (151, "10"))[43] == "Y"
    running.wait_ready()
    trade.end()


def test_a_session_that_is_begun_anew_is_followed(running: Firm) -> None:
    """Its low numbers are new ones: what is lost after it is still asked for."""
    trade = Trade(running, "N1")
    for number in range(5):
        trade.say(f"W{number}", "6", (11, "x"), (41, trade.sent[11]))  # nothing of ours
    trade.broker.barrier()
    broker = _cut(running)
    logon = broker.accept()
    broker.next_out, broker.next_in = 1, 1
    broker.sent.clear()
    broker.send("A", (98, "0"), (108, logon[108]), (141, "Y"))
    assert broker.expect("A")[141] == "Y"
    broker.answer_status((39, "0"), (150, "0"), (38, "10"), (151, "10"))
    running.wait_ready()
    before = _quarantined(running)
    _cut(running)
    trade.broker.lose("8", *trade.report("F", "1", *PART))
    trade.broker.welcome()
    trade.broker.answer_status((39, "1"), (150, "1"), (38, "10"), *PART[3:])
    assert trade.told()[14] == "4"
    running.wait_ready()
    assert _quarantined(running) == before
    trade.end()


def test_a_refusal_is_told_by_the_last_id_accepted(running: Firm) -> None:
    """The counterparty may name the order in 41 as it likes, or not at all."""
    trade = Trade(running, "O1")
    asked = trade.cancel()
    trade.broker.send("9", *cancel_reject(asked, "0", "2", (41, "NONE"), (37, "NONE")))
    told = trade.told("9")
    assert (told[11], told[41], told[102], told[434]) == ("O1C", "O1", "2", "1")
    trade.end()


def _position(folder: Path, change: int) -> None:
    """Move what quickfix's own file says of the next number that is expected."""
    (file,) = (folder / "var" / "fix").glob("FIX.4.2-HOUSE-*.seqnums")
    text = file.read_text()
    out, _, expected = text.partition(":")
    number = int(expected) + change
    file.write_text(f"{out}: {number:010d}" if out.endswith(" ") else f"{out}:{number}")


@pytest.mark.parametrize("change", [1, -3])
def test_what_was_consumed_is_the_journal_s_word(running: Firm, change: int) -> None:
    """A report that quickfix counted and the engine did not commit is asked for again; and what
    was committed is not taken twice when quickfix's file has lost its place."""
    trade = Trade(running, f"P{abs(change)}")
    before, booked = _quarantined(running), len(running.fills())
    asked = trade.cancel()
    trade.say("X", "6", (11, asked[11]), (41, asked[41]))
    assert trade.told()[39] == "6"
    trade.broker.send("9", *cancel_reject(asked, "0", "2"))
    assert trade.told("9")[39] == "0"
    running.kill()
    trade.broker.cut()
    if change > 0:
        trade.broker.lose("8", *trade.report("F", "1", *PART))
    _position(running.folder, change)
    running.start()
    trade.broker.welcome()
    state = PART[3:] if change > 0 else ((14, "0"), (151, "10"))
    trade.broker.answer_status((39, "1" if change > 0 else "0"), (38, "10"), *state)
    trade.desk.log_on()
    if change > 0:
        assert trade.told()[14] == "4"
    running.wait_ready()
    assert _quarantined(running) == before
    assert len(running.fills()) == booked + (change > 0)
    trade.end()
