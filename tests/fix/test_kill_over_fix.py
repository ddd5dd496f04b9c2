"""The kill switch towards venues that are traded with over FIX."""

from collections.abc import Callable
from pathlib import Path

from tests.fix.broker import report
from tests.fix.desk import order
from tests.fix.firm import Firm
from tests.fix.trading import Trading
from tests.fix.venue import Venue

BROKER = "BROKER"
ORDER = {100: BROKER, 207: "", 38: "10", 44: "100", 59: "0"}


def test_under_it_no_order_leaves_for_apifiny(
    venue: Venue, trade_at: Callable[..., Trading]
) -> None:
    """Whatever was decided before: the session's own last word. A cancel goes."""
    trading = trade_at({"": venue.port})
    venue.welcome()
    trading.wait_link(up=True)
    trading.new("a1")
    venue.expect("D")
    trading.child.call("kill")
    trading.child.call("send_past_the_core", "D")
    note = trading.post("NotSent")
    assert (note["request"], note["text"]) == ("NEW", "not sent to APIFINY: KILL SWITCH")
    trading.child.call("send_past_the_core", "F", "BINANCE", "a1")
    assert venue.expect("F", "D")[35] == "F"


def test_a_counterparty_without_a_list_proves_each_end_itself(tmp_path: Path) -> None:
    """Plain FIX 4.2 lists nothing: its report of each cancel is the proof. Real processes."""
    firm = Firm(tmp_path, {BROKER: ()})
    try:
        firm.open()
        broker = firm.brokers[BROKER]
        firm.desk.send("D", *order("a1", ORDER))
        sent = broker.expect("D")
        broker.send("8", *report(sent, "N1", "0"))
        assert firm.desk.expect("8")[150] == "0"
        firm.turn(on=True)
        asked = broker.expect("F")
        assert asked[41] == sent[11]
        assert firm.certificate()["done"] is False
        broker.send("8", *report(sent, "C1", "4", (151, "0")))
        canceled = firm.desk.expect("8")
        assert (canceled[39], canceled[58]) == ("4", "KILL SWITCH")
        told = firm.certificate()
        assert (told["done"], told["in_doubt"]) == (True, 0)
        assert told["orders"][0]["evidence"] == "VENUE_MESSAGE"
        assert told["venues"][0]["open_at_venue"] is None
        assert told["venues"][0]["text"] == "BROKER does not offer open_orders"
        firm.stop()
        firm.verify()
    finally:
        firm.close()
