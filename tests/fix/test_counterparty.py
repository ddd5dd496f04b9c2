"""A plain FIX 4.2 counterparty over real sockets: what is lost, resent, missed and told twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fix.broker import report
from tests.fix.desk import Fields, order
from tests.fix.firm import Firm

BROKER = "BROKER"
ORDER = {100: BROKER, 207: "", 38: "10", 44: "100", 59: "0"}


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    """An engine that is up, with one broker."""
    firm = Firm(tmp_path, {BROKER: ()})
    try:
        firm.open()
        yield firm
    finally:
        firm.close()


def _enter(firm: Firm, name: str) -> Fields:
    firm.desk.send("D", *order(name, ORDER))
    return firm.brokers[BROKER].expect("D")


def test_an_order_is_sent_filled_and_told(firm: Firm) -> None:
    """The desk's id stays here; the counterparty's own id comes back in 198."""
    desk, broker = firm.desk, firm.brokers[BROKER]
    sent = _enter(firm, "A1")
    assert sent[11] != "A1"
    wanted = {55: "BTCUSDT", 54: "1", 40: "2", 38: "10", 44: "100", 59: "0", 21: "1"}
    assert {tag: sent[tag] for tag in wanted} == wanted
    broker.send("8", *report(sent, "N1", "0"))
    told = desk.expect("8")
    assert (told[11], told[39], told[150], told[198]) == ("A1", "0", "0", f"B{sent[11]}")
    fill = ((39, "2"), (32, "10"), (31, "99.5"), (14, "10"), (151, "0"), (6, "99.5"))
    broker.send("8", *report(sent, "F1", "2", *fill))
    told = desk.expect("8")
    assert (told[39], told[32], told[31], told[14], told[6]) == ("2", "10", "99.5", "10", "99.5")
