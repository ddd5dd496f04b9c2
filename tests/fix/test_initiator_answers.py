"""What the answer to a status request leaves open after a loss of the session."""

from tests.fix.test_initiator_dialogue import TradeAt, report
from tests.fix.venue import Venue


def test_an_answer_that_something_was_executed_does_not_tell_how_much(
    venue: Venue, trade_at: TradeAt
) -> None:
    """The order was lost, and is not any more; the second half of a replace must not leave before
    the venue's own sum is known."""
    trading = trade_at({"": venue.port})
    venue.welcome()
    trading.wait_link(up=True)
    trading.new("a1")
    name = venue.expect("D")[11]
    venue.cut()
    trading.wait_link(up=False)
    venue.welcome()
    assert venue.expect("H")[11] == name
    report(venue, "1", "v1", (11, name), (32, "0"), (44, "10000"))
    trading.wait_status("a1", "NEW")
    while trading.post("Doubt")["request"] != "FILLS":
        pass
    order = trading.order("a1")
    assert (order["cum_qty"], order["in_doubt"]) == ("0", "FILLS")
