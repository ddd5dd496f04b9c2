"""Orders at Apifiny's simulator: what happens there is what the books say, and nothing twice."""

import socket
from collections.abc import Callable
from decimal import Decimal

from tests.fix.gateway import Gateway
from tests.fix.trading import SIGNING, Trading


def at_venue(gateway: Gateway) -> list[dict[str, str]]:
    """The venue's own orders."""
    orders: list[dict[str, str]] = gateway.ledger()["orders"]
    return orders


def test_an_order_is_acknowledged_and_cancelled(gateway: Gateway, trading: Trading) -> None:
    trading.new("a1")
    order = trading.wait_status("a1", "NEW")
    assert [one["order_id"] for one in at_venue(gateway)] == [order["venue_cl_ord_id"]]
    assert order["secondary_order_id"]
    trading.child.call("cancel", "c1", "a1")
    trading.wait_status("a1", "CANCELED")
    assert gateway.ledger()["rejected_by_client"] == 0


def test_fills_without_cl_ord_id_are_booked_by_the_venues_id(trading: Trading) -> None:
    """Only the acknowledgement names the order by our id; the price of a fill stands in 44."""
    trading.new("a1", price="41000", order_qty="0.08")
    order = trading.wait_status("a1", "FILLED")
    assert Decimal(order["cum_qty"]) == Decimal("0.08")
    assert Decimal(40000) <= Decimal(order["avg_px"]) <= Decimal(41000)
    assert order["in_doubt"] == ""


def test_a_fill_that_overtakes_its_acknowledgement_is_booked(
    gateway: Gateway, trading: Trading
) -> None:
    """Where it carries our id; the acknowledgement behind it is no news."""
    gateway.switch("fill_before_ack")
    gateway.switch("fill_clordid")
    trading.new("a1", price="41000", order_qty="0.01")
    order = trading.wait_status("a1", "FILLED")
    assert Decimal(order["cum_qty"]) == Decimal("0.01")


def test_a_report_told_twice_is_booked_once(gateway: Gateway, trading: Trading) -> None:
    gateway.switch("duplicate_report", 10)
    trading.new("a1", price="41000", order_qty="0.08")
    order = trading.wait_status("a1", "FILLED")
    assert Decimal(order["cum_qty"]) == Decimal("0.08")


def test_a_post_only_order_keeps_its_promise(gateway: Gateway, trading: Trading) -> None:
    """59=7 out; nothing of it comes back outside FIX 4.2."""
    trading.new("a1", exec_inst="6", price="39000")
    trading.wait_status("a1", "NEW")
    assert gateway.ledger()["rejected_by_client"] == 0


def test_a_refusal_is_told_with_the_venues_words(gateway: Gateway, trading: Trading) -> None:
    gateway.switch("refuse")
    trading.new("a1")
    assert "refused" in trading.wait_status("a1", "REJECTED")["text"]


def test_a_refused_cancel_leaves_the_order_working(gateway: Gateway, trading: Trading) -> None:
    trading.new("a1")
    trading.wait_status("a1", "NEW")
    gateway.switch("reject_cancel")
    trading.child.call("cancel", "c1", "a1")
    reject = trading.post("OrderCancelReject")
    assert reject["orig_cl_ord_id"] == trading.order("a1")["venue_cl_ord_id"]
    trading.wait_status("a1", "NEW")


def test_a_lost_session_is_told_and_every_order_asked_for(
    gateway: Gateway, trading: Trading
) -> None:
    """The answers are statuses, not events, and nothing is sent again."""
    for number in range(3):
        trading.new(f"a{number}")
        assert trading.post("ExecutionReport")["exec_trans_type"] == "0"
    before = len(at_venue(gateway))
    gateway.switch("cut_fix")
    assert "lost" in trading.wait_link(up=False)
    trading.wait_link(up=True)
    told = [trading.post("ExecutionReport") for _ in range(3)]
    assert {one["exec_trans_type"] for one in told} == {"3"}
    named = {trading.order(f"a{number}")["venue_cl_ord_id"] for number in range(3)}
    assert {one["cl_ord_id"] for one in told} == named
    assert len(at_venue(gateway)) == before
    assert all(trading.order(f"a{number}")["in_doubt"] == "" for number in range(3))


def test_an_order_lost_on_the_way_is_in_doubt_and_not_sent_again(
    gateway: Gateway, trading: Trading
) -> None:
    gateway.switch("lose_new")
    trading.new("a1")
    trading.wait_link(up=False)
    trading.wait_link(up=True)
    answer = trading.post("ExecutionReport")
    assert (answer["exec_type"], answer["exec_trans_type"]) == ("8", "3"), "unknown there"
    order = trading.order("a1")
    assert (order["status"], order["in_doubt"]) == ("PENDING_NEW", "NEW")
    assert at_venue(gateway) == []


def test_an_order_whose_answer_was_lost_is_found_by_asking(
    gateway: Gateway, trading: Trading
) -> None:
    gateway.switch("lose_new_ack")
    trading.new("a1")
    trading.wait_link(up=False)
    trading.wait_link(up=True)
    order = trading.wait_status("a1", "NEW")
    assert order["in_doubt"] == ""
    assert len(at_venue(gateway)) == 1


def test_a_refused_logon_is_told_in_the_venues_words(
    gateway: Gateway, trade_at: Callable[..., Trading]
) -> None:
    gateway.switch("refuse_logon")
    trading = trade_at({"": gateway.port})
    assert "the logon was refused: logon refused" in trading.wait_link(up=False)
    gateway.switch("refuse_logon", 0)
    trading.wait_link(up=True)


def test_a_port_where_nothing_listens_is_named(trade_at: Callable[..., Trading]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        trading = trade_at({"": port})
        text = trading.wait_link(up=False)
    assert f"127.0.0.1:{port}" in text
    assert "refused" in text.lower()


def test_no_token_and_no_secret_is_written_or_told(gateway: Gateway, trading: Trading) -> None:
    """Our own Logon stays in memory: nothing is stored, nothing logged."""
    trading.new("a1")
    trading.wait_status("a1", "NEW")
    trading.child.call("stop")
    trading.child.end()
    told = repr(trading.child.posts)
    own = ("quickfix.cfg", "venue.json")
    files = [path for path in trading.folder.rglob("*") if path.is_file() and path.name not in own]
    written = [told, *(path.read_text(errors="replace") for path in files)]
    assert [path.name for path in files] == ["log.txt"]
    for text in written:
        assert SIGNING not in text
        assert "eyJ" not in text, "how every JWT begins"


def test_the_initiator_can_be_built_anew_in_one_process(gateway: Gateway, trading: Trading) -> None:
    """Log out, stop, destroy, and only then the next: quickfix crashes on any other order."""
    for number in range(3):
        trading.new(f"a{number}")
        trading.wait_status(f"a{number}", "NEW")
        trading.child.call("restart")
        trading.wait_link(up=True)
    assert len(at_venue(gateway)) == 3
    trading.child.call("stop")
    trading.child.end()
